//! The session log: what each session's chat clients are told, numbered.

use std::{fmt, ops::Range};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Store, StoreError, session,
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
    /// Genesys' id of an agent's message, which gets a receipt when it is shown; absent for
    /// anything else.
    pub message_id: Option<String>,
}

impl NewEvent {
    fn at(self, sequence: u64) -> LoggedEvent {
        let Self { id, timestamp, kind, payload, metadata, message_id: _ } = self;
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
            .field("message_id", &self.message_id)
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

impl LoggedEvent {
    /// How many bytes there are of payload and metadata.
    fn size(&self) -> usize {
        self.payload.len() + self.metadata.as_ref().map_or(0, String::len)
    }
}

/// What came of events that were to enter a log.
pub(crate) struct Appended {
    /// Each of them as it stands in the log.
    pub(crate) logged: Vec<LoggedEvent>,
    /// The sequence numbers of those that were new.
    pub(crate) new: Range<u64>,
}

/// A part of a session's log, as much as was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The events, in order.
    pub events: Vec<LoggedEvent>,
    /// Whether they reach to the end of the log. A page that is full may reach there too.
    pub complete: bool,
}

impl Store {
    /// The event of this id in a session's log, if it is there.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`].
    pub async fn event(
        &self,
        session_id: &str,
        event_id: &str,
    ) -> Result<Option<LoggedEvent>, StoreError> {
        let (session_id, event_id) = (session_id.to_owned(), event_id.to_owned());
        self.read(move |connection| {
            find(connection, session::number(connection, &session_id)?, &event_id)
        })
        .await
    }

    /// The events of a session with a sequence number above `cursor`, in order, at most `limit`,
    /// with no more than `bytes` of payload and metadata; one that is larger comes alone. None of
    /// a session that is not there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn events_after(
        &self,
        session_id: &str,
        cursor: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<LogPage, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| events_after(connection, &session_id, cursor, limit, bytes))
            .await
    }

    /// The newest events of a session that are of one of these kinds, in order, at most `limit`,
    /// with no more than `bytes` of payload and metadata; one that is larger comes alone. None of
    /// a session that is not there. Takes time in proportion to how far back they lie.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn recent_events(
        &self,
        session_id: &str,
        kinds: &[&str],
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let session_id = session_id.to_owned();
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        self.read(move |connection| recent(connection, &session_id, &kinds, limit, bytes)).await
    }

    /// The newest sequence number of a session: 0 when its log is empty, or when it is not
    /// there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn last_sequence(&self, session_id: &str) -> Result<u64, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| match session::number(connection, &session_id) {
            Ok(number) => last_sequence(connection, number),
            Err(StoreError::UnknownSession) => Ok(0),
            Err(error) => Err(error),
        })
        .await
    }
}

/// Appends to the log of the session with this number. An event whose id stands there is not
/// appended again: the one that stands there is logged in its place.
pub(crate) fn append(
    connection: &Connection,
    session: i64,
    events: Vec<NewEvent>,
) -> Result<Appended, StoreError> {
    let before = last_sequence(connection, session)?;
    let mut last = before;
    let mut logged = Vec::with_capacity(events.len());
    for event in events {
        let sequence = last + 1;
        if insert(connection, session, sequence, &event)? {
            last = sequence;
            logged.push(event.at(sequence));
        } else {
            logged.extend(find(connection, session, &event.id)?);
        }
    }
    Ok(Appended { logged, new: before + 1..last + 1 })
}

/// Those of these events that stand in the log of the session with this number, as they stand
/// there.
pub(crate) fn standing(
    connection: &Connection,
    session: i64,
    events: &[NewEvent],
) -> Result<Vec<LoggedEvent>, StoreError> {
    let found = events.iter().map(|event| find(connection, session, &event.id));
    found.filter_map(Result::transpose).collect()
}

/// The events after the sequence number, in order, at most `limit`, and no more than fit into
/// `bytes`; one that is larger comes alone.
fn events_after(
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
        held += event.size();
        if held > bytes && !events.is_empty() {
            return Ok(LogPage { events, complete: false });
        }
        events.push(event);
    }
    let complete = events.len() < limit;
    Ok(LogPage { events, complete })
}

/// The newest events of these kinds, in order, at most `limit`, and no more than fit into
/// `bytes`; one that is larger comes alone.
fn recent(
    connection: &Connection,
    session_id: &str,
    kinds: &[String],
    limit: usize,
    bytes: usize,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let mut events = connection
        .prepare_cached(sql::EVENTS_BACKWARDS)
        .and_then(|mut statement| {
            let of_kinds = |row: &Row<'_>| {
                let kind = row.get_ref("kind")?.as_str()?;
                kinds.iter().any(|known| known == kind).then(|| read(row)).transpose()
            };
            let rows = statement.query_map([session_id], of_kinds)?;
            page(rows.filter_map(Result::transpose).take(limit), limit, bytes)
        })
        .map_err(StoreError::sqlite("read the end of a session's log"))?
        .events;
    events.reverse();
    Ok(events)
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
fn insert(
    connection: &Connection,
    session: i64,
    sequence: u64,
    event: &NewEvent,
) -> Result<bool, StoreError> {
    let inserted = connection
        .prepare_cached(sql::APPEND)
        .and_then(|mut statement| {
            statement.execute(params![
                session,
                saturated(sequence),
                event.id,
                event.timestamp,
                event.kind,
                event.payload,
                event.metadata,
                event.message_id,
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

/// The event of a row with the columns of the log.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<LoggedEvent> {
    Ok(LoggedEvent {
        sequence: sql::unsigned(row, "sequence")?,
        id: row.get("event_id")?,
        timestamp: row.get("timestamp")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        metadata: row.get("metadata")?,
    })
}
