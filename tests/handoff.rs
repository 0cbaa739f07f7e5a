//! A handoff from end to end: a chat client, the sidecar, the edge's gate, and a simulated
//! Genesys, over real sockets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "handoff/again.rs"]
mod again;
#[path = "handoff/agents.rs"]
mod agents;
#[path = "handoff/bot.rs"]
mod bot;
#[path = "handoff/content.rs"]
mod content;
#[path = "handoff/dead_letters.rs"]
mod dead_letters;
#[path = "handoff/earlier.rs"]
mod earlier;
#[path = "handoff/ending.rs"]
mod ending;
#[path = "handoff/gaps.rs"]
mod gaps;
#[path = "handoff/handover_states.rs"]
mod handover_states;
#[path = "handoff/idle.rs"]
mod idle;
#[path = "handoff/leaving.rs"]
mod leaving;
#[path = "handoff/metrics.rs"]
mod metrics;
#[path = "handoff/mishaps.rs"]
mod mishaps;
#[path = "handoff/names.rs"]
mod names;
#[path = "handoff/opening.rs"]
mod opening;
#[path = "handoff/orphans.rs"]
mod orphans;
#[path = "handoff/receipts.rs"]
mod receipts;
#[path = "handoff/relay.rs"]
mod relay;
#[path = "handoff/restart.rs"]
mod restart;
#[path = "handoff/slow_bot.rs"]
mod slow_bot;
#[path = "handoff/sources.rs"]
mod sources;
#[path = "handoff/store.rs"]
mod store;
#[path = "handoff/tenants.rs"]
mod tenants;
#[path = "handoff/two_queues.rs"]
mod two_queues;
