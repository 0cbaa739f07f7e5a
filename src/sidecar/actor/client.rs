//! What a client of the session wants.

use std::{collections::BTreeMap, sync::Arc};

use baton_bot::{TurnKind, UserMessage};
use baton_chat::{AttachedLink, ClientAction, ClientEvent, Refused, logged_frame};
use baton_core::id::Id;
use baton_genesys::EndUser;
use baton_handoff::{is_blank, is_reassurance};
use baton_store::{NewEvent, NewOutgoing, NewSession, Step, StoreError};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{Actor, Known, Numbered};
use crate::{
    attached::Said,
    cause::Chain,
    configuration::Start,
    errand::{Errand, Outcome},
    narration::TRIGGERED,
    outgoing::{Offer, Speaker, Words},
    session_event::BOT_MESSAGE,
    turn,
};

const USER_MESSAGE: &str = "EVENT_TYPE_USER_MESSAGE";
const USER_TYPING: &str = "EVENT_TYPE_USER_TYPING";

/// The messages of a handoff that may offer something, and its beginning: what was offered before
/// that is not Genesys' any more.
const OFFERS: [&str; 3] = ["EVENT_TYPE_LIVE_AGENT_MESSAGE", BOT_MESSAGE, TRIGGERED];

/// How many of them are read to find the last one that is not ours: more than are said to reassure
/// a user in two hours.
const MOST_OFFERS: usize = 16;

/// The most bytes of them that are read.
const MOST_BYTES: usize = 256 * 1024;

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

/// Who hears what the user says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listener {
    /// The bot.
    Bot,
    /// Whoever has the handoff that goes on.
    Human,
    /// A human, by a handoff that begins with this.
    FirstHuman,
}

/// By what the client of a message knows it again, if by anything.
fn key_of(metadata: Option<&str>) -> Option<String> {
    let Metadata { custom } = serde_json::from_str(metadata?).ok()?;
    let keys = [custom.local_id, custom.client_event_id];
    keys.into_iter().flatten().find(|key| !key.is_empty())
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
            ClientAction::UserMessage { text, attached } => {
                self.user_message(&text, &attached, metadata).await
            }
            ClientAction::UserTyping => {
                self.note_typing();
                self.tell_agent_of_typing();
                Ok(())
            }
            ClientAction::RequestPolyAgentJoin => self.user_asks_for_bot(metadata).await,
            ClientAction::UserEndSession => self.user_ends(metadata).await,
        }
    }

    /// The user wrote: stored and echoed in one step with what goes to whoever has the chat, and
    /// with the handoff that it may begin.
    async fn user_message(
        &mut self,
        text: &str,
        attached: &[AttachedLink],
        metadata: Option<String>,
    ) -> Result<(), Refused> {
        let key = key_of(metadata.as_deref());
        let id = match &key {
            Some(key) => self.id_of_repeatable(key),
            None => self.fresh_id()?,
        };
        if key.is_some() && self.echo_again(&id).await? {
            return Ok(());
        }
        let whole = AttachedLink::below(text, attached);
        // Genesys takes no empty message.
        if is_blank(&whole) {
            return Err(Refused::Blank);
        }
        let payload = json!({ "message_id": id, "text": whole }).to_string();
        let echo = self.event(id.clone(), USER_MESSAGE, &payload, metadata);
        let mut step = Step { events: vec![echo], ..Step::default() };
        match self.listener().ok_or(Refused::NobodyListens)? {
            Listener::Bot => {
                let awaited = self.bot_is_awaited().await;
                if awaited.map_err(|error| self.unavailable(&error))? {
                    self.bot_joins(&mut step);
                }
                let message = UserMessage { id: (&*id).into(), text: whole.into() };
                let kind = TurnKind::UserMessage { message };
                step.turns.push(turn::queued(&self.session_id, &id, &kind));
                self.written(step, None).await
            }
            Listener::Human => {
                let answer = self.answer_of_user(&id, Said::new(text, attached)).await;
                step.outgoing = answer.map_err(|error| self.unavailable(&error))?;
                self.written(step, None).await
            }
            Listener::FirstHuman => {
                let said = Said::in_words(text, attached);
                let words = UserMessage { id: (&*id).into(), text: (&*said.words).into() };
                let handoff = self.open_with_words(&mut step, words).await;
                let handoff = handoff.map_err(|error| self.unavailable(&error))?;
                step.outgoing.extend(said.files(&id, self.surroundings.clock.now()));
                self.written(step, Some(handoff)).await
            }
        }
    }

    /// Who hears what the user says now; nobody where there is neither a bot nor a handoff.
    fn listener(&self) -> Option<Listener> {
        let link = self.link();
        if link.is_some() && self.has_open_handoff() {
            return Some(Listener::Human);
        }
        if self.bot().is_some() {
            return Some(Listener::Bot);
        }
        let begins = link.is_some_and(|link| link.options.start == Start::FirstMessage);
        begins.then_some(Listener::FirstHuman)
    }

    fn words_of_user(&self, id: &str, text: &str) -> Vec<NewOutgoing> {
        let (at, attributes) = (self.surroundings.clock.now(), BTreeMap::new());
        Words { id, text, speaker: Speaker::User, at, attributes }.messages()
    }

    /// What the user says to whoever has the chat, and after it what the user attached.
    async fn answer_of_user(
        &self,
        id: &str,
        said: Said<'_>,
    ) -> Result<Vec<NewOutgoing>, StoreError> {
        let mut answer = match is_blank(&said.words) {
            true => Vec::new(),
            false => self.words_or_choice(id, &said.words).await?,
        };
        answer.extend(said.files(id, self.surroundings.clock.now()));
        Ok(answer)
    }

    /// What the user says to whoever has the chat: a choice, if it is one of what their last
    /// message offered, or else words. What we said to reassure the user takes no offer back.
    async fn words_or_choice(&self, id: &str, text: &str) -> Result<Vec<NewOutgoing>, StoreError> {
        let store = &self.surroundings.store;
        let last = store.recent_events(&self.session_id, &OFFERS, MOST_OFFERS, MOST_BYTES).await?;
        let last = last.iter().rev().find(|event| !is_reassurance(&event.payload));
        let last = last.filter(|event| event.kind != TRIGGERED);
        let offer = last.and_then(|event| serde_json::from_str::<Offer<'_>>(&event.payload).ok());
        let now = self.surroundings.clock.now();
        let chosen = offer.and_then(|offer| offer.chosen(id, text, now));
        Ok(chosen.map_or_else(|| self.words_of_user(id, text), |chosen| vec![chosen]))
    }

    /// The user asks for the bot. It comes once, however often it is asked for; while a human has
    /// the chat it does not come.
    async fn user_asks_for_bot(&mut self, metadata: Option<String>) -> Result<(), Refused> {
        let echo = self.own_event("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", "{}", metadata);
        self.echo_again(&echo.id).await?;
        let mut step = Step { events: vec![echo], ..Step::default() };
        if self.listener() == Some(Listener::Bot) {
            self.bot_joins(&mut step);
        }
        self.written(step, None).await
    }

    /// What a client repeats is answered with the echo that it has in the log. Says whether it has
    /// one.
    pub(super) async fn echo_again(&mut self, event_id: &str) -> Result<bool, Refused> {
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

    pub(super) fn has_open_handoff(&self) -> bool {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        handoff.is_some_and(|handoff| !handoff.state.is_over())
    }

    /// Tells whoever watches that the user types.
    fn note_typing(&self) {
        let now = self.surroundings.clock.now();
        if let Some(frame) = self.passing_frame(now, USER_TYPING, "{}") {
            self.surroundings.passing.tell(&self.session_id, USER_TYPING, frame);
        }
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

    pub(super) fn unavailable(&self, error: &StoreError) -> Refused {
        let (session_id, error) = (&self.session_id, Chain(error));
        tracing::error!(session_id, %error, "a client's event could not be taken");
        Refused::Unavailable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_id_of_the_client_is_none() {
        let key =
            |custom: serde_json::Value| key_of(Some(&json!({ "custom": custom }).to_string()));
        assert_eq!(key(json!({"local_id": "a", "client_event_id": "b"})).as_deref(), Some("a"));
        assert_eq!(key(json!({"local_id": "", "client_event_id": "b"})).as_deref(), Some("b"));
        assert_eq!(key(json!({"client_event_id": "b"})).as_deref(), Some("b"));
        assert_eq!(key(json!({"local_id": "", "client_event_id": ""})), None);
        assert_eq!(key(json!({})), None);
        assert_eq!(key_of(None), None);
    }
}
