//! Proving that the store takes writes, without writing anything.

use crate::{Store, StoreError};

impl Store {
    /// Writes what is there already, and returns once that is on disk: so it is known that a
    /// delivery could be stored now.
    ///
    /// # Errors
    ///
    /// Why none could be, such as [`StoreError::Sqlite`] on a full disk.
    pub async fn prove_writable(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            let refused = StoreError::sqlite("write as a proof");
            let number = "user_version";
            let version: i64 = connection
                .pragma_query_value(None, number, |row| row.get(0))
                .map_err(StoreError::sqlite("read as a proof"))?;
            // A page is written also if nothing in it is another.
            connection.pragma_update(None, number, version).map_err(refused)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_can_be_written_proves_it_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baton.db");
        let store = Store::open(&path).unwrap();
        let log = || std::fs::metadata(folder.path().join("baton.db-wal")).unwrap().len();
        let before = log();
        store.prove_writable().await.unwrap();
        assert!(log() > before, "something was written");
        store.close().await.unwrap();
        Store::open(&path).unwrap();
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_written_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("baton.db")).unwrap();
        store
            .write(|connection| {
                connection
                    .pragma_update(None, "query_only", true)
                    .map_err(StoreError::sqlite("set"))
            })
            .await
            .unwrap();
        let refused = store.prove_writable().await.unwrap_err();
        assert!(matches!(refused, StoreError::Sqlite { .. }), "{refused}");
    }
}
