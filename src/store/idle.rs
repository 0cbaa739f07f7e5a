//! Which sessions nothing has happened in for a while.

use rusqlite::{Connection, Row, params};

use crate::{
    Store, StoreError,
    sql::{self, saturated},
};

/// A session in which nothing has happened since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleSession {
    /// When its log last grew: milliseconds since 1970, UTC.
    pub active_at_ms: i64,
    /// The session's id.
    pub session_id: String,
}

impl Store {
    /// The sessions that have not ended and were last active before this time, page by page: the
    /// longest idle first, after the one that the page before ended with, at most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn idle_sessions(
        &self,
        before_ms: i64,
        after: Option<IdleSession>,
        limit: usize,
    ) -> Result<Vec<IdleSession>, StoreError> {
        self.read(move |connection| idle(connection, before_ms, after, limit)).await
    }
}

fn idle(
    connection: &Connection,
    before_ms: i64,
    after: Option<IdleSession>,
    limit: usize,
) -> Result<Vec<IdleSession>, StoreError> {
    let before_all = IdleSession { active_at_ms: i64::MIN, session_id: String::new() };
    let after = after.unwrap_or(before_all);
    connection
        .prepare_cached(sql::IDLE_SESSIONS)
        .and_then(|mut statement| {
            let range = params![before_ms, after.active_at_ms, after.session_id, saturated(limit)];
            statement.query_map(range, read)?.collect()
        })
        .map_err(StoreError::sqlite("read the idle sessions"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<IdleSession> {
    Ok(IdleSession { active_at_ms: row.get("active_at_ms")?, session_id: row.get("session_id")? })
}

#[cfg(test)]
mod tests {
    use super::IdleSession;
    use crate::{
        NewSession, Step,
        testing::{Fixture, events, new_session, session_id},
    };

    async fn fixture(created_at_ms: &[i64]) -> Fixture {
        let fixture = Fixture::new();
        for (number, created_at_ms) in (1..).zip(created_at_ms) {
            let session = NewSession { created_at_ms: *created_at_ms, ..new_session(number) };
            fixture.store.create_session(session, events([1])).await.unwrap();
        }
        fixture
    }

    fn idle(active_at_ms: i64, session: usize) -> IdleSession {
        IdleSession { active_at_ms, session_id: session_id(session) }
    }

    #[tokio::test]
    async fn a_session_is_active_when_its_log_grows_and_at_no_other_time() {
        let fixture = fixture(&[100]).await;
        for (at_ms, numbers, active_at_ms) in [
            (200, &[1][..], 100),
            (300, &[], 100),
            (400, &[1, 2], 400),
            (350, &[3], 400),
            (0, &[4], 400),
        ] {
            let numbers = numbers.iter().copied();
            let step = Step { at_ms, events: events(numbers), ..Step::default() };
            fixture.store.step(&session_id(1), step).await.unwrap();
            let session = fixture.store.session(&session_id(1)).await.unwrap().unwrap();
            assert_eq!(session.active_at_ms, active_at_ms);
        }
    }

    #[tokio::test]
    async fn idle_sessions_come_page_by_page_the_longest_idle_first() {
        let mut fixture = fixture(&[300, 100, 200, 100, 500, 50, 400]).await;
        fixture.store.end_session(&session_id(6), Vec::new()).await.unwrap();
        let step = Step { at_ms: 600, ..events([2]).into() };
        fixture.store.step(&session_id(3), step).await.unwrap();
        fixture.reopen().await;
        let mut found: Vec<IdleSession> = Vec::new();
        loop {
            let after = found.last().cloned();
            let page = fixture.store.idle_sessions(500, after, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, [idle(100, 2), idle(100, 4), idle(300, 1), idle(400, 7)]);
    }
}
