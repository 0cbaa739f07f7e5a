//! What can go wrong with the store. No error shows what is stored: no text, token or key.

use std::{io, path::PathBuf, sync::Arc};

use baton_core::tenant::TenantKey;
use baton_process::RandomError;
use rusqlite::ErrorCode;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or this one, has the store open.
    #[error(
        "the store {} is in use by another process; stop that one first, or give this one a \
         file of its own",
        path.display()
    )]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// A later version of Baton wrote the file.
    #[error(
        "the store {} has schema {found}, this version of Baton knows {known} at most; run the \
         version that wrote it, or a later one",
        path.display()
    )]
    NewerSchema {
        /// The store's file.
        path: PathBuf,
        /// The schema that the file has.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// The file is something else than a store.
    #[error(
        "the file {} is not a Baton store, and was left as it is; name another file, or move \
         this one away",
        path.display()
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// No file is there.
    #[error("there is no store {}; check the name", path.display())]
    Missing {
        /// The store's file.
        path: PathBuf,
    },
    /// A file is there that would be overwritten.
    #[error("{} is there already, and was left as it is; name another file, or move it away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is a store, and not whole.
    #[error("the store {} is damaged ({problem}); restore it from a back-up", path.display())]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// What SQLite found first.
        problem: String,
    },
    /// SQLite cannot promise here that what was committed survives a crash.
    #[error(
        "the store {} would not survive a crash: SQLite's {setting} is {found}, it has to be \
         {needed}; put the file on a local disk, and use the SQLite that Baton is built with",
        path.display()
    )]
    NotDurable {
        /// The store's file.
        path: PathBuf,
        /// The setting of SQLite.
        setting: &'static str,
        /// Its value.
        found: String,
        /// The value that it has to have.
        needed: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}; check that its directory is there and can be written", path.display())]
    Io {
        /// What was tried, such as `create`.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("cannot {doing} the store {}", path.display())]
    Sqlite {
        /// What was tried, such as `read the schema of`.
        doing: &'static str,
        /// The store's file.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
}

/// Why a call to the store failed.
///
/// After [`StoreError::Sqlite`] and [`StoreError::Closed`] it is not known whether a write
/// stands. Every write may be repeated as it was: what stands already is not done twice.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Too much waits to be written. Nothing was stored; try again later.
    #[error("too much waits to be written to the store; try again in a few seconds")]
    Overloaded,
    /// The store was closed, or its writing thread died.
    #[error("the store is closed; open it again, after a restart of the process if need be")]
    Closed,
    /// No session has this id.
    #[error("the store has no session of this id; create the session first")]
    UnknownSession,
    /// No delivery has this arrival number.
    #[error("the store has no delivery of this number; accept the delivery first")]
    UnknownDelivery,
    /// No message of the session's outbox has this number.
    #[error("the session's outbox never had a message of this number; report this as a defect")]
    UnknownOutgoing,
    /// The session never had a turn of this number.
    #[error("the session never had a turn of this number for its bot; report this as a defect")]
    UnknownTurn,
    /// A session of this id, of this end user or of this external id is there already.
    #[error(
        "the store has a session of this id, of this end user or of this external id already; \
         take that one, or fresh ids"
    )]
    SessionExists,
    /// The tenants in the store were sealed under another master key.
    #[error(
        "the master key is not the one that the tenants in the store ({tenants} of them) were \
         sealed with; give that one back: nothing was changed"
    )]
    WrongMasterKey {
        /// How many there are.
        tenants: usize,
    },
    /// Nothing could be sealed.
    #[error(transparent)]
    Random(RandomError),
    /// The file holds what no version of this package writes.
    #[error("the store holds {what} that cannot be read; restore the file from a backup")]
    Damaged {
        /// What could not be read.
        what: &'static str,
    },
    /// What is sealed of a tenant was changed since, or is another's.
    #[error(
        "what the store holds of the tenant {key} was changed since it was sealed; restore the \
         file from a backup"
    )]
    DamagedTenant {
        /// Which.
        key: TenantKey<'static>,
    },
    /// SQLite refused.
    #[error("the store cannot {doing}; check the disk that it is on")]
    Sqlite {
        /// What was tried, such as `commit`.
        doing: &'static str,
        /// SQLite's reason.
        source: Arc<rusqlite::Error>,
    },
}

impl StoreError {
    /// Turns an error of SQLite into one that says what was tried.
    pub(crate) fn sqlite(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { what: "a page" },
            _ => Self::Sqlite { doing, source: Arc::new(source) },
        }
    }
}
