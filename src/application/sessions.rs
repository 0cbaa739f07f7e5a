//! What the API needs of whoever keeps the sessions, beyond what a chat client needs.

use baton_chat::{CreateError, SessionFacts, Sessions};
use baton_core::tenant::TenantKey;
use baton_handoff::{RoutingHints, TranscriptEntry};
use baton_store::NewSession;
use serde_json::{Map, Value};

/// Stands where the digest of a token would, in a session that an application opened: no token
/// has this digest, so that no chat client gets into it.
pub const NO_TOKEN: [u8; 32] = [0; 32];

/// Whether an application opened the session, and so speaks for its user: nobody is connected to
/// it as a chat client is.
pub fn is_of_application(session: &NewSession) -> bool {
    session.token_digest == NO_TOKEN
}

/// The sessions, as applications use them.
pub trait ApplicationSessions: Sessions {
    /// The tenant's session that the application knows by this id, opened if there is none; a new
    /// one if the application has no id for it.
    fn open(
        &self,
        tenant: TenantKey<'static>,
        external_id: Option<String>,
        facts: SessionFacts,
    ) -> impl Future<Output = Result<Opened, CreateError>> + Send;

    /// Begins a handoff of a session of this tenant.
    fn hand_over(
        &self,
        tenant: &TenantKey<'static>,
        session_id: &str,
        order: HandoffOrder,
    ) -> impl Future<Output = Result<(), NotHandedOver>> + Send;
}

/// A session that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its id.
    pub session_id: String,
    /// Whether it is new.
    pub created: bool,
}

/// What an application asks of a handoff. It has no debug print: that would show what was said.
#[derive(Default)]
pub struct HandoffOrder {
    /// What the agent reads first; the configured note, if there is nothing better.
    pub message: Option<String>,
    /// Why, in a word.
    pub reason: Option<String>,
    /// One of the tenant's destinations; absent for Genesys as it is.
    pub destination: Option<String>,
    /// Where to, and what Genesys' flow is to know.
    pub routing: RoutingHints,
    /// What whoever takes over may ask for.
    pub data: Map<String, Value>,
    /// The id of that in other systems.
    pub shared_id: Option<String>,
    /// What was said before, where the session's own log does not have it.
    pub transcript: Vec<TranscriptEntry>,
}

/// Why no handoff was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHandedOver {
    /// One is going on.
    #[error("a handoff of this session is going on already")]
    AlreadyOpen,
    /// The session has ended.
    #[error("the session has ended")]
    SessionEnded,
    /// The tenant has no way to Genesys.
    #[error("the project has no way to Genesys; its operator has to add a genesys section")]
    NoGenesys,
    /// The tenant has no destination of this name.
    #[error("the project has no destination of this name; its operator has to add it")]
    UnknownDestination,
    /// The destination is something that the client opens, which an application does itself.
    #[error("the destination is a route that the application has to open itself")]
    RouteOfClient,
    /// The session cannot take it now.
    #[error("the session could not be changed; try again")]
    Unavailable,
}
