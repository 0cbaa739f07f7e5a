//! What the tests that cross rooms share: the corpus, a real Envoy, a sidecar, a simulated Genesys
//! and a chat client around it, an upstream that records what reaches it, and clients that send
//! what no well-behaved client would.

// A test stops where something is not as it has to be, and so does what it stands on.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

pub mod application;
pub mod bot;
pub mod cable;
pub mod chance;
pub mod chat;
pub mod customer;
pub mod edge;
pub mod envoy;
pub mod flaw;
pub mod http2;
pub mod port;
pub mod process;
pub mod running_sidecar;
pub mod sdk;
pub mod setting;
pub mod sidecar;
pub mod simulator;
pub mod wait;
pub mod world;

pub use baton_tests_edge::{
    API_KEY, CREDENTIAL, ENVIRONMENT, LOOK_UP_CREDENTIAL, PREVIOUS_API_KEY, PREVIOUS_SECRET,
    SANDBOX_API_KEY, SANDBOX_SECRET, SECRET, WEBHOOK_PATH, configuration, corpus, environment,
    http1, sidecar as look_up_sidecar, upstream,
};
