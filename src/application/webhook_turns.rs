//! Whose turn it is: of which session an endpoint is told next, and when.
//!
//! Events of one session go one after the other, those of different sessions beside each other.
//! An event that fails holds up its own session only, which waits by a pause of its own. But when
//! nothing new is taken any more, then the endpoint fails and not an event: until it takes one
//! again, a single try at a time goes out, with a pause after it that all sessions share.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use crate::webhook_pace::WebhookPace;

/// The most tries that are on their way to an endpoint at once.
const MOST_AT_ONCE: usize = 16;

/// The most sessions that wait for another try. While there are so many, no other is begun with:
/// they are known in memory only.
const MOST_WAITING: usize = 10_000;

/// How often an event was tried in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// All of them.
    pub(crate) made: u32,
    /// Those that were answered by that the event is wrong.
    pub(crate) refused: u32,
}

/// A try of a session's oldest event, which is on its way until it has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The session's number in the store.
    pub(crate) session: u64,
    /// How often the event was tried before.
    pub(crate) tries: Tries,
    /// The doubt with which it began.
    doubt: u32,
}

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was to be sent.
    Unsent,
    /// The endpoint has the event, or wants no more.
    Answered,
    /// The endpoint did not take the event.
    Failed {
        /// Whether it is tried again: the tries up to now, and the event's own pause. Absent when
        /// it was given up.
        again: Option<(Tries, Duration)>,
        /// For how long the endpoint asked to be left alone.
        asked: Duration,
    },
}

/// Where a session may be found that is begun with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Others {
    /// The session that was begun with last: its followers come first.
    pub(crate) after: u64,
    /// The sessions that have their turn already.
    pub(crate) except: BTreeSet<u64>,
}

enum Stand {
    OnTheWay,
    Waits { until: Instant, tries: Tries },
}

/// The turns of an endpoint's sessions.
pub(crate) struct Turns<'a> {
    pace: &'a WebhookPace,
    /// The sessions of which a try is on its way, or waits.
    sessions: BTreeMap<u64, Stand>,
    on_the_way: usize,
    last: u64,
    /// How many new events have failed one after the other since the endpoint took one. An event
    /// that failed before says nothing new about the endpoint.
    doubt: u32,
    /// Until when nothing goes out.
    quiet_until: Instant,
    /// Whether the last try that began was one more of an event that had failed.
    tried_again: bool,
}

impl<'a> Turns<'a> {
    pub(crate) fn new(pace: &'a WebhookPace, now: Instant) -> Self {
        let sessions = BTreeMap::new();
        let (on_the_way, last, doubt) = (0, 0, 0);
        Self { pace, sessions, on_the_way, last, doubt, quiet_until: now, tried_again: false }
    }

    /// Whether no session has a turn.
    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Whether a try may begin now.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        !self.is_full() && self.quiet_until <= now
    }

    /// Whether a session that has no turn goes first. In doubt they take turns with those that
    /// wait: of these any number may be wrong, and would never let the doubt end.
    pub(crate) fn prefers_others(&self) -> bool {
        self.doubt > 0 && self.tried_again
    }

    /// Begins the try that has waited for longest, if one has waited for long enough.
    pub(crate) fn begin_again(&mut self, now: Instant) -> Option<Turn> {
        let due = self.waiting().filter(|(until, ..)| *until <= now);
        let (_, session, tries) = due.min_by_key(|(until, ..)| *until)?;
        self.tried_again = true;
        Some(self.set_out(session, tries))
    }

    /// Where there may be a session to begin with; `None` if enough of them wait.
    pub(crate) fn others(&self) -> Option<Others> {
        let waiting = self.sessions.len() - self.on_the_way;
        let except = || self.sessions.keys().copied().collect();
        (waiting < MOST_WAITING).then(|| Others { after: self.last, except: except() })
    }

    /// Begins with a session that has no turn.
    pub(crate) fn begin(&mut self, session: u64) -> Turn {
        self.last = session;
        self.tried_again = false;
        self.set_out(session, Tries::default())
    }

    /// Takes in what came of a try.
    pub(crate) fn end(&mut self, turn: &Turn, outcome: Outcome, now: Instant) {
        self.on_the_way -= 1;
        self.sessions.remove(&turn.session);
        match outcome {
            Outcome::Unsent => {}
            Outcome::Answered => self.doubt = 0,
            Outcome::Failed { again, asked } => {
                // Of those that were on their way together, only the first raises the doubt.
                if turn.tries.made == 0 && turn.doubt == self.doubt {
                    self.doubt = self.doubt.saturating_add(1);
                }
                let pause = self.pace.shared_pause(self.doubt).max(asked);
                self.quiet_until = self.quiet_until.max(now + pause);
                if let Some((tries, pause)) = again {
                    let until = now + pause;
                    self.sessions.insert(turn.session, Stand::Waits { until, tries });
                }
            }
        }
    }

    /// When a try may begin that may not begin now; `None` if that is not a matter of time.
    pub(crate) fn next_at(&self, now: Instant) -> Option<Instant> {
        if self.is_full() {
            return None;
        }
        if self.quiet_until > now {
            return Some(self.quiet_until);
        }
        self.waiting().map(|(until, ..)| until).min()
    }

    fn is_full(&self) -> bool {
        self.on_the_way >= if self.doubt == 0 { MOST_AT_ONCE } else { 1 }
    }

    fn waiting(&self) -> impl Iterator<Item = (Instant, u64, Tries)> {
        self.sessions.iter().filter_map(|(session, stand)| match stand {
            Stand::OnTheWay => None,
            Stand::Waits { until, tries } => Some((*until, *session, *tries)),
        })
    }

    fn set_out(&mut self, session: u64, tries: Tries) -> Turn {
        self.sessions.insert(session, Stand::OnTheWay);
        self.on_the_way += 1;
        Turn { session, tries, doubt: self.doubt }
    }
}

#[cfg(test)]
#[path = "webhook_turns_tests.rs"]
mod tests;
