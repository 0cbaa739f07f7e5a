//! Whether a conversation goes on.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Participant, Rules, Snapshot, rules::later};

/// What the snapshots of a conversation have told so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Liveness {
    /// Whether an agent, a queue or a flow has had the conversation in this handoff.
    begun: bool,
    /// Since when no snapshot has shown life.
    lifeless_since: Option<Timestamp>,
}

/// What a snapshot means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The conversation goes on.
    Alive,
    /// It seems to be over. If it still does at that time, it is.
    Doubtful(Timestamp),
    /// It is over.
    Over,
}

/// What one snapshot shows.
enum Sign {
    /// The customer, with an agent, a queue or a flow.
    Attended,
    /// The customer alone: over, or between an agent who declined and the queue, or the flow has
    /// yet to begin.
    Alone,
    /// The customer has left.
    CustomerGone,
    /// Nothing of this handoff. Genesys may have yet to show what it has taken; a threaded
    /// conversation shows the handoffs before (Genesys reference, 5).
    Nothing,
}

impl Liveness {
    /// Takes in a snapshot.
    pub(crate) fn observe(
        &mut self,
        snapshot: &Snapshot,
        requested_at: Timestamp,
        now: Timestamp,
        rules: &Rules,
    ) -> Finding {
        let patience = match self.sign(snapshot, requested_at) {
            Sign::Attended => {
                *self = Self { begun: true, lifeless_since: None };
                return Finding::Alive;
            }
            Sign::CustomerGone if self.begun => Duration::ZERO,
            Sign::CustomerGone => rules.reread,
            Sign::Alone if self.begun || others_ended(snapshot, requested_at) => rules.reread,
            Sign::Alone | Sign::Nothing => rules.end_at_latest,
        };
        let until = later(*self.lifeless_since.get_or_insert(now), patience);
        if until <= now { Finding::Over } else { Finding::Doubtful(until) }
    }

    /// An agent was there, whether or not a snapshot has shown it.
    pub(crate) fn begin(&mut self) {
        self.begun = true;
    }

    fn sign(&self, snapshot: &Snapshot, requested_at: Timestamp) -> Sign {
        let others_live = snapshot.others().any(Participant::is_live);
        let mut customers = snapshot.customers().peekable();
        if customers.peek().is_none() {
            return if others_live { Sign::Attended } else { Sign::Nothing };
        }
        if snapshot.live_customer().is_some() {
            return if others_live { Sign::Attended } else { Sign::Alone };
        }
        let ended_here = customers.any(|leg| is_of(leg, requested_at));
        if self.begun || ended_here { Sign::CustomerGone } else { Sign::Nothing }
    }
}

/// Whether an agent, a queue or a flow has had the conversation in this handoff and let it go.
fn others_ended(snapshot: &Snapshot, requested_at: Timestamp) -> bool {
    snapshot.others().any(|leg| is_of(leg, requested_at))
}

/// Whether a leg ended after the handoff was requested. Two clocks are compared here: where they
/// differ, an end is seen later, or on less evidence, but not missed.
fn is_of(leg: &Participant, requested_at: Timestamp) -> bool {
    leg.ended_at.is_some_and(|ended| ended >= requested_at)
}
