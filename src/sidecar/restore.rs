//! A store made of a back-up, with what its sessions are told.

use std::path::Path;

use baton_chat::{SESSION_END, timestamp_text};
use baton_core::id::Id;
use baton_process::Clock;
use baton_store::{NewEvent, OpenError, Restoration, Store, StoreFacts};

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
