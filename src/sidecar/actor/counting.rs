//! What is counted of a session's handoffs, and of its log.

use baton_handoff::{End, Progress};
use baton_metrics::{HandoffOutcome, HandoffStage};
use baton_store::StoredDelivery;
use baton_traces::TraceContext;
use jiff::Timestamp;
use std::time::Duration;
use tracing::Span;

use super::{Actor, Numbered};

impl Actor {
    /// Has the open handoff counted in the stage that it is in.
    pub(super) fn count_handoff(&mut self) {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        let stage = handoff.and_then(|handoff| handoff.state.progress()).map(stage);
        if self.counted.as_ref().map(|counted| counted.stage()) != stage {
            self.counted = stage.map(|stage| self.surroundings.metrics.handoffs().show(stage));
        }
    }

    /// Counts a handoff that began with the step that was just taken.
    pub(super) fn count_beginning(&self, handoff: &Numbered) {
        if let Some(known) =
            self.known.as_ref().filter(|known| known.last_handoff() < handoff.number)
        {
            self.surroundings.metrics.handoffs().begun(&known.session.details.tenant);
        }
    }

    /// Counts a handoff of which the step that was just taken tells the end.
    pub(super) fn count_end(&self, handoff: &mut Numbered) {
        if let (Some(end), Some(known)) = (handoff.untold_end.take(), &self.known) {
            let tenant = &known.session.details.tenant;
            self.surroundings.metrics.handoffs().ended(tenant, outcome(end));
        }
    }

    /// Counts a delivery that stands in the log now.
    pub(super) fn count_delivery(&self, delivery: &StoredDelivery) {
        let now = self.surroundings.clock.now();
        let received_at = Timestamp::from_millisecond(delivery.received_at_ms).unwrap_or(now);
        let took = Duration::try_from(now.duration_since(received_at)).unwrap_or_default();
        self.surroundings.metrics.deliveries().logged(took);
    }

    /// Notes of which trace these events of the log are: the one in which they were written.
    pub(super) fn note_trace(&self, sequences: impl Iterator<Item = u64>) {
        if let Some(context) = TraceContext::of(&Span::current()) {
            sequences.for_each(|sequence| self.traces.note(sequence, &context));
        }
    }
}

const fn stage(progress: Progress) -> HandoffStage {
    match progress {
        Progress::Opening => HandoffStage::Opening,
        Progress::Queued => HandoffStage::Queued,
        Progress::WithAgent => HandoffStage::WithAgent,
        Progress::Ending => HandoffStage::Ending,
        Progress::Leaving => HandoffStage::Leaving,
        Progress::Settling => HandoffStage::Settling,
    }
}

const fn outcome(end: End) -> HandoffOutcome {
    match end {
        End::ByGenesys => HandoffOutcome::ByGenesys,
        End::ByUser => HandoffOutcome::ByUser,
        End::Abandoned => HandoffOutcome::Abandoned,
        End::TimedOut => HandoffOutcome::TimedOut,
        End::NotTransferred => HandoffOutcome::NotTransferred,
        End::Refused => HandoffOutcome::Refused,
    }
}
