//! Notifications: events that an application's endpoint is to be told of, until it is told.

use std::{collections::BTreeSet, ops::Range};

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    LoggedEvent, Store, StoreError, dead_letter, session_log,
    sql::{self, saturated},
};

/// An event that an endpoint is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its place in the order in which notifications were queued: rises, with gaps.
    pub number: u64,
    /// The session that it happened in.
    pub session_id: String,
    /// Whose session it is.
    pub tenant: TenantKey<'static>,
    /// The application's id of the session; absent when it gave none.
    pub external_id: Option<String>,
    /// The event as it stands in the session's log.
    pub event: LoggedEvent,
}

impl Store {
    /// A session of which notifications wait for an endpoint, by its number in this store. Of
    /// those that are not in `except` it is the first one after the number `after`, or else the
    /// first of all. A [`Step`](crate::Step) queues notifications.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn session_to_notify(
        &self,
        endpoint: &str,
        after: u64,
        except: BTreeSet<u64>,
    ) -> Result<Option<u64>, StoreError> {
        let endpoint = endpoint.to_owned();
        self.read(move |connection| session(connection, &endpoint, after, &except)).await
    }

    /// Of the notifications of the session with this number that wait for an endpoint, the one
    /// that was queued first.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn next_notification(
        &self,
        endpoint: &str,
        session: u64,
    ) -> Result<Option<Notification>, StoreError> {
        let endpoint = endpoint.to_owned();
        self.read(move |connection| next(connection, &endpoint, session)).await
    }

    /// Takes the notification of this number out of its queue: the endpoint has it. Does nothing
    /// if it does not wait.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn notified(&self, number: u64) -> Result<(), StoreError> {
        self.write(move |connection| finish(connection, number)).await
    }

    /// Takes the notification of this number out of its queue at this time: the endpoint will
    /// never have it, and it becomes a dead letter. The reason has no text of the event. Does
    /// nothing if it does not wait.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn notification_given_up(
        &self,
        number: u64,
        reason: &str,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let reason = reason.to_owned();
        self.write(move |connection| give_up(connection, number, &reason, at_ms)).await
    }
}

/// Queues the events with these sequence numbers of the session with this number for an endpoint.
pub(crate) fn queue(
    connection: &Connection,
    session: i64,
    sequences: Range<u64>,
    endpoint: &str,
) -> Result<(), StoreError> {
    let doing = "queue notifications for an endpoint";
    let mut statement =
        connection.prepare_cached(sql::QUEUE_NOTIFICATION).map_err(StoreError::sqlite(doing))?;
    for sequence in sequences {
        statement
            .execute(params![endpoint, session, saturated(sequence)])
            .map_err(StoreError::sqlite(doing))?;
    }
    Ok(())
}

fn session(
    connection: &Connection,
    endpoint: &str,
    after: u64,
    except: &BTreeSet<u64>,
) -> Result<Option<u64>, StoreError> {
    let waiting = |mut after: u64| -> rusqlite::Result<Option<u64>> {
        let mut statement = connection.prepare_cached(sql::SESSION_TO_NOTIFY)?;
        loop {
            let place = params![endpoint, saturated(after)];
            let found = statement.query_row(place, |row| sql::unsigned(row, "session"));
            match found.optional()? {
                Some(session) if except.contains(&session) => after = session,
                found => return Ok(found),
            }
        }
    };
    match waiting(after) {
        Ok(None) if after > 0 => waiting(0),
        found => found,
    }
    .map_err(StoreError::sqlite("find a session of which an endpoint is to be told"))
}

fn next(
    connection: &Connection,
    endpoint: &str,
    session: u64,
) -> Result<Option<Notification>, StoreError> {
    let of = params![endpoint, saturated(session)];
    connection
        .prepare_cached(sql::NEXT_NOTIFICATION)
        .and_then(|mut statement| statement.query_row(of, read).optional())
        .map_err(StoreError::sqlite("read the next notification for an endpoint"))
}

fn finish(connection: &Connection, number: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::NOTIFIED)
        .and_then(|mut statement| statement.execute([saturated(number)]))
        .map(drop)
        .map_err(StoreError::sqlite("take a notification out of its queue"))
}

fn give_up(
    connection: &Connection,
    number: u64,
    reason: &str,
    at_ms: i64,
) -> Result<(), StoreError> {
    let number = saturated(number);
    dead_letter::bury_notification(connection, number, reason, at_ms)?;
    connection
        .prepare_cached(sql::GIVE_UP_NOTIFICATION)
        .and_then(|mut statement| statement.execute(params![number, reason]))
        .map(drop)
        .map_err(StoreError::sqlite("give up a notification"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Notification> {
    Ok(Notification {
        number: sql::unsigned(row, "number")?,
        session_id: row.get("session_id")?,
        tenant: sql::tenant(row)?,
        external_id: row.get("external_id")?,
        event: session_log::read(row)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{
        NewSession, Notification, Settlement, Step,
        testing::{Fixture, arrived, events, new_session, session_id},
    };

    impl Fixture {
        async fn session_to_notify(&self, after: u64, except: &[u64]) -> Option<u64> {
            let except = except.iter().copied().collect();
            self.store.session_to_notify("one", after, except).await.unwrap()
        }

        /// The oldest of the first session of which some wait.
        async fn next_notification(&self, endpoint: &str) -> Option<Notification> {
            let session = self.store.session_to_notify(endpoint, 0, BTreeSet::new()).await;
            self.store.next_notification(endpoint, session.unwrap()?).await.unwrap()
        }

        /// Takes all that waits for the endpoint, as sessions' ids and sequence numbers.
        async fn notify_all(&self, endpoint: &str) -> Vec<(String, u64)> {
            let mut told = Vec::new();
            while let Some(next) = self.next_notification(endpoint).await {
                told.push((next.session_id, next.event.sequence));
                self.store.notified(next.number).await.unwrap();
            }
            told
        }
    }

    fn telling(numbers: &[usize], endpoints: &[&str]) -> Step {
        Step {
            events: events(numbers.iter().copied()),
            notify: endpoints.iter().map(|endpoint| (*endpoint).to_owned()).collect(),
            ..Step::default()
        }
    }

    #[tokio::test]
    async fn each_endpoint_is_told_of_each_event_once_in_the_order_of_its_session() {
        let mut fixture = Fixture::with_sessions(2).await;
        for (session, step) in [
            (2, telling(&[1], &["one"])),
            (1, telling(&[1, 2], &["one", "two", "one"])),
            (1, telling(&[3], &[])),
            // Of these only the last is new.
            (1, telling(&[1, 2, 4], &["one"])),
            (1, telling(&[4], &["two"])),
        ] {
            fixture.store.step(&session_id(session), step).await.unwrap();
        }
        assert_eq!(fixture.store.work_counts().await.unwrap().waiting_notifications, 6);
        fixture.reopen().await;
        let expected = [(1, 1), (1, 2), (1, 4), (2, 1)];
        let expected = expected.map(|(session, sequence)| (session_id(session), sequence));
        assert_eq!(fixture.notify_all("one").await, expected);
        assert_eq!(fixture.notify_all("two").await, expected[..2]);
        assert_eq!(fixture.notify_all("three").await, []);
        assert_eq!(fixture.store.work_counts().await.unwrap().waiting_notifications, 0);
    }

    #[tokio::test]
    async fn the_sessions_that_wait_are_found_in_a_circle() {
        let fixture = Fixture::with_sessions(4).await;
        for session in [1, 2, 4] {
            fixture.store.step(&session_id(session), telling(&[1], &["one"])).await.unwrap();
        }
        for (after, except, found) in [
            (0, &[][..], Some(1)),
            (1, &[], Some(2)),
            (2, &[], Some(4)),
            (4, &[], Some(1)),
            (u64::MAX, &[], Some(1)),
            (1, &[2], Some(4)),
            (2, &[1, 4], Some(2)),
            (2, &[1, 2, 4], None),
        ] {
            let next = fixture.session_to_notify(after, except).await;
            assert_eq!(next, found, "after {after} without {except:?}");
        }
        let store = &fixture.store;
        assert_eq!(store.session_to_notify("two", 0, BTreeSet::new()).await.unwrap(), None);
        assert_eq!(store.next_notification("one", 3).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_notification_says_whose_event_it_is() {
        let fixture = Fixture::new();
        let external_id = Some("chat-1".to_owned());
        let session = NewSession { external_id: external_id.clone(), ..new_session(1) };
        let tenant = session.tenant.clone();
        fixture.store.create_session(session, telling(&[1], &["one"])).await.unwrap();
        let event = fixture.log(1).await.remove(0);
        let expected =
            Notification { number: 1, session_id: session_id(1), tenant, external_id, event };
        assert_eq!(fixture.next_notification("one").await, Some(expected));
    }

    #[tokio::test]
    async fn invariant_4_a_step_that_appends_nothing_tells_nobody() {
        let fixture = Fixture::with_sessions(1).await;
        fixture.store.accept(arrived(1)).await.unwrap();
        fixture.store.settle(1, Settlement::NothingToShow).await.unwrap();
        let settles = Some((1, Settlement::Appended));
        let step = Step { settles, ..telling(&[1], &["one"]) };
        fixture.store.step(&session_id(1), step).await.unwrap();
        assert_eq!(fixture.next_notification("one").await, None);
    }

    #[tokio::test]
    async fn a_notification_that_is_given_up_waits_no_longer_and_keeps_the_reason() {
        let fixture = Fixture::with_sessions(1).await;
        fixture.store.step(&session_id(1), telling(&[1, 2], &["one"])).await.unwrap();
        for reason in ["gone", "another"] {
            fixture.store.notification_given_up(1, reason, 7).await.unwrap();
        }
        fixture.store.notified(1).await.unwrap();
        fixture.store.notification_given_up(u64::MAX, "unknown", 7).await.unwrap();
        assert_eq!(fixture.next_notification("one").await.unwrap().number, 2);
        let query = "SELECT reason FROM notification WHERE reason IS NOT NULL";
        let kept: String = fixture
            .store
            .read(|connection| Ok(connection.query_row(query, [], |row| row.get(0)).unwrap()))
            .await
            .unwrap();
        assert_eq!(kept, "gone");
    }

    #[tokio::test]
    async fn invariant_10_a_debug_print_of_a_notification_shows_no_content() {
        let fixture = Fixture::with_sessions(1).await;
        let mut step = telling(&[1], &["one"]);
        step.events[0].payload = "a secret".to_owned();
        fixture.store.step(&session_id(1), step).await.unwrap();
        let shown = format!("{:?}", fixture.next_notification("one").await);
        assert!(shown.contains("payload_bytes: 8") && !shown.contains("secret"), "{shown}");
    }
}
