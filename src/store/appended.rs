//! News of what was appended, for whoever wants to watch all sessions at once.

use std::{fmt, ops::Range, sync::Arc, time::SystemTime};

use tokio::sync::broadcast;

use crate::{LoggedEvent, Store};

/// How many events wait for whoever listens. One that is slower misses the oldest, and is told so.
const KEPT: usize = 4096;

/// An event that stands in a session's log from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendedEvent {
    /// When its commit was on disk, by the system's clock. Nothing of the store depends on it: it
    /// is there so that whoever watches can tell what came first.
    pub at: SystemTime,
    /// The session's id.
    pub session_id: String,
    /// The event.
    pub event: LoggedEvent,
}

/// Tells of each event that was appended.
pub(crate) struct News(broadcast::Sender<Arc<AppendedEvent>>);

impl News {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Tells of those of the events that have a new number. Costs nothing while nobody listens.
    pub(crate) fn tell(&self, session_id: &str, logged: &[LoggedEvent], new: &Range<u64>) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let at = SystemTime::now();
        for event in logged.iter().filter(|event| new.contains(&event.sequence)) {
            let (session_id, event) = (session_id.to_owned(), event.clone());
            let event = AppendedEvent { at, session_id, event };
            // The last listener may have left meanwhile.
            let _ = self.0.send(Arc::new(event));
        }
    }
}

impl fmt::Debug for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("News").finish_non_exhaustive()
    }
}

impl Store {
    /// Each event that is appended to a session's log from now on, once its commit is on disk, in
    /// the order of the commits.
    pub fn appended(&self) -> broadcast::Receiver<Arc<AppendedEvent>> {
        self.news().0.subscribe()
    }
}
