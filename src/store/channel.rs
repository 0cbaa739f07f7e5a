//! Notification channels at Genesys that this store's process created, so that after a restart
//! it uses its own again and never another's.

use rusqlite::Connection;

use crate::{Store, StoreError, sql};

impl Store {
    /// Keeps that this process created a channel for an OAuth client. One that is known stays
    /// where it is in the order.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn remember_channel(&self, client: &str, channel_id: &str) -> Result<(), StoreError> {
        self.change_channel(sql::REMEMBER_CHANNEL, "remember a channel", client, channel_id).await
    }

    /// Forgets a channel of an OAuth client, if it is known.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn forget_channel(&self, client: &str, channel_id: &str) -> Result<(), StoreError> {
        self.change_channel(sql::FORGET_CHANNEL, "forget a channel", client, channel_id).await
    }

    /// The ids of the channels that are known of an OAuth client, the oldest first.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn channels(&self, client: &str) -> Result<Vec<String>, StoreError> {
        let client = client.to_owned();
        self.read(move |connection| of_client(connection, &client)).await
    }

    async fn change_channel(
        &self,
        statement: &'static str,
        doing: &'static str,
        client: &str,
        channel_id: &str,
    ) -> Result<(), StoreError> {
        let channel = [client.to_owned(), channel_id.to_owned()];
        self.write(move |connection| {
            connection
                .prepare_cached(statement)
                .and_then(|mut statement| statement.execute(channel))
                .map(drop)
                .map_err(StoreError::sqlite(doing))
        })
        .await
    }
}

fn of_client(connection: &Connection, client: &str) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(sql::CHANNELS)
        .and_then(|mut statement| statement.query_map([client], |row| row.get(0))?.collect())
        .map_err(StoreError::sqlite("read the channels of a client"))
}

#[cfg(test)]
mod tests {
    use crate::testing::Fixture;

    #[tokio::test]
    async fn the_channels_of_a_client_are_its_own_and_come_oldest_first() {
        let mut fixture = Fixture::new();
        for (client, channel) in
            [("one", "c"), ("one", "a"), ("two", "a"), ("one", "b"), ("one", "c")]
        {
            fixture.store.remember_channel(client, channel).await.unwrap();
        }
        fixture.reopen().await;
        let store = &fixture.store;
        assert_eq!(store.channels("one").await.unwrap(), ["c", "a", "b"]);
        for _ in 0..2 {
            store.forget_channel("one", "c").await.unwrap();
        }
        assert_eq!(store.channels("one").await.unwrap(), ["a", "b"]);
        store.remember_channel("one", "c").await.unwrap();
        assert_eq!(store.channels("one").await.unwrap(), ["a", "b", "c"]);
        assert_eq!(store.channels("two").await.unwrap(), ["a"]);
        assert_eq!(store.channels("three").await.unwrap(), [""; 0]);
    }
}
