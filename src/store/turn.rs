//! Turns: what a session's bot is to be told, one after another, until it has answered.

use std::fmt;

use rusqlite::{Connection, Row, params};

use crate::{
    Store, StoreError,
    sql::{self, saturated},
};

/// What a bot is to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTurn {
    /// The turn's id, unique in its session.
    pub id: String,
    /// What the bot is told: the text of a JSON value that the store does not look into.
    pub body: String,
}

impl fmt::Debug for NewTurn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewTurn")
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// A turn that waits for the bot.
#[derive(Clone, PartialEq, Eq)]
pub struct Turn {
    /// Its place in the order in which turns entered the store: rises, with gaps.
    pub number: u64,
    /// The turn's id, unique in its session.
    pub id: String,
    /// What the bot is told, as it was given.
    pub body: String,
}

impl fmt::Debug for Turn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Turn")
            .field("number", &self.number)
            .field("id", &self.id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl Store {
    /// Of the turns of a session that wait for the bot, the first. A [`Step`](crate::Step) queues
    /// turns, and says when one is done.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn next_turn(&self, session_id: &str) -> Result<Option<Turn>, StoreError> {
        Ok(self.waiting_turns(session_id, 1).await?.pop())
    }

    /// Of the turns of a session that wait for the bot, the first, in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn waiting_turns(
        &self,
        session_id: &str,
        limit: usize,
    ) -> Result<Vec<Turn>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| waiting(connection, &session_id, limit)).await
    }
}

/// Queues a turn of the session with this number, unless its id was there.
pub(crate) fn queue(
    connection: &Connection,
    session: i64,
    turn: &NewTurn,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::QUEUE_TURN)
        .and_then(|mut statement| statement.execute(params![session, turn.id, turn.body]))
        .map(drop)
        .map_err(StoreError::sqlite("queue a turn for a bot"))
}

/// Takes a turn of the session with this number out of its queue, unless it has left.
pub(crate) fn finish(connection: &Connection, session: i64, number: u64) -> Result<(), StoreError> {
    let found = connection
        .prepare_cached(sql::FINISH_TURN)
        .and_then(|mut statement| statement.execute([session, saturated(number)]))
        .map_err(StoreError::sqlite("finish a turn of a bot"))?;
    if found > 0 { Ok(()) } else { Err(StoreError::UnknownTurn) }
}

fn waiting(
    connection: &Connection,
    session_id: &str,
    limit: usize,
) -> Result<Vec<Turn>, StoreError> {
    connection
        .prepare_cached(sql::WAITING_TURNS)
        .and_then(|mut statement| {
            statement.query_map(params![session_id, saturated(limit)], read)?.collect()
        })
        .map_err(StoreError::sqlite("read the next turns for a bot"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn {
        number: sql::unsigned(row, "number")?,
        id: row.get("turn_id")?,
        body: row.get("body")?,
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        Step, StoreError,
        testing::{Fixture, new_session, session_id, turn},
    };

    impl Fixture {
        /// The number and the id of the turn that the bot is to be told next.
        async fn next_turn(&self, session: usize) -> Option<(u64, String)> {
            let next = self.store.next_turn(&session_id(session)).await.unwrap();
            next.map(|next| (next.number, next.id))
        }
    }

    fn queuing(numbers: &[usize]) -> Step {
        Step { turns: numbers.iter().copied().map(turn).collect(), ..Step::default() }
    }

    fn done(number: u64) -> Step {
        Step { turned: Some(number), ..Step::default() }
    }

    #[tokio::test]
    async fn a_bot_is_told_each_turn_of_its_session_once_and_in_their_order() {
        let mut fixture = Fixture::with_sessions(2).await;
        // Not the order of their ids, and another session's between them.
        for (session, numbers) in [(1, &[5, 3][..]), (2, &[5]), (1, &[4, 3, 5])] {
            fixture.store.step(&session_id(session), queuing(numbers)).await.unwrap();
        }
        let mut told = Vec::new();
        while let Some((number, id)) = fixture.next_turn(1).await {
            told.push(id);
            fixture.reopen().await;
            for step in [done(number), done(number), queuing(&[3])] {
                fixture.store.step(&session_id(1), step).await.unwrap();
            }
        }
        assert_eq!(told, ["turn-5", "turn-3", "turn-4"]);
        let other = fixture.store.next_turn(&session_id(2)).await.unwrap().unwrap();
        assert_eq!((other.id, other.body), (turn(5).id, turn(5).body));
        assert_eq!(fixture.next_turn(3).await, None);
    }

    #[tokio::test]
    async fn what_waits_for_a_bot_is_read_in_order_as_far_as_is_asked() {
        let fixture = Fixture::with_sessions(2).await;
        fixture.store.step(&session_id(1), queuing(&[5, 3, 4])).await.unwrap();
        fixture.store.step(&session_id(1), done(1)).await.unwrap();
        for (session, limit, expected) in
            [(1, 9, &["turn-3", "turn-4"][..]), (1, 1, &["turn-3"]), (1, 0, &[]), (2, 9, &[])]
        {
            let turns = fixture.store.waiting_turns(&session_id(session), limit).await.unwrap();
            assert_eq!(turns.into_iter().map(|turn| turn.id).collect::<Vec<_>>(), expected);
        }
    }

    #[tokio::test]
    async fn the_answer_to_a_turn_may_queue_the_next_in_the_same_step() {
        let fixture = Fixture::with_sessions(1).await;
        fixture.store.step(&session_id(1), queuing(&[1])).await.unwrap();
        let (number, _) = fixture.next_turn(1).await.unwrap();
        let step = Step { turned: Some(number), ..queuing(&[1, 2]) };
        fixture.store.step(&session_id(1), step).await.unwrap();
        assert_eq!(fixture.next_turn(1).await.unwrap().1, "turn-2");
    }

    #[tokio::test]
    async fn a_turn_of_another_session_cannot_be_finished() {
        let fixture = Fixture::with_sessions(2).await;
        fixture.store.step(&session_id(1), queuing(&[1])).await.unwrap();
        let (number, _) = fixture.next_turn(1).await.unwrap();
        let step = Step { turned: Some(number), ..queuing(&[2]) };
        let refused = fixture.store.step(&session_id(2), step).await;
        assert!(matches!(refused, Err(StoreError::UnknownTurn)));
        assert_eq!(fixture.next_turn(2).await, None, "nothing of the step is stored");
        assert!(fixture.next_turn(1).await.is_some());
    }

    #[tokio::test]
    async fn a_session_with_a_turn_that_waits_has_work_from_its_creation_on() {
        let fixture = Fixture::with_sessions(1).await;
        fixture.store.create_session(new_session(2), queuing(&[1, 2])).await.unwrap();
        let with_work = fixture.store.sessions_with_work(None, 10).await.unwrap();
        assert_eq!(with_work, [session_id(2)]);
        assert_eq!(fixture.store.work_of_tenants().await.unwrap()[0].waiting_turns, 2);
    }

    #[tokio::test]
    async fn the_body_of_a_turn_that_is_done_is_gone_and_its_id_stays() {
        let fixture = Fixture::with_sessions(1).await;
        fixture.store.step(&session_id(1), queuing(&[1])).await.unwrap();
        fixture.store.step(&session_id(1), done(1)).await.unwrap();
        let query = "SELECT turn_id, body FROM turn";
        let kept: (String, Option<String>) = fixture
            .store
            .read(|connection| Ok(connection.query_row(query, [], |row| row.try_into()).unwrap()))
            .await
            .unwrap();
        assert_eq!(kept, (turn(1).id, None));
    }
}
