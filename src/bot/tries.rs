//! How often and how long a turn is tried.

use std::time::Duration;

use baton_process::Random;
use tokio::time::Instant;

use crate::pace::Pace;

/// The tries of one turn.
#[derive(Debug)]
pub(crate) struct Tries<'a> {
    pace: &'a Pace,
    random: &'a Random,
    deadline: Instant,
    failures: u32,
}

impl<'a> Tries<'a> {
    /// None yet; the time for them begins now.
    pub(crate) fn begin(pace: &'a Pace, random: &'a Random) -> Self {
        Self { pace, random, deadline: Instant::now() + pace.overall, failures: 0 }
    }

    /// How long the next try may take.
    pub(crate) fn next_may_take(&self) -> Duration {
        self.pace.per_try.min(self.left())
    }

    /// Counts a failure. How long to wait until the next try; `None` if there is no time for one.
    /// Not before `not_before` has passed, which is what the bot asked for.
    pub(crate) fn after_failure(&mut self, not_before: Option<Duration>) -> Option<Duration> {
        let doubled = self.pace.retry.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        let pause = self.with_jitter(doubled.min(self.pace.retry_cap));
        let wait = pause.max(not_before.unwrap_or_default());
        (wait < self.left()).then_some(wait)
    }

    /// How many tries failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Between half of it and all of it, so that many sessions do not come back at the same
    /// moment.
    fn with_jitter(&self, wait: Duration) -> Duration {
        // Without chance there is no jitter, and that is better than no try.
        let [byte] = self.random.bytes().unwrap_or([u8::MAX]);
        wait.mul_f64(0.5 + f64::from(byte) / f64::from(u8::MAX) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn random(byte: u8) -> Random {
        Random::new(move |bytes| {
            bytes.fill(byte);
            Ok(())
        })
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_doubles_up_to_its_cap() {
        let (pace, random) = (Pace::default(), random(u8::MAX));
        let mut tries = Tries::begin(&pace, &random);
        let pauses: Vec<u128> =
            (0..7).map(|_| tries.after_failure(None).unwrap().as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 4000, 4000]);
        assert_eq!(tries.failures(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn jitter_takes_up_to_half_of_a_pause() {
        let (pace, random) = (Pace::default(), random(0));
        let mut tries = Tries::begin(&pace, &random);
        assert_eq!(tries.after_failure(None), Some(Duration::from_millis(125)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_bot_is_left_alone_for_as_long_as_it_asks() {
        let (pace, random) = (Pace::default(), random(u8::MAX));
        let mut tries = Tries::begin(&pace, &random);
        let asked = Duration::from_secs(7);
        assert_eq!(tries.after_failure(Some(asked)), Some(asked));
        assert_eq!(tries.after_failure(Some(Duration::ZERO)), Some(Duration::from_millis(500)));
        assert_eq!(tries.after_failure(Some(Duration::from_secs(25))), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_tries_end_with_the_time_for_them() {
        let (pace, random) = (Pace::default(), random(u8::MAX));
        let mut tries = Tries::begin(&pace, &random);
        assert_eq!(tries.next_may_take(), Duration::from_secs(10));
        advance(Duration::from_secs(21)).await;
        assert_eq!(tries.next_may_take(), Duration::from_secs(4));
        advance(Duration::from_millis(3750)).await;
        assert_eq!(tries.after_failure(None), None);
        advance(Duration::from_secs(60)).await;
        assert_eq!(tries.next_may_take(), Duration::ZERO);
        assert_eq!(tries.after_failure(None), None);
    }

    #[tokio::test(start_paused = true)]
    async fn very_many_failures_overflow_nothing() {
        let (pace, random) = (Pace::default(), random(u8::MAX));
        let mut tries = Tries::begin(&pace, &random);
        for _ in 0..200 {
            assert!(tries.after_failure(None).unwrap() <= pace.retry_cap);
        }
    }
}
