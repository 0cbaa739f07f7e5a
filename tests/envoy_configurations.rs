//! The configurations under `envoy/`: that Envoy takes them, that a mesh's resources have the shape
//! that it asks for, that none logs a secret or lets webhooks through unverified; and the front
//! proxy, and what Istio and Envoy Gateway make of theirs, as they run.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "envoy_configurations/access_log.rs"]
mod access_log;
#[path = "envoy_configurations/bootstrap.rs"]
mod bootstrap;
#[path = "envoy_configurations/certificate.rs"]
mod certificate;
#[path = "envoy_configurations/chats.rs"]
mod chats;
#[path = "envoy_configurations/front_proxy.rs"]
mod front_proxy;
#[path = "envoy_configurations/mesh.rs"]
mod mesh;
#[path = "envoy_configurations/process.rs"]
mod process;
#[path = "envoy_configurations/shipped.rs"]
mod shipped;
#[path = "envoy_configurations/soundness.rs"]
mod soundness;
#[path = "envoy_configurations/tunnel.rs"]
mod tunnel;
#[path = "envoy_configurations/webhooks.rs"]
mod webhooks;
