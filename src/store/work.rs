//! What is left to do, over all sessions.

use std::{fmt, fs};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Store, StoreError, session,
    sql::{self, saturated},
};

/// How much is left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkCounts {
    /// Handoffs that go on.
    pub open_handoffs: u64,
    /// Deliveries that wait for their session.
    pub waiting_deliveries: u64,
    /// Messages that wait in the outbox.
    pub waiting_outgoing: u64,
    /// Turns that wait for a bot.
    pub waiting_turns: u64,
    /// Notifications that wait for an endpoint.
    pub waiting_notifications: u64,
    /// Receipts that wait to be posted.
    pub waiting_receipts: u64,
}

/// What has waited longest.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OldestWaiting {
    /// When the delivery was received that arrived first of those that wait: milliseconds since
    /// 1970, UTC.
    pub delivery_at_ms: Option<i64>,
    /// The body of the message that entered its outbox first of those that wait, as it was given.
    pub outgoing: Option<String>,
}

impl fmt::Debug for OldestWaiting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OldestWaiting")
            .field("delivery_at_ms", &self.delivery_at_ms)
            .field("outgoing_bytes", &self.outgoing.as_ref().map(String::len))
            .finish()
    }
}

/// How large the store's files are, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// The file itself.
    pub file_bytes: u64,
    /// The write-ahead log beside it.
    pub log_bytes: u64,
}

impl Store {
    /// The ids of the sessions in which there is something to do, page by page: those with an
    /// open handoff, a message in the outbox or a turn for the bot, in the order in which they were
    /// created, after the session `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`] when there is no session `after`.
    pub async fn sessions_with_work(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| sessions(connection, after.as_deref(), limit)).await
    }

    /// How many handoffs go on.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn open_handoffs(&self) -> Result<u64, StoreError> {
        self.work_counts().await.map(|counts| counts.open_handoffs)
    }

    /// How much is left to do, all counted at one moment. Takes time in proportion to that.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn work_counts(&self) -> Result<WorkCounts, StoreError> {
        self.read(counts).await
    }

    /// What has waited longest. Takes time in proportion to how many messages wait.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn oldest_waiting(&self) -> Result<OldestWaiting, StoreError> {
        self.read(oldest).await
    }

    /// How large the store's files are. One that cannot be looked at counts as empty.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn size(&self) -> Result<StoreSize, StoreError> {
        self.read(|connection| {
            let path = connection.path().unwrap_or_default();
            let bytes = |path: &str| fs::metadata(path).map_or(0, |file| file.len());
            Ok(StoreSize { file_bytes: bytes(path), log_bytes: bytes(&format!("{path}-wal")) })
        })
        .await
    }
}

fn oldest(connection: &Connection) -> Result<OldestWaiting, StoreError> {
    let doing = "look for what has waited longest";
    let delivery_at_ms = connection
        .prepare_cached(sql::OLDEST_PENDING)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite(doing))?;
    let outgoing = connection
        .prepare_cached(sql::OLDEST_OUTGOING)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite(doing))?;
    Ok(OldestWaiting { delivery_at_ms, outgoing })
}

fn sessions(
    connection: &Connection,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let after = after.map(|session_id| session::number(connection, session_id)).transpose()?;
    let doing = "read the sessions with work";
    let numbers: Vec<i64> = connection
        .prepare_cached(sql::SESSIONS_WITH_WORK)
        .and_then(|mut statement| {
            let range = params![after.unwrap_or(0), saturated(limit)];
            statement.query_map(range, |row| row.get(0))?.collect()
        })
        .map_err(StoreError::sqlite(doing))?;
    let mut session_id =
        connection.prepare_cached(sql::SESSION_ID).map_err(StoreError::sqlite(doing))?;
    // One that was deleted meanwhile has no work left.
    numbers
        .into_iter()
        .filter_map(|number| {
            session_id.query_row([number], |row| row.get(0)).optional().transpose()
        })
        .collect::<rusqlite::Result<_>>()
        .map_err(StoreError::sqlite(doing))
}

fn counts(connection: &Connection) -> Result<WorkCounts, StoreError> {
    connection
        .prepare_cached(sql::WORK_COUNTS)
        .and_then(|mut statement| statement.query_row([], read))
        .map_err(StoreError::sqlite("count what is left to do"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<WorkCounts> {
    Ok(WorkCounts {
        open_handoffs: sql::unsigned(row, "open_handoffs")?,
        waiting_deliveries: sql::unsigned(row, "waiting_deliveries")?,
        waiting_outgoing: sql::unsigned(row, "waiting_outgoing")?,
        waiting_turns: sql::unsigned(row, "waiting_turns")?,
        waiting_notifications: sql::unsigned(row, "waiting_notifications")?,
        waiting_receipts: sql::unsigned(row, "waiting_receipts")?,
    })
}
