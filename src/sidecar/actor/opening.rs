//! A handoff begins: what the agent gets with it.

use std::collections::BTreeMap;

use baton_bot::{TurnKind, UserMessage};
use baton_handoff::{
    Handoff, QueueRef, Requester, RoutingHints, TranscriptEntry, TranscriptForm, TwoQueues,
    transcript,
};
use baton_store::{HandoffContext, NewEvent, NewOutgoing, Step, StoreError, Turn};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Actor, Numbered, Stopped};
use crate::{
    cause::Chain,
    configuration::JOINED_NOTE,
    outgoing::{MOST_CHARACTERS, Speaker, Words},
    profile,
    registry::Surroundings,
    turn,
};

/// What an agent reads of: what was said.
pub(super) const SAID: [&str; 3] =
    ["EVENT_TYPE_USER_MESSAGE", "EVENT_TYPE_POLY_AGENT_MESSAGE", "EVENT_TYPE_LIVE_AGENT_MESSAGE"];

/// The participant data that says why the user is handed over.
const REASON: &str = "handoffReason";

/// The participant data that holds the session's id, by which its context can be asked for.
const SESSION_ID: &str = "sessionId";

/// The participant data that says who the user is (Genesys reference, 10).
const USER_ID: &str = "userId";

/// The participant data that holds the link to the session's context.
const CONTEXT_URL: &str = "contextUrl";

/// The most of what the bot has not answered that goes to the agent with a handoff: about as much
/// as clients may send while a bot takes its time. Any more is in the transcript.
const MOST_UNANSWERED: usize = 100;

/// The most bytes of the log that are read for a transcript.
const MOST_BYTES: usize = 256 * 1024;

/// What is asked of a handoff. It has no debug print: that would show what was said.
pub(crate) struct HandoffRequest {
    /// Who asks for it.
    pub(crate) requester: Requester,
    /// What the agent reads first; the configured note, if there is nothing better.
    pub(crate) message: Option<String>,
    /// Why, in a word.
    pub(crate) reason: Option<String>,
    /// Where to, and what Genesys' flow is to know.
    pub(crate) routing: RoutingHints,
    /// What whoever takes over may ask for.
    pub(crate) data: Map<String, Value>,
    /// The id of that in other systems.
    pub(crate) shared_id: Option<String>,
    /// What was said before, where the session's own log does not have it.
    pub(crate) said_before: Vec<TranscriptEntry>,
    /// The number of the turn in answer to which the bot asks for it.
    pub(crate) answered: Option<u64>,
}

impl HandoffRequest {
    /// That of one who says nothing more.
    pub(crate) fn by(requester: Requester) -> Self {
        Self {
            requester,
            message: None,
            reason: None,
            routing: RoutingHints::default(),
            data: Map::new(),
            shared_id: None,
            said_before: Vec::new(),
            answered: None,
        }
    }
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

impl Actor {
    /// Begins a handoff because somebody outside asks for it.
    pub(super) async fn request_handoff(
        &mut self,
        request: HandoffRequest,
    ) -> Result<(), HandoffRefused> {
        let ended = match self.known().await {
            Ok(known) => known.session.ended,
            Err(_) => return Err(HandoffRefused::Unavailable),
        };
        if self.link().is_none() {
            return Err(HandoffRefused::NoGenesys);
        }
        if ended {
            return Err(HandoffRefused::SessionEnded);
        }
        if self.has_open_handoff() {
            return Err(HandoffRefused::AlreadyOpen);
        }
        let mut step = Step::default();
        let handoff = self.open(&mut step, request, None).await;
        let handoff = handoff.map_err(|_| HandoffRefused::Unavailable)?;
        self.written(step, Some(handoff)).await.map_err(|_| HandoffRefused::Unavailable)
    }

    /// Begins a handoff with the step, however often it has to be tried.
    pub(super) async fn open_handoff(
        &mut self,
        mut step: Step,
        request: HandoffRequest,
    ) -> Result<(), Stopped> {
        let handoff = match self.open(&mut step, request, None).await {
            Ok(handoff) => handoff,
            Err(error) => {
                // The turn that asks for it stays where it is, and is told again.
                let (session_id, error) = (&self.session_id, Chain(&error));
                tracing::error!(session_id, %error, "a handoff has to wait");
                self.bot_waits();
                return Ok(());
            }
        };
        self.complete(step, Some(handoff)).await
    }

    /// Adds to the step a handoff that begins with what the user has just said. Whoever takes over
    /// may ask for what was given with the session.
    pub(super) async fn open_with_words(
        &mut self,
        step: &mut Step,
        words: UserMessage<'_>,
    ) -> Result<Numbered, StoreError> {
        let details = self.known.as_ref().map(|known| &known.session.details);
        let data = details.map(|details| turn::facts(details).custom).unwrap_or_default();
        self.open(step, HandoffRequest { data, ..HandoffRequest::by(Requester::User) }, Some(words))
            .await
    }

    /// Adds to the step a handoff that begins, with all that the agent gets first. Last come the
    /// user's words with which it begins, or those that the bot has not answered.
    async fn open(
        &mut self,
        step: &mut Step,
        request: HandoffRequest,
        words: Option<UserMessage<'_>>,
    ) -> Result<Numbered, StoreError> {
        let (words, are_new) = match words {
            Some(words) => (vec![words], true),
            None => (self.unanswered(request.answered).await?, false),
        };
        let transcripts = self.transcripts(&request.said_before, &step.events, &words).await?;
        let context_link = self.context_link().await?;
        let handoff = self.begin(step, &request);
        step.context = Some(context(handoff.number, &request));
        let number = handoff.number;
        // What is still unanswered may have gone to an earlier handoff, in vain.
        let id = |id: &str| if are_new { id.to_owned() } else { format!("{id}/{number}") };
        let words = words.iter().map(|said| (id(&said.id), &*said.text)).collect();
        let mut attributes = self.attributes(&request);
        attributes.extend(context_link);
        let note = request.message.as_deref();
        step.outgoing = self.first_messages(number, note, &transcripts, words, attributes);
        Ok(handoff)
    }

    /// What the user said and the bot has not answered, nor will: that is for the human.
    async fn unanswered(
        &self,
        answered: Option<u64>,
    ) -> Result<Vec<UserMessage<'static>>, StoreError> {
        if self.bot().is_none() {
            return Ok(Vec::new());
        }
        let store = &self.surroundings.store;
        let turns = store.waiting_turns(&self.session_id, MOST_UNANSWERED).await?;
        let waiting = turns.iter().filter(|turn| Some(turn.number) != answered);
        let said = |turn: &Turn| match turn::read(&turn.body)? {
            TurnKind::UserMessage { message: UserMessage { id, text } } => {
                Some(UserMessage { id: id.into_owned().into(), text: text.into_owned().into() })
            }
            _ => None,
        };
        Ok(waiting.filter_map(said).collect())
    }

    /// Begins a handoff with the step, to the queue that is wished for, where that is ours to
    /// choose.
    fn begin(&mut self, step: &mut Step, request: &HandoffRequest) -> Numbered {
        let HandoffRequest { requester, routing, .. } = request;
        self.unattended_since = None;
        let last = self.known.as_ref().map_or(0, |known| known.last_handoff());
        let number = last.saturating_add(1);
        let rules = self.link().map(|link| link.rules.clone()).unwrap_or_default();
        let queues = self.link().and_then(|link| link.two_queues(routing.queue()));
        let queue_name = match &queues {
            Some(TwoQueues { agent: QueueRef::Name(name), .. }) => Some(name.clone()),
            _ => routing.queue_name.clone(),
        };
        let now = self.surroundings.clock.now();
        let state = Handoff::requested(now, &rules).by(*requester).towards(queue_name);
        let state = match queues {
            Some(queues) => state.between(queues),
            None => state,
        };
        let state = if last == 0 { state.first_of_session() } else { state };
        let handoff = Numbered::new(number, Box::new(state));
        step.events.push(self.narrator(&handoff).triggered());
        step.handoff = Some(handoff.row());
        handoff
    }

    /// What was said before these words of the user, in messages to the agent; none where that is
    /// not wanted.
    async fn transcripts(
        &self,
        before: &[TranscriptEntry],
        just_now: &[NewEvent],
        words: &[UserMessage<'_>],
    ) -> Result<Vec<String>, StoreError> {
        let Some(link) = self.link() else { return Ok(Vec::new()) };
        let most = link.options.transcript_messages;
        if most == 0 {
            return Ok(Vec::new());
        }
        let store = &self.surroundings.store;
        let logged = store.recent_events(&self.session_id, &SAID, most, MOST_BYTES).await?;
        let is_told_apart = |id: &str| words.iter().any(|message| message.id == id);
        let of = |id: &str, kind: &str, timestamp: &str, payload: &str| {
            let at = timestamp.parse::<Timestamp>().ok().filter(|_| !is_told_apart(id))?;
            TranscriptEntry::of_event(kind, at, payload)
        };
        let logged =
            logged.iter().map(|event| of(&event.id, &event.kind, &event.timestamp, &event.payload));
        let new = just_now
            .iter()
            .map(|event| of(&event.id, &event.kind, &event.timestamp, &event.payload));
        let said: Vec<TranscriptEntry> =
            before.iter().cloned().chain(logged.chain(new).flatten()).collect();
        let form = TranscriptForm {
            title: &link.options.transcript_title,
            most_characters: MOST_CHARACTERS,
            most_messages: 5,
        };
        Ok(transcript(&said, &form))
    }

    /// What the agent reads first, and then the user's words under these ids. The first message
    /// takes along the participant data.
    fn first_messages(
        &self,
        handoff: u32,
        note: Option<&str>,
        transcripts: &[String],
        words: Vec<(String, &str)>,
        mut attributes: BTreeMap<String, String>,
    ) -> Vec<NewOutgoing> {
        let joined_note = || self.link()?.options.joined_note.as_deref();
        let note = note.or_else(joined_note);
        let ours = note.into_iter().chain(transcripts.iter().map(String::as_str));
        let mut ours: Vec<&str> = ours.filter(|text| !text.trim().is_empty()).collect();
        if ours.is_empty() && words.is_empty() {
            ours.push(JOINED_NOTE);
        }
        let ours = ours.into_iter().enumerate().map(|(place, text)| {
            let id = match place {
                0 => format!("{}/joined/{handoff}", self.session_id),
                _ => format!("{}/said/{handoff}/{place}", self.session_id),
            };
            (id, text, Speaker::Opening)
        });
        let users = words.into_iter().map(|(id, text)| (id, text, Speaker::User));
        let at = self.surroundings.clock.now();
        let messages = |(id, text, speaker): (String, &str, Speaker)| {
            let attributes = std::mem::take(&mut attributes);
            Words { id: &id, text, speaker, at, attributes }.messages()
        };
        ours.chain(users).flat_map(messages).collect()
    }

    /// The participant data: what was asked for, and below it what is known of the session.
    fn attributes(&self, request: &HandoffRequest) -> BTreeMap<String, String> {
        let mut attributes = request.routing.attributes();
        let details = self.known.as_ref().map(|known| &known.session.details);
        for (name, value) in [
            (REASON, request.reason.clone()),
            (SESSION_ID, Some(self.session_id.clone())),
            (USER_ID, details.and_then(profile::user_id)),
        ] {
            if let Some(value) = value {
                attributes.entry(name.to_owned()).or_insert(value);
            }
        }
        attributes
    }

    /// The participant data by which the agent sees the session's context. Those who revoke links
    /// do not tell the actor, so the store is asked.
    async fn context_link(&self) -> Result<Option<(String, String)>, StoreError> {
        let Surroundings { context_links: Some(links), clock, store, .. } = &*self.surroundings
        else {
            return Ok(None);
        };
        let Some(session) = store.session(&self.session_id).await? else { return Ok(None) };
        let link = links.link(&session, clock.now());
        Ok(link.map(|link| (CONTEXT_URL.to_owned(), link.url)))
    }
}

/// What whoever takes over may ask for (Messaging API, 13: the handoff state).
fn context(number: u32, request: &HandoffRequest) -> HandoffContext {
    let mut data = request.data.clone();
    if let Some(reason) = &request.reason {
        data.entry("reason").or_insert_with(|| json!(reason));
    }
    let body = Value::Object(data).to_string();
    HandoffContext { number, shared_id: request.shared_id.clone(), body }
}
