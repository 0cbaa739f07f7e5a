//! State that many tasks share.

use std::sync::{Arc, Mutex, PoisonError};

/// A value behind a lock that can only be held for as long as a closure runs, so never across
/// an `await`. Clones share the value.
pub(crate) struct Locked<T>(Arc<Mutex<T>>);

impl<T> Locked<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    /// Runs `step` with the value to itself. A step that panicked before is no reason to stop:
    /// the simulator would rather go on with what is there.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut T) -> R) -> R {
        step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Clone for Locked<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
