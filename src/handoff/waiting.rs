//! The user waits for the first agent: how long, and what if nobody comes.
//!
//! Whoever has spoken with an agent does not wait in this sense, also not in a queue to which that
//! agent has transferred: ending a talk that has begun would be no help.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    End, Handoff, Notice, Rules, Snapshot, handoff::Stage, liveness::Finding, rules::later,
};

/// How long the user waits for the first agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wait {
    /// As long as it takes.
    #[default]
    Unlimited,
    /// Until then.
    Until(Timestamp),
    /// It has taken too long. A last read shows whether an agent has come just now.
    TooLong {
        /// When the handoff is given up even if no read was answered.
        by: Timestamp,
    },
    /// An agent has come, even if nothing was heard of it until that agent had gone.
    Over,
}

impl Wait {
    /// The wait of a handoff that was requested then.
    pub(crate) fn of(requested_at: Timestamp, rules: &Rules) -> Self {
        match rules.longest_wait {
            Some(longest) => Self::Until(later(requested_at, longest)),
            None => Self::Unlimited,
        }
    }

    /// When it is to be looked at again.
    pub(crate) fn due(self) -> Option<Timestamp> {
        match self {
            Self::Unlimited | Self::Over => None,
            Self::Until(due) | Self::TooLong { by: due } => Some(due),
        }
    }

    /// Nobody could look for a while.
    pub(crate) fn resume(&mut self, whole: Timestamp) {
        if let Self::TooLong { by } = self {
            *by = whole;
        }
    }
}

impl Handoff {
    /// Notices that the wait has become too long. Where Genesys has not taken a message yet,
    /// nothing can be read, and the handoff is given up at once.
    pub(crate) fn settle_wait(&mut self, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        let wait = match self.awaits_first_agent() {
            true => Wait::of(self.requested_at, rules),
            false => Wait::Over,
        };
        self.wait = match (wait, self.wait) {
            (Wait::Until(end), begun @ Wait::TooLong { .. }) if end <= now => begun,
            (Wait::Until(end), _) if end <= now => {
                self.reading.ask();
                Wait::TooLong { by: later(now, rules.end_at_latest) }
            }
            (wait, _) => wait,
        };
        match self.wait {
            Wait::TooLong { by } if by <= now || self.stage == Stage::Opening => {
                self.reading.ask();
                self.give_up(End::TimedOut, now, rules)
            }
            _ => Vec::new(),
        }
    }

    /// Notices in a snapshot that an agent has come, who may have gone again since.
    pub(crate) fn find_agents(&mut self, snapshot: &Snapshot, rules: &Rules) {
        let mut accepted = snapshot.agents().filter_map(|leg| leg.connected_at);
        if accepted.any(|at| self.is_of_this_handoff(at, rules)) {
            self.wait = Wait::Over;
        }
    }

    /// Gives the handoff up if the user has waited too long and a snapshot shows that nobody has
    /// come. An agent who is being alerted has still some time.
    pub(crate) fn give_up_waiting(
        &mut self,
        snapshot: &Snapshot,
        finding: Finding,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let too_long = matches!(self.wait, Wait::TooLong { .. }) && self.stage == Stage::Open;
        let in_vain = self.awaits_first_agent() && !snapshot.is_alerting() && !self.is_outdated();
        if !(too_long && in_vain) {
            return Vec::new();
        }
        let mut told = self.give_up(End::TimedOut, now, rules);
        told.extend(self.let_go(snapshot, finding));
        told
    }

    /// The end is told at once; the customer is disconnected after it.
    pub(crate) fn give_up(&mut self, end: End, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        let told = self.close(end);
        self.stage = Stage::Detaching { by: later(now, rules.detaching) };
        self.wait = Wait::Over;
        told
    }

    fn awaits_first_agent(&self) -> bool {
        let waits = matches!(self.stage, Stage::Opening | Stage::Open);
        waits && self.wait != Wait::Over && !self.attendance.has_begun()
    }
}
