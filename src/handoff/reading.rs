//! When a conversation is to be read.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Rules, rules::later};

/// A reason to read a conversation. A read answers every reason up to its ticket; what is heard
/// while it is under way gives a later one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticket(u64);

/// Which reasons to read there were, and when the next is due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    asked: Ticket,
    answered: Ticket,
    again_at: Option<Timestamp>,
    /// When a hint is looked into that need not be looked into at once.
    hint_at: Option<Timestamp>,
    /// Until when a read may show less than was heard.
    lagging_until: Option<Timestamp>,
    /// How often the pause between two reads has doubled.
    doublings: u32,
}

impl Reading {
    /// There is a new reason to read: at once, and patiently again from the start.
    pub(crate) fn ask(&mut self) {
        self.doublings = 0;
        self.ask_again();
    }

    /// The same after a pause, with whatever else is heard until then: so many handoffs share
    /// what may be read in a minute.
    pub(crate) fn ask_after(&mut self, pause: Duration, now: Timestamp) {
        let at = later(now, pause);
        self.hint_at = Some(self.hint_at.map_or(at, |hint| hint.min(at)));
    }

    /// The same for an end that was heard of. Ends come in bunches, and the API may show one only
    /// a moment later.
    pub(crate) fn ask_about_end(&mut self, now: Timestamp, rules: &Rules) {
        self.ask_after(rules.bunch, now);
        self.lagging_until = Some(later(now, rules.reread));
    }

    fn ask_again(&mut self) {
        self.asked.0 = self.asked.0.saturating_add(1);
        self.again_at = None;
        self.hint_at = None;
    }

    /// Takes the answer to a ticket. Whether it tells anything: an answer that is there already,
    /// or was never asked for, does not.
    pub(crate) fn answer(&mut self, ticket: Ticket) -> bool {
        let new = ticket > self.answered && ticket <= self.asked;
        if new {
            self.answered = ticket;
        }
        new
    }

    /// Plans the next read of a conversation that goes on.
    pub(crate) fn plan_reconciling(&mut self, now: Timestamp, rules: &Rules) {
        let lagging = self.lagging_until.take().is_some_and(|until| now < until);
        self.plan(later(now, if lagging { rules.reread } else { rules.reconcile }));
    }

    /// Plans the next read at that time, in place of the one that was planned.
    pub(crate) fn plan(&mut self, at: Timestamp) {
        self.again_at = Some(at);
    }

    /// Plans the next read after a pause that doubles from one to the next.
    pub(crate) fn plan_doubling(&mut self, now: Timestamp, rules: &Rules) {
        self.plan_doubling_until(Timestamp::MAX, now, rules);
    }

    /// The same, but at that time at the latest.
    pub(crate) fn plan_doubling_until(&mut self, last: Timestamp, now: Timestamp, rules: &Rules) {
        let factor = 2_u32.saturating_pow(self.doublings);
        let pause = rules.reread.checked_mul(factor).unwrap_or(Duration::MAX);
        self.doublings = self.doublings.saturating_add(1);
        self.plan(later(now, pause.min(rules.reread_cap)).min(last));
    }

    /// Turns a plan whose time has come into a reason to read.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.hint_at.is_some_and(|at| at <= now) {
            self.ask();
        } else if self.again_at.is_some_and(|at| at <= now) {
            self.ask_again();
        }
    }

    /// The ticket of the read that is needed.
    pub(crate) fn needed(&self) -> Option<Ticket> {
        (self.asked > self.answered).then_some(self.asked)
    }

    /// Whether something was heard since the last read that was answered began.
    pub(crate) fn is_behind(&self) -> bool {
        self.needed().is_some() || self.hint_at.is_some()
    }

    /// When a read is planned.
    pub(crate) fn planned(&self) -> Option<Timestamp> {
        self.hint_at.into_iter().chain(self.again_at).min()
    }
}
