//! The assembly: intake from the edge, session actors, the chat API.
//!
//! ```text
//! edge ──▶ intake ──▶ inbox ──▶ dispatcher ──▶ actor ──▶ session log ──▶ connections
//!                    (store)                  (one per    (store)        (chat API)
//!                                              session)
//! ```
//!
//! A delivery is stored, then answered. The dispatcher brings what the inbox holds to the actors
//! of the sessions; an actor appends it to its session's log and settles it in one step; the
//! connections of the session are told that there is more, and read it from the log.

mod actor;
mod configuration;
mod dispatcher;
mod intake;
mod internal;
mod listener;
mod live_sessions;
mod problem;
mod registry;
mod retry;
mod secret;
mod section;
mod session_event;
mod sidecar;
mod typing;

pub use baton_chat::{Clock, Host, Limits, Random, RandomError, SecretDigest};
pub use baton_store::{OpenError, Store, StoreError};
pub use configuration::{
    Configuration, ConfigurationError, Tenant, Warning, default_configuration,
};
pub use listener::{BindError, bind};
pub use sidecar::{RunError, Sidecar};
