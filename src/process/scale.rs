//! Durations where time goes by at another pace, as it does with a simulator.

use std::time::Duration;

/// The duration multiplied by `factor`, which is more than 0: 0.01 goes with a simulator whose time
/// runs a hundred times as fast. A factor that makes no duration of it leaves it as it is.
pub fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_can_become_a_minute() {
        let day = Duration::from_hours(24);
        assert_eq!(scaled(day, 1.0 / 1440.0), Duration::from_mins(1));
        assert_eq!(scaled(day, 1.0), day);
    }

    #[test]
    fn a_factor_that_makes_no_sense_changes_nothing() {
        for factor in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(scaled(Duration::from_secs(5), factor), Duration::from_secs(5), "{factor}");
        }
    }
}
