//! How long to wait between a failure and the next try, and how many there were.

use std::time::Duration;

use baton_process::Random;

/// Doubles the wait from failure to failure up to a cap, with jitter, so that many processes do
/// not come back at the same moment.
#[derive(Debug)]
pub(crate) struct Retry {
    first: Duration,
    longest: Duration,
    random: Random,
    failures: u32,
}

impl Retry {
    /// No failure yet.
    pub(crate) fn new(first: Duration, longest: Duration, random: Random) -> Self {
        Self { first, longest, random, failures: 0 }
    }

    /// Counts a failure. How long to wait now: between half and all of what is due.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.with_jitter(doubled.min(self.longest))
    }

    /// The longest wait, whatever the count.
    pub(crate) fn longest(&self) -> Duration {
        self.with_jitter(self.longest)
    }

    /// How many failures there were in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Notes a success.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    fn with_jitter(&self, wait: Duration) -> Duration {
        // Without chance there is no jitter, and that is better than no try.
        let [byte] = self.random.bytes().unwrap_or([u8::MAX]);
        wait.mul_f64(0.5 + f64::from(byte) / f64::from(u8::MAX) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(byte: u8) -> Retry {
        let random = Random::new(move |bytes| {
            bytes.fill(byte);
            Ok(())
        });
        Retry::new(Duration::from_secs(1), Duration::from_secs(30), random)
    }

    #[test]
    fn the_wait_doubles_up_to_thirty_seconds_and_begins_again_after_a_success() {
        let mut retry = retry(u8::MAX);
        let waits: Vec<u64> = (0..8).map(|_| retry.after_failure().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(retry.failures(), 8);
        retry.reset();
        assert_eq!(retry.failures(), 0);
        assert_eq!(retry.after_failure(), Duration::from_secs(1));
    }

    #[test]
    fn jitter_takes_up_to_half_of_it() {
        assert_eq!(retry(0).after_failure(), Duration::from_millis(500));
        assert_eq!(retry(0).longest(), Duration::from_secs(15));
    }

    #[test]
    fn a_very_long_outage_overflows_nothing() {
        let mut retry = retry(u8::MAX);
        for _ in 0..200 {
            assert!(retry.after_failure() <= Duration::from_secs(30));
        }
    }
}
