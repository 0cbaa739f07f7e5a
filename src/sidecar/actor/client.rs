//! What a client of the session wants, and whoever asks for a handoff.

use std::{collections::BTreeMap, sync::Arc};

use baton_chat::{ClientAction, ClientEvent, Refused, logged_frame};
use baton_core::id::Id;
use baton_genesys::EndUser;
use baton_handoff::Handoff;
use baton_store::{NewEvent, NewSession, Step, StoreError};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{Actor, Known, Numbered};
use crate::{
    cause::Chain,
    configuration::Start,
    errand::{Errand, Outcome},
    outgoing::{Speaker, Words},
};

const USER_MESSAGE: &str = "EVENT_TYPE_USER_MESSAGE";

/// What is asked of a handoff. It has no debug print: that would show the message.
#[derive(Default)]
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

/// By what the client of a message knows it again, if by anything.
fn key_of(metadata: Option<&str>) -> Option<String> {
    let Metadata { custom } = serde_json::from_str(metadata?).ok()?;
    custom.local_id.or(custom.client_event_id)
}

impl Actor {
    /// Does what a client wants. It waits for the store's answer as long as that takes, so that
    /// the connections are told of the outcome; the one that asked gives up earlier.
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
        let key = key_of(metadata.as_deref());
        let id = match &key {
            Some(key) => self.id_of_repeatable(key),
            None => self.fresh_id()?,
        };
        if key.is_some() && self.echo_again(&id).await? {
            return Ok(());
        }
        let begins = !self.has_open_handoff();
        // A blank text is none: Genesys takes no empty message.
        if text.trim().is_empty() || (begins && start == Start::OnRequest) {
            return Err(Refused::NotForwarded);
        }
        let at = self.surroundings.clock.now();
        let payload = json!({ "message_id": id, "text": text }).to_string();
        let echo = self.event(id.clone(), USER_MESSAGE, &payload, metadata);
        let attributes = BTreeMap::new();
        let words = Words { id: &id, text, speaker: Speaker::User, at, attributes };
        let outgoing = words.messages();
        let mut step = Step { events: vec![echo], outgoing, ..Step::default() };
        let handoff = begins.then(|| self.begin(&mut step));
        self.written(step, handoff).await
    }

    /// A repeated message is answered with the echo that it has in the log. Says whether it has
    /// one.
    async fn echo_again(&mut self, event_id: &str) -> Result<bool, Refused> {
        let echo = self.surroundings.store.event(&self.session_id, event_id).await;
        let echo = echo.map_err(|error| self.unavailable(&error))?;
        if let Some(echo) = &echo {
            // Nobody may be connected any more.
            let _ = self.transient.send(logged_frame(echo));
        }
        Ok(echo.is_some())
    }

    /// The same for each repetition of a message that its client can tell apart.
    fn id_of_repeatable(&self, key: &str) -> String {
        let parts = [self.session_id.as_bytes(), USER_MESSAGE.as_bytes(), key.as_bytes()];
        Id::of_parts(&parts).to_string()
    }

    fn fresh_id(&self) -> Result<String, Refused> {
        self.surroundings.random.uuid().map(|id| id.to_string()).map_err(|error| {
            let session_id = &self.session_id;
            tracing::error!(session_id, %error, "a user's message could not be taken");
            Refused::Unavailable
        })
    }

    /// Begins a handoff with the step.
    fn begin(&mut self, step: &mut Step) -> Numbered {
        self.unattended_since = None;
        let last = self.known.as_ref().map_or(0, |known| known.last_handoff());
        let number = last.saturating_add(1);
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
        let id = format!("{}/joined/{}", self.session_id, handoff.number);
        let (speaker, attributes) = (Speaker::Opening, request.attributes);
        let words = Words { id: &id, text, speaker, at: now, attributes };
        step.outgoing = words.messages();
        self.written(step, Some(handoff)).await.map_err(|_| HandoffRefused::Unavailable)
    }

    pub(super) fn has_open_handoff(&self) -> bool {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        handoff.is_some_and(|handoff| !handoff.state.is_over())
    }

    /// Tells the agent that the user types, if there is a conversation and that was not done just
    /// before.
    fn tell_agent_of_typing(&mut self) {
        let about = self.about();
        let Some(Known { session, link: Some(link), .. }) = &self.known else { return };
        let due = self.typed_at.is_none_or(|at| at.elapsed() >= self.surroundings.typing_pause);
        if !due || !self.has_open_handoff() || about.conversation_id.is_none() {
            return;
        }
        self.typed_at = Some(Instant::now());
        let (link, now) = (Arc::clone(link), self.surroundings.clock.now());
        let NewSession { integration_id, end_user_id, .. } = session.details.clone();
        self.errands.start(Errand::Typing, &about, || async move {
            let from = EndUser { id: end_user_id, ..EndUser::default() };
            if let Err(error) = link.genesys.send_typing(&integration_id, &from, now).await {
                tracing::debug!(error = %Chain(&error), "the agent was not told of typing");
            }
            Outcome::Typed
        });
    }

    /// An event that a session's log holds once: its id follows from its session and its type.
    pub(super) fn own_event(
        &self,
        kind: &str,
        payload: &str,
        metadata: Option<String>,
    ) -> NewEvent {
        let id = Id::of_parts(&[self.session_id.as_bytes(), kind.as_bytes()]).to_string();
        self.event(id, kind, payload, metadata)
    }

    /// A step for a client, which is told if it fails.
    pub(super) async fn written(
        &mut self,
        step: Step,
        handoff: Option<Numbered>,
    ) -> Result<(), Refused> {
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
