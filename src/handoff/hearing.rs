//! What is heard of Genesys beside snapshots: hints, and two proofs.

use baton_core::lifecycle::{LifecycleEvent, LifecycleKind};
use jiff::Timestamp;

use crate::{Handoff, Notice, Rules, handoff::Stage, rules::later};

impl Handoff {
    pub(crate) fn heard(
        &mut self,
        event: &LifecycleEvent<'_>,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        if !self.is_about_us(event) {
            return Vec::new();
        }
        let at = event.time_ms.and_then(timestamp);
        let is_ours = at.map_or(self.is_first, |at| self.is_of_this_handoff(at, rules));
        let counts = is_ours && !self.is_over();
        match (event.kind, event.user_id.as_deref(), at.filter(|_| counts)) {
            (LifecycleKind::AcdEnd, Some(user_id), Some(at)) if is_answered(event) => {
                return self.answered(user_id, at, now, rules);
            }
            (LifecycleKind::UserEnd, Some(user_id), Some(at)) => self.attendance.left(user_id, at),
            (LifecycleKind::CustomerEnd, _, _) if counts => {
                self.customer_gone_by.get_or_insert(later(now, rules.end_at_latest));
            }
            _ => {}
        }
        match event.kind {
            LifecycleKind::UserEnd | LifecycleKind::CustomerEnd => {
                self.reading.ask_about_end(now, rules);
            }
            // A client rings. Whether it is answered is usually heard, too.
            LifecycleKind::UserStart => self.reading.ask_after(rules.reread, now),
            _ => self.reading.ask_after(rules.bunch, now),
        }
        Vec::new()
    }

    /// The queue ended with this user's answer: if that is no proof by itself, it is a reason to
    /// read.
    fn answered(
        &mut self,
        user_id: &str,
        at: Timestamp,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let before = self.attendance.clone();
        let notices = self.attendance.answered(user_id, at, now, rules);
        if self.attendance == before {
            self.reading.ask_after(rules.bunch, now);
        }
        notices
    }

    pub(crate) fn agent_wrote(
        &mut self,
        at: Timestamp,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        self.messages.hurry();
        if self.is_over() {
            return Vec::new();
        }
        if !self.is_of_this_handoff(at, rules) {
            // Or the clocks are further apart than they should be.
            if !self.attendance.is_known() {
                self.reading.ask_after(rules.bunch, now);
            }
            return Vec::new();
        }
        let mut notices = Vec::new();
        if self.stage == Stage::Opening {
            // Genesys' answer is still under way, but an agent has it already.
            self.stage = Stage::Open;
            notices.push(Notice::Accepted);
        }
        notices.extend(self.attendance.wrote(at, now, rules));
        if !self.attendance.is_known() {
            self.reading.ask();
        }
        notices
    }

    /// Whether an event is about this conversation. One that does not say is taken for a hint.
    fn is_about_us(&self, event: &LifecycleEvent<'_>) -> bool {
        let Some(ours) = self.conversation_id() else { return false };
        event.conversation_id.as_deref().is_none_or(|other| other == ours)
    }
}

fn is_answered(event: &LifecycleEvent<'_>) -> bool {
    event.acd_outcome.as_deref() == Some("ANSWERED")
}

fn timestamp(milliseconds: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
}
