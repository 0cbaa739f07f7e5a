//! The timeline that the feeds write and the server reads.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::timeline::Timeline;

/// A timeline, shared. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    timeline: Arc<Mutex<Timeline>>,
    /// The number of the newest change.
    changed: Arc<watch::Sender<u64>>,
}

impl Record {
    pub(crate) fn new() -> Self {
        let timeline = Arc::new(Mutex::new(Timeline::new()));
        Self { timeline, changed: Arc::new(watch::Sender::new(0)) }
    }

    /// Reads from the timeline.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Timeline) -> T) -> T {
        // No step leaves it half changed in a way that matters to a reader.
        read(&self.timeline.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the timeline, and tells whoever watches it.
    pub(crate) fn write(&self, write: impl FnOnce(&mut Timeline)) {
        let last = {
            let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
            write(&mut timeline);
            timeline.last_change()
        };
        self.changed.send_replace(last);
    }

    /// Has a new value whenever the timeline has changed.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
