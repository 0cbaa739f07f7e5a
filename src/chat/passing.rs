//! News of what passes through chats and stands in no log, such as typing, for whoever wants to
//! watch all sessions at once.

use std::{fmt, sync::Arc, time::SystemTime};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::broadcast;

/// How many events wait for whoever listens. One that is slower misses the oldest, and is told so.
const KEPT: usize = 1024;

/// An event that was shown, or came, and is kept nowhere.
///
/// The `Debug` form does not show the frame.
pub struct PassingEvent {
    /// When it passed, by the system's clock.
    pub at: SystemTime,
    /// The session's id.
    pub session_id: String,
    /// Its type, such as `EVENT_TYPE_LIVE_AGENT_TYPING`.
    pub kind: &'static str,
    /// The event as a client reads or writes it: the text of a JSON object.
    pub frame: Utf8Bytes,
}

impl fmt::Debug for PassingEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PassingEvent")
            .field("session_id", &self.session_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Tells of each event that passes. Clones tell the same listeners.
#[derive(Clone, Debug)]
pub struct Passing(broadcast::Sender<Arc<PassingEvent>>);

impl Passing {
    /// Nobody listens yet.
    #[allow(clippy::new_without_default, reason = "it is shared, and has no default to share")]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Each event that passes from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<PassingEvent>> {
        self.0.subscribe()
    }

    /// Tells that an event passes. Costs nothing while nobody listens.
    pub fn tell(&self, session_id: &str, kind: &'static str, frame: Utf8Bytes) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let (at, session_id) = (SystemTime::now(), session_id.to_owned());
        // The last listener may have left meanwhile.
        let _ = self.0.send(Arc::new(PassingEvent { at, session_id, kind, frame }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_is_told_of_what_passes_later() {
        let passing = Passing::new();
        passing.tell("before", "EVENT_TYPE_USER_TYPING", "{}".into());
        let mut listener = passing.listen();
        passing.clone().tell("session", "EVENT_TYPE_USER_TYPING", "{}".into());
        let told = listener.try_recv().unwrap();
        assert_eq!((told.session_id.as_str(), told.kind), ("session", "EVENT_TYPE_USER_TYPING"));
        assert!(listener.try_recv().is_err());
    }
}
