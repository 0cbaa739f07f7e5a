//! Everything durable: the inbox, the session log, the outbox, handoffs and receipts.
//!
//! A delivery from the edge takes two durable steps. [`Store::accept`] puts it into the inbox
//! and returns once it would survive a crash, so that it can be answered; [`Store::step`] puts
//! what came of it into a session's log and settles it in the same transaction. What lies
//! between the two is found by [`Store::pending`], for one session by [`Store::next_delivery`],
//! also after a crash.
//!
//! What goes the other way waits here too: messages in each session's outbox
//! ([`Store::next_outgoing`]) until a step says that Genesys has them, turns for its bot
//! ([`Store::next_turn`]) until a step says that they are done, receipts ([`Store::receipts`])
//! and notifications for applications ([`Store::session_to_notify`]). After a start
//! [`Store::sessions_with_work`] says where to go on.
//!
//! Whoever wants to watch all sessions at once is told of each event that was appended, by
//! [`Store::appended`].
//!
//! The store has no clock: what depends on time is told the time. Sessions in which nothing
//! happens are found by [`Store::idle_sessions`], and what is old goes by
//! [`Store::forget_sessions`].
//!
//! Tenants that stand in no configuration file stand here, sealed under the operator's master key
//! ([`Sealing`]): whoever has the file alone reads no secret of theirs.
//!
//! Nothing above this package knows which engine is below. Here it is one SQLite file, owned by
//! one process: one thread writes and commits for all callers at once, two others read.

mod appended;
mod backup;
mod channel;
mod command;
mod connection;
mod context;
mod dead_letter;
mod error;
mod examination;
mod file;
mod handoff;
mod idle;
mod inbox;
mod master_key;
mod notification;
mod outbox;
mod proof;
mod reader;
mod receipt;
mod replay;
mod restore;
mod retention;
mod sealing;
mod session;
mod session_log;
mod settlement;
mod signing_key;
mod sql;
mod step;
mod store;
mod tenant;
mod tenant_work;
mod turn;
mod unaddressed;
mod work;
mod writer;

#[cfg(test)]
mod appended_tests;
#[cfg(test)]
mod backup_tests;
#[cfg(test)]
mod dead_letter_tests;
#[cfg(test)]
mod inbox_tests;
#[cfg(test)]
mod model;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod receipt_tests;
#[cfg(test)]
mod retention_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod sql_tests;
#[cfg(test)]
mod step_tests;
#[cfg(test)]
mod tenant_tests;
#[cfg(test)]
mod tenant_work_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod writer_tests;

pub use appended::AppendedEvent;
pub use backup::{Backup, BackupError};
pub use context::{ContextBy, FoundContext, HandoffContext};
pub use dead_letter::{
    DeadLetter, DeadLetterContent, DeadLetterCount, DeadLetterFilter, DeadLetterKind,
};
pub use error::{OpenError, StoreError};
pub use examination::Examined;
pub use handoff::HandoffRow;
pub use idle::IdleSession;
pub use inbox::{Acceptance, Arrived, NextDelivery, Pending, StoredDelivery};
pub use master_key::{MasterKey, MasterKeyError};
pub use notification::Notification;
pub use outbox::{NewOutgoing, Outgoing, Sent};
pub use receipt::{NewReceipt, Receipt, ReceiptStatus};
pub use replay::{ReplayRefused, Replayed};
pub use restore::{Restoration, StoreFacts};
pub use sealing::Sealing;
pub use session::{NewSession, Session};
pub use session_log::{LogPage, LoggedEvent, NewEvent};
pub use settlement::{DeliveryStanding, Settlement};
pub use signing_key::SigningKey;
pub use step::Step;
pub use store::Store;
pub use tenant::StoredTenant;
pub use tenant_work::{Counterpart, TenantWork};
pub use turn::{NewTurn, Turn};
pub use unaddressed::UNADDRESSED;
pub use work::{StoreSize, WorkCounts};
