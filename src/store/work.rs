//! What is left to do.

use std::fs;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Store, StoreError, session,
    sql::{self, saturated},
};

/// How much is left to do that waits in no session ([`TenantWork`](crate::TenantWork)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkCounts {
    /// Deliveries that wait for their session.
    pub waiting_deliveries: u64,
    /// When the delivery was received that arrived first of those: milliseconds since 1970, UTC.
    pub oldest_delivery_at_ms: Option<i64>,
    /// Notifications that wait for an endpoint.
    pub waiting_notifications: u64,
    /// Receipts that wait to be posted.
    pub waiting_receipts: u64,
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

    /// How much is left to do that waits in no session, all counted at one moment. Takes time in proportion to that.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn work_counts(&self) -> Result<WorkCounts, StoreError> {
        self.read(counts).await
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
        waiting_deliveries: sql::unsigned(row, "waiting_deliveries")?,
        oldest_delivery_at_ms: row.get("oldest_delivery_at_ms")?,
        waiting_notifications: sql::unsigned(row, "waiting_notifications")?,
        waiting_receipts: sql::unsigned(row, "waiting_receipts")?,
    })
}
