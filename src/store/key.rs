//! Keys that Baton makes for itself, once, and keeps.

use rusqlite::{Connection, params};

use crate::{Store, StoreError, sql};

impl Store {
    /// 32 bytes that are kept under a name for good: the first call keeps `fresh`, each later
    /// one returns what was kept.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn key(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let name = name.to_owned();
        self.write(move |connection| keep(connection, &name, fresh)).await
    }
}

/// The bytes that are kept under the name; `fresh` is kept if there are none.
fn keep(connection: &Connection, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
    connection
        .prepare_cached(sql::KEEP_KEY)
        .and_then(|mut statement| statement.execute(params![name, fresh]))
        .map_err(StoreError::sqlite("keep a key"))?;
    connection
        .prepare_cached(sql::KEY)
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)))
        .map_err(StoreError::sqlite("read a key"))
}
