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

/// Takes the lock of a store that is there, if it was ever opened as one.
pub(crate) fn hold_existing(path: &Path) -> Result<Option<File>, OpenError> {
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Missing { path: path.to_owned() });
        }
        Err(error) => return Err(refused("find", path)(error)),
    };
    let lock_path = with_suffix(&real, ".lock");
    match File::open(&lock_path) {
        Ok(lock) => take(lock, path, &lock_path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused("open", &lock_path)(error)),
    }
}

/// Takes the lock for a store that is not there yet. Returns the store's own path with it.
pub(crate) fn lock_absent(path: &Path) -> Result<(PathBuf, File), OpenError> {
    let real = real_path(path).map_err(refused("find the directory of", path))?;
    let lock = lock(path, &real)?;
    require_absent(&real)?;
    Ok((real, lock))
}

/// Checks that nothing is there.
pub(crate) fn require_absent(path: &Path) -> Result<(), OpenError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(OpenError::Exists { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused("look for", path)(error)),
    }
}

/// Creates an empty file for the user alone.
pub(crate) fn create_private(path: &Path) -> Result<File, OpenError> {
    private().create_new(true).open(path).map_err(refused("create", path))
}

/// Removes the file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(refused("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Gives a whole file its name, and brings both to disk.
pub(crate) fn give_name(file: &Path, name: &Path) -> Result<(), OpenError> {
    File::open(file).and_then(|file| file.sync_all()).map_err(refused("write to disk", file))?;
    require_absent(name)?;
    fs::rename(file, name).map_err(refused("create", name))?;
    let directory = name.parent().filter(|parent| *parent != Path::new(""));
    let directory = directory.unwrap_or(Path::new("."));
    sync_directory(directory).map_err(refused("write to disk the directory", directory))
}

pub(crate) fn refused(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { doing, path: path.to_owned(), source }
}

/// The path of what lies beside a file.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The path without links, also of a file that is not there yet.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
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
    take(file, path, &lock_path)
}

fn take(file: File, path: &Path, lock_path: &Path) -> Result<File, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(refused("lock", lock_path)(source)),
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
