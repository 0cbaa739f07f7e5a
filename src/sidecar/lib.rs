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
mod assembly;
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
mod draining;
mod edge;
mod errand;
mod estimated_waits;
mod failure;
mod intake;
mod internal;
mod link;
mod links;
mod listeners;
mod live_sessions;
mod narration;
mod observation;
mod orphans;
mod outgoing;
mod overrides;
mod pacing;
mod pause;
mod presence;
mod profile;
mod receipts;
mod reference;
mod registry;
mod restore;
mod resumption;
mod run_error;
mod secret;
mod section;
mod server;
mod session_event;
mod sidecar;
mod signing_keys;
mod standing;
mod surroundings;
mod sweeper;
mod tenant_book;
mod tenant_check;
mod tenant_edges;
mod turn;
mod typing;
mod vital_signs;
mod webhooks;

pub use baton_chat::{Host, Limits, SecretDigest};
pub use baton_genesys::Secret;
pub use baton_listener::{BindError, Listen, Listener, TlsError, bind};
pub use baton_process::{Clock, Random, RandomError};
pub use baton_store::{
    Examined, MasterKey, MasterKeyError, OpenError, Sealing, Store, StoreError, StoreFacts,
};
pub use baton_traces::{Exporter as TraceExporter, StartError as TraceExporterError, Traces};
pub use configuration::{
    After, AgentName, ApplicationAccess, BotAccess, BotKind, Configuration, ConfigurationProblem,
    Destination, Drain, EdgeAccess, GenesysAccess, HandoffOptions, InQueueMessages, Reassurance,
    SessionOptions, Start, StrayMessages, Target, Tenant, TenantEdge, WhenDown,
    default_configuration, self_contained_tenant,
};
pub use pacing::Pacing;
pub use restore::restore_store;
pub use run_error::RunError;
pub use sidecar::Sidecar;
pub use surroundings::{ProcessSurroundings, ReadFile, Surroundings};
pub use tenant_book::{
    ConfigurationSource, RotationEnding, TenantBook, TenantBookError, TenantCommand,
};
