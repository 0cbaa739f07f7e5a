//! The session log: what each session's chat clients are told, numbered.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    StoreError,
    inbox::{self, Settled},
    session,
    sql::{self, saturated},
};

/// An event that is to enter a session's log.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's id, unique in its session.
    pub id: String,
    /// When it happened, RFC 3339.
    pub timestamp: String,
    /// The event's type: `EVENT_TYPE_…`.
    pub kind: String,
    /// The payload: the text of a JSON object.
    pub payload: String,
    /// What the sender wants echoed, the text of a JSON object; absent when nothing was sent.
    pub metadata: Option<String>,
}

impl NewEvent {
    fn at(self, sequence: u64) -> LoggedEvent {
        let Self { id, timestamp, kind, payload, metadata } = self;
        LoggedEvent { sequence, id, timestamp, kind, payload, metadata }
    }
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewEvent")
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .field("kind", &self.kind)
            .field("payload_bytes", &self.payload.len())
            .field("metadata_bytes", &self.metadata.as_ref().map(String::len))
            .finish()
    }
}

/// An event that stands in a session's log.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its place in the session: 1 for the first event, then one more for each.
    pub sequence: u64,
    /// The event's id, unique in its session.
    pub id: String,
    /// When it happened, RFC 3339.
    pub timestamp: String,
    /// The event's type: `EVENT_TYPE_…`.
    pub kind: String,
    /// The payload: the text of a JSON object.
    pub payload: String,
    /// What the sender wants echoed, the text of a JSON object; absent when nothing was sent.
    pub metadata: Option<String>,
}

impl fmt::Debug for LoggedEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LoggedEvent")
            .field("sequence", &self.sequence)
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .field("kind", &self.kind)
            .field("payload_bytes", &self.payload.len())
            .field("metadata_bytes", &self.metadata.as_ref().map(String::len))
            .finish()
    }
}

/// A part of a session's log, as much as was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The events, in order.
    pub events: Vec<LoggedEvent>,
    /// Whether they reach to the end of the log. A page that is full may reach there too.
    pub complete: bool,
}

/// Appends what came of a delivery and settles it; of a delivery that is settled already, finds
/// what came of it.
pub(crate) fn append_and_settle(
    connection: &Connection,
    session_id: &str,
    events: Vec<NewEvent>,
    settles: Option<u64>,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let session = session::number(connection, session_id)?;
    let settled = settles.map(|arrival| inbox::settle_appended(connection, arrival)).transpose()?;
    if settled == Some(Settled::Before) {
        let ids = events.iter().map(|event| event.id.as_str());
        ids.filter_map(|id| find(connection, session, id).transpose()).collect()
    } else {
        append(connection, session, events)
    }
}

/// Appends to the log of the session with this number. An event whose id stands there is not
/// appended again: the one that stands there is returned in its place.
pub(crate) fn append(
    connection: &Connection,
    session: i64,
    events: Vec<NewEvent>,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let mut last = last_sequence(connection, session)?;
    let mut logged = Vec::with_capacity(events.len());
    for event in events {
        let event = event.at(last + 1);
        if insert(connection, session, &event)? {
            last = event.sequence;
            logged.push(event);
        } else {
            logged.extend(find(connection, session, &event.id)?);
        }
    }
    Ok(logged)
}

/// The events after the sequence number, in order, at most `limit`, and no more than fit into
/// `bytes`; one that is larger comes alone.
pub(crate) fn events_after(
    connection: &Connection,
    session_id: &str,
    cursor: u64,
    limit: usize,
    bytes: usize,
) -> Result<LogPage, StoreError> {
    connection
        .prepare_cached(sql::EVENTS_AFTER)
        .and_then(|mut statement| {
            let range = params![session_id, saturated(cursor), saturated(limit)];
            page(statement.query_map(range, read)?, limit, bytes)
        })
        .map_err(StoreError::sqlite("read a session's log"))
}

fn page(
    rows: impl Iterator<Item = rusqlite::Result<LoggedEvent>>,
    limit: usize,
    bytes: usize,
) -> rusqlite::Result<LogPage> {
    let mut events = Vec::new();
    let mut held = 0;
    for event in rows {
        let event = event?;
        held += event.payload.len() + event.metadata.as_ref().map_or(0, String::len);
        if held > bytes && !events.is_empty() {
            return Ok(LogPage { events, complete: false });
        }
        events.push(event);
    }
    let complete = events.len() < limit;
    Ok(LogPage { events, complete })
}

/// The newest sequence number of the session with this number, 0 when its log is empty.
pub(crate) fn last_sequence(connection: &Connection, session: i64) -> Result<u64, StoreError> {
    let last = connection
        .prepare_cached(sql::LAST_SEQUENCE)
        .and_then(|mut statement| statement.query_row([session], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("read the end of a session's log"))?;
    Ok(last.map_or(0, i64::unsigned_abs))
}

/// Whether it was inserted: it is not, when an event of its id stands in the log.
fn insert(connection: &Connection, session: i64, event: &LoggedEvent) -> Result<bool, StoreError> {
    let inserted = connection
        .prepare_cached(sql::APPEND)
        .and_then(|mut statement| {
            statement.execute(params![
                session,
                saturated(event.sequence),
                event.id,
                event.timestamp,
                event.kind,
                event.payload,
                event.metadata,
            ])
        })
        .map_err(StoreError::sqlite("append to a session's log"))?;
    Ok(inserted > 0)
}

fn find(
    connection: &Connection,
    session: i64,
    event_id: &str,
) -> Result<Option<LoggedEvent>, StoreError> {
    connection
        .prepare_cached(sql::EVENT)
        .and_then(|mut statement| statement.query_row(params![session, event_id], read).optional())
        .map_err(StoreError::sqlite("find an event in a session's log"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<LoggedEvent> {
    Ok(LoggedEvent {
        // Sequence numbers count up from 1.
        sequence: row.get::<_, i64>("sequence")?.unsigned_abs(),
        id: row.get("event_id")?,
        timestamp: row.get("timestamp")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        metadata: row.get("metadata")?,
    })
}
