//! What the chat API needs of whoever keeps the sessions.

use axum::extract::ws::Utf8Bytes;
use baton_core::tenant::TenantKey;
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
    },
    /// `EVENT_TYPE_USER_TYPING`: the user types. There is no echo.
    UserTyping,
    /// `EVENT_TYPE_USER_END_SESSION`: the user ends the chat.
    UserEndSession,
}

/// Why a client's event was not taken. The client is told by a `SYSTEM_MESSAGE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A user message cannot be passed on to an agent.
    #[error("Failed to forward message to live agent")]
    NotForwarded,
    /// The session cannot take it now.
    #[error("Sorry, I encountered an error. Please try again.")]
    Unavailable,
}
