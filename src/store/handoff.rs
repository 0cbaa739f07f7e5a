//! Handoffs: where each one of a session stands.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Store, StoreError, sql};

/// A handoff as it stands in the store.
#[derive(Clone, PartialEq, Eq)]
pub struct HandoffRow {
    /// Its place in the session: 1 for the first handoff.
    pub number: u32,
    /// Whether it goes on.
    pub open: bool,
    /// Genesys' id of its conversation; absent until that is known.
    pub conversation_id: Option<String>,
    /// Where it stands: the text of a JSON value that the store does not look into.
    pub state: String,
}

impl fmt::Debug for HandoffRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HandoffRow")
            .field("number", &self.number)
            .field("open", &self.open)
            .field("conversation_id", &self.conversation_id)
            .field("state_bytes", &self.state.len())
            .finish()
    }
}

impl Store {
    /// The newest handoff of a session, if it had one. A [`Step`](crate::Step) changes it.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn handoff(&self, session_id: &str) -> Result<Option<HandoffRow>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| newest(connection, &session_id)).await
    }
}

/// Keeps the handoff of the session with this number as it stands now. Only a session's newest
/// handoff can be open: those before it are closed.
pub(crate) fn keep(
    connection: &Connection,
    session: i64,
    handoff: &HandoffRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::KEEP_HANDOFF)
        .and_then(|mut statement| {
            statement.execute(params![
                session,
                handoff.number,
                handoff.open,
                handoff.conversation_id,
                handoff.state,
            ])
        })
        .and_then(|_| connection.prepare_cached(sql::CLOSE_OLDER_HANDOFFS))
        .and_then(|mut statement| statement.execute(params![session, handoff.number]))
        .map(drop)
        .map_err(StoreError::sqlite("keep a handoff"))
}

fn newest(connection: &Connection, session_id: &str) -> Result<Option<HandoffRow>, StoreError> {
    connection
        .prepare_cached(sql::HANDOFF)
        .and_then(|mut statement| statement.query_row([session_id], read).optional())
        .map_err(StoreError::sqlite("read a handoff"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<HandoffRow> {
    Ok(HandoffRow {
        number: row.get("number")?,
        open: row.get("open")?,
        conversation_id: row.get("conversation_id")?,
        state: row.get("state")?,
    })
}
