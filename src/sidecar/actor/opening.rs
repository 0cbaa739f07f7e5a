//! A handoff begins: what the agent gets with it.

use baton_handoff::{Handoff, RoutingHints, TranscriptEntry, TranscriptForm, transcript};
use baton_store::{HandoffContext, NewEvent, NewOutgoing, Step, StoreError};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Actor, Numbered, Stopped};
use crate::{
    cause::Chain,
    configuration::JOINED_NOTE,
    outgoing::{MOST_CHARACTERS, Speaker, Words},
    registry::Surroundings,
};

/// What an agent reads of: what was said.
pub(super) const SAID: [&str; 3] =
    ["EVENT_TYPE_USER_MESSAGE", "EVENT_TYPE_POLY_AGENT_MESSAGE", "EVENT_TYPE_LIVE_AGENT_MESSAGE"];

/// The participant data that holds the link to the session's context.
const CONTEXT_URL: &str = "contextUrl";

/// The most bytes of the log that are read for a transcript.
const MOST_BYTES: usize = 256 * 1024;

/// What is asked of a handoff. It has no debug print: that would show what was said.
#[derive(Default)]
pub(crate) struct HandoffRequest {
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
        let handoff = self.open(&mut step, request).await;
        let handoff = handoff.map_err(|_| HandoffRefused::Unavailable)?;
        self.written(step, Some(handoff)).await.map_err(|_| HandoffRefused::Unavailable)
    }

    /// Begins a handoff with the step, however often it has to be tried.
    pub(super) async fn open_handoff(
        &mut self,
        mut step: Step,
        request: HandoffRequest,
    ) -> Result<(), Stopped> {
        let handoff = match self.open(&mut step, request).await {
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

    /// Adds to the step a handoff that begins, with all that the agent gets first.
    async fn open(
        &mut self,
        step: &mut Step,
        request: HandoffRequest,
    ) -> Result<Numbered, StoreError> {
        let transcripts = self.transcripts(&request.said_before, &step.events).await?;
        let handoff = self.begin(step);
        step.context = Some(context(handoff.number, &request));
        step.outgoing = self.first_words(handoff.number, request, transcripts);
        Ok(handoff)
    }

    /// Begins a handoff with the step.
    pub(super) fn begin(&mut self, step: &mut Step) -> Numbered {
        self.unattended_since = None;
        let last = self.known.as_ref().map_or(0, |known| known.last_handoff());
        let number = last.saturating_add(1);
        let rules = self.link().map(|link| link.rules.clone()).unwrap_or_default();
        let state = Handoff::requested(self.surroundings.clock.now(), &rules);
        step.events.push(self.narrator(number).triggered());
        let handoff = Numbered { number, state };
        step.handoff = Some(handoff.row());
        handoff
    }

    /// What was said so far, in messages to the agent; none where that is not wanted.
    async fn transcripts(
        &self,
        before: &[TranscriptEntry],
        just_now: &[NewEvent],
    ) -> Result<Vec<String>, StoreError> {
        let Some(link) = self.link() else { return Ok(Vec::new()) };
        let most = link.options.transcript_messages;
        if most == 0 {
            return Ok(Vec::new());
        }
        let store = &self.surroundings.store;
        let logged = store.recent_events(&self.session_id, &SAID, most, MOST_BYTES).await?;
        let of = |kind: &str, timestamp: &str, payload: &str| {
            let at = timestamp.parse::<Timestamp>().ok()?;
            TranscriptEntry::of_event(kind, at, payload)
        };
        let logged = logged.iter().map(|event| of(&event.kind, &event.timestamp, &event.payload));
        let new = just_now.iter().map(|event| of(&event.kind, &event.timestamp, &event.payload));
        let said: Vec<TranscriptEntry> =
            before.iter().cloned().chain(logged.chain(new).flatten()).collect();
        let form = TranscriptForm {
            title: &link.options.transcript_title,
            most_characters: MOST_CHARACTERS,
            most_messages: 5,
        };
        Ok(transcript(&said, &form))
    }

    /// What the agent reads first. The first message takes along what the flow routes by.
    fn first_words(
        &self,
        handoff: u32,
        request: HandoffRequest,
        transcripts: Vec<String>,
    ) -> Vec<NewOutgoing> {
        let note = self.link().and_then(|link| link.options.joined_note.as_deref());
        let note = request.message.as_deref().or(note);
        let mut attributes = request.routing.attributes();
        if let Some(reason) = request.reason {
            attributes.entry("handoffReason".to_owned()).or_insert(reason);
        }
        attributes.extend(self.context_link());
        let at = self.surroundings.clock.now();
        let texts = note.into_iter().chain(transcripts.iter().map(String::as_str));
        let mut texts: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
        if texts.is_empty() {
            texts.push(JOINED_NOTE);
        }
        let mut words = Vec::new();
        for (place, text) in texts.into_iter().enumerate() {
            let id = match place {
                0 => format!("{}/joined/{handoff}", self.session_id),
                _ => format!("{}/said/{handoff}/{place}", self.session_id),
            };
            let attributes = std::mem::take(&mut attributes);
            words.extend(
                Words { id: &id, text, speaker: Speaker::Opening, at, attributes }.messages(),
            );
        }
        words
    }
}

impl Actor {
    /// The participant data by which the agent sees the session's context.
    pub(super) fn context_link(&self) -> Option<(String, String)> {
        let Surroundings { context_links, clock, .. } = &*self.surroundings;
        let link = context_links.as_ref()?.link(&self.session_id, clock.now())?;
        Some((CONTEXT_URL.to_owned(), link))
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
