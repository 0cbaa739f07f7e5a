//! The relay: what the user said, on its way to Genesys.
//!
//! The outbox is posted in order, one message at a time. A message leaves it only when Genesys
//! has taken it, or has said what cannot become better.

use std::{sync::Arc, time::Duration};

use baton_core::id::Id;
use baton_genesys::{CallError, EndUser, Taken};
use baton_handoff::Input;
use baton_metrics::PostResult;
use baton_store::{NewEvent, NewSession, Outgoing, Sent, Step};
use serde_json::json;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Actor, Known, Stopped, TurnOutcome};
use crate::{
    call::locate,
    cause::Chain,
    configuration::HandoffOptions,
    errand::{Errand, Outcome},
    link::Link,
    outgoing::{OutgoingAttachment, OutgoingChoice, OutgoingMessage, OutgoingText, Speaker},
    profile,
    registry::Surroundings,
    standing::Purpose,
};

/// What the user is told of a message that reached nobody (Messaging API, 8.4).
const NOT_FORWARDED: &str = "Failed to forward message to live agent";

impl Actor {
    /// Posts the oldest message of the outbox, unless one is on its way or has to wait.
    pub(super) fn pursue_relay(&mut self) {
        let Some(Known { session, link: Some(link), handoff, outbox, .. }) = &self.known else {
            return;
        };
        if self.relay_at.is_some() || !outbox.waits() {
            return;
        }
        let state = handoff.as_ref().map(|handoff| &handoff.state);
        let attended = state.is_some_and(|state| state.wants().disconnect.is_some());
        let takes_messages = state.is_some_and(|state| state.takes_messages());
        if self.farewell_waits && !attended && takes_messages {
            return;
        }
        let place = Place { takes_messages, takes_farewell: attended };
        let (link, surroundings) = (Arc::clone(link), Arc::clone(&self.surroundings));
        let (session_id, filled) = (self.session_id.clone(), outbox.filled);
        let about = self.about();
        let way = Way {
            integration_id: session.details.integration_id.clone(),
            from: end_user(&session.details, &link.options),
            conversation_id: about.conversation_id.clone(),
        };
        self.errands.start(Errand::Relay, &about, || async move {
            match surroundings.store.next_outgoing(&session_id).await {
                Ok(Some(next)) => {
                    let span = baton_traces::span!(
                        surroundings.traces,
                        None,
                        "relay",
                        "producer",
                        session.id = session_id,
                        message.id = next.id,
                    );
                    post(&surroundings, &link, next, way, place).instrument(span).await
                }
                Ok(None) => Outcome::NothingToPost { filled },
                Err(error) => Outcome::OutboxUnread(error),
            }
        });
    }

    /// What came of a post. A message that was taken is remembered with the handoff that it
    /// belongs to, in one step.
    pub(super) async fn posted(
        &mut self,
        handoff: u32,
        number: u64,
        speaker: Speaker,
        result: Result<Taken, NotPosted>,
    ) -> Result<(), Stopped> {
        let relay = self.surroundings.metrics.relay();
        match result {
            Ok(taken) => {
                relay.posted(PostResult::Taken);
                self.relay_pause.end();
                self.relay_is_stuck = false;
                if let Some(link) = self.link().filter(|link| link.messages_wait.ended()) {
                    let (tenant, session_id) = (&link.tenant, &self.session_id);
                    tracing::info!(%tenant, session_id, "messages reach agents again");
                }
                self.taken(number, taken).await
            }
            // A handoff has begun since, to which the message belongs.
            Err(NotPosted::Over) if self.takes_messages() => Ok(()),
            Err(error) if error.is_final() => {
                // Most often the agent is gone before the word that the user is.
                if speaker != Speaker::Farewell {
                    relay.posted(PostResult::GivenUp);
                }
                self.give_up(handoff, number, speaker, &error).await
            }
            Err(error) => {
                relay.posted(PostResult::PutOff);
                self.relay_is_stuck = error.needs_operator();
                self.post_later(&error);
                Ok(())
            }
        }
    }

    async fn taken(&mut self, number: u64, taken: Taken) -> Result<(), Stopped> {
        let Taken { message_id, conversation_id } = taken;
        let is_known = conversation_id.is_some();
        let input = conversation_id.map(|conversation_id| Input::Accepted { conversation_id });
        let sent = Sent::Accepted { number, message_id: message_id.clone() };
        self.sent(sent, Vec::new(), input).await?;
        if let Some(message_id) = message_id.filter(|_| !is_known) {
            self.look_for_conversation(message_id);
        }
        Ok(())
    }

    /// Genesys may leave out which conversation it put a message into.
    fn look_for_conversation(&mut self, message_id: String) {
        let Some(link) = self.link().cloned() else { return };
        let about = self.about();
        self.errands.start(Errand::Locate, &about, || locate(link, message_id));
    }

    /// Gives a message up, and tells the client and the log why.
    async fn give_up(
        &mut self,
        of: u32,
        number: u64,
        speaker: Speaker,
        error: &NotPosted,
    ) -> Result<(), Stopped> {
        let (session_id, reason) = (&self.session_id, Chain(error).to_string());
        let tenant = self.link().map(|link| tracing::field::display(&link.tenant));
        if speaker == Speaker::Farewell {
            tracing::debug!(session_id, reason, "nobody is left to be told that the user left");
        } else {
            tracing::error!(tenant, session_id, reason, "a message to an agent is given up");
        }
        let Some(known) = &self.known else { return Ok(()) };
        let is_told = speaker == Speaker::User && !known.session.ended;
        let told = if is_told { vec![self.not_forwarded(number)] } else { Vec::new() };
        // Another may have begun while the message was on its way.
        let begins = known.handoff.as_ref().is_some_and(|handoff| {
            let opens = !handoff.state.is_over() && handoff.state.conversation_id().is_none();
            handoff.number == of && opens
        });
        let input = begins.then_some(Input::Refused);
        let sent = match speaker {
            Speaker::Farewell => Sent::Needless { number, reason },
            Speaker::User | Speaker::Opening => Sent::GivenUp { number, reason },
        };
        self.sent(sent, told, input).await
    }

    /// One durable step: a message has left the outbox.
    async fn sent(
        &mut self,
        sent: Sent,
        told: Vec<NewEvent>,
        input: Option<Input>,
    ) -> Result<(), Stopped> {
        let mut step = Step { events: told, sent: Some(sent), ..Step::default() };
        let changed = input.and_then(|input| self.apply(input));
        let changed = changed.map(|(handoff, notices)| {
            self.tell(&mut step, notices, &handoff);
            handoff
        });
        self.complete(step, changed).await
    }

    fn not_forwarded(&self, number: u64) -> NewEvent {
        let parts = [self.session_id.as_bytes(), b"not-forwarded", &number.to_be_bytes()];
        let payload = json!({ "level": "SYSTEM_MESSAGE_LEVEL_ERROR", "message": NOT_FORWARDED });
        let id = Id::of_parts(&parts).to_string();
        self.event(id, "EVENT_TYPE_SYSTEM_MESSAGE", &payload.to_string(), None)
    }

    /// Nothing waited in the outbox, unless it was filled since: what waited for that goes on. A
    /// handoff that is over and has no conversation by now gets none any more.
    pub(super) async fn outbox_was_empty(&mut self, filled: u64) -> Result<(), Stopped> {
        let Some(known) = &mut self.known else { return Ok(()) };
        known.outbox.emptied = filled;
        if known.missing.is_some() {
            self.look_at = Some(Instant::now());
        }
        let waits = known.outbox.waits();
        let seeks = known.handoff.as_ref().is_some_and(|handoff| {
            !handoff.state.is_over() && handoff.state.conversation_id().is_none()
        });
        // Before a restart it may have been looked for, too.
        if seeks && !waits && !self.errands.has(&Errand::Locate) {
            let store = &self.surroundings.store;
            if let Ok(Some(message_id)) = store.last_accepted(&self.session_id).await {
                self.look_for_conversation(message_id);
                return Ok(());
            }
        }
        let Some(known) = &self.known else { return Ok(()) };
        let hopeless = known.handoff.as_ref().is_some_and(|handoff| {
            handoff.state.is_over() && handoff.state.conversation_id().is_none()
        });
        if hopeless && !known.outbox.waits() && !self.errands.has(&Errand::Locate) {
            return self.hear(Input::Refused).await;
        }
        Ok(())
    }

    /// Something waits in the outbox that the actor did not put there.
    pub(super) async fn outbox_was_filled(&mut self) -> Result<(), Stopped> {
        self.resume().await?;
        let stamp = self.stamp();
        if let Some(known) = self.known.as_mut().filter(|known| known.link.is_some()) {
            known.outbox.filled = stamp;
        }
        Ok(())
    }

    /// Tries again after a pause. A tenant's sessions wait for the same reason, and each tries every
    /// few seconds.
    pub(super) fn post_later(&mut self, error: &(dyn std::error::Error + Send + Sync + 'static)) {
        let (session_id, error) = (&self.session_id, Chain(error));
        if let Some(link) = self.link() {
            let tenant = &link.tenant;
            match link.messages_wait.happened(Instant::now().into_std()) {
                Some(times) => tracing::warn!(
                    %tenant,
                    session_id,
                    %error,
                    times,
                    "a message to an agent has to wait"
                ),
                None => tracing::debug!(
                    %tenant,
                    session_id,
                    %error,
                    "a message to an agent still has to wait"
                ),
            }
        }
        self.relay_at = Some(Instant::now() + self.relay_pause.after_failure());
    }

    /// Waits, before the process ends, for what Genesys says to the message that is on its way, and
    /// the bot to its turn: an answer that is lost makes either of them go out twice. Whoever stops
    /// the process waits no longer than it was told to.
    pub(super) async fn finish_errands(&mut self) {
        while self.errands.has(&Errand::Relay) || self.errands.has(&Errand::Turn) {
            let (about, outcome) = self.errands.next().await;
            let is_answer = match &outcome {
                Outcome::Posted { .. } => true,
                // The bot was not told it, or did not answer: it is told after the next start.
                Outcome::Turned(TurnOutcome::Next(_) | TurnOutcome::Failed(..)) => false,
                Outcome::Turned(_) => true,
                _ => false,
            };
            // Where the session is not known, the message stays in the outbox: a double is
            // better than a conversation that nobody knows of.
            if is_answer && self.outcome(about, outcome).await.is_err() {
                return;
            }
        }
    }

    fn takes_messages(&self) -> bool {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        handoff.is_some_and(|handoff| handoff.state.takes_messages())
    }
}

/// What may be posted now.
#[derive(Clone, Copy)]
struct Place {
    /// Whether what the user said belongs into a conversation.
    takes_messages: bool,
    /// Whether the customer was seen to be connected after having left.
    takes_farewell: bool,
}

/// Whence and where to a message goes.
struct Way {
    integration_id: String,
    from: EndUser,
    /// Where the handoff's messages went so far.
    conversation_id: Option<String>,
}

async fn post(
    surroundings: &Surroundings,
    link: &Link,
    next: Outgoing,
    way: Way,
    place: Place,
) -> Outcome {
    let Outgoing { number, id, body } = next;
    let Ok(message) = serde_json::from_str::<OutgoingMessage>(&body) else {
        let result = Err(NotPosted::Unreadable);
        return Outcome::Posted { number, speaker: Speaker::User, result };
    };
    let (speaker, said_at) = (message.speaker(), message.at());
    if !place.takes_messages {
        return Outcome::Posted { number, speaker, result: Err(NotPosted::Over) };
    }
    if speaker == Speaker::Farewell && !place.takes_farewell {
        return Outcome::TooEarly;
    }
    let result = match message {
        OutgoingMessage::Text(text) => say(link, &way, text, id).await,
        OutgoingMessage::Choice(choice) => choose(link, &way, choice, id).await,
        OutgoingMessage::Attachment(attachment) => attach(link, &way, attachment, id).await,
    };
    link.standing.note(Purpose::Message, &result);
    if result.is_ok() {
        let took = surroundings.clock.now().duration_since(said_at);
        surroundings.metrics.relay().took(Duration::try_from(took).unwrap_or_default());
    }
    Outcome::Posted { number, speaker, result: result.map_err(NotPosted::Call) }
}

async fn say(link: &Link, way: &Way, text: OutgoingText, id: String) -> Result<Taken, CallError> {
    let message = text.inbound(id, way.from.clone());
    link.genesys.send_message(&way.integration_id, &message).await
}

/// Genesys may not know a message any more, or not take an answer to it: then the choice goes as
/// the words that it is.
async fn choose(
    link: &Link,
    way: &Way,
    choice: OutgoingChoice,
    id: String,
) -> Result<Taken, CallError> {
    let response = choice.response(id.clone(), way.from.clone());
    match link.genesys.send_structured_response(&way.integration_id, &response).await {
        Ok(Taken { message_id, conversation_id }) => {
            // The answer leaves out the conversation (Genesys reference, 3.1): it is the one of
            // the message that offered the choice.
            let conversation_id = conversation_id.or_else(|| way.conversation_id.clone());
            Ok(Taken { message_id, conversation_id })
        }
        Err(error) if error.is_final() || error.is_not_found() => {
            tracing::warn!(error = %Chain(&error), "a user's choice goes to the agent as words");
            say(link, way, choice.into_text(), id).await
        }
        Err(error) => Err(error),
    }
}

/// Genesys may not take a file: then it goes as its address.
async fn attach(
    link: &Link,
    way: &Way,
    attachment: OutgoingAttachment,
    id: String,
) -> Result<Taken, CallError> {
    let (message, file) = attachment.inbound(id.clone(), way.from.clone());
    match link.genesys.send_attachment(&way.integration_id, &message, &file).await {
        Err(error) if error.is_final() => {
            tracing::warn!(error = %Chain(&error), "a user's file goes to the agent as words");
            say(link, way, attachment.into_text(), id).await
        }
        result => result,
    }
}

/// The user as the agent is to know them.
fn end_user(session: &NewSession, options: &HandoffOptions) -> EndUser {
    let custom = session.custom.as_deref().filter(|_| options.user_profile);
    profile::end_user(&session.end_user_id, custom)
}

/// Why a message was not posted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPosted {
    /// Genesys did not take it.
    #[error("Genesys did not take it")]
    Call(#[source] CallError),
    /// The handoff is over.
    #[error("the handoff was over before it could be posted")]
    Over,
    /// What the outbox holds is no message.
    #[error("what the outbox holds cannot be read")]
    Unreadable,
}

impl NotPosted {
    /// Whether it goes on until an operator mends something.
    fn needs_operator(&self) -> bool {
        matches!(self, Self::Call(error) if error.needs_operator() || error.is_not_found())
    }

    /// Whether trying again can never help.
    fn is_final(&self) -> bool {
        match self {
            Self::Call(error) => error.is_final(),
            Self::Over | Self::Unreadable => true,
        }
    }
}
