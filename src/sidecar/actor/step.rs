//! The durable steps of a session, and what the actor knows after one.

use baton_handoff::{Input, Notice};
use baton_store::{LoggedEvent, Step, StoreError};
use tokio::time::{Instant, timeout};

use super::{Actor, Known, Numbered, Stopped};
use crate::{cause::Chain, configuration::After, narration::Narrator, pause::Pause};

impl Actor {
    /// The handoff as it is after an input, with what is to be told of it; none where no handoff
    /// can hear it. Nothing is changed yet.
    pub(super) fn apply(&self, input: Input) -> Option<(Numbered, Vec<Notice>)> {
        let Some(Known { handoff: Some(handoff), link: Some(link), .. }) = &self.known else {
            return None;
        };
        let mut changed = handoff.clone();
        let notices = changed.state.apply(input, self.surroundings.clock.now(), &link.rules);
        Some((changed, notices))
    }

    /// Adds to the step a handoff as it now is, and what is told of it.
    pub(super) fn tell(&self, step: &mut Step, notices: Vec<Notice>, handoff: &Numbered) {
        let agent_was_there = handoff.state.agent().is_some();
        let narration = self.narrator(handoff.number).tell(notices, agent_was_there);
        step.events.extend(narration.events);
        step.ends_session |= narration.ends_session;
        step.handoff = Some(handoff.row());
    }

    pub(super) fn narrator(&self, handoff: u32) -> Narrator<'_> {
        Narrator {
            session_id: &self.session_id,
            handoff,
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
        let (ends_session, adds) = (step.ends_session, !step.outgoing.is_empty());
        match self.surroundings.store.step(&self.session_id, step).await {
            Ok(logged) => {
                self.tell_newest_of(&logged);
                self.take_over(handoff, ends_session, adds);
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
        let (ends_session, adds) = (step.ends_session, !step.outgoing.is_empty());
        let mut pause = Pause::default();
        loop {
            match self.surroundings.store.step(&self.session_id, step.clone()).await {
                Ok(logged) => {
                    self.tell_newest_of(&logged);
                    self.take_over(handoff, ends_session, adds);
                    return Ok(());
                }
                Err(error) => self.hold_on(&mut pause, &error).await?,
            }
        }
    }

    /// Waits before the store is tried again.
    pub(super) async fn hold_on(
        &mut self,
        pause: &mut Pause,
        error: &StoreError,
    ) -> Result<(), Stopped> {
        let (session_id, shown) = (&self.session_id, Chain(error));
        tracing::error!(session_id, error = %shown, "a session's step has to wait");
        if matches!(error, StoreError::UnknownSession | StoreError::Closed) {
            return Err(Stopped);
        }
        match timeout(pause.after_failure(), self.shutdown.begun()).await {
            Ok(()) => Err(Stopped),
            Err(_) => Ok(()),
        }
    }

    /// Notes what a step has changed.
    fn take_over(&mut self, handoff: Option<Numbered>, ends_session: bool, adds: bool) {
        let held = self.holds();
        if let Some(known) = &mut self.known {
            if handoff.is_some() {
                known.handoff = handoff;
            }
            known.session.ended |= ends_session;
            known.outbox.filled += u64::from(adds);
        }
        if adds {
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
        self.tell_newest(logged.iter().map(|event| event.sequence).max().unwrap_or(0));
    }

    pub(super) fn tell_newest(&self, sequence: u64) {
        self.newest.send_modify(|newest| *newest = sequence.max(*newest));
    }
}
