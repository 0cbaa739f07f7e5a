//! How fast Genesys' time goes by.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::simulator::SimulatorError;

/// A factor by which every duration of Genesys is multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace(f64);

impl Pace {
    /// 1.0 is Genesys' own pace; 0.0 lets no time go by.
    ///
    /// # Errors
    ///
    /// [`SimulatorError::TimeScale`] if the factor gives no length of time.
    pub(crate) fn new(time_scale: f64) -> Result<Self, SimulatorError> {
        if time_scale.is_finite() && time_scale >= 0.0 {
            Ok(Self(time_scale))
        } else {
            Err(SimulatorError::TimeScale { time_scale })
        }
    }

    /// One of Genesys' durations at this pace.
    pub(crate) fn scaled(self, duration: Duration) -> Duration {
        Duration::try_from_secs_f64(duration.as_secs_f64() * self.0).unwrap_or(Duration::MAX)
    }

    /// The same, but not below `floor`: what a slow machine needs to keep up at any pace.
    pub(crate) fn scaled_above(self, floor: Duration, duration: Duration) -> Duration {
        self.scaled(duration).max(floor)
    }
}

/// The moment `duration` after `now`, or the end of time.
pub(crate) fn after(now: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| now.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The whole seconds from `now` to `then`, rounded up; 0 if it has passed.
pub(crate) fn seconds_until(now: Timestamp, then: Timestamp) -> u64 {
    let milliseconds = then.as_millisecond().saturating_sub(now.as_millisecond());
    u64::try_from(milliseconds).unwrap_or(0).div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_that_is_no_length_of_time_is_refused() {
        for time_scale in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Pace::new(time_scale), Err(SimulatorError::TimeScale { .. })));
        }
    }

    #[test]
    fn a_day_can_become_a_second() {
        let pace = Pace::new(1.0 / 86_400.0).unwrap();
        assert_eq!(pace.scaled(Duration::from_secs(86_400)).as_secs(), 1);
    }

    #[test]
    fn seconds_are_rounded_up() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(seconds_until(now, after(now, Duration::from_millis(1001))), 2);
        assert_eq!(seconds_until(after(now, Duration::from_secs(1)), now), 0);
    }
}
