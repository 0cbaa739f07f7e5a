//! Of which traces the newest events of a session are.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::TraceContext;

/// Of so many events it is known: a connection that lags further behind shows them without a span.
const EVENTS: usize = 32;

/// The traces of a session's newest events, by their sequence: what the writer of its log notes, and
/// its connections look up. Clones share it. Where nothing is traced it stays empty.
#[derive(Clone, Debug, Default)]
pub struct RecentTraces(Arc<Mutex<VecDeque<(u64, TraceContext)>>>);

impl RecentTraces {
    /// Notes of which trace an event is.
    pub fn note(&self, sequence: u64, context: &TraceContext) {
        let mut recent = self.lock();
        if recent.len() == EVENTS {
            recent.pop_front();
        }
        recent.push_back((sequence, context.clone()));
    }

    /// Of which trace an event is, if that is known.
    pub fn of(&self, sequence: u64) -> Option<TraceContext> {
        let recent = self.lock();
        recent.iter().rev().find(|(of, _)| *of == sequence).map(|(_, context)| context.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, TraceContext)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_known() {
        let context =
            TraceContext::parse(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .unwrap();
        let recent = RecentTraces::default();
        let last = EVENTS as u64 + 1;
        (1..=last).for_each(|sequence| recent.note(sequence, &context));
        assert_eq!(recent.of(1), None);
        assert_eq!(recent.of(2), Some(context.clone()));
        assert_eq!(recent.of(last), Some(context));
        assert_eq!(recent.of(last + 1), None);
    }
}
