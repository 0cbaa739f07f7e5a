//! Keys that sign: the newest one signs, each that is kept still verifies.

use std::fmt;

use rusqlite::{Connection, Row, params};

use crate::{Store, StoreError, sql};

/// A key that signs.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The key's id, unique among those of its name; shown to whoever gets what it has signed.
    pub id: String,
    /// The key itself.
    pub bytes: [u8; 32],
    /// When it was made: milliseconds since 1970, UTC.
    pub created_at_ms: i64,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("id", &self.id)
            .field("created_at_ms", &self.created_at_ms)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The keys that are kept under a name, the one that was added last first.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn signing_keys(&self, name: &str) -> Result<Vec<SigningKey>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| of_name(connection, &name)).await
    }

    /// Keeps a key under a name, as its newest. One whose id is there stays as it is, where it is.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn add_signing_key(&self, name: &str, key: SigningKey) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |connection| add(connection, &name, &key)).await
    }

    /// Forgets the keys of a name that were made before this time; never the newest, so that
    /// there is one that signs.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn forget_signing_keys(
        &self,
        name: &str,
        created_before_ms: i64,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |connection| forget(connection, &name, created_before_ms)).await
    }
}

fn of_name(connection: &Connection, name: &str) -> Result<Vec<SigningKey>, StoreError> {
    connection
        .prepare_cached(sql::SIGNING_KEYS)
        .and_then(|mut statement| statement.query_map([name], read)?.collect())
        .map_err(StoreError::sqlite("read the keys that sign"))
}

fn add(connection: &Connection, name: &str, key: &SigningKey) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::ADD_SIGNING_KEY)
        .and_then(|mut statement| {
            statement.execute(params![name, key.id, key.bytes, key.created_at_ms])
        })
        .map(drop)
        .map_err(StoreError::sqlite("keep a key that signs"))
}

fn forget(connection: &Connection, name: &str, created_before_ms: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::FORGET_SIGNING_KEYS)
        .and_then(|mut statement| statement.execute(params![name, created_before_ms]))
        .map(drop)
        .map_err(StoreError::sqlite("forget keys that sign"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<SigningKey> {
    Ok(SigningKey {
        id: row.get("key_id")?,
        bytes: row.get("bytes")?,
        created_at_ms: row.get("created_at_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use super::SigningKey;
    use crate::testing::Fixture;

    fn key(number: u8, created_at_ms: i64) -> SigningKey {
        SigningKey { id: format!("key-{number}"), bytes: [number; 32], created_at_ms }
    }

    impl Fixture {
        async fn key_ids(&self, name: &str) -> Vec<String> {
            let keys = self.store.signing_keys(name).await.unwrap();
            keys.into_iter().map(|key| key.id).collect()
        }
    }

    #[tokio::test]
    async fn the_key_that_was_added_last_comes_first_whatever_the_clock_said() {
        let mut fixture = Fixture::new();
        for key in [key(1, 100), key(2, 300), key(3, 200)] {
            fixture.store.add_signing_key("token", key).await.unwrap();
        }
        fixture.store.add_signing_key("link", key(9, 50)).await.unwrap();
        fixture.reopen().await;
        let expected = [key(3, 200), key(2, 300), key(1, 100)];
        assert_eq!(fixture.store.signing_keys("token").await.unwrap(), expected);
        assert_eq!(fixture.store.signing_keys("link").await.unwrap(), [key(9, 50)]);
        assert_eq!(fixture.store.signing_keys("another").await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_key_that_is_added_again_stays_as_it_was() {
        let fixture = Fixture::new();
        for added in [key(1, 100), key(2, 200), SigningKey { bytes: [9; 32], ..key(1, 300) }] {
            fixture.store.add_signing_key("token", added).await.unwrap();
        }
        let expected = [key(2, 200), key(1, 100)];
        assert_eq!(fixture.store.signing_keys("token").await.unwrap(), expected);
    }

    #[tokio::test]
    async fn old_keys_are_forgotten_but_never_the_newest() {
        let fixture = Fixture::new();
        for number in 1..=3 {
            fixture.store.add_signing_key("token", key(number, i64::from(number))).await.unwrap();
            fixture.store.add_signing_key("link", key(number, 1)).await.unwrap();
        }
        fixture.store.forget_signing_keys("token", 2).await.unwrap();
        assert_eq!(fixture.key_ids("token").await, ["key-3", "key-2"]);
        for _ in 0..2 {
            fixture.store.forget_signing_keys("token", i64::MAX).await.unwrap();
            assert_eq!(fixture.key_ids("token").await, ["key-3"]);
        }
        assert_eq!(fixture.key_ids("link").await, ["key-3", "key-2", "key-1"]);
    }

    #[test]
    fn invariant_10_a_debug_print_of_a_key_shows_no_key() {
        let shown = format!("{:?}", key(97, 1));
        assert_eq!(shown, r#"SigningKey { id: "key-97", created_at_ms: 1, .. }"#);
    }
}
