//! A unix socket's file: made with its rights, never taken from a process that listens there, and
//! gone when nobody listens any more.
//!
//! Whoever listens holds a lock beside the file, and only whoever holds the lock makes or removes the
//! file: one that goes and one that comes never touch each other's. The file of the lock stays.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::{
        fd::AsFd,
        unix::{
            fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
            net::UnixStream as BlockingStream,
        },
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, fchmod};
use tokio::net::{UnixListener, UnixSocket, UnixStream};

use crate::SocketAccess;

/// How many connections may wait to be accepted.
const WAITING: u32 = 1024;

/// A socket that listens, with its file. Dropped, it goes in the order of its members: the file
/// while nobody else can make one there, the lock at the end.
#[derive(Debug)]
pub(crate) struct FiledListener {
    _file: SocketFile,
    listener: UnixListener,
    _lock: File,
}

/// The file of a socket. Dropped, it takes the file away.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// The device and the number of the file that was made.
    made: (u64, u64),
}

impl FiledListener {
    /// Listens on a socket, in the place of one that a process left behind which is no more.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AddrInUse`] where a process listens already, or is about to,
    /// [`io::ErrorKind::AlreadyExists`] where the file is no socket, and what the system refuses.
    pub(crate) fn bind(path: &Path, access: SocketAccess) -> io::Result<Self> {
        let lock = lock(path)?;
        remove_stale(path)?;
        let socket = UnixSocket::new_stream()?;
        // On Linux the file is made with these rights: there is no moment at which others may
        // connect. Elsewhere the rights of a socket without a name cannot be set.
        let _ = fchmod(socket.as_fd(), Mode::from_raw_mode(access.mode()));
        socket.bind(path)?;
        let file = SocketFile { path: path.to_owned(), made: identity(path)? };
        fs::set_permissions(path, Permissions::from_mode(access.mode()))?;
        Ok(Self { _file: file, listener: socket.listen(WAITING)?, _lock: lock })
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }
}

/// Takes the lock beside the file, which nobody but this user may open. It is held as long as it is
/// open, whatever happens to the process.
fn lock(path: &Path) -> io::Result<File> {
    let mut beside = OsString::from(path);
    beside.push(".lock");
    let mut private = OpenOptions::new();
    let lock = private.write(true).create(true).truncate(false).mode(0o600).open(beside)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::AddrInUse.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes a socket on which nobody listens. Programs that know nothing of the lock may.
fn remove_stale(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match BlockingStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // A program that knows nothing of the lock may have put its own there by now.
        if identity(&self.path).is_ok_and(|found| found == self.made)
            && let Err(error) = fs::remove_file(&self.path)
        {
            let path = self.path.display();
            tracing::warn!(%path, %error, "the file of a socket stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener as BlockingListener;

    use tokio::task::spawn_blocking;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_has_its_rights_and_goes_with_its_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        for (access, expected) in [(SocketAccess::User, 0o600), (SocketAccess::Group, 0o660)] {
            let listener = FiledListener::bind(&path, access).unwrap();
            assert_eq!(mode(&path), expected);
            assert_eq!(mode(&folder.path().join("internal.sock.lock")), 0o600);
            BlockingStream::connect(&path).unwrap();
            drop(listener);
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        drop(BlockingListener::bind(&path).unwrap());
        assert!(path.exists(), "it is left behind");
        let _listener = FiledListener::bind(&path, SocketAccess::User).unwrap();
        let refused = FiledListener::bind(&path, SocketAccess::User).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        BlockingStream::connect(&path).unwrap();
    }

    #[tokio::test]
    async fn the_socket_of_a_program_that_takes_no_lock_is_left_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        let other = BlockingListener::bind(&path).unwrap();
        let refused = FiledListener::bind(&path, SocketAccess::User).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        drop(other);

        let listener = FiledListener::bind(&path, SocketAccess::User).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = BlockingListener::bind(&path).unwrap();
        drop(listener);
        BlockingStream::connect(&path).unwrap();
    }

    #[tokio::test]
    async fn whoever_listens_is_found_however_many_come_and_go_at_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        let come_and_go = |path: PathBuf| {
            for _ in 0..500 {
                match FiledListener::bind(&path, SocketAccess::User) {
                    Ok(listener) => assert_eq!(identity(&path).unwrap(), listener._file.made),
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::AddrInUse),
                }
            }
        };
        let comers: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                spawn_blocking(move || come_and_go(path))
            })
            .collect();
        for comer in comers {
            comer.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        let refused = FiledListener::bind(&path, SocketAccess::User).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
