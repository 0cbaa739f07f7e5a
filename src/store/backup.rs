//! Back-up: a copy of the store as it is at one moment, made while everybody goes on.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::{OpenError, Store, connection, file};

/// What the name of a copy that is being made ends with, after the store's.
const UNFINISHED: &str = "-copying";

/// A copy of a store. Its file has no name any more, and goes when this is dropped. As long as it is
/// there, no other is made: each takes as much room as the store.
#[derive(Debug)]
pub struct Backup {
    /// The copy, read from its beginning.
    pub file: File,
    /// How many bytes it has.
    pub bytes: u64,
    _place: OwnedSemaphorePermit,
}

/// Why no back-up was made. The store is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Another one is being made, or is there still.
    #[error("a back-up is being made or fetched already; wait until it is done")]
    Busy,
    /// The store was closed.
    #[error("the store is closed; open it again, after a restart of the process if need be")]
    Closed,
    /// The thread that copied died.
    #[error("the copying broke off; try again, and report this as a defect if it does so again")]
    BrokenOff,
    /// The copy could not be written.
    #[error(transparent)]
    Copy(#[from] OpenError),
}

/// What the copying of a store needs of it: it keeps nothing open by itself.
#[derive(Debug)]
pub(crate) struct Copying {
    /// The store's file.
    pub(crate) path: PathBuf,
    /// The file's lock, as long as the store is open.
    pub(crate) lock: Weak<File>,
    /// Is dropped when the store has ended.
    pub(crate) alive: Weak<watch::Sender<()>>,
    /// One permit: for whoever has a copy, or makes one.
    pub(crate) place: Arc<Semaphore>,
}

impl Store {
    /// Makes a copy of the store: all that was answered before the call is in it, and each
    /// transaction is in it whole or not at all. Nobody waits for it. For as long as it takes,
    /// it needs as much room beside the store's file as the file has.
    ///
    /// # Errors
    ///
    /// [`BackupError`] says what is wrong. Nothing of the copy is left then.
    pub async fn back_up(&self) -> Result<Backup, BackupError> {
        let Copying { path, lock, alive, place } = self.copying();
        let (Some(lock), Some(alive)) = (lock.upgrade(), alive.upgrade()) else {
            return Err(BackupError::Closed);
        };
        let place = Arc::clone(place).try_acquire_owned().map_err(|_| BackupError::Busy)?;
        let (answer, answered) = oneshot::channel();
        let refused =
            |source| OpenError::Io { doing: "start a thread for", path: path.clone(), source };
        let store = path.clone();
        let copy = move || {
            let copied = nameless_copy(&store);
            let copied = copied.map(|(file, bytes)| Backup { file, bytes, _place: place });
            drop((lock, alive));
            // Who asked may have gone, and the copy goes with that.
            let _ = answer.send(copied);
        };
        thread::Builder::new().name("store-backup".to_owned()).spawn(copy).map_err(refused)?;
        answered.await.map_err(|_| BackupError::BrokenOff)?.map_err(BackupError::Copy)
    }
}

/// Removes what is left beside a store of a copy that a crash has cut off.
pub(crate) fn remove_unfinished(store: &Path) -> Result<(), OpenError> {
    let path = file::with_suffix(store, UNFINISHED);
    file::remove(&path)?;
    file::remove(&file::with_suffix(&path, "-journal"))
}

/// Copies the store into a file beside it that loses its name at once. Returns it with its size.
fn nameless_copy(store: &Path) -> Result<(File, u64), OpenError> {
    let path = file::with_suffix(store, UNFINISHED);
    let connection = connection::open_reader(store)?;
    let file = copy(&connection, &path)?;
    let refused = |doing| {
        let path = path.clone();
        move |source| OpenError::Io { doing, path, source }
    };
    std::fs::remove_file(&path).map_err(refused("take the name from"))?;
    let bytes = file.metadata().map_err(refused("measure"))?.len();
    Ok((file, bytes))
}

/// Copies what the connection reads into a new file for the user alone, and brings that to disk.
/// What an earlier copying left under the name is replaced; after a failure nothing is left.
pub(crate) fn copy(connection: &Connection, path: &Path) -> Result<File, OpenError> {
    file::remove(path)?;
    let file = file::create_private(path)?;
    let copied = into(connection, path).and_then(|()| {
        let refused =
            |source| OpenError::Io { doing: "write to disk", path: path.to_owned(), source };
        file.sync_all().map_err(refused)
    });
    match copied {
        Ok(()) => Ok(file),
        Err(error) => {
            // What went wrong first is told.
            let _ = file::remove(path);
            let _ = file::remove(&file::with_suffix(path, "-journal"));
            Err(error)
        }
    }
}

fn into(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let Some(name) = path.to_str() else {
        let source = std::io::Error::other("its name is not UTF-8");
        return Err(OpenError::Io { doing: "write", path: path.to_owned(), source });
    };
    connection
        .execute("VACUUM main INTO ?1", [name])
        .map(drop)
        .map_err(connection::refused("copy the store into", path))
}
