//! The handoff's conduct: what it hears, and what it wants at Genesys.

use std::{sync::Arc, time::Duration};

use baton_genesys::ChannelNotice;
use baton_handoff::{Input, Wants};
use baton_store::{HandoffRow, Step};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Actor, Known, Numbered, Stopped};
use crate::{
    call::Call,
    errand::{About, Errand, Outcome},
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
        // After a step that failed nothing is known, and what is told now must not be lost by that.
        self.resume().await?;
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

    /// An errand is over. What it says of a handoff or a conversation that is not the present
    /// one any more is dropped.
    pub(super) async fn outcome(&mut self, about: About, outcome: Outcome) -> Result<(), Stopped> {
        self.resume().await?;
        let input = match outcome {
            Outcome::Posted { number, speaker, result } => {
                return self.posted(about.handoff, number, speaker, result).await;
            }
            Outcome::NothingToPost { filled } => return self.outbox_was_empty(filled).await,
            Outcome::TooEarly => {
                self.farewell_waits = true;
                return Ok(());
            }
            Outcome::OutboxUnread(error) => {
                self.post_later(&error);
                return Ok(());
            }
            Outcome::Turned(outcome) => return self.turned(outcome).await,
            Outcome::Typed | Outcome::NotChecked => return Ok(()),
            Outcome::Fetched(message_id, arrived) => {
                // Whatever it was fetched for, it belongs into the log.
                self.look_at = Some(Instant::now());
                Input::Fetched { message_id, arrived }
            }
            Outcome::Checked(missing) => {
                if self.about() == about
                    && let Some(known) = &mut self.known
                {
                    known.missing = Some(missing);
                    // What arrived meanwhile goes into the log first.
                    self.look_at = Some(Instant::now());
                }
                return Ok(());
            }
            Outcome::Located(None) => return Ok(()),
            Outcome::Located(Some(conversation_id)) => Input::Accepted { conversation_id },
            Outcome::Read(ticket, outcome) => Input::Read { ticket, outcome },
            Outcome::Named(user_id, details) => Input::Named { user_id, details },
            Outcome::Estimated(queue_id, wait) => Input::Estimated { queue_id, wait },
            Outcome::Transferred(outcome) => Input::Transferred(outcome),
            Outcome::Disconnected(outcome) => Input::Disconnected(outcome),
        };
        if self.about() == about { self.hear(input).await } else { Ok(()) }
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
        let Some((changed, notices)) = self.apply(input) else { return Ok(()) };
        let before = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        if before.is_some_and(|before| before.state == changed.state) && notices.is_empty() {
            return Ok(());
        }
        let mut step = Step::default();
        self.tell(&mut step, notices, &changed);
        self.complete(step, Some(changed)).await
    }

    pub(super) fn wants(&self) -> Option<Wants<'_>> {
        let known = self.known.as_ref()?;
        known.link.as_ref()?;
        Some(known.handoff.as_ref()?.state.wants())
    }

    /// How long until the handoff wants to be woken.
    pub(super) fn wake_after(&self, now: Timestamp) -> Option<Duration> {
        let at = self.wants()?.wake_at?;
        Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
    }

    /// Which handoff and conversation an errand that begins now is for.
    pub(super) fn about(&self) -> About {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        About {
            handoff: handoff.map_or(0, |handoff| handoff.number),
            conversation_id: handoff
                .and_then(|handoff| handoff.state.conversation_id())
                .map(str::to_owned),
        }
    }

    /// Starts what should be going on at Genesys and is not.
    pub(super) fn pursue(&mut self) {
        self.pursue_relay();
        self.pursue_bot();
        let about = self.about();
        let Some(Known {
            session, link: Some(link), handoff: Some(handoff), outbox, missing, ..
        }) = &self.known
        else {
            return;
        };
        let wants = handoff.state.wants();
        let watched = self.watch.as_ref().map(|(conversation_id, _)| conversation_id.as_str());
        if watched != wants.watch {
            let watch = |id: &str| (id.to_owned(), link.channels.watch(id));
            self.watch = wants.watch.map(watch);
        }
        let Some(conversation_id) = handoff.state.conversation_id() else { return };
        let call = || Call {
            link: Arc::clone(link),
            store: self.surroundings.store.clone(),
            conversation_id: conversation_id.to_owned(),
            integration_id: session.details.integration_id.clone(),
        };
        let errands = &mut self.errands;
        if let Some(ticket) = wants.read {
            errands.start(Errand::Read, &about, || call().read(ticket));
        }
        if let Some(user_id) = wants.name {
            errands.start(Errand::Name, &about, || call().name(user_id.to_owned()));
        }
        if let Some(queue_id) = wants.estimate {
            errands.start(Errand::Estimate, &about, || call().estimate(queue_id.to_owned()));
        }
        if !wants.check.is_empty() && missing.is_none() {
            errands.start(Errand::Check, &about, || call().check(wants.check.to_vec()));
        }
        // One after the other, so that they come in the order in which they were sent.
        if let Some(message_id) = wants.fetch.first() {
            let (message_id, at) = (message_id.clone(), self.surroundings.clock.now());
            let end_user_id = session.details.end_user_id.clone();
            errands.start(Errand::Fetch, &about, || call().fetch(message_id, end_user_id, at));
        }
        if let Some(transfer) = wants.transfer {
            let (participant_id, queue) =
                (transfer.participant_id.to_owned(), transfer.queue.clone());
            errands.start(Errand::Transfer, &about, || call().transfer(participant_id, queue));
        }
        // What the user said goes out first, unless that takes an operator and the user was told
        // the end.
        let stuck = handoff.state.is_over() && self.relay_is_stuck;
        if let Some(disconnect) = wants.disconnect.filter(|_| !outbox.waits() || stuck) {
            let participant_id = disconnect.participant_id.to_owned();
            errands.start(Errand::Disconnect, &about, || call().disconnect(participant_id));
        }
    }
}
