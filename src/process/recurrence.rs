//! What goes wrong again and again: the log says it at once, then once a minute, and when it is over.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The shortest time between two lines about the same.
const BETWEEN: Duration = Duration::from_mins(1);

/// Something that may go wrong many times, for many sessions, for one and the same reason.
#[derive(Debug, Default)]
pub struct Recurrence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    said_at: Option<Instant>,
    /// How often it happened since.
    unsaid: u32,
    /// Whether it was said, and its end was not.
    lasts: bool,
}

impl Recurrence {
    /// It happened at this time. If the log is to say so: how often it happened that the log has
    /// not said, this time included.
    pub fn happened(&self, now: Instant) -> Option<u32> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.unsaid = state.unsaid.saturating_add(1);
        if state.said_at.is_some_and(|said_at| now < said_at + BETWEEN) {
            return None;
        }
        state.said_at = Some(now);
        state.lasts = true;
        Some(std::mem::take(&mut state.unsaid))
    }

    /// It went well, so it has ended. Whether the log is to say so: once after it was said to go wrong.
    pub fn ended(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_once_then_once_a_minute_with_how_often_and_its_end_once() {
        let (trouble, begun) = (Recurrence::default(), Instant::now());
        let after = |seconds| trouble.happened(begun + Duration::from_secs(seconds));
        assert!(!trouble.ended(), "it never went wrong");
        assert_eq!(after(0), Some(1));
        assert_eq!([after(5), after(30), after(59)], [None, None, None]);
        assert_eq!(after(60), Some(4));
        assert!(trouble.ended());
        assert!(!trouble.ended(), "that was said");
    }

    #[test]
    fn what_comes_and_goes_is_said_once_a_minute_too() {
        let (trouble, begun) = (Recurrence::default(), Instant::now());
        assert_eq!(trouble.happened(begun), Some(1));
        assert!(trouble.ended());
        assert_eq!(trouble.happened(begun + Duration::from_secs(1)), None);
        assert!(!trouble.ended(), "that it went wrong was not said");
        assert_eq!(trouble.happened(begun + BETWEEN), Some(2));
    }
}
