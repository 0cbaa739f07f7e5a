//! The console of a demonstration: what happens between Genesys, the sidecar and chat clients, in
//! order, and the pages that show it.
//!
//! ```text
//! simulator's feed ──╮
//!                    ├──▶ timeline ──▶ server ──▶ pages, `baton tail`
//! session logs ──────╯
//! ```
//!
//! The [`Timeline`] is pure: happenings go in, numbered entries come out. The [`Console`] keeps one,
//! feeds it and serves it on loopback to whoever shows the token of this run. It shows texts of
//! messages and drives the simulator, so it exists for demonstrations only.

mod access;
mod bounded_map;
mod cause;
mod console;
mod entry;
mod feeds;
mod forward;
mod pages;
mod parties;
mod problem;
mod reading;
mod record;
mod stream;
mod timeline;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod timeline_tests;

pub use access::Token;
pub use console::{Console, ConsoleError, Demonstration, EdgeKind};
pub use entry::{Direction, Entry, Lane, Outcome};
pub use feeds::Feeds;
pub use forward::{Control, ControlError};
pub use timeline::{Change, Timeline};
