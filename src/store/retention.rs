//! Retention: what is old is forgotten, a little at a time.

use rusqlite::{Connection, params};

use crate::{
    Store, StoreError,
    sql::{retention as sql, saturated},
};

/// How many rows one transaction deletes at most, so that no other write waits long for it.
const ROWS: usize = 1000;

/// What a session has, in the order in which it goes. Its log goes last: as long as there is one,
/// new events are numbered behind what was there.
const BELONGINGS: [&str; 9] = [
    sql::FORGET_DEAD_LETTERS,
    sql::FORGET_DELIVERIES,
    sql::FORGET_RECEIPTS,
    sql::FORGET_OUTGOING,
    sql::FORGET_TURNS,
    sql::FORGET_CONTEXTS,
    sql::FORGET_HANDOFFS,
    sql::FORGET_NOTIFICATIONS,
    sql::FORGET_EVENTS,
];

/// What one transaction came to.
pub(crate) struct Piece {
    /// How many sessions are gone.
    pub(crate) forgotten: usize,
    /// How many rows more it could have deleted; 0 when there may be more to forget.
    pub(crate) rows_left: usize,
}

impl Store {
    /// Forgets sessions that ended before this time, with all that is theirs, those that ended
    /// first before others, at most `limit`. Returns how many; fewer than `limit` when none is
    /// left.
    ///
    /// A session with an open handoff, or with a message or a turn that waits, stays until that is
    /// done. Receipts and notifications that wait go with their session; a delivery that is not
    /// settled stays until it is. Afterwards what came for the session before is no longer known
    /// as a repetition.
    ///
    /// It takes several transactions, with those of other callers between them: while it runs, and
    /// after it was broken off, a part of one session may be gone. The next call goes on there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn forget_sessions(
        &self,
        ended_before_ms: i64,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        while forgotten < limit {
            let most = limit - forgotten;
            let piece =
                self.write(move |connection| forget(connection, ended_before_ms, most)).await?;
            forgotten += piece.forgotten;
            if piece.rows_left > 0 {
                break;
            }
        }
        Ok(forgotten)
    }

    /// Forgets what came before this time and belongs to no session: settled deliveries and dead
    /// letters, at most `limit` of each. Returns how many; fewer than `limit` when none is left.
    /// Afterwards what came then is no longer known as a repetition.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn forget_of_nobody(
        &self,
        before_ms: i64,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.write(move |connection| {
            let letters = delete(connection, sql::FORGET_LETTERS_OF_NOBODY, before_ms, limit)?;
            let deliveries =
                delete(connection, sql::FORGET_DELIVERIES_OF_NOBODY, before_ms, limit)?;
            Ok(letters.max(deliveries))
        })
        .await
    }
}

/// Forgets as many sessions as may be, and the beginning of the next one.
pub(crate) fn forget(
    connection: &Connection,
    ended_before_ms: i64,
    most: usize,
) -> Result<Piece, StoreError> {
    let mut piece = Piece { forgotten: 0, rows_left: ROWS };
    for session in forgettable(connection, ended_before_ms, most.min(ROWS))? {
        for statement in BELONGINGS {
            piece.rows_left -= delete(connection, statement, session, piece.rows_left)?;
        }
        // With rows left, nothing is left of what the session had.
        let gone = delete(connection, sql::FORGET_SESSION, session, piece.rows_left)?;
        piece.rows_left -= gone;
        piece.forgotten += gone;
        if piece.rows_left == 0 {
            break;
        }
    }
    Ok(piece)
}

/// The numbers of the sessions that may be forgotten, those that ended first before others.
fn forgettable(
    connection: &Connection,
    ended_before_ms: i64,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    connection
        .prepare_cached(sql::FORGETTABLE_SESSIONS)
        .and_then(|mut statement| {
            let range = params![ended_before_ms, saturated(limit)];
            statement.query_map(range, |row| row.get(0))?.collect()
        })
        .map_err(StoreError::sqlite("look for old sessions"))
}

/// Deletes of what the session with this number has, or of what is older than this time, as many
/// rows as may be. Returns how many.
fn delete(
    connection: &Connection,
    statement: &str,
    bound: i64,
    rows: usize,
) -> Result<usize, StoreError> {
    connection
        .prepare_cached(statement)
        .and_then(|mut statement| statement.execute([bound, saturated(rows)]))
        .map_err(StoreError::sqlite("forget what is old"))
}
