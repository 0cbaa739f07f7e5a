//! Dead letters: what reached nobody, kept for an operator.
//!
//! A delivery that nobody was shown, a user's message that Genesys refused for good, and a
//! notification that an application's endpoint never took. A receipt that Genesys refuses is none:
//! nothing is in it that anybody misses.

use std::fmt;

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    LoggedEvent, Store, StoreError, session_log,
    sql::{self, dead_letter as statements, saturated},
};

/// What a dead letter was on its way as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeadLetterKind {
    /// A webhook's delivery, to a session.
    Delivery,
    /// A message to Genesys.
    Message,
    /// A notification to an application's endpoint.
    Notification,
}

impl DeadLetterKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Delivery, Self::Message, Self::Notification];

    /// The word for it, which is kept in the store and by which operators know it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Message => "message",
            Self::Notification => "notification",
        }
    }

    /// The kind of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Something that reached nobody. What it holds is told by [`Store::dead_letter`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place in the order in which they were given up: rises, with gaps.
    pub number: u64,
    /// What it was on its way as.
    pub kind: DeadLetterKind,
    /// Whose it is.
    pub tenant: TenantKey<'static>,
    /// Its session; absent for a delivery that belongs to none.
    pub session_id: Option<String>,
    /// The delivery's or the message's id, or the name of the notification's endpoint.
    pub about: String,
    /// Why it reached nobody: of a delivery the word of its settlement. Without text of it.
    pub reason: String,
    /// When a delivery was received, and when anything else was given up: milliseconds since
    /// 1970, UTC.
    pub at_ms: i64,
}

/// What a dead letter holds.
#[derive(Clone, PartialEq, Eq)]
pub enum DeadLetterContent {
    /// The JSON of a delivery or of a message, as it was stored.
    Body(Vec<u8>),
    /// The event of a notification, as it stands in its session's log.
    Event(LoggedEvent),
}

impl fmt::Debug for DeadLetterContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(body) => formatter.debug_tuple("Body").field(&body.len()).finish(),
            Self::Event(event) => formatter.debug_tuple("Event").field(event).finish(),
        }
    }
}

/// How many dead letters of a kind there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// What they were on their way as.
    pub kind: DeadLetterKind,
    /// How many are kept.
    pub kept: u64,
    /// How many there ever were in this store, those included that were replayed or thrown away
    /// since: it only rises.
    pub ever: u64,
}

/// Which dead letters are meant; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// Only those of this kind.
    pub kind: Option<DeadLetterKind>,
    /// Only those of this tenant.
    pub tenant: Option<TenantKey<'static>>,
    /// Only those of this time or a later one ([`DeadLetter::at_ms`]).
    pub since_ms: Option<i64>,
}

/// A dead letter as the store works with it.
pub(crate) struct Grave {
    pub(crate) letter: DeadLetter,
    /// The delivery's arrival, or the number of the message or notification.
    pub(crate) item: u64,
    /// In which handoff a message was given up.
    pub(crate) handoff: Option<u32>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Store {
    /// The dead letters that are meant, the oldest first: those with a number above `after`, at
    /// most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn dead_letters(
        &self,
        filter: DeadLetterFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |connection| list(connection, &filter, after, limit)).await
    }

    /// The dead letter of this number, with what it holds.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn dead_letter(
        &self,
        number: u64,
    ) -> Result<Option<(DeadLetter, DeadLetterContent)>, StoreError> {
        self.read(move |connection| show(connection, number)).await
    }

    /// The highest number of a dead letter; 0 when there is none.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn newest_dead_letter(&self) -> Result<u64, StoreError> {
        self.read(newest).await
    }

    /// How many dead letters there are of each kind, in the order of [`DeadLetterKind::ALL`].
    /// Takes time in proportion to how many are kept.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn dead_letter_counts(&self) -> Result<Vec<DeadLetterCount>, StoreError> {
        self.read(|connection| {
            DeadLetterKind::ALL.map(|kind| count(connection, kind)).into_iter().collect()
        })
        .await
    }
}

/// Keeps a delivery that is about to be settled, unless it is settled already.
pub(crate) fn bury_delivery(
    connection: &Connection,
    arrival: i64,
    reason: &str,
) -> Result<(), StoreError> {
    bury(connection, statements::BURY_DELIVERY, params![arrival, reason])
}

/// Keeps a message that is about to leave the outbox of the session with this number, unless it
/// has left.
pub(crate) fn bury_message(
    connection: &Connection,
    session: i64,
    number: i64,
    reason: &str,
    at_ms: i64,
) -> Result<(), StoreError> {
    bury(connection, statements::BURY_MESSAGE, params![session, number, reason, at_ms])
}

/// Keeps a notification that is about to be given up, unless it does not wait.
pub(crate) fn bury_notification(
    connection: &Connection,
    number: i64,
    reason: &str,
    at_ms: i64,
) -> Result<(), StoreError> {
    bury(connection, statements::BURY_NOTIFICATION, params![number, reason, at_ms])
}

fn bury(
    connection: &Connection,
    statement: &str,
    parameters: impl rusqlite::Params,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(statement)
        .and_then(|mut statement| statement.execute(parameters))
        .map(drop)
        .map_err(StoreError::sqlite("keep a dead letter"))
}

fn list(
    connection: &Connection,
    filter: &DeadLetterFilter,
    after: u64,
    limit: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let DeadLetterFilter { kind, tenant, since_ms } = filter;
    let tenant = tenant.as_ref();
    let range = params![
        saturated(after),
        kind.map(DeadLetterKind::word),
        tenant.map(|tenant| &*tenant.account_id),
        tenant.map(|tenant| &*tenant.project_id),
        tenant.map(|tenant| &*tenant.client_env),
        since_ms.unwrap_or(i64::MIN),
        saturated(limit),
    ];
    connection
        .prepare_cached(statements::DEAD_LETTERS)
        .and_then(|mut statement| statement.query_map(range, read)?.collect::<Result<Vec<_>, _>>())
        .map_err(StoreError::sqlite("read the dead letters"))?
        .into_iter()
        .collect::<Option<_>>()
        .ok_or(DAMAGED)
}

/// The dead letter of this number as the store works with it.
pub(crate) fn find(connection: &Connection, number: u64) -> Result<Option<Grave>, StoreError> {
    let grave = |row: &Row<'_>| {
        let Some(letter) = read(row)? else { return Ok(None) };
        let item = sql::unsigned(row, "item")?;
        Ok(Some(Grave { letter, item, handoff: row.get("handoff")?, body: row.get("body")? }))
    };
    let found = connection
        .prepare_cached(statements::DEAD_LETTER)
        .and_then(|mut statement| statement.query_row([saturated(number)], grave).optional())
        .map_err(StoreError::sqlite("read a dead letter"))?;
    found.map(|grave| grave.ok_or(DAMAGED)).transpose()
}

fn newest(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached(statements::NEWEST_DEAD_LETTER)
        .and_then(|mut statement| {
            statement.query_row([], |row| sql::unsigned(row, "number")).optional()
        })
        .map(Option::unwrap_or_default)
        .map_err(StoreError::sqlite("look for the newest dead letter"))
}

fn show(
    connection: &Connection,
    number: u64,
) -> Result<Option<(DeadLetter, DeadLetterContent)>, StoreError> {
    let Some(Grave { letter, item, body, .. }) = find(connection, number)? else {
        return Ok(None);
    };
    let content = match body {
        Some(body) => DeadLetterContent::Body(body),
        None => connection
            .prepare_cached(statements::EVENT_OF_NOTIFICATION)
            .and_then(|mut statement| statement.query_row([saturated(item)], session_log::read))
            .map(DeadLetterContent::Event)
            .map_err(StoreError::sqlite("read the event of a notification"))?,
    };
    Ok(Some((letter, content)))
}

fn count(connection: &Connection, kind: DeadLetterKind) -> Result<DeadLetterCount, StoreError> {
    let read = |row: &Row<'_>| {
        let (kept, ever) = (sql::unsigned(row, "kept")?, sql::unsigned(row, "ever")?);
        Ok(DeadLetterCount { kind, kept, ever })
    };
    connection
        .prepare_cached(statements::COUNT_DEAD_LETTERS)
        .and_then(|mut statement| statement.query_row([kind.word()], read))
        .map_err(StoreError::sqlite("count the dead letters"))
}

const DAMAGED: StoreError = StoreError::Damaged { what: "the kind of a dead letter" };

/// None, if its kind is no word of ours.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<DeadLetter>> {
    let Some(kind) = DeadLetterKind::of_word(row.get_ref("kind")?.as_str()?) else {
        return Ok(None);
    };
    Ok(Some(DeadLetter {
        number: sql::unsigned(row, "number")?,
        kind,
        tenant: sql::tenant(row)?,
        session_id: row.get("session_id")?,
        about: row.get("about")?,
        reason: row.get("reason")?,
        at_ms: row.get("at_ms")?,
    }))
}
