//! From the inbox into the log: the session's deliveries, one by one.

use std::sync::Arc;

use baton_core::lifecycle::LifecycleEvent;
use baton_handoff::{Input, Notice};
use baton_store::{
    NewEvent, NewReceipt, NextDelivery, Settlement, Step, StoreError, StoredDelivery,
};
use baton_traces::TraceContext;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::{Actor, Numbered, Stopped};
use crate::{
    cause::Chain,
    configuration::StrayMessages,
    delivery::{Delivery, Events},
    session_event::{BOT_MESSAGE, SessionEvent},
};

/// What became of a delivery.
enum Delivered {
    /// It is in the log, or settled otherwise.
    Settled,
    /// It waits until the joining of an agent is settled.
    Held,
}

impl Actor {
    /// Takes one delivery from the inbox. After a failure it is looked for again, with a pause
    /// that grows.
    pub(super) async fn look(&mut self) -> Result<(), Stopped> {
        let surroundings = Arc::clone(&self.surroundings);
        let Ok(place) = surroundings.places.acquire().await else { return Err(Stopped) };
        // A step that failed may have been carried out all the same.
        if let Err(error) = self.known().await {
            if matches!(error, StoreError::UnknownSession | StoreError::Closed) {
                return Err(Stopped);
            }
            self.look_later(None, &error);
            return Ok(());
        }
        let next = match self.next_delivery().await {
            Ok(next) => next,
            Err(error) => {
                self.look_later(None, &error);
                return Ok(());
            }
        };
        // Whatever comes after this one is told of.
        let is_last = next.as_ref().is_none_or(|next| next.is_last);
        if let Some(NextDelivery { delivery, .. }) = next {
            let span = self.span_of(&delivery);
            match self.deliver(&delivery).instrument(span).await {
                Ok(Delivered::Settled) => {}
                Ok(Delivered::Held) => {
                    self.pause.end();
                    self.look_at = None;
                    return Ok(());
                }
                Err(error) => {
                    self.look_later(Some(&delivery.delivery_id), &error);
                    return Ok(());
                }
            }
        }
        drop(place);
        self.pause.end();
        if is_last {
            self.look_at = None;
            self.all_is_logged().await
        } else {
            self.look_at = Some(Instant::now());
            Ok(())
        }
    }

    /// The span of a delivery on its way into the log: it goes on with the trace of its intake.
    fn span_of(&self, delivery: &StoredDelivery) -> Span {
        let intake = delivery.traceparent.as_ref();
        let intake = intake.and_then(|text| TraceContext::parse(text.as_bytes()));
        baton_traces::span!(
            self.surroundings.traces,
            intake.as_ref(),
            "append",
            "consumer",
            session.id = self.session_id,
            delivery.id = delivery.delivery_id,
        )
    }

    fn look_later(&mut self, delivery_id: Option<&str>, error: &StoreError) {
        let (session_id, error) = (&self.session_id, Chain(error));
        if self.pause.follows_failure() {
            tracing::debug!(session_id, delivery_id, %error, "a delivery still has to wait");
        } else {
            tracing::error!(session_id, delivery_id, %error, "a session's delivery has to wait");
        }
        self.look_at = Some(Instant::now() + self.pause.after_failure());
    }

    async fn next_delivery(&mut self) -> Result<Option<NextDelivery>, StoreError> {
        if self.pause.follows_failure() {
            // What failed may have been carried out all the same.
            let last = self.surroundings.store.last_sequence(&self.session_id).await?;
            self.tell_newest(last);
        }
        self.surroundings.store.next_delivery(&self.session_id).await
    }

    /// Brings a delivery into the log and settles it.
    async fn deliver(&mut self, next: &StoredDelivery) -> Result<Delivered, StoreError> {
        let (session_id, delivery_id) = (self.session_id.clone(), &next.delivery_id);
        let ended = self.known().await?.session.ended;
        let Ok(delivery) = serde_json::from_slice::<Delivery<'_>>(&next.body) else {
            tracing::error!(session_id, delivery_id, "a stored delivery cannot be read");
            return self.settle(next, Settlement::Unreadable, None).await;
        };
        let received_at =
            Timestamp::from_millisecond(next.received_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let Events { events, unreadable } = delivery.events(received_at);
        if unreadable > 0 {
            tracing::warn!(session_id, delivery_id, unreadable, "a part of a delivery is skipped");
        }
        self.note_receipts(&delivery).await?;
        self.note_dropped(&delivery);
        let written = events.iter().find_map(SessionEvent::written_by_person);
        let told = baton_handoff::Delivered {
            received_at,
            conversation_id: delivery.data.genesys.conversation_id.as_deref().map(str::to_owned),
            steps: delivery.lifecycle().map(LifecycleEvent::into_owned).collect(),
            written_at: written,
        };
        let (handoff, notices) = self.apply(Input::Delivered(told)).unzip();
        let mut notices = notices.unwrap_or_default();
        if ended {
            self.keep(handoff, notices).await?;
            let failure = self.failure(&delivery, received_at);
            return self.settle(next, Settlement::SessionEnded, failure).await;
        }
        if written.is_some() && self.is_stray(handoff.as_ref()) {
            let failure = self.failure(&delivery, received_at);
            return self.settle(next, Settlement::NoHandoff, failure).await;
        }
        let holds = |handoff: &Numbered| handoff.state.wants().hold;
        if written.is_some() && handoff.as_ref().is_some_and(holds) {
            self.keep(handoff, notices).await?;
            return Ok(Delivered::Held);
        }
        let mut step = Step::default();
        // What was written comes before the end.
        let end = notices.iter().position(is_of_the_end).unwrap_or(notices.len());
        let told_after = notices.split_off(end);
        if let Some(handoff) = &handoff {
            self.tell(&mut step, notices, handoff);
        }
        let present = handoff.as_ref().filter(|handoff| !handoff.state.began_after(received_at));
        let shown = self.log(&mut step, events, present).await?;
        if let Some(handoff) = &handoff {
            self.tell(&mut step, told_after, handoff);
        }
        let settlement = if step.events.is_empty() && unreadable > 0 {
            Settlement::Unreadable
        } else if step.events.is_empty() {
            Settlement::NothingToShow
        } else {
            Settlement::Appended
        };
        step.settles = Some((next.arrival, settlement));
        self.carry_out(step, handoff).await?;
        if settlement == Settlement::Appended {
            self.count_delivery(next);
        }
        self.show(shown);
        Ok(Delivered::Settled)
    }

    /// Whether an agent's message is one that nobody waits for: no handoff goes on, and what the
    /// last one still misses is fetched already.
    fn is_stray(&self, handoff: Option<&Numbered>) -> bool {
        let open = handoff.is_some_and(|handoff| handoff.state.is_open());
        let refuses =
            self.link().is_some_and(|link| link.options.stray_messages == StrayMessages::Refuse);
        refuses && !open
    }

    /// Adds the events of a delivery to the step, which may be of this handoff; those that are not
    /// kept are returned.
    async fn log(
        &self,
        step: &mut Step,
        events: Vec<SessionEvent>,
        handoff: Option<&Numbered>,
    ) -> Result<Vec<SessionEvent>, StoreError> {
        let mut shown = Vec::new();
        for event in events {
            match event {
                SessionEvent::Logged { event, by_person } => {
                    if by_person.is_some() {
                        shown.push(SessionEvent::TypingStopped);
                        step.events.push(self.signed_by_agent(event, handoff));
                    } else if self.link().is_none() || event.kind != BOT_MESSAGE {
                        step.events.push(event);
                    } else {
                        self.said_by_flow(step, event, handoff).await?;
                    }
                }
                other => shown.push(other),
            }
        }
        Ok(shown)
    }

    /// The message with who wrote it, as far as the user may know (Messaging API, 8).
    fn signed_by_agent(&self, mut event: NewEvent, handoff: Option<&Numbered>) -> NewEvent {
        let present = handoff.filter(|handoff| !handoff.state.is_over());
        let agent = present.and_then(|handoff| Some((handoff, handoff.state.agent()?)));
        let Some((handoff, agent)) = agent else { return event };
        if let Ok(mut payload) = serde_json::from_str::<Map<String, Value>>(&event.payload) {
            let known = self.narrator(handoff).flat(agent);
            known.into_iter().for_each(|(key, value)| {
                payload.entry(key).or_insert(value);
            });
            event.payload = Value::Object(payload).to_string();
        }
        event
    }

    /// The receipt that tells Genesys of a person's message that reaches nobody.
    fn failure(&self, delivery: &Delivery<'_>, received_at: Timestamp) -> Option<NewReceipt> {
        self.link()?;
        let session = &self.known.as_ref()?.session;
        delivery.failure(&session.details.integration_id, received_at)
    }

    /// What Genesys says of messages of the user.
    async fn note_receipts(&mut self, delivery: &Delivery<'_>) -> Result<(), StoreError> {
        for message_id in delivery.failed_messages() {
            let store = &self.surroundings.store;
            let ours = store.outgoing_of_message(&self.session_id, &message_id).await?;
            if let Some(outgoing_id) = ours {
                let session_id = &self.session_id;
                tracing::warn!(session_id, outgoing_id, "Genesys could not deliver to the agent");
            }
        }
        Ok(())
    }

    async fn settle(
        &self,
        next: &StoredDelivery,
        outcome: Settlement,
        failure: Option<NewReceipt>,
    ) -> Result<Delivered, StoreError> {
        let has_receipt = failure.is_some();
        self.surroundings.store.settle_with_receipt(next.arrival, outcome, failure).await?;
        if has_receipt {
            self.surroundings.receipts.notify_one();
        }
        Ok(Delivered::Settled)
    }

    /// Writes a changed handoff and what is told of it, if there is anything to write.
    async fn keep(
        &mut self,
        handoff: Option<Numbered>,
        notices: Vec<Notice>,
    ) -> Result<(), StoreError> {
        let mut step = Step::default();
        if let Some(handoff) = &handoff {
            self.tell(&mut step, notices, handoff);
        }
        self.carry_out(step, handoff).await
    }
}

/// Whether a notice tells the end.
fn is_of_the_end(notice: &Notice) -> bool {
    matches!(notice, Notice::AgentLeft(_) | Notice::Over(_))
}
