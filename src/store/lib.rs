//! Everything durable: the inbox and the session log.
//!
//! A delivery from the edge takes two durable steps. [`Store::accept`] puts it into the inbox
//! and returns once it would survive a crash, so that it can be answered;
//! [`Store::append`] puts what came of it into a session's log and settles it in the same
//! transaction. What lies between the two is found by [`Store::pending`], for one session by
//! [`Store::next_delivery`], also after a crash.
//!
//! Nothing above this package knows which engine is below. Here it is one SQLite file, owned by
//! one process: one thread writes and commits for all callers at once, two others read.

mod command;
mod connection;
mod error;
mod file;
mod inbox;
mod key;
mod reader;
mod session;
mod session_log;
mod sql;
mod store;
mod writer;

#[cfg(test)]
mod inbox_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod writer_tests;

pub use error::{OpenError, StoreError};
pub use inbox::{Acceptance, Arrived, NextDelivery, Pending, Settlement};
pub use session::{NewSession, Session};
pub use session_log::{LogPage, LoggedEvent, NewEvent};
pub use store::Store;
