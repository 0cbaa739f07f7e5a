//! What is counted and measured, and its text for Prometheus.
//!
//! Whoever works counts what it does by a handle that it was given ([`Metrics`] and its parts);
//! what can be seen only at the moment of a question comes with the question, as a [`Snapshot`].
//! `docs/metrics.md` lists all of it, and a test holds the list against what is shown.
//!
//! Names follow Prometheus' conventions: base units, `_total` for what only rises, and labels of
//! which the configuration or this program bounds the values. What a user or an agent wrote, an id
//! of a session or a conversation, and anything secret is no label.

mod application;
mod bot;
mod buckets;
mod client;
mod delivery;
mod handoff;
mod metrics;
mod post;
mod process;
mod relay;
mod snapshot;

#[cfg(test)]
mod reference_tests;

pub use application::ApplicationMetrics;
pub use bot::{BotMetrics, TurnResult};
pub use client::{ChannelChange, ClientMetrics, TokenResult};
pub use delivery::{DeliveryMetrics, DeliveryResult};
pub use handoff::{HandoffMetrics, HandoffOutcome, HandoffStage, StageShown};
pub use metrics::{CONTENT_TYPE, Metrics};
pub use post::PostResult;
pub use relay::RelayMetrics;
pub use snapshot::{ClientSnapshot, DeadLetters, Orphans, Snapshot, StoreSnapshot, TenantSnapshot};
