//! The outbox: what is to reach Genesys, until Genesys has it.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Store, StoreError, dead_letter,
    sql::{self, saturated},
};

/// A message that is to reach Genesys.
#[derive(Clone, PartialEq, Eq)]
pub struct NewOutgoing {
    /// The message's id, unique in its session.
    pub id: String,
    /// What is to be sent: the text of a JSON value that the store does not look into.
    pub body: String,
}

impl fmt::Debug for NewOutgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewOutgoing")
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// A message that waits in a session's outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the order in which messages entered the store: rises, with gaps.
    pub number: u64,
    /// The message's id, unique in its session.
    pub id: String,
    /// What is to be sent, as it was given.
    pub body: String,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("number", &self.number)
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// What became of a message of a session's outbox, known by its number. It leaves the outbox, its
/// id stays known. One that left before stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Genesys has it.
    Accepted {
        /// The message's number.
        number: u64,
        /// Genesys' id of it; absent when the answer named none.
        message_id: Option<String>,
    },
    /// It will never reach Genesys: it becomes a dead letter.
    GivenUp {
        /// The message's number.
        number: u64,
        /// Why, for an operator; without text of the message.
        reason: String,
    },
    /// It will never reach Genesys, and nobody misses it.
    Needless {
        /// The message's number.
        number: u64,
        /// Why; without text of the message.
        reason: String,
    },
}

impl Store {
    /// Of the messages that wait in a session's outbox, the one that entered it first.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn next_outgoing(&self, session_id: &str) -> Result<Option<Outgoing>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| next(connection, &session_id)).await
    }

    /// Our id of the message of a session that Genesys accepted under its id, if there is one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn outgoing_of_message(
        &self,
        session_id: &str,
        message_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let (session_id, message_id) = (session_id.to_owned(), message_id.to_owned());
        self.read(move |connection| of_message(connection, &session_id, &message_id)).await
    }

    /// Genesys' id of the last message of a session that it accepted, if it gave one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn last_accepted(&self, session_id: &str) -> Result<Option<String>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| last_accepted(connection, &session_id)).await
    }
}

/// Puts a message into the outbox of the session with this number, unless its id was there.
pub(crate) fn enqueue(
    connection: &Connection,
    session: i64,
    message: &NewOutgoing,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::ENQUEUE)
        .and_then(|mut statement| statement.execute(params![session, message.id, message.body]))
        .map(drop)
        .map_err(StoreError::sqlite("put a message into an outbox"))
}

/// Takes a message out of the outbox of the session with this number at this time, unless it has
/// left.
pub(crate) fn finish(
    connection: &Connection,
    session: i64,
    sent: &Sent,
    at_ms: i64,
) -> Result<(), StoreError> {
    let (number, outcome, message_id, reason) = match sent {
        Sent::Accepted { number, message_id } => (number, "accepted", message_id.as_ref(), None),
        Sent::GivenUp { number, reason } | Sent::Needless { number, reason } => {
            (number, "given_up", None, Some(reason))
        }
    };
    let number = saturated(*number);
    if let Sent::GivenUp { reason, .. } = sent {
        dead_letter::bury_message(connection, session, number, reason, at_ms)?;
    }
    let doing = "take a message out of an outbox";
    let finished = connection
        .prepare_cached(sql::FINISH_OUTGOING)
        .and_then(|mut statement| {
            statement.execute(params![session, number, outcome, message_id, reason])
        })
        .map_err(StoreError::sqlite(doing))?;
    let known = finished > 0
        || connection
            .prepare_cached(sql::IS_OUTGOING)
            .and_then(|mut statement| statement.exists([session, number]))
            .map_err(StoreError::sqlite(doing))?;
    if known { Ok(()) } else { Err(StoreError::UnknownOutgoing) }
}

fn next(connection: &Connection, session_id: &str) -> Result<Option<Outgoing>, StoreError> {
    connection
        .prepare_cached(sql::NEXT_OUTGOING)
        .and_then(|mut statement| statement.query_row([session_id], read).optional())
        .map_err(StoreError::sqlite("read an outbox"))
}

fn of_message(
    connection: &Connection,
    session_id: &str,
    message_id: &str,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(sql::OUTGOING_OF_MESSAGE)
        .and_then(|mut statement| {
            statement.query_row([session_id, message_id], |row| row.get(0)).optional()
        })
        .map_err(StoreError::sqlite("find a message by Genesys' id"))
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Outgoing> {
    Ok(Outgoing {
        number: sql::unsigned(row, "number")?,
        id: row.get("outgoing_id")?,
        body: row.get("body")?,
    })
}

fn last_accepted(connection: &Connection, session_id: &str) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(sql::LAST_ACCEPTED)
        .and_then(|mut statement| statement.query_row([session_id], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("read the last message that Genesys accepted"))
}
