//! Every duration of ours in what we do with a bot.

use std::time::Duration;

use baton_process::scaled;

/// How long a bot may take. [`Pace::default`] is what a server runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long one try may take, from the first step to the last byte of the answer.
    pub per_try: Duration,
    /// How long all the tries of a turn may take together, with the pauses between them. The
    /// user waits as long.
    pub overall: Duration,
    /// The pause after the first failure; it doubles.
    pub retry: Duration,
    /// The longest pause between two tries, but for what the bot asks for itself.
    pub retry_cap: Duration,
    /// How long one second of the bot lasts: what `Retry-After` counts in.
    pub second: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_try: Duration::from_secs(10),
            overall: Duration::from_secs(25),
            retry: Duration::from_millis(250),
            retry_cap: Duration::from_secs(4),
            second: Duration::from_secs(1),
        }
    }
}

impl Pace {
    /// The same with every duration multiplied by `factor`, which is more than 0. A network gets
    /// no faster by that: a try may still take a second, and all of them three.
    pub fn scaled(factor: f64) -> Self {
        let scale = |duration| scaled(duration, factor);
        let real = Self::default();
        Self {
            per_try: scale(real.per_try).max(Duration::from_secs(1)),
            overall: scale(real.overall).max(Duration::from_secs(3)),
            retry: scale(real.retry),
            retry_cap: scale(real.retry_cap),
            second: scale(real.second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_pace_is_faster_but_for_the_network() {
        assert_eq!(Pace::scaled(1.0), Pace::default());
        let fast = Pace::scaled(0.01);
        assert_eq!(fast.retry_cap, Duration::from_millis(40));
        assert_eq!(fast.second, Duration::from_millis(10));
        assert_eq!(fast.per_try, Duration::from_secs(1));
        assert_eq!(fast.overall, Duration::from_secs(3));
    }
}
