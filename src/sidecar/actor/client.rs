//! What a client of the session wants, and whoever asks for a handoff.

use std::{collections::BTreeMap, sync::Arc};

use baton_chat::{ClientAction, ClientEvent, Refused, SESSION_END, logged_frame};
use baton_core::id::Id;
use baton_genesys::EndUser;
use baton_handoff::{Handoff, Input, Leaving};
use baton_store::{NewEvent, NewOutgoing, Step, StoreError};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{Actor, Numbered, Stopped};
use crate::{
    cause::Chain,
    configuration::Start,
    errand::{Errand, Outcome},
    outgoing,
};

const USER_MESSAGE: &str = "EVENT_TYPE_USER_MESSAGE";
const USER_END_SESSION: &str = "EVENT_TYPE_USER_END_SESSION";

/// What is asked of a handoff.
#[derive(Debug, Default)]
pub(crate) struct HandoffRequest {
    /// What the agent reads first; the configured note, if there is nothing better.
    pub(crate) message: Option<String>,
    /// Participant data for the conversation.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// Why a handoff was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HandoffRefused {
    /// One is going on.
    #[error("a handoff of this session is going on already")]
    AlreadyOpen,
    /// The session has ended.
    #[error("the session has ended")]
    SessionEnded,
    /// The tenant has no way to Genesys.
    #[error("the session's tenant has no genesys section in the configuration; add one")]
    NoGenesys,
    /// The session cannot take it now.
    #[error("the session could not be changed; see the log, and try again")]
    Unavailable,
}

/// The metadata by which a client knows its own message again (Messaging API, 7.1).
#[derive(Deserialize)]
struct Metadata {
    custom: Keys,
}

#[derive(Deserialize)]
struct Keys {
    local_id: Option<String>,
    client_event_id: Option<String>,
}

impl Actor {
    /// Does what a client wants. It waits for the store as long as that takes, so that the
    /// connections are told of the outcome; the one that asked gives up earlier.
    pub(super) async fn client_event(&mut self, event: ClientEvent) -> Result<(), Refused> {
        let ClientEvent { action, metadata } = event;
        let ended = match self.known().await {
            Ok(known) => known.session.ended,
            Err(error) => return Err(self.unavailable(&error)),
        };
        if ended {
            // The client learns of the end from the log.
            return Ok(());
        }
        match action {
            ClientAction::UserMessage { text } => self.user_message(&text, metadata).await,
            ClientAction::UserTyping => {
                self.tell_agent_of_typing();
                Ok(())
            }
            ClientAction::RequestPolyAgentJoin => {
                let echo = self.own_event("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", "{}", metadata);
                self.written(Step { events: vec![echo], ..Step::default() }, None).await
            }
            ClientAction::UserEndSession => self.user_ends(metadata).await,
        }
    }

    /// The user wrote: stored and echoed in one step with the messages that go to Genesys, and
    /// with the handoff that it may begin.
    async fn user_message(&mut self, text: &str, metadata: Option<String>) -> Result<(), Refused> {
        let start = self.link().map(|link| link.options.start).ok_or(Refused::NotForwarded)?;
        let begins = !self.has_open_handoff();
        if begins && start == Start::OnRequest {
            return Err(Refused::NotForwarded);
        }
        let id = self.id_of_user_message(metadata.as_deref()).ok_or(Refused::Unavailable)?;
        let now = self.surroundings.clock.now();
        let payload = json!({ "message_id": id, "text": text }).to_string();
        let echo = self.event(id.clone(), USER_MESSAGE, &payload, metadata);
        let mut step = Step { events: vec![echo], ..Step::default() };
        step.outgoing = outgoing::messages(&id, text, now, BTreeMap::new());
        let handoff = begins.then(|| self.begin(&mut step));
        let seen_before = *self.newest.borrow();
        self.written(step, handoff).await?;
        if *self.newest.borrow() == seen_before {
            self.echo_again(&id).await;
        }
        Ok(())
    }

    /// A repeated message is answered with the echo that it has in the log.
    async fn echo_again(&self, event_id: &str) {
        let store = &self.surroundings.store;
        match store.event(&self.session_id, event_id).await {
            Ok(Some(event)) => {
                // Nobody may be connected any more.
                let _ = self.transient.send(logged_frame(&event));
            }
            Ok(None) => {}
            Err(error) => {
                let (session_id, error) = (&self.session_id, Chain(&error));
                tracing::warn!(session_id, %error, "a message could not be echoed again");
            }
        }
    }

    /// The same for each repetition of a message that its client can tell apart.
    fn id_of_user_message(&self, metadata: Option<&str>) -> Option<String> {
        let keys = metadata.and_then(|text| serde_json::from_str::<Metadata>(text).ok());
        let key =
            keys.and_then(|metadata| metadata.custom.local_id.or(metadata.custom.client_event_id));
        if let Some(key) = key {
            let parts = [self.session_id.as_bytes(), USER_MESSAGE.as_bytes(), key.as_bytes()];
            return Some(Id::of_parts(&parts).to_string());
        }
        match self.surroundings.random.uuid() {
            Ok(id) => Some(id.to_string()),
            Err(error) => {
                let session_id = &self.session_id;
                tracing::error!(session_id, %error, "a user's message could not be taken");
                None
            }
        }
    }

    /// Begins a handoff with the step.
    fn begin(&self, step: &mut Step) -> Numbered {
        let last = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        let number = last.map_or(1, |handoff| handoff.number.saturating_add(1));
        let state = Handoff::requested(self.surroundings.clock.now());
        step.events.push(self.narrator(number).triggered());
        let handoff = Numbered { number, state };
        step.handoff = Some(handoff.row());
        handoff
    }

    /// Begins a handoff because somebody asks for it.
    pub(super) async fn request_handoff(
        &mut self,
        request: HandoffRequest,
    ) -> Result<(), HandoffRefused> {
        let ended = match self.known().await {
            Ok(known) => known.session.ended,
            Err(_) => return Err(HandoffRefused::Unavailable),
        };
        let link = Arc::clone(self.link().ok_or(HandoffRefused::NoGenesys)?);
        if ended {
            return Err(HandoffRefused::SessionEnded);
        }
        if self.has_open_handoff() {
            return Err(HandoffRefused::AlreadyOpen);
        }
        let mut step = Step::default();
        let handoff = self.begin(&mut step);
        let now = self.surroundings.clock.now();
        let text = request.message.as_deref().unwrap_or(&link.options.joined_note);
        let event_id = step.events.first().map_or("", |event| &event.id);
        step.outgoing = outgoing::messages(event_id, text, now, request.attributes);
        self.written(step, Some(handoff)).await.map_err(|_| HandoffRefused::Unavailable)
    }

    /// The user ends the chat: at once where no handoff is open; else the handoff is brought to
    /// its end first, and ends the session.
    async fn user_ends(&mut self, metadata: Option<String>) -> Result<(), Refused> {
        let echo = self.own_event(USER_END_SESSION, "{}", metadata);
        if self.has_open_handoff() {
            let mut step = Step { events: vec![echo], ..Step::default() };
            let handoff = self.leave(&mut step, Leaving::EndedByUser);
            return self.written(step, handoff).await;
        }
        let reason = r#"{"reason":"REASON_USER_END"}"#;
        let events = vec![echo, self.own_event(SESSION_END, reason, None)];
        let step = Step { events, ends_session: true, ..Step::default() };
        let ended = self.written(step, None).await;
        if ended.is_err() {
            // It may have been carried out all the same: the store is asked again.
            self.known = None;
        }
        ended
    }

    /// The user leaves an open handoff: the agent is told, and the handoff.
    pub(super) fn leave(&self, step: &mut Step, leaving: Leaving) -> Option<Numbered> {
        let known = self.known.as_ref()?;
        let (link, handoff) = (known.link.as_ref()?, known.handoff.as_ref()?);
        let now = self.surroundings.clock.now();
        let mut left = handoff.clone();
        let notices = left.state.apply(Input::Left(leaving), now, &link.rules);
        step.outgoing = self.left_note(handoff);
        self.tell(step, notices, &left);
        step.handoff = Some(left.row());
        Some(left)
    }

    fn left_note(&self, handoff: &Numbered) -> Vec<NewOutgoing> {
        let note = self.link().and_then(|link| link.options.left_note.as_deref());
        let Some(note) = note else { return Vec::new() };
        let id = format!("{}/left/{}", self.session_id, handoff.number);
        outgoing::messages(&id, note, self.surroundings.clock.now(), BTreeMap::new())
    }

    /// Nobody is connected, and the user waits for an agent: after a time the user counts as
    /// gone.
    pub(super) async fn attend(&mut self) -> Result<(), Stopped> {
        let Some(link) = self.link().filter(|_| !self.has_connections()) else {
            self.unattended_since = None;
            return Ok(());
        };
        let abandon_after = link.options.abandon_after;
        let since = *self.unattended_since.get_or_insert_with(Instant::now);
        if since.elapsed() < abandon_after {
            return Ok(());
        }
        let session_id = &self.session_id;
        tracing::info!(session_id, "the user left while waiting for an agent");
        let mut step = Step::default();
        let left = self.leave(&mut step, Leaving::Abandoned);
        self.complete(step, left).await
    }

    /// Whether a user waits for an agent.
    pub(super) fn waits_for_agent(&self) -> bool {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        handoff.is_some_and(|Numbered { state, .. }| !state.is_over() && state.agent().is_none())
    }

    pub(super) fn has_open_handoff(&self) -> bool {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        handoff.is_some_and(|handoff| !handoff.state.is_over())
    }

    /// Tells the agent that the user types, if that was not done just before.
    fn tell_agent_of_typing(&mut self) {
        let Some(known) = &self.known else { return };
        let Some(link) = known.link.clone().filter(|_| self.has_open_handoff()) else { return };
        let due = self.typed_at.is_none_or(|at| at.elapsed() >= self.surroundings.typing_pause);
        let integration_id = link.integration_id.get().cloned();
        let Some(integration_id) = integration_id.filter(|_| due) else { return };
        self.typed_at = Some(Instant::now());
        let end_user_id = known.session.details.end_user_id.clone();
        let now = self.surroundings.clock.now();
        self.errands.start(Errand::Typing, || async move {
            let from = EndUser { id: end_user_id, ..EndUser::default() };
            if let Err(error) = link.genesys.send_typing(&integration_id, &from, now).await {
                tracing::debug!(error = %Chain(&error), "the agent was not told of typing");
            }
            Outcome::Typed
        });
    }

    /// An event that a session's log holds once: its id follows from its session and its type.
    fn own_event(&self, kind: &str, payload: &str, metadata: Option<String>) -> NewEvent {
        let id = Id::of_parts(&[self.session_id.as_bytes(), kind.as_bytes()]).to_string();
        self.event(id, kind, payload, metadata)
    }

    /// A step for a client, which is told if it fails.
    async fn written(&mut self, step: Step, handoff: Option<Numbered>) -> Result<(), Refused> {
        match self.carry_out(step, handoff).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    fn unavailable(&self, error: &StoreError) -> Refused {
        let (session_id, error) = (&self.session_id, Chain(error));
        tracing::error!(session_id, %error, "a client's event could not be taken");
        Refused::Unavailable
    }
}
