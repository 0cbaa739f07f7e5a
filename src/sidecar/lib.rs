//! The assembly: intake from the edge, session actors, the chat API.
//!
//! ```text
//! edge ──▶ intake ──▶ inbox ──▶ actor ──▶ session log ──▶ connections
//!                    (store)  (one per     (store)        (chat API)
//!                       ╰┄┄┄▶  session)
//!                   dispatcher
//! ```
//!
//! A delivery is stored, then answered. The dispatcher finds it in the inbox and wakes the actor
//! of its session; the actor takes the session's deliveries one by one, appends each to the
//! session's log and settles it in one step; the connections of the session are told that there
//! is more, and read it from the log.

mod actor;
mod application_sessions;
mod attached;
mod bots;
mod call;
mod cause;
mod channel_memory;
mod configuration;
mod delivery;
mod descriptors;
mod directory;
mod dispatcher;
mod edge;
mod errand;
mod estimated_waits;
mod failure;
mod intake;
mod internal;
mod link;
mod links;
mod listener;
mod live_sessions;
mod narration;
mod outgoing;
mod pacing;
mod pause;
mod presence;
mod problem;
mod profile;
mod receipts;
mod registry;
mod run_error;
mod secret;
mod section;
mod server;
mod session_event;
mod sidecar;
mod signing_keys;
mod standing;
mod sweeper;
mod tenant_check;
mod turn;
mod typing;
mod webhooks;

pub use baton_chat::{Host, Limits, SecretDigest};
pub use baton_process::{Clock, Random, RandomError};
pub use baton_store::{OpenError, Store, StoreError};
pub use configuration::{
    After, AgentName, ApplicationAccess, BotAccess, BotKind, Configuration, ConfigurationProblem,
    Destination, EdgeAccess, GenesysAccess, HandoffOptions, InQueueMessages, Reassurance,
    SessionOptions, Start, StrayMessages, Target, Tenant, TenantEdge, WhenDown,
    default_configuration,
};
pub use listener::{BindError, bind};
pub use pacing::Pacing;
pub use run_error::RunError;
pub use sidecar::Sidecar;
