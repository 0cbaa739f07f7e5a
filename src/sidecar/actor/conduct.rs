//! The handoff's conduct: what it hears, what it tells, and what it wants at Genesys.

use std::{sync::Arc, time::Duration};

use baton_genesys::ChannelNotice;
use baton_handoff::{Input, Notice, Wants};
use baton_store::{HandoffRow, Step};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Actor, Known, Numbered, Stopped};
use crate::{
    call::Call,
    configuration::After,
    errand::{Errand, Outcome},
    narration::Narrator,
};

impl Numbered {
    /// The handoff as the store keeps it.
    pub(super) fn row(&self) -> HandoffRow {
        HandoffRow {
            number: self.number,
            open: self.state.is_open(),
            conversation_id: self.state.conversation_id().map(str::to_owned),
            state: serde_json::to_string(&self.state).unwrap_or_default(),
        }
    }
}

impl Actor {
    /// The channel of the conversation tells something.
    pub(super) async fn notice(&mut self, notice: ChannelNotice) -> Result<(), Stopped> {
        let input = match notice {
            ChannelNotice::Reconcile => Input::Reconcile,
            ChannelNotice::Event(event) => Input::Event(event),
        };
        self.hear(input).await
    }

    /// Something that was to happen at a time is due.
    pub(super) async fn tick(&mut self) -> Result<(), Stopped> {
        self.hear(Input::Tick).await
    }

    /// An errand is over.
    pub(super) async fn outcome(&mut self, outcome: Outcome) -> Result<(), Stopped> {
        match outcome {
            Outcome::Posted { number, result } => self.posted(number, result).await,
            Outcome::NothingToPost { filled } => {
                self.outbox_was_empty(filled);
                Ok(())
            }
            Outcome::OutboxUnread(error) => {
                self.post_later(&error);
                Ok(())
            }
            Outcome::Read(ticket, outcome) => self.hear(Input::Read { ticket, outcome }).await,
            Outcome::Named(user_id, details) => self.hear(Input::Named { user_id, details }).await,
            Outcome::Checked(missing) => {
                if let Some(known) = &mut self.known {
                    known.missing = missing;
                }
                // What arrived meanwhile goes into the log first.
                self.look_at = Some(Instant::now());
                Ok(())
            }
            Outcome::Fetched(message_id, arrived) => {
                self.look_at = Some(Instant::now());
                self.hear(Input::Fetched { message_id, arrived }).await
            }
            Outcome::Disconnected(outcome) => self.hear(Input::Disconnected(outcome)).await,
            Outcome::Typed => Ok(()),
        }
    }

    /// All that arrived is in the log: so what is missing really is. What the user wrote goes
    /// out first, since it may open the conversation again.
    pub(super) async fn all_is_logged(&mut self) -> Result<(), Stopped> {
        let Some(known) = self.known.as_mut().filter(|known| !known.outbox.waits()) else {
            return Ok(());
        };
        match known.missing.take() {
            Some(missing) => self.hear(Input::Missing(missing)).await,
            None => Ok(()),
        }
    }

    /// Applies an input to the handoff and carries out what follows for the log.
    pub(super) async fn hear(&mut self, input: Input) -> Result<(), Stopped> {
        let Some(Known { handoff: Some(handoff), link: Some(link), .. }) = &self.known else {
            return Ok(());
        };
        let mut changed = handoff.clone();
        let notices = changed.state.apply(input, self.surroundings.clock.now(), &link.rules);
        if changed.state == handoff.state && notices.is_empty() {
            return Ok(());
        }
        let step = self.step_of(notices, Some(&changed));
        self.complete(step, Some(changed)).await
    }

    /// One durable step, tried until it is done; afterwards the actor knows the handoff as it
    /// now is.
    pub(super) async fn complete(
        &mut self,
        step: Step,
        handoff: Option<Numbered>,
    ) -> Result<(), Stopped> {
        let (ends_session, adds) = (step.ends_session, !step.outgoing.is_empty());
        self.save(step).await?;
        self.take_over(handoff, ends_session, adds);
        Ok(())
    }

    /// Notes what a step has changed.
    pub(super) fn take_over(&mut self, handoff: Option<Numbered>, ends_session: bool, adds: bool) {
        // Messages that wait for a joining that is now settled, or for a handoff that is over.
        let held = self.wants_hold();
        if let Some(known) = &mut self.known {
            if handoff.is_some() {
                known.handoff = handoff;
            }
            known.session.ended |= ends_session;
            known.outbox.filled += u64::from(adds);
        }
        if held && !self.wants_hold() {
            self.look_at = Some(Instant::now());
        }
    }

    fn wants_hold(&self) -> bool {
        self.wants().is_some_and(|wants| wants.hold)
    }

    fn wants(&self) -> Option<Wants<'_>> {
        let known = self.known.as_ref()?;
        known.link.as_ref()?;
        Some(known.handoff.as_ref()?.state.wants())
    }

    /// How long until the handoff wants to be woken.
    pub(super) fn wake_after(&self, now: Timestamp) -> Option<Duration> {
        let at = self.wants()?.wake_at?;
        Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
    }

    pub(super) fn narrator(&self, handoff: u32) -> Narrator<'_> {
        Narrator {
            session_id: &self.session_id,
            handoff,
            after: self.link().map_or(After::EndSession, |link| link.options.after),
            now: self.surroundings.clock.now(),
        }
    }

    /// The step that writes a changed handoff and what is told of it.
    pub(super) fn step_of(&self, notices: Vec<Notice>, handoff: Option<&Numbered>) -> Step {
        let mut step = Step::default();
        if let Some(handoff) = handoff {
            self.tell(&mut step, notices, handoff);
            step.handoff = Some(handoff.row());
        }
        step
    }

    /// Adds to the step what the notices tell the client.
    pub(super) fn tell(&self, step: &mut Step, notices: Vec<Notice>, handoff: &Numbered) {
        let agent_was_there = handoff.state.agent().is_some();
        let narration = self.narrator(handoff.number).tell(notices, agent_was_there);
        step.events.extend(narration.events);
        step.ends_session |= narration.ends_session;
    }

    /// Starts what should be going on at Genesys and is not.
    pub(super) fn pursue(&mut self) {
        self.pursue_relay();
        let Some(Known { session, link: Some(link), handoff: Some(handoff), outbox, missing }) =
            &self.known
        else {
            return;
        };
        let wants = handoff.state.wants();
        match wants.watch {
            None => self.watch = None,
            Some(conversation_id) if self.watch.is_none() => {
                self.watch = Some(link.channels.watch(conversation_id));
            }
            Some(_) => {}
        }
        let Some(conversation_id) = handoff.state.conversation_id() else { return };
        let call = || Call {
            link: Arc::clone(link),
            store: self.surroundings.store.clone(),
            conversation_id: conversation_id.to_owned(),
        };
        let errands = &mut self.errands;
        if let Some(ticket) = wants.read {
            errands.start(Errand::Read, || call().read(ticket));
        }
        if let Some(user_id) = wants.name {
            errands.start(Errand::Name, || call().name(user_id.to_owned()));
        }
        if !wants.check.is_empty() && missing.is_none() {
            errands.start(Errand::Check, || call().check(wants.check.to_vec()));
        }
        for message_id in wants.fetch {
            let (message_id, at) = (message_id.clone(), self.surroundings.clock.now());
            let end_user_id = session.details.end_user_id.clone();
            errands.start(Errand::Fetch(message_id.clone()), || {
                call().fetch(message_id, end_user_id, at)
            });
        }
        // What the user said goes out first.
        if let Some(disconnect) = wants.disconnect.filter(|_| !outbox.waits()) {
            let participant_id = disconnect.participant_id.to_owned();
            errands.start(Errand::Disconnect, || call().disconnect(participant_id));
        }
    }
}
