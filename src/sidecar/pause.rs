//! The pause between a failure and the next try.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubles from failure to failure, up to five seconds.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    last: Option<Duration>,
}

impl Pause {
    /// How long to wait after one more failure.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let pause = self.last.map_or(FIRST, |last| (last * 2).min(LONGEST));
        self.last = Some(pause);
        pause
    }

    /// Whether the last try failed.
    pub(crate) fn follows_failure(&self) -> bool {
        self.last.is_some()
    }

    /// Notes a success.
    pub(crate) fn end(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_five_seconds_and_begins_again_after_a_success() {
        let mut pause = Pause::default();
        let pauses: Vec<u128> = (0..9).map(|_| pause.after_failure().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!(pause.follows_failure());
        pause.end();
        assert!(!pause.follows_failure());
        assert_eq!(pause.after_failure(), FIRST);
    }
}
