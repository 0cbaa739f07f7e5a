//! What Genesys delivers for the user, and whether it is of this handoff.
//!
//! Genesys goes on with one conversation over several handoffs of a session, and tries again what
//! was not taken; what reached nobody may be replayed. So what comes now may be of a handoff before
//! this one. That is a reason to read the conversation, and proves nothing.

use baton_core::lifecycle::LifecycleEvent;
use jiff::Timestamp;

use crate::{Handoff, Notice, Rules, rules::later};

/// What a webhook tells, or a step in a conversation's life that came as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// When it arrived for the first time, by our clock.
    pub received_at: Timestamp,
    /// The conversation that it is of, if it says so.
    pub conversation_id: Option<String>,
    /// The steps in a conversation's life that it tells of, in order.
    pub steps: Vec<LifecycleEvent<'static>>,
    /// When a person sent the message that it brings, by Genesys' clock; `None` if it brings none.
    pub written_at: Option<Timestamp>,
}

impl Handoff {
    /// The same handoff, as the first of its session. Genesys did not know the user before, so
    /// whatever it tells of them is of this handoff, however far the clocks are apart.
    #[must_use]
    pub fn first_of_session(self) -> Self {
        Self { is_first: true, ..self }
    }

    /// Whether what arrived then, by our clock, is of a handoff before this one.
    pub fn began_after(&self, received_at: Timestamp) -> bool {
        !self.is_first && received_at < self.requested_at
    }

    /// Whether something happened in this handoff, and not in one before it in the same
    /// conversation. Genesys' clock is compared with ours, so there is some play.
    pub(crate) fn is_of_this_handoff(&self, at: Timestamp, rules: &Rules) -> bool {
        self.is_first || later(at, rules.clock_difference) >= self.requested_at
    }

    pub(crate) fn delivered(
        &mut self,
        delivered: Delivered,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let Delivered { received_at, conversation_id, steps, written_at } = delivered;
        if !self.is_open() {
            return Vec::new();
        }
        if self.began_after(received_at) {
            self.reading.ask_after(rules.bunch, now);
            return Vec::new();
        }
        let mut notices = Vec::new();
        if let Some(id) = conversation_id.filter(|_| self.is_made_known(written_at, rules)) {
            notices.extend(self.accepted(id, now, rules));
        }
        for step in &steps {
            notices.extend(self.heard(step, now, rules));
        }
        if let Some(at) = written_at {
            notices.extend(self.agent_wrote(at, now, rules));
        }
        notices
    }

    /// Whether a delivery makes its conversation known: Genesys' answer to the first message may
    /// have left it out, or be still under way. Where there was a handoff before, only a person's
    /// message does: each of those was waited for, while anything else of it may still come.
    fn is_made_known(&self, written_at: Option<Timestamp>, rules: &Rules) -> bool {
        let is_unknown = self.conversation_id.is_none() && !self.is_over();
        let is_ours =
            self.is_first || written_at.is_some_and(|at| self.is_of_this_handoff(at, rules));
        is_unknown && is_ours
    }
}
