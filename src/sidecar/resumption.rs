//! Going on, after a start, with what was begun before.

use std::time::Duration;

use baton_store::{Store, StoreError};

use crate::{actor::ActorMessage, cause::Chain, registry::Registry};

/// How many sessions are read at a time when the process starts.
const RESUMED_AT_ONCE: usize = 64;

/// When to read them again after a failure.
const RESUME_AGAIN: Duration = Duration::from_secs(1);

/// Starts the actors of the sessions in which a handoff goes on, or something waits for Genesys.
pub(crate) async fn resume(store: Store, registry: Registry) {
    let mut after = None;
    loop {
        let page = match store.sessions_with_work(after.clone(), RESUMED_AT_ONCE).await {
            Ok(page) => page,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "open handoffs have to wait");
                tokio::time::sleep(RESUME_AGAIN).await;
                continue;
            }
        };
        for session_id in &page {
            let Some(actor) = registry.actor(session_id) else { return };
            // One that is gone already had nothing left to do.
            let _ = actor.send(ActorMessage::Resume).await;
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last),
            None => return,
        }
    }
}
