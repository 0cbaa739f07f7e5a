//! Looking at a store's file from outside, without changing anything of it.

use std::{fs::OpenOptions, io::Read, path::Path};

use crate::{
    OpenError, Sealing, Store, StoreError, StoredTenant,
    connection::{self, APPLICATION_ID},
    file,
    sql::MIGRATIONS,
    tenant,
};

/// How every SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// As much of the file as tells whose it is.
const HEADER_BYTES: usize = 100;

/// Where in the header the number of the schema stands: SQLite's `user_version`.
const SCHEMA_AT: usize = 60;

/// Where in the header the owner stands: SQLite's `application_id`.
const OWNER_AT: usize = 68;

/// How a store's file is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examined {
    /// There is none yet: opening would make it.
    Absent,
    /// It is a store that this version can open, and nobody has it open.
    Free,
    /// A process has it open.
    InUse,
}

impl Store {
    /// What opening the store would find. It blocks for a short while, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`OpenError`] as [`Store::open`] would say it, but for the promises of the disk and for
    /// damage further inside, which only opening finds out.
    pub fn examine(path: &Path) -> Result<Examined, OpenError> {
        // Held while the file is looked at, so that nobody begins to change it.
        let _lock = match file::hold_existing(path) {
            Err(OpenError::InUse { .. }) => return Ok(Examined::InUse),
            Err(OpenError::Missing { .. }) => {
                file::real_path(path).map_err(file::refused("find the directory of", path))?;
                return Ok(Examined::Absent);
            }
            outcome => outcome?,
        };
        let mut header = Vec::with_capacity(HEADER_BYTES);
        let file = OpenOptions::new().read(true).write(true).open(path);
        let mut start = file.map_err(file::refused("open", path))?.take(HEADER_BYTES as u64);
        start.read_to_end(&mut header).map_err(file::refused("read", path))?;
        // A file that was made and never filled is taken for a new one by opening, too.
        if header.is_empty() {
            return Ok(Examined::Absent);
        }
        let not_a_store = || OpenError::NotAStore { path: path.to_owned() };
        let is_ours = header.starts_with(SQLITE)
            && number(&header, OWNER_AT).map(i64::from) == Some(APPLICATION_ID);
        let found = number(&header, SCHEMA_AT).filter(|found| is_ours && *found > 0);
        let found = found.ok_or_else(not_a_store)?;
        let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
        match found > known {
            true => Err(OpenError::NewerSchema { path: path.to_owned(), found, known }),
            false => Ok(Examined::Free),
        }
    }

    /// The tenants that stand in a store, whoever has it open; none where there is no store. It
    /// blocks for a short while, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Store::tenants`].
    pub fn examine_tenants(
        path: &Path,
        sealing: &Sealing,
    ) -> Result<Vec<StoredTenant>, StoreError> {
        let connection = match Self::examine(path) {
            Ok(Examined::Absent) => return Ok(Vec::new()),
            Ok(Examined::InUse) => connection::open_reader(path),
            Ok(Examined::Free) => connection::open_at_rest(path),
            Err(error) => Err(error),
        };
        let connection = connection.map_err(|error| match error {
            OpenError::Sqlite { doing, source, .. } => StoreError::sqlite(doing)(source),
            _ => StoreError::Damaged { what: "a file" },
        })?;
        tenant::all(&connection, sealing)
    }
}

/// The number of four bytes at this place.
fn number(header: &[u8], at: usize) -> Option<u32> {
    let bytes = header.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use baton_core::tenant::TenantKey;
    use baton_process::Random;
    use rusqlite::Connection;

    use super::*;
    use crate::{MasterKey, testing::Fixture};

    /// Every file in the store's directory, with its content.
    fn files(directory: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
        let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
        let mut files: Vec<_> =
            entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn an_examination_tells_a_free_store_from_one_in_use_and_changes_neither() {
        let fixture = Fixture::new();
        let path = fixture.directory.path().join("baton.db");
        let before = files(fixture.directory.path());
        assert_eq!(Store::examine(&path).unwrap(), Examined::InUse);
        assert_eq!(files(fixture.directory.path()), before);
        fixture.store.close().await.unwrap();
        let before = files(fixture.directory.path());
        assert_eq!(Store::examine(&path).unwrap(), Examined::Free);
        assert_eq!(files(fixture.directory.path()), before);
        Store::open(&path).unwrap();
    }

    #[test]
    fn an_examination_makes_no_store() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("baton.db");
        assert_eq!(Store::examine(&path).unwrap(), Examined::Absent);
        assert_eq!(files(directory.path()), []);
        let nowhere = directory.path().join("missing").join("baton.db");
        assert!(matches!(Store::examine(&nowhere), Err(OpenError::Io { .. })));
    }

    #[tokio::test]
    async fn tenants_are_read_from_outside_whether_the_store_is_open_or_not() {
        let fixture = Fixture::new();
        let path = fixture.directory.path().join("baton.db");
        let random = Random::system();
        let sealing = Sealing::new(MasterKey::generate(&random).unwrap(), random);
        let tenant = StoredTenant {
            key: TenantKey::new("acme", "support", "live"),
            document: b"what is said of it".to_vec().into(),
            changed_at_ms: 1,
        };
        fixture.store.put_tenant(&sealing, tenant.clone()).await.unwrap();
        let tenants = [tenant];
        assert_eq!(Store::examine_tenants(&path, &sealing).unwrap(), tenants);
        fixture.store.close().await.unwrap();
        let before = files(fixture.directory.path());
        assert_eq!(Store::examine_tenants(&path, &sealing).unwrap(), tenants);
        assert_eq!(files(fixture.directory.path()), before);
        let nowhere = fixture.directory.path().join("none.db");
        assert_eq!(Store::examine_tenants(&nowhere, &sealing).unwrap(), []);
    }

    #[tokio::test]
    async fn an_examination_says_what_opening_would_say() {
        let directory = tempfile::tempdir().unwrap();
        let text = directory.path().join("letter.txt");
        fs::write(&text, "Dear Sir or Madam").unwrap();
        assert!(matches!(Store::examine(&text), Err(OpenError::NotAStore { .. })));
        let other = directory.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE mail (text)").unwrap();
        assert!(matches!(Store::examine(&other), Err(OpenError::NotAStore { .. })));
        let fixture = Fixture::new();
        let newer = fixture.directory.path().join("baton.db");
        fixture.store.close().await.unwrap();
        Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let refusal = Store::examine(&newer);
        assert!(matches!(refusal, Err(OpenError::NewerSchema { found: 99, .. })), "{refusal:?}");
    }
}
