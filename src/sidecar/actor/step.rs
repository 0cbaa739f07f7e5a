//! The durable steps of a session, and what the actor knows after one.

use std::sync::Arc;

use baton_bot::TurnKind;
use baton_handoff::{End, Input, Notice};
use baton_store::{LoggedEvent, Step, StoreError};
use tokio::time::{Instant, timeout};

use super::{Actor, Known, Numbered, Stopped};
use crate::{cause::Chain, configuration::After, narration::Narrator, pause::Pause, turn};

impl Actor {
    /// The handoff as it is after an input, with what is to be told of it; none where no handoff
    /// can hear it. Nothing is changed yet.
    pub(super) fn apply(&self, input: Input) -> Option<(Numbered, Vec<Notice>)> {
        let Some(Known { handoff: Some(handoff), link: Some(link), .. }) = &self.known else {
            return None;
        };
        let mut changed = handoff.clone();
        let notices = changed.apply(input, self.surroundings.clock.now(), &link.rules);
        Some((changed, notices))
    }

    /// Adds to the step a handoff as it now is, and what is told of it.
    pub(super) fn tell(&self, step: &mut Step, notices: Vec<Notice>, handoff: &Numbered) {
        self.note_failure(&notices, handoff);
        let agent_was_there = handoff.state.agent().is_some();
        let narration = self.narrator(handoff).tell(notices, agent_was_there);
        step.events.extend(narration.events);
        step.turns.extend(narration.turns);
        step.ends_session |= narration.ends_session;
        step.handoff = Some(handoff.row());
    }

    /// Says what an operator has to look at, where a handoff failed for that.
    fn note_failure(&self, notices: &[Notice], handoff: &Numbered) {
        if notices.contains(&Notice::Over(End::NotTransferred)) {
            let (session_id, conversation_id) = (&self.session_id, handoff.state.conversation_id());
            tracing::error!(
                session_id,
                conversation_id,
                "a handoff failed: Genesys does not let its conversation out of the bot's queue, \
                 neither for the queue's participant nor for the customer's; see the warnings \
                 before this one, and check that the queue of the agents exists"
            );
        }
    }

    pub(super) fn narrator<'a>(&'a self, handoff: &'a Numbered) -> Narrator<'a> {
        Narrator {
            session_id: &self.session_id,
            handoff: handoff.number,
            queue_name: handoff.state.queue_name(),
            bot: self.bot().map(Arc::as_ref),
            after: self.link().map_or(After::EndSession, |link| link.options.after),
            now: self.surroundings.clock.now(),
        }
    }

    /// Carries out a step for somebody who is told if it fails. Whether it was carried out all
    /// the same is then not known, and read from the store before anything else.
    pub(super) async fn carry_out(
        &mut self,
        step: Step,
        handoff: Option<Numbered>,
    ) -> Result<(), StoreError> {
        let step = self.whole(step);
        let (change, at_ms) = (Change::of(&step, handoff), step.at_ms);
        match self.surroundings.store.step(&self.session_id, step).await {
            Ok(logged) => {
                self.tell_newest_of(&logged);
                self.note_messages(&logged, at_ms);
                self.note_bot(&logged);
                self.take_over(change);
                Ok(())
            }
            Err(error) => {
                self.known = None;
                self.look_at = Some(Instant::now() + self.pause.after_failure());
                Err(error)
            }
        }
    }

    /// Carries out a step, however often it has to be tried.
    pub(super) async fn complete(
        &mut self,
        step: Step,
        handoff: Option<Numbered>,
    ) -> Result<(), Stopped> {
        let step = self.whole(step);
        let change = Change::of(&step, handoff);
        let mut pause = Pause::default();
        loop {
            match self.surroundings.store.step(&self.session_id, step.clone()).await {
                Ok(logged) => {
                    self.tell_newest_of(&logged);
                    self.note_messages(&logged, step.at_ms);
                    self.note_bot(&logged);
                    self.take_over(change);
                    return Ok(());
                }
                Err(error) => self.hold_on(&mut pause, &error).await?,
            }
        }
    }

    /// The step with what each has: the present time, at which its events make the session
    /// active, the webhooks that want to know of them, and for the bot the end of the session.
    fn whole(&self, step: Step) -> Step {
        let mut step = Step { at_ms: self.surroundings.clock.now().as_millisecond(), ..step };
        if step.ends_session && self.bot().is_some() {
            step.turns.push(turn::queued(&self.session_id, "end", &TurnKind::SessionEnd));
        }
        if let Some(known) = &self.known {
            let tenant = &known.session.details.tenant;
            let kinds = step.events.iter().map(|event| &*event.kind);
            step.notify = self.surroundings.webhooks.wanting(tenant, kinds);
        }
        step
    }

    /// Waits before the store is tried again.
    pub(super) async fn hold_on(
        &mut self,
        pause: &mut Pause,
        error: &StoreError,
    ) -> Result<(), Stopped> {
        let (session_id, shown) = (&self.session_id, Chain(error));
        if pause.follows_failure() {
            tracing::debug!(session_id, error = %shown, "a session's step still has to wait");
        } else {
            tracing::error!(session_id, error = %shown, "a session's step has to wait");
        }
        if matches!(error, StoreError::UnknownSession | StoreError::Closed) {
            return Err(Stopped);
        }
        match timeout(pause.after_failure(), self.shutdown.begun()).await {
            Ok(()) => Err(Stopped),
            Err(_) => Ok(()),
        }
    }

    /// Notes what a step has changed.
    fn take_over(&mut self, change: Change) {
        let (held, stamp) = (self.holds(), self.stamp());
        let Change { mut handoff, ends_session, adds_outgoing, adds_turns } = change;
        if let Some(handoff) = &mut handoff {
            self.count_beginning(handoff);
            self.count_end(handoff);
        }
        if let Some(known) = &mut self.known {
            if handoff.is_some() {
                known.handoff = handoff;
            }
            known.session.ended |= ends_session;
            if adds_outgoing {
                known.outbox.filled = stamp;
            }
            if adds_turns {
                known.turns.filled = stamp;
            }
        }
        if adds_outgoing {
            self.farewell_waits = false;
        }
        // Messages that waited for a joining that is now settled.
        if held && !self.holds() {
            self.look_at = Some(Instant::now());
        }
    }

    fn holds(&self) -> bool {
        self.wants().is_some_and(|wants| wants.hold)
    }

    /// Wakes the connections, also if nothing new came of it: then a call that failed had been
    /// carried out all the same.
    fn tell_newest_of(&self, logged: &[LoggedEvent]) {
        self.note_trace(logged.iter().map(|event| event.sequence));
        self.tell_newest(logged.iter().map(|event| event.sequence).max().unwrap_or(0));
        if let Some(known) = &self.known {
            self.surroundings.webhooks.tell(&known.session.details.tenant);
        }
    }

    pub(super) fn tell_newest(&self, sequence: u64) {
        self.newest.send_modify(|newest| *newest = sequence.max(*newest));
    }
}

/// What a step changes of what the actor knows.
struct Change {
    handoff: Option<Numbered>,
    ends_session: bool,
    adds_outgoing: bool,
    adds_turns: bool,
}

impl Change {
    fn of(step: &Step, handoff: Option<Numbered>) -> Self {
        Self {
            handoff,
            ends_session: step.ends_session,
            adds_outgoing: !step.outgoing.is_empty(),
            adds_turns: !step.turns.is_empty(),
        }
    }
}
