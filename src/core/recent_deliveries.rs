//! What the upstream has stored a moment ago, so that a repetition need not go up.
//!
//! It saves work and promises nothing: the upstream drops duplicates by itself, for as long as it
//! keeps a session. So a host may forget any of it at any time, and each worker has its own.

use alloc::collections::VecDeque;

use crate::{id::Id, refusal::Answer};

/// For how long a delivery is remembered, in milliseconds. Genesys repeats a webhook five times,
/// five seconds apart, and waits up to ten seconds each time (Genesys reference, 2.2).
const LIFETIME: u64 = 60_000;

/// How many deliveries are remembered.
const MOST: usize = 256;

/// What a repetition is answered: it is stored.
pub const DUPLICATE: Answer = Answer { status: 200, headers: &[], body: "" };

/// The last deliveries that were stored.
///
/// They are those of one upstream: what one has stored another has not. Times are in milliseconds,
/// since whatever moment the host likes.
#[derive(Debug, Default)]
pub struct RecentDeliveries {
    /// The oldest first.
    stored: VecDeque<Stored>,
}

#[derive(Debug)]
struct Stored {
    id: Id,
    at: u64,
}

impl RecentDeliveries {
    /// Remembers a delivery that the upstream has answered 2xx. The oldest makes room.
    pub fn remember(&mut self, id: Id, now: u64) {
        if self.stored.len() >= MOST {
            self.stored.pop_front();
        }
        self.stored.push_back(Stored { id, at: now });
    }

    /// Whether the upstream has stored it, within the last minute.
    pub fn holds(&self, id: &Id, now: u64) -> bool {
        // A clock that was set back makes all of it old.
        let is_recent = |stored: &Stored| now.abs_diff(stored.at) < LIFETIME;
        self.stored.iter().any(|stored| stored.id == *id && is_recent(stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Id {
        Id::of_parts(&[&number.to_be_bytes()])
    }

    #[test]
    fn a_delivery_is_a_repetition_for_a_minute_after_it_was_stored() {
        let mut recent = RecentDeliveries::default();
        assert!(!recent.holds(&id(1), 5_000));
        recent.remember(id(1), 5_000);
        for (now, holds) in [(5_000, true), (64_999, true), (65_000, false), (4_000, true)] {
            assert_eq!(recent.holds(&id(1), now), holds, "{now}");
        }
        assert!(!recent.holds(&id(2), 5_000));
        recent.remember(id(1), 65_000);
        assert!(recent.holds(&id(1), 65_000), "stored once more, and known once more");
    }

    #[test]
    fn invariant_11_the_oldest_makes_room() {
        let mut recent = RecentDeliveries::default();
        (0..=MOST).for_each(|number| recent.remember(id(number), 0));
        assert!(!recent.holds(&id(0), 0));
        assert!((1..=MOST).all(|number| recent.holds(&id(number), 0)));
        assert_eq!(recent.stored.len(), MOST);
    }
}
