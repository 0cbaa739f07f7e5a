//! Listening: on an address, with TLS or without it, or on a unix socket.
//!
//! ```text
//! Listen ── bind ──▶ Listener ──▶ BoundedListener ── accept ──▶ Arrival ── open ──▶ Connection
//! (where, how)                    (how many at once)            (has a place)       (bytes)
//! ```
//!
//! There are never more connections than there is memory for: further ones wait in the operating
//! system's queue. An arrival has its place before it has shaken hands, and shakes hands in a task
//! of its own, for a bounded time. A connection whose client takes nothing of what is written to
//! it fails after a while, and leaves its place.
//!
//! Certificates are read again when their files change.

mod bounded;
mod certificate;
mod listen;
mod listener;
mod patience;
mod renewal;
#[cfg(test)]
mod testing;
mod unix_socket;

pub use bounded::{Arrival, BoundedListener, Connection};
pub use certificate::TlsError;
pub use listen::{Listen, SocketAccess, TlsFiles};
pub use listener::{BindError, Listener, bind};
