//! What the chat API needs of whoever keeps the sessions.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::extract::ws::Utf8Bytes;
use baton_core::tenant::TenantKey;
use baton_traces::RecentTraces;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

/// The sessions behind the chat API.
pub trait Sessions: Send + Sync + 'static {
    /// Creates a session of the tenant that only the token of this digest opens, with
    /// `SESSION_START` as its first event, and returns its id.
    fn create(
        &self,
        tenant: TenantKey<'static>,
        token_digest: [u8; 32],
        facts: SessionFacts,
    ) -> impl Future<Output = Result<String, CreateError>> + Send;

    /// Joins one more connection to a session that exists.
    fn attach(&self, session_id: &str) -> Attached;

    /// Takes an event that a client of the session sent.
    fn client_event(
        &self,
        session_id: &str,
        event: ClientEvent,
    ) -> impl Future<Output = Result<(), Refused>> + Send;
}

/// What a client told of its session when it asked for it. It has no debug print: custom data may
/// be personal.
pub struct SessionFacts {
    /// The kind of client, such as `web` or `android`: a word of at most 32 characters.
    pub platform: Option<String>,
    /// What the page or app gave along for the bot: the text of a JSON object of at most 8 KiB.
    pub custom: Option<String>,
}

/// Why no session was created.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum CreateError {
    /// The tenant is not, or not any more, configured.
    #[error("the access token's tenant is not configured; add it to the configuration")]
    UnknownTenant,
    /// What the tenant needs at Genesys was not found yet.
    #[error("the tenant's integration was not found at Genesys yet; see the log for the reason")]
    NotReady,
    /// The session could not be stored.
    #[error("the session could not be stored; see the store's error before this one")]
    Failed,
}

/// Whether a connection joined a session.
#[derive(Debug)]
pub enum Attached {
    /// It joined.
    Joined(Attachment),
    /// The session has as many connections as it may have.
    Full,
    /// The process stops; the client finds the session again after a restart.
    Stopping,
}

/// What connects a connection to its session.
#[derive(Debug)]
pub struct Attachment {
    /// The newest sequence in the session's log: a change says that there is more to read. It
    /// closes when the session's actor is gone; the client then has to connect anew.
    pub newest: watch::Receiver<u64>,
    /// Whole frames that are shown and forgotten. Missing some of them is harmless.
    pub transient: broadcast::Receiver<Utf8Bytes>,
    /// The highest sequence that was written to any connection of the session.
    pub shown: watch::Sender<u64>,
    /// When a client of the session was last known to be there: milliseconds since 1970, UTC.
    pub last_seen_ms: Arc<AtomicI64>,
    /// Of which traces the newest events are.
    pub traces: RecentTraces,
    /// The connection's place among those of the session, freed when it is dropped.
    pub place: OwnedSemaphorePermit,
}

impl Attachment {
    /// Tells the session that the log was written to the client up to this sequence.
    pub fn tell_shown(&self, sequence: u64) {
        self.shown.send_if_modified(|shown| {
            let further = sequence > *shown;
            *shown = sequence.max(*shown);
            further
        });
    }

    /// Tells the session that its client was there at this time.
    pub fn tell_seen(&self, at: Timestamp) {
        self.last_seen_ms.fetch_max(at.as_millisecond(), Ordering::Relaxed);
    }
}

/// An event that a client sent and that concerns its session (Messaging API, 7).
pub struct ClientEvent {
    /// What the client wants.
    pub action: ClientAction,
    /// What the client wants echoed: the text of a JSON object `{"custom":{…}}`.
    pub metadata: Option<String>,
}

/// What a client wants of its session.
pub enum ClientAction {
    /// `EVENT_TYPE_REQUEST_POLY_AGENT_JOIN`: the bot shall join and greet.
    RequestPolyAgentJoin,
    /// `EVENT_TYPE_USER_MESSAGE`: the user wrote.
    UserMessage {
        /// What the user wrote.
        text: String,
        /// What the user attached: nothing, for a client of the Messaging API.
        attached: Vec<AttachedLink>,
    },
    /// `EVENT_TYPE_USER_TYPING`: the user types. There is no echo.
    UserTyping,
    /// `EVENT_TYPE_USER_END_SESSION`: the user ends the chat.
    UserEndSession,
}

/// Something that a user attached: where it is. Nobody here fetches it.
pub struct AttachedLink {
    /// Its address, of https or http.
    pub url: String,
    /// What it is, on one line.
    pub title: Option<String>,
    /// Its media type, such as `image/png`; absent where that is not known.
    pub media_type: Option<String>,
}

impl AttachedLink {
    /// The title and the address, as words.
    pub fn line(&self) -> String {
        let Self { url, title, .. } = self;
        title.as_ref().map_or_else(|| url.clone(), |title| format!("{title}: {url}"))
    }

    /// A text, unless it is blank, and below it a line for each of the links.
    pub fn below<'a>(text: &str, links: impl IntoIterator<Item = &'a Self>) -> String {
        let text = (!text.trim().is_empty()).then(|| text.to_owned());
        let lines = text.into_iter().chain(links.into_iter().map(Self::line));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Why a client's event was not taken. The client is told by a `SYSTEM_MESSAGE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A user message has no words.
    #[error("Unknown event type or invalid message format")]
    Blank,
    /// Nobody hears a user message: there is neither a bot nor a handoff.
    #[error("Sorry, I encountered an error. Please try again.")]
    NobodyListens,
    /// The session cannot take it now.
    #[error("Sorry, I encountered an error. Please try again.")]
    Unavailable,
}
