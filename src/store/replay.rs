//! Replay: what reached nobody goes on its way again.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    DeadLetter, DeadLetterKind, Store, StoreError, dead_letter,
    dead_letter::Grave,
    sql::{dead_letter as statements, saturated},
};

/// Why a dead letter cannot go on its way again. A message would begin a conversation of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum ReplayRefused {
    /// The message's session has ended.
    #[error("the session has ended, and a message would begin a new conversation in Genesys")]
    SessionEnded,
    /// The message's handoff is over.
    #[error(
        "the handoff that the message belongs to is over, and it would begin a new conversation \
         in Genesys"
    )]
    HandoffOver,
}

/// A dead letter that was to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The dead letter, which it is no more unless it was refused.
    pub letter: DeadLetter,
    /// Whether it waits again where it waited before it was given up.
    pub outcome: Result<(), ReplayRefused>,
}

impl Store {
    /// Sends the dead letter of this number on its way again; nothing if there is none.
    ///
    /// A delivery is pending again, at its old place in the order of arrival: an event of it that
    /// stands in its session's log is not appended again. A message waits in its session's outbox
    /// again, before those that came after it. A notification waits for its endpoint again.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn replay_dead_letter(&self, number: u64) -> Result<Option<Replayed>, StoreError> {
        self.write(move |connection| match dead_letter::find(connection, number)? {
            Some(grave) => replay(connection, grave).map(Some),
            None => Ok(None),
        })
        .await
    }

    /// Sends the dead letters of these numbers on their way again, as [`Store::replay_dead_letter`]
    /// does, in one transaction. Those that are there no more are left out.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn replay_dead_letters(
        &self,
        numbers: Vec<u64>,
    ) -> Result<Vec<Replayed>, StoreError> {
        self.write(move |connection| {
            let graves = numbers.into_iter().map(|number| dead_letter::find(connection, number));
            graves.filter_map(Result::transpose).map(|grave| replay(connection, grave?)).collect()
        })
        .await
    }

    /// Throws the dead letter of this number away. Says whether there was one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn discard_dead_letter(&self, number: u64) -> Result<bool, StoreError> {
        self.write(move |connection| discard(connection, number)).await
    }

    /// Throws the dead letters of these numbers away, in one transaction. Returns how many there
    /// were.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn discard_dead_letters(&self, numbers: Vec<u64>) -> Result<u64, StoreError> {
        self.write(move |connection| {
            let mut discarded = 0;
            for number in numbers {
                discarded += u64::from(discard(connection, number)?);
            }
            Ok(discarded)
        })
        .await
    }
}

fn replay(connection: &Connection, grave: Grave) -> Result<Replayed, StoreError> {
    let Grave { letter, item, handoff, body } = grave;
    let refused = match (letter.kind, &letter.session_id) {
        (DeadLetterKind::Message, Some(session_id)) => refusal(connection, session_id, handoff)?,
        _ => None,
    };
    if let Some(refused) = refused {
        return Ok(Replayed { letter, outcome: Err(refused) });
    }
    revive(connection, letter.kind, item, body.as_deref())?;
    discard(connection, letter.number)?;
    Ok(Replayed { letter, outcome: Ok(()) })
}

/// Why a message of the session cannot go to Genesys any more; none if it can.
fn refusal(
    connection: &Connection,
    session_id: &str,
    handoff: Option<u32>,
) -> Result<Option<ReplayRefused>, StoreError> {
    let standing = connection
        .prepare_cached(statements::STANDING_OF_HANDOFF)
        .and_then(|mut statement| {
            let of = params![session_id, handoff];
            let read = |row: &rusqlite::Row<'_>| Ok((row.get("ended")?, row.get("open")?));
            statement.query_row(of, read).optional()
        })
        .map_err(StoreError::sqlite("look at the handoff of a dead letter"))?;
    Ok(match standing {
        Some((false, true)) => None,
        Some((false, false)) => Some(ReplayRefused::HandoffOver),
        Some((true, _)) | None => Some(ReplayRefused::SessionEnded),
    })
}

/// Puts it back where it waited.
fn revive(
    connection: &Connection,
    kind: DeadLetterKind,
    item: u64,
    body: Option<&[u8]>,
) -> Result<(), StoreError> {
    let item = saturated(item);
    let cached = |statement| connection.prepare_cached(statement);
    let revived = match kind {
        DeadLetterKind::Delivery => cached(statements::REVIVE_DELIVERY)
            .and_then(|mut statement| statement.execute(params![item, body])),
        DeadLetterKind::Message => cached(statements::REVIVE_MESSAGE)
            .and_then(|mut statement| statement.execute(params![item, body])),
        DeadLetterKind::Notification => cached(statements::REVIVE_NOTIFICATION)
            .and_then(|mut statement| statement.execute([item])),
    };
    match revived.map_err(StoreError::sqlite("replay a dead letter"))? {
        0 => Err(StoreError::Damaged { what: "a dead letter of something" }),
        _ => Ok(()),
    }
}

fn discard(connection: &Connection, number: u64) -> Result<bool, StoreError> {
    connection
        .prepare_cached(statements::DISCARD_DEAD_LETTER)
        .and_then(|mut statement| statement.execute([saturated(number)]))
        .map(|discarded| discarded > 0)
        .map_err(StoreError::sqlite("throw a dead letter away"))
}
