//! Scripted clients that behave as PolyAI's own SDKs do, through everything that a network and an
//! operator may do to them: they lose nothing, see nothing twice, and get what they can read.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "clients/agent_desktop.rs"]
mod agent_desktop;
#[path = "clients/envoy.rs"]
mod envoy;
#[path = "clients/frames.rs"]
mod frames;
#[path = "clients/hostile.rs"]
mod hostile;
#[path = "clients/likeness.rs"]
mod likeness;
#[path = "clients/misfortunes.rs"]
mod misfortunes;
#[path = "clients/neighbours.rs"]
mod neighbours;
#[path = "clients/replay.rs"]
mod replay;
#[path = "clients/scenes.rs"]
mod scenes;
#[path = "clients/scripted.rs"]
mod scripted;
#[path = "clients/stage.rs"]
mod stage;
#[path = "clients/tokens.rs"]
mod tokens;
#[path = "clients/waiting.rs"]
mod waiting;
#[path = "clients/whole_way.rs"]
mod whole_way;
