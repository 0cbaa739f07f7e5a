//! Connections to the file: what they are set to, and the schema that they find.

use std::{fs, io, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{OpenError, file, sql::MIGRATIONS};

/// Stands in the file's header and says that it is ours: "Batn".
pub(crate) const APPLICATION_ID: i64 = 0x4261_746e;

/// One process has the file, so what a connection waits for is short; this is for a tool that
/// looks into the file meanwhile.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// After how many pages of 4 KiB the write-ahead log goes into the main file: 4 MiB. Commits wait
/// meanwhile, so it is not left to grow large; nor is it small, since each time costs two syncs.
const CHECKPOINT_PAGES: u32 = 1024;

/// How much of the write-ahead log's file is kept for use again, in bytes.
const KEPT_LOG_BYTES: u32 = 64 << 20;

/// How much of the file the writer holds in memory, in KiB. Deliveries touch pages all over the
/// file, and SQLite's default of 2 MiB has most of them read again.
const WRITER_CACHE_KIB: i64 = 16 << 10;

/// More than there are statements, so that each is prepared once.
pub(crate) const CACHED_STATEMENTS: usize = 128;

/// Opens the connection that writes. The file must be there; its schema is brought up to date.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(refused("open", path))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(refused("configure", path))?;
    // Nothing is changed before it is known whose file it is.
    let version = schema_version(&connection, path)?;
    file::make_private(path)?;
    configure_writer(&connection).map_err(refused("configure", path))?;
    require_durability(&connection, path)?;
    migrate(&mut connection, version).map_err(refused("bring up to date", path))?;
    sync_what_is_there(&connection).map_err(refused("sync", path))?;
    Ok(connection)
}

/// Syncs what the file and its log hold already. A process that is killed between writing its log
/// and syncing it leaves commits that this process reads as made, although the disk may not have
/// them yet: nothing may be built on them before it has.
pub(crate) fn sync_what_is_there(connection: &Connection) -> rusqlite::Result<()> {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(code, None));
    }
    Ok(())
}

/// Opens a connection that only reads. The schema must be up to date.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(refused("open", path))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .and_then(|()| connection.pragma_update(None, "trusted_schema", false))
        .and_then(|()| keep_plans(&connection))
        .map_err(refused("configure", path))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

/// Opens a connection that reads of a store that nobody has open, and leaves nothing beside its file:
/// it may lie where nothing can be written. Where the last one to have it left a log behind, the log
/// is read with it.
pub(crate) fn open_at_rest(path: &Path) -> Result<Connection, OpenError> {
    let log = fs::metadata(file::with_suffix(path, "-wal"));
    let has_log = log.is_ok_and(|log| log.len() > 0);
    let Some(name) = path.to_str().filter(|_| !has_log) else { return open_reader(path) };
    let escaped = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)
        .map_err(refused("open", path))
}

pub(crate) fn refused(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(rusqlite::Error) -> OpenError {
    move |source| match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotAStore { path: path.to_owned() },
        Some(ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path: path.to_owned(), problem: source.to_string() }
        }
        Some(ErrorCode::ReadOnly) => {
            OpenError::Io { doing, path: path.to_owned(), source: io::Error::other(source) }
        }
        _ => OpenError::Sqlite { doing, path: path.to_owned(), source },
    }
}

/// The version of the file's schema, 0 for an empty file; refuses a file that is not ours.
pub(crate) fn schema_version(connection: &Connection, path: &Path) -> Result<usize, OpenError> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let reading = "read the schema of";
    let application = number("application_id").map_err(refused(reading, path))?;
    let version = number("user_version").map_err(refused(reading, path))?;
    let is_empty: bool = connection
        .query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
        .map_err(refused(reading, path))?;
    match (application, u32::try_from(version)) {
        (0, Ok(0)) if is_empty => Ok(0),
        (APPLICATION_ID, Ok(found)) if found > 0 => match usize::try_from(found) {
            Ok(version) if version <= MIGRATIONS.len() => Ok(version),
            _ => {
                let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
                Err(OpenError::NewerSchema { path: path.to_owned(), found, known })
            }
        },
        _ => Err(OpenError::NotAStore { path: path.to_owned() }),
    }
}

/// Compiles a cached statement once. Else SQLite does it anew whenever what is bound to it may suit
/// another plan; every statement of ours names its index where that matters.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    // Where SQLite refuses this one it answers with the mode it stays in, without an error;
    // `require_durability` looks.
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    // macOS syncs to the disk's cache only, unless told so.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    keep_plans(connection)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // What would undo a single command; else that is a file.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", KEPT_LOG_BYTES, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Checks that a commit is on disk when it returns.
fn require_durability(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let not_durable = |setting, found, needed| {
        Err(OpenError::NotDurable { path: path.to_owned(), setting, found, needed })
    };
    let checking = "check the settings of";
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(refused(checking, path))?;
    if mode != "wal" {
        return not_durable("journal_mode", mode, "wal");
    }
    let synchronous: i64 = connection
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .map_err(refused(checking, path))?;
    if synchronous != 2 {
        return not_durable("synchronous", synchronous.to_string(), "2");
    }
    let mut built_without_sync = false;
    connection
        .pragma_query(None, "compile_options", |row| {
            built_without_sync |= row.get::<_, String>(0)?.starts_with("NO_SYNC");
            Ok(())
        })
        .map_err(refused(checking, path))?;
    if built_without_sync {
        return not_durable("build option NO_SYNC", "set".to_owned(), "unset");
    }
    Ok(())
}

fn migrate(connection: &mut Connection, version: usize) -> rusqlite::Result<()> {
    for (number, script) in (1_u32..).zip(MIGRATIONS).skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// A connection that writes to a new file at the path.
#[cfg(test)]
pub(crate) fn create_for_test(path: &Path) -> Connection {
    fs::File::create(path).unwrap();
    open_writer(path).unwrap()
}
