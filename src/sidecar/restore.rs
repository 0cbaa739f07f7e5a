//! A store made of a back-up: what its sessions are told, and who else is.

use std::{collections::BTreeSet, path::Path};

use baton_chat::{SESSION_END, timestamp_text};
use baton_core::id::Id;
use baton_process::Clock;
use baton_store::{
    NewEvent, Notification, OpenError, Restoration, Store, StoreError, StoreFacts, UNADDRESSED,
};
use tokio::time::sleep;

use crate::{cause::Chain, pause::Pause, webhooks::Webhooks};

/// Makes a store of a back-up, at a path where none is. [`Store::restore`] says what that does to
/// the sessions in it. Returns what the back-up held.
///
/// # Errors
///
/// [`OpenError`] says what is wrong. Then no store is made.
pub fn restore_store(backup: &Path, to: &Path) -> Result<StoreFacts, OpenError> {
    let now = Clock::system().now();
    let last_event = |session_id: &str| NewEvent {
        id: Id::of_parts(&[session_id.as_bytes(), b"restored"]).to_string(),
        timestamp: timestamp_text(now),
        kind: SESSION_END.to_owned(),
        payload: r#"{"reason":"REASON_SYSTEM_RESTORED"}"#.to_owned(),
        metadata: None,
        message_id: None,
    };
    let restoration = Restoration { at_ms: now.as_millisecond(), last_event: &last_event };
    Store::restore(backup, to, &restoration)
}

/// Has the tenants' webhooks told of the sessions that a restore ended, which knew of no webhooks.
pub(crate) async fn announce_ends(store: Store, webhooks: Webhooks) {
    let mut pause = Pause::default();
    while let Err(error) = address_all(&store, &webhooks).await {
        if matches!(error, StoreError::Closed) {
            return;
        }
        let error = Chain(&error);
        tracing::error!(%error, "webhooks are told later of the chats that a restore ended");
        sleep(pause.after_failure()).await;
    }
}

/// Addresses what a restore left for whoever wants it. What is of a tenant that is not configured
/// stays, and waits for a start with it.
async fn address_all(store: &Store, webhooks: &Webhooks) -> Result<(), StoreError> {
    let mut last = 0;
    loop {
        let next = store.session_to_notify(UNADDRESSED, last, BTreeSet::new()).await?;
        // They are found in a circle.
        let Some(session) = next.filter(|session| *session > last) else { return Ok(()) };
        last = session;
        let Some(Notification { number, tenant, event, .. }) =
            store.next_notification(UNADDRESSED, session).await?
        else {
            continue;
        };
        if webhooks.knows(&tenant) {
            let endpoints = webhooks.wanting(&tenant, [&*event.kind]);
            store.address_notification(number, endpoints).await?;
            webhooks.tell(&tenant);
        }
    }
}
