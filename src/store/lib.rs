//! Everything durable: the inbox, the session log, the outbox, handoffs and receipts.
//!
//! A delivery from the edge takes two durable steps. [`Store::accept`] puts it into the inbox
//! and returns once it would survive a crash, so that it can be answered; [`Store::step`] puts
//! what came of it into a session's log and settles it in the same transaction. What lies
//! between the two is found by [`Store::pending`], for one session by [`Store::next_delivery`],
//! also after a crash.
//!
//! What goes the other way waits here too: messages in each session's outbox
//! ([`Store::next_outgoing`]) until a step says that Genesys has them, and receipts
//! ([`Store::receipts`]). After a start [`Store::sessions_with_work`] says where to go on.
//!
//! Nothing above this package knows which engine is below. Here it is one SQLite file, owned by
//! one process: one thread writes and commits for all callers at once, two others read.

mod channel;
mod command;
mod connection;
mod error;
mod file;
mod handoff;
mod inbox;
mod key;
mod outbox;
mod reader;
mod receipt;
mod session;
mod session_log;
mod settlement;
mod sql;
mod step;
mod store;
mod work;
mod writer;

#[cfg(test)]
mod inbox_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod receipt_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod sql_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod writer_tests;

pub use error::{OpenError, StoreError};
pub use handoff::HandoffRow;
pub use inbox::{Acceptance, Arrived, NextDelivery, Pending};
pub use outbox::{NewOutgoing, Outgoing, Sent};
pub use receipt::{NewReceipt, Receipt, ReceiptStatus};
pub use session::{NewSession, Session};
pub use session_log::{LogPage, LoggedEvent, NewEvent};
pub use settlement::{DeadLetter, Settlement};
pub use step::Step;
pub use store::Store;
pub use work::WorkCounts;
