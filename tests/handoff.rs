//! A handoff from end to end: a chat client, the sidecar, the edge's gate, and a simulated
//! Genesys, over real sockets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "handoff/agents.rs"]
mod agents;
