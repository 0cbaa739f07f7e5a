//! The user leaves: the customer is disconnected at Genesys, and that is awaited.

use jiff::Timestamp;

use crate::{
    DisconnectOutcome, Handoff, Leaving, Notice, Rules, Snapshot, handoff::Stage,
    liveness::Finding, rules::later,
};

impl Handoff {
    /// What a snapshot means for a handoff that the user has left: the customer is disconnected
    /// until none is live.
    pub(crate) fn let_go(&mut self, snapshot: &Snapshot, finding: Finding) -> Vec<Notice> {
        let live = snapshot.live_customer();
        self.disconnect = live.map(|leg| leg.id.clone()).filter(|id| !id.is_empty());
        let is_gone = live.is_none() && finding == Finding::Over && !self.is_outdated();
        if is_gone { self.detached() } else { Vec::new() }
    }

    pub(crate) fn left(&mut self, how: Leaving, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        if matches!(self.stage, Stage::Opening | Stage::Open | Stage::Ending { .. }) {
            self.stage = Stage::Leaving { how, by: later(now, rules.leaving) };
            self.reading.ask();
        }
        Vec::new()
    }

    pub(crate) fn disconnected(
        &mut self,
        outcome: DisconnectOutcome,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        if self.disconnect.take().is_none() {
            return Vec::new();
        }
        match outcome {
            DisconnectOutcome::Done | DisconnectOutcome::Failed => {
                self.reading.plan_doubling(now, rules);
                Vec::new()
            }
            DisconnectOutcome::Gone | DisconnectOutcome::Refused => self.detached(),
        }
    }

    /// Nothing of the user who left is at Genesys any more, or nothing can be done about it.
    pub(crate) fn detached(&mut self) -> Vec<Notice> {
        match self.stage {
            Stage::Leaving { how, .. } => self.close(how.into()),
            _ => {
                self.stage = Stage::Closed;
                Vec::new()
            }
        }
    }
}
