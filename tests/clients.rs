//! Scripted clients that behave as PolyAI's own SDKs do, through everything that a network and an
//! operator may do to them: they lose nothing, see nothing twice, and get what they can read.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "clients/envoy.rs"]
mod envoy;
#[path = "clients/frames.rs"]
mod frames;
#[path = "clients/hostile.rs"]
mod hostile;
#[path = "clients/misfortunes.rs"]
mod misfortunes;
#[path = "clients/replay.rs"]
mod replay;
#[path = "clients/scenes.rs"]
mod scenes;
#[path = "clients/scripted.rs"]
mod scripted;
#[path = "clients/stage.rs"]
mod stage;
#[path = "clients/waiting.rs"]
mod waiting;
#[path = "clients/whole_way.rs"]
mod whole_way;
