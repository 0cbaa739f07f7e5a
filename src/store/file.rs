//! The store's file: made for its user alone, and held by one process.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::OpenError;

/// The store's file, there and held; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct HeldFile {
    /// The file's own path, whatever links lead to it.
    pub(crate) path: PathBuf,
    /// Locked as long as it is open.
    pub(crate) lock: File,
}

/// Takes the lock, and creates an empty file where none is.
pub(crate) fn hold(path: &Path) -> Result<HeldFile, OpenError> {
    let real = real_path(path).map_err(refused("find", path))?;
    // The lock comes first: SQLite's own locks on a file go when the process that has them
    // closes any handle of it, so a file that is in use must not be opened in passing.
    let lock = lock(path, &real)?;
    create(&real).map_err(refused("create", &real))?;
    if let Some(directory) = real.parent() {
        sync_directory(directory).map_err(refused("write to disk the directory", directory))?;
    }
    Ok(HeldFile { path: real, lock })
}

/// Takes all rights on the file, and on what SQLite has beside it, from everybody but its user.
/// What SQLite creates later gets the same rights.
#[cfg(unix)]
pub(crate) fn make_private(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::PermissionsExt;
    for suffix in ["", "-wal", "-shm"] {
        let path = with_suffix(path, suffix);
        let rights = match fs::metadata(&path) {
            Ok(metadata) => metadata.permissions(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(refused("read the rights of", &path)(error)),
        };
        if rights.mode() & 0o077 != 0 {
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&path, private)
                .map_err(refused("restrict the rights of", &path))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn make_private(_path: &Path) -> Result<(), OpenError> {
    Ok(())
}

fn refused(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { doing, path: path.to_owned(), source }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The path without links, also of a file that is not there yet.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            let directory = match path.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            Ok(fs::canonicalize(directory)?.join(name))
        }
        found => found,
    }
}

fn lock(path: &Path, real: &Path) -> Result<File, OpenError> {
    let lock_path = with_suffix(real, ".lock");
    let file = private()
        .create(true)
        .truncate(false)
        .open(&lock_path)
        .map_err(refused("create", &lock_path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(refused("lock", &lock_path)(source)),
    }
}

fn create(path: &Path) -> io::Result<()> {
    match private().create_new(true).open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Options that open for writing, and create for the user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Brings a new file's name to disk; its content alone would be lost in a crash.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
