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
mod cause;
mod configuration;
mod delivery;
mod descriptors;
mod directory;
mod dispatcher;
mod intake;
mod internal;
mod listener;
mod live_sessions;
mod pause;
mod problem;
mod registry;
mod secret;
mod section;
mod server;
mod session_event;
mod sidecar;
mod typing;

pub use baton_chat::{Clock, Host, Limits, Random, RandomError, SecretDigest};
pub use baton_store::{OpenError, Store, StoreError};
pub use configuration::{Configuration, ConfigurationProblem, Tenant, default_configuration};
pub use listener::{BindError, bind};
pub use sidecar::{RunError, Sidecar};
