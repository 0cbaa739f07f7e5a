//! How long webhooks take and wait.

use std::time::Duration;

use baton_process::scaled;

/// How long webhooks may take, and when they are tried again. [`WebhookPace::default`] is what a
/// server runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookPace {
    /// How long one try may take.
    pub per_try: Duration,
    /// The pause after the first failure; it doubles.
    pub retry: Duration,
    /// The longest pause between two tries.
    pub retry_cap: Duration,
    /// The longest pause between two tries of different events, while the endpoint takes none.
    pub shared_cap: Duration,
    /// How old an event may become before it is given up.
    pub give_up_after: Duration,
}

impl Default for WebhookPace {
    fn default() -> Self {
        Self {
            per_try: Duration::from_secs(15),
            retry: Duration::from_secs(5),
            retry_cap: Duration::from_hours(1),
            shared_cap: Duration::from_mins(1),
            give_up_after: Duration::from_hours(3 * 24),
        }
    }
}

impl WebhookPace {
    /// The same with every duration multiplied by `factor`, which is more than 0; but a try may
    /// still take a second, since a network gets no faster by that.
    pub fn scaled(factor: f64) -> Self {
        let scale = |duration| scaled(duration, factor);
        let real = Self::default();
        Self {
            per_try: scale(real.per_try).max(Duration::from_secs(1)),
            retry: scale(real.retry),
            retry_cap: scale(real.retry_cap),
            shared_cap: scale(real.shared_cap),
            give_up_after: scale(real.give_up_after),
        }
    }

    /// How long nothing goes out after so many new events have failed in a row. One alone may have
    /// failed by itself.
    pub(crate) fn shared_pause(&self, failures: u32) -> Duration {
        match failures {
            0 | 1 => Duration::ZERO,
            failures => self.pause(failures - 1).min(self.shared_cap),
        }
    }

    /// How long an event waits after so many failures in a row, the first of which is 1.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.retry.saturating_mul(doubled).min(self.retry_cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_five_seconds_to_an_hour() {
        let pauses: Vec<u64> =
            (1..=12).map(|failures| WebhookPace::default().pause(failures).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(WebhookPace::default().pause(u32::MAX), Duration::from_hours(1));
    }
}
