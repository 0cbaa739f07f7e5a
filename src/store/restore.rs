//! What is done with a store that nobody has open: it is copied, checked and restored.

use std::{fs, path::Path};

use rusqlite::{Connection, OptionalExtension, params};

use crate::{NewEvent, OpenError, Store, UNADDRESSED, backup, connection, file, sql};

/// What a sound store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFacts {
    /// The version of its schema.
    pub schema: u32,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many sessions it has.
    pub sessions: u64,
    /// How many of them have not ended.
    pub live_sessions: u64,
}

/// What a restored store begins with.
pub struct Restoration<'a> {
    /// The present: milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// The last event of a session, given the session's id.
    pub last_event: &'a dyn Fn(&str) -> NewEvent,
}

impl Store {
    /// Copies a store that nobody has open, as it is, into a file that is not there yet.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is wrong. Nothing of the copy is left then.
    pub fn back_up_file(store: &Path, to: &Path) -> Result<StoreFacts, OpenError> {
        let _lock = file::hold_existing(store)?;
        let connection = connection::open_at_rest(store)?;
        let facts = examine(&connection, store)?;
        write_whole(to, |partial| backup::copy(&connection, partial).map(drop))?;
        Ok(facts)
    }

    /// Checks a store that nobody has open, or a back-up: that it is one, that its pages are
    /// whole, and that what refers to a row finds it. Reads all of it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is wrong.
    pub fn check_file(store: &Path) -> Result<StoreFacts, OpenError> {
        let _lock = file::hold_existing(store)?;
        examine(&connection::open_at_rest(store)?, store)
    }

    /// Makes a store of a back-up, at a path where none is.
    ///
    /// What came after the back-up is gone, and its sequence numbers would be given again. So
    /// every session that went on is over: its log gets a last event, its token opens it no more,
    /// and a client begins a new one. A notification of that event waits for those who want it, as
    /// one that is [`UNADDRESSED`]. Its handoffs and turns are taken out, and the messages that
    /// waited become dead letters, since Genesys may have had them. The keys that sign are made
    /// anew, because what was signed since may have been revoked since.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is wrong. Then no store is made.
    pub fn restore(
        backup: &Path,
        to: &Path,
        restoration: &Restoration<'_>,
    ) -> Result<StoreFacts, OpenError> {
        let _backup_lock = file::hold_existing(backup)?;
        let source = connection::open_at_rest(backup)?;
        let facts = examine(&source, backup)?;
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // SQLite would take them for the new store's own.
            file::require_absent(&file::with_suffix(to, suffix))?;
        }
        let (real, _lock) = file::lock_absent(to)?;
        write_whole(&real, |partial| {
            drop(backup::copy(&source, partial)?);
            let mut restored = connection::open_writer(partial)?;
            begin_anew(&mut restored, restoration)
                .map_err(connection::refused("restore", partial))?;
            close(restored, partial)
        })?;
        Ok(facts)
    }
}

/// Writes a file under a name of its own, and gives it its name only when it is whole.
fn write_whole(
    to: &Path,
    write: impl FnOnce(&Path) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    file::require_absent(to)?;
    let partial = file::with_suffix(to, ".partial");
    let written = write(&partial).and_then(|()| file::give_name(&partial, to));
    if written.is_err() {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // What went wrong first is told.
            let _ = file::remove(&file::with_suffix(&partial, suffix));
        }
    }
    written
}

fn examine(connection: &Connection, path: &Path) -> Result<StoreFacts, OpenError> {
    let schema = connection::schema_version(connection, path)?;
    if schema == 0 {
        return Err(OpenError::NotAStore { path: path.to_owned() });
    }
    let refused = || connection::refused("check", path);
    let damaged = |problem| OpenError::Damaged { path: path.to_owned(), problem };
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(refused())?;
    if found != "ok" {
        return Err(damaged(found));
    }
    let lost = connection
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut statement| statement.exists([]))
        .map_err(refused())?;
    if lost {
        return Err(damaged("a row refers to one that is not there".to_owned()));
    }
    let count = |query| {
        let count = connection.query_row(query, [], |row| row.get::<_, i64>(0));
        count.map(i64::unsigned_abs).map_err(refused())
    };
    let bytes = fs::metadata(path).map_err(|source| OpenError::Io {
        doing: "measure",
        path: path.to_owned(),
        source,
    })?;
    Ok(StoreFacts {
        schema: u32::try_from(schema).unwrap_or(u32::MAX),
        bytes: bytes.len(),
        sessions: count("SELECT count(*) FROM session")?,
        live_sessions: count("SELECT count(*) FROM session WHERE ended_at_ms IS NULL")?,
    })
}

/// Genesys may have had them since the back-up.
const BURY_WAITING: &str = "
    INSERT INTO dead_letter (kind, item, account_id, project_id, client_env, session, about,
                             reason, at_ms, body)
    SELECT 'message', outgoing.number, account_id, project_id, client_env, session, outgoing_id,
           'the store was restored from a back-up', ?1, CAST(body AS BLOB)
    FROM outgoing JOIN session ON session.number = outgoing.session
    WHERE outcome IS NULL
    ORDER BY outgoing.number";

/// Ends what went on when the back-up was made.
fn begin_anew(connection: &mut Connection, restoration: &Restoration<'_>) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute(BURY_WAITING, [restoration.at_ms])?;
    transaction.execute_batch(include_str!("restore.sql"))?;
    let live: Vec<(i64, String)> = transaction
        .prepare("SELECT number, session_id FROM session WHERE ended_at_ms IS NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (number, session_id) in live {
        let NewEvent { id, timestamp, kind, payload, metadata, .. } =
            (restoration.last_event)(&session_id);
        let last: Option<i64> =
            transaction.query_row(sql::LAST_SEQUENCE, [number], |row| row.get(0)).optional()?;
        let sequence = last.unwrap_or(0) + 1;
        let none = None::<String>;
        let event = params![number, sequence, id, timestamp, kind, payload, metadata, none];
        transaction.execute(sql::APPEND, event)?;
        // Which endpoints want to know it, the configuration says.
        transaction.execute(sql::QUEUE_NOTIFICATION, params![UNADDRESSED, number, sequence])?;
        transaction.execute(sql::END_SESSION, params![number, restoration.at_ms])?;
    }
    transaction.commit()
}

/// Brings all of the store into its one file.
fn close(connection: Connection, path: &Path) -> Result<(), OpenError> {
    connection::sync_what_is_there(&connection).map_err(connection::refused("sync", path))?;
    connection.close().map_err(|(_, source)| connection::refused("close", path)(source))
}
