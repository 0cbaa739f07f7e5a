//! The API for applications from end to end: an application with a chat of its own, the sidecar,
//! the edge's gate, and a simulated Genesys, over real sockets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "application/attachments.rs"]
mod attachments;
#[path = "application/chats.rs"]
mod chats;
#[path = "application/contexts.rs"]
mod contexts;
#[path = "application/webhooks.rs"]
mod webhooks;
