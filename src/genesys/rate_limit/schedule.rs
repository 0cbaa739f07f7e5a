//! Who goes when, with the time passed in.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::class::Class;

/// What Genesys takes in a window unless it says otherwise (Genesys reference, 3.3).
const ALLOWED: u32 = 300;

/// Genesys' word is not taken for more than this.
const MOST_ALLOWED: u32 = 100_000;

/// A place in the queue: the classes in their order, in each the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    class: Class,
    number: u64,
}

/// What is to happen to who waits at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It is sent now.
    Go(Place),
    /// It has waited as long as its class does.
    GiveUp(Place),
}

/// What Genesys says in the headers of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// How many requests it takes in a window.
    pub(super) allowed: u32,
    /// How many it has counted in this window.
    pub(super) count: u32,
    /// When the window ends.
    pub(super) reset: Duration,
}

/// The queue, and what was spent of the budget.
///
/// Genesys counts a call when it arrives, in windows whose beginning we do not choose. So a call
/// counts here from when it goes until a window's length after its answer: then never more than the
/// budget arrives in any stretch of a window's length, however long each was on its way.
#[derive(Debug)]
pub(super) struct Schedule {
    window: Duration,
    allowed: u32,
    /// What went and has no answer yet.
    under_way: BTreeSet<Place>,
    /// What was answered within the window, and when, the oldest first.
    answered: VecDeque<(Instant, Class)>,
    /// How many of both are reconciles.
    reconciles: u32,
    /// What Genesys counted beyond ours, and until when it does.
    foreign: Option<(u32, Instant)>,
    held_until: Option<Instant>,
    /// Who waits, and until when at most.
    waiting: BTreeMap<Place, Option<Instant>>,
    next_number: u64,
}

impl Schedule {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            window,
            allowed: ALLOWED,
            under_way: BTreeSet::new(),
            answered: VecDeque::new(),
            reconciles: 0,
            foreign: None,
            held_until: None,
            waiting: BTreeMap::new(),
            next_number: 0,
        }
    }

    /// Takes the last place of the class.
    pub(super) fn enter(&mut self, class: Class, now: Instant) -> Place {
        let place = Place { class, number: self.next_number };
        self.next_number += 1;
        let patience = match class {
            Class::Typing => Some(Duration::ZERO),
            Class::Receipt => Some(self.window),
            _ => None,
        };
        self.waiting.insert(place, patience.map(|patience| now + patience));
        place
    }

    /// Gives a place up, or notes that what went from it is answered, or never will be.
    pub(super) fn leave(&mut self, place: Place, now: Instant) {
        self.waiting.remove(&place);
        if self.under_way.remove(&place) {
            self.answered.push_back((now, place.class));
        }
    }

    /// The next ruling that is due; to be asked until there is none.
    pub(super) fn rule(&mut self, now: Instant) -> Option<Ruling> {
        self.forget(now);
        for class in Class::ALL {
            let Some((place, patience)) = self.first(class) else { continue };
            if self.has_room(class) {
                self.waiting.remove(&place);
                self.under_way.insert(place);
                self.reconciles += u32::from(class == Class::Reconcile);
                return Some(Ruling::Go(place));
            }
            if patience.is_some_and(|until| until <= now) {
                self.waiting.remove(&place);
                return Some(Ruling::GiveUp(place));
            }
        }
        None
    }

    /// When there is something to rule at the earliest, after [`Schedule::rule`] found nothing;
    /// nothing if nobody waits, or only for an answer.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        let room = self.answered.front().map(|(at, _)| *at + self.window);
        let foreign = self.foreign.map(|(_, until)| until);
        let change = match self.held_until {
            Some(until) => Some(until),
            None => room.into_iter().chain(foreign).min(),
        };
        let patience = Class::ALL.into_iter().filter_map(|class| self.first(class)?.1);
        change.into_iter().chain(patience).min()
    }

    /// Learns what Genesys has counted.
    pub(super) fn learn(&mut self, usage: Usage, now: Instant) {
        self.forget(now);
        if (1..=MOST_ALLOWED).contains(&usage.allowed) {
            self.allowed = usage.allowed;
        }
        let foreign = usage.count.min(MOST_ALLOWED).saturating_sub(self.own());
        // Ours that were under way were not counted yet: what was learnt before is not undone.
        if foreign > self.foreign.map_or(0, |(known, _)| known) {
            self.foreign = Some((foreign, now + usage.reset.min(self.window)));
        }
    }

    /// Lets nobody go for so long.
    pub(super) fn hold(&mut self, pause: Duration, now: Instant) {
        self.held_until = self.held_until.max(Some(now + pause));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn allowed(&self) -> u32 {
        self.allowed
    }

    pub(super) fn spent(&mut self, now: Instant) -> u32 {
        self.forget(now);
        self.own() + self.foreign.map_or(0, |(count, _)| count)
    }

    pub(super) fn waiting(&self, class: Class) -> usize {
        self.waiting.keys().filter(|place| place.class == class).count()
    }

    pub(super) fn held_for(&self, now: Instant) -> Option<Duration> {
        let left = self.held_until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    fn first(&self, class: Class) -> Option<(Place, Option<Instant>)> {
        let all = Place { class, number: 0 }..=Place { class, number: u64::MAX };
        self.waiting.range(all).next().map(|(place, patience)| (*place, *patience))
    }

    fn has_room(&self, class: Class) -> bool {
        let spent = self.own() + self.foreign.map_or(0, |(count, _)| count);
        let ceiling = (self.allowed * class.ceiling() / 100).max(1);
        let third = (self.allowed / 3).max(1);
        self.held_until.is_none()
            && spent < ceiling
            && (class != Class::Reconcile || self.reconciles < third)
    }

    fn own(&self) -> u32 {
        u32::try_from(self.under_way.len() + self.answered.len()).unwrap_or(u32::MAX)
    }

    /// Forgets what lies behind.
    fn forget(&mut self, now: Instant) {
        while let Some((at, class)) = self.answered.front().copied() {
            if at + self.window > now {
                break;
            }
            self.answered.pop_front();
            self.reconciles -= u32::from(class == Class::Reconcile);
        }
        self.foreign = self.foreign.filter(|(_, until)| *until > now);
        self.held_until = self.held_until.filter(|until| *until > now);
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
