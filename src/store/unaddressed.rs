//! Notifications that were queued when it was not known for whom: a restore ends sessions without
//! their tenants' configuration. Whoever serves the store addresses them.

use rusqlite::{Connection, params};

use crate::{Store, StoreError, sql::saturated};

/// What stands in the place of an endpoint. None has this name.
pub const UNADDRESSED: &str = "";

const ADDRESS: &str = "
    INSERT INTO notification (endpoint, session, sequence)
    SELECT ?2, session, sequence
    FROM notification
    WHERE number = ?1 AND endpoint = '' AND reason IS NULL
    ON CONFLICT DO NOTHING";

const ADDRESSED: &str =
    "DELETE FROM notification WHERE number = ?1 AND endpoint = '' AND reason IS NULL";

impl Store {
    /// Queues the [`UNADDRESSED`] notification of this number for these endpoints in its place, in
    /// one transaction; for none, if nobody wants it. Does nothing if it does not wait.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn address_notification(
        &self,
        number: u64,
        endpoints: Vec<String>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| address(connection, number, &endpoints)).await
    }
}

fn address(connection: &Connection, number: u64, endpoints: &[String]) -> Result<(), StoreError> {
    let number = saturated(number);
    let address = || {
        let mut statement = connection.prepare_cached(ADDRESS)?;
        for endpoint in endpoints {
            statement.execute(params![number, endpoint])?;
        }
        connection.prepare_cached(ADDRESSED)?.execute([number])
    };
    address().map(drop).map_err(StoreError::sqlite("address a notification"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::UNADDRESSED;
    use crate::{
        Step,
        testing::{Fixture, events, session_id},
    };

    impl Fixture {
        /// The number of the oldest that waits for the endpoint in the first session.
        async fn waits_for(&self, endpoint: &str) -> Option<u64> {
            let store = &self.store;
            let session = store.session_to_notify(endpoint, 0, BTreeSet::new()).await.unwrap()?;
            let next = store.next_notification(endpoint, session).await.unwrap()?;
            assert_eq!(next.event.sequence, 1);
            Some(next.number)
        }
    }

    #[tokio::test]
    async fn what_was_queued_for_nobody_yet_is_queued_once_for_each_who_wants_it() {
        for endpoints in [&["one", "two"][..], &[]] {
            let fixture = Fixture::with_sessions(1).await;
            let notify = vec![UNADDRESSED.to_owned()];
            let step = Step { events: events([1]), notify, ..Step::default() };
            fixture.store.step(&session_id(1), step).await.unwrap();
            let number = fixture.waits_for(UNADDRESSED).await.unwrap();
            for _ in 0..2 {
                let named = endpoints.iter().map(|name| (*name).to_owned()).collect();
                fixture.store.address_notification(number, named).await.unwrap();
                assert_eq!(fixture.waits_for(UNADDRESSED).await, None);
                let waiting = fixture.store.work_counts().await.unwrap().waiting_notifications;
                assert_eq!(waiting, endpoints.len() as u64);
            }
            for endpoint in endpoints {
                let own = fixture.waits_for(endpoint).await.unwrap();
                let others = vec!["three".to_owned()];
                fixture.store.address_notification(own, others).await.unwrap();
                assert_eq!(fixture.waits_for(endpoint).await, Some(own), "it has an address");
            }
        }
    }
}
