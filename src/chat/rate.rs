//! How often somebody may do something: token buckets, bounded in number.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// How long an empty bucket takes to be full again: what may be done in it may also be done at
/// once.
const REFILL: Duration = Duration::from_secs(60);

/// A token bucket for each key.
///
/// A bucket is known by the time at which it is full again. One that nobody took from for a
/// while is full and is forgotten: what was taken from lies in `recent`, and all that lay there
/// before lies in `earlier`, until the next turn. No more than twice `most` buckets are held; if
/// there are more keys than that, the ones that are seldom seen may do more than they should.
#[derive(Debug)]
pub struct RateLimiter<K> {
    /// How long it takes until there is one token more.
    interval: Duration,
    most: usize,
    turned_at: Option<Instant>,
    recent: HashMap<K, Instant>,
    earlier: HashMap<K, Instant>,
}

impl<K: Clone + Eq + Hash> RateLimiter<K> {
    /// Lets each key take so many tokens in a minute; of about so many keys at a time it is sure.
    pub fn new(per_minute: NonZeroU32, most: usize) -> Self {
        let interval = REFILL / per_minute.get();
        let (recent, earlier) = (HashMap::new(), HashMap::new());
        Self { interval, most, turned_at: None, recent, earlier }
    }

    /// Takes a token of the key.
    ///
    /// # Errors
    ///
    /// How long to wait, if there is none.
    pub fn take(&mut self, key: &K, now: Instant) -> Result<(), Duration> {
        self.turn(now);
        let known = self.recent.get(key).or_else(|| self.earlier.get(key));
        let full_at = known.map_or(now, |full_at| now.max(*full_at)) + self.interval;
        let wait = full_at.duration_since(now).saturating_sub(REFILL);
        if !wait.is_zero() {
            return Err(wait);
        }
        match self.recent.get_mut(key) {
            Some(known) => *known = full_at,
            None => drop(self.recent.insert(key.clone(), full_at)),
        }
        Ok(())
    }

    /// Forgets the buckets that are full again, and more of them if there are too many.
    fn turn(&mut self, now: Instant) {
        let due = self.turned_at.is_none_or(|at| now.saturating_duration_since(at) >= REFILL);
        if due || self.recent.len() >= self.most {
            self.earlier = std::mem::take(&mut self.recent);
            self.turned_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter(per_minute: u32, most: usize) -> (RateLimiter<u32>, Instant) {
        (RateLimiter::new(NonZeroU32::new(per_minute).unwrap(), most), Instant::now())
    }

    /// How many tokens may be taken at once.
    fn taken(limiter: &mut RateLimiter<u32>, key: u32, now: Instant) -> usize {
        (0..).take_while(|_| limiter.take(&key, now).is_ok()).count()
    }

    #[test]
    fn a_minutes_worth_may_be_taken_at_once_and_then_at_the_steady_pace() {
        for per_minute in [1, 7, 60, 120, 1_000] {
            let (mut limiter, now) = limiter(per_minute, 10);
            assert_eq!(taken(&mut limiter, 1, now), per_minute as usize);
            let wait = limiter.take(&1, now).unwrap_err();
            assert!(wait > Duration::ZERO && wait <= REFILL / per_minute, "{wait:?}");
            assert_eq!(taken(&mut limiter, 1, now + wait), 1);
        }
    }

    #[test]
    fn one_key_takes_nothing_from_another() {
        let (mut limiter, now) = limiter(60, 10);
        assert_eq!(taken(&mut limiter, 1, now), 60);
        assert_eq!(taken(&mut limiter, 2, now), 60);
    }

    #[test]
    fn what_was_refused_costs_nothing() {
        let (mut limiter, now) = limiter(60, 10);
        taken(&mut limiter, 1, now);
        for _ in 0..1_000 {
            assert!(limiter.take(&1, now).is_err());
        }
        assert_eq!(taken(&mut limiter, 1, now + 3 * SECOND), 3);
    }

    #[test]
    fn no_turn_gives_a_key_more_than_its_share() {
        let (mut limiter, start) = limiter(60, 10);
        let mut given = 0;
        for second in 0..600 {
            given += taken(&mut limiter, 1, start + second * SECOND);
        }
        assert_eq!(given, 60 + 599);
    }

    #[test]
    fn invariant_11_buckets_are_bounded_in_number() {
        let (mut limiter, now) = limiter(60, 100);
        for key in 0..100_000 {
            assert!(limiter.take(&key, now).is_ok());
            assert!(limiter.recent.len() + limiter.earlier.len() <= 200);
        }
        limiter.take(&1, now + 2 * REFILL).unwrap();
        limiter.take(&1, now + 3 * REFILL).unwrap();
        assert_eq!(limiter.recent.len() + limiter.earlier.len(), 2);
    }

    #[test]
    fn a_time_that_goes_back_does_no_harm() {
        let (mut limiter, now) = limiter(60, 10);
        let later = now + 10 * SECOND;
        assert!(limiter.take(&1, later).is_ok());
        assert!(limiter.take(&1, now).is_ok());
    }
}
