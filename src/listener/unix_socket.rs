//! A unix socket's file: made with its rights, never taken from a process that listens there, and
//! gone when nobody listens any more.

use std::{
    fs::{self, Permissions},
    io,
    os::{
        fd::AsFd,
        unix::{
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
            net::UnixStream,
        },
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, fchmod};
use tokio::net::{UnixListener, UnixSocket};

use crate::SocketAccess;

/// How many connections may wait to be accepted.
const WAITING: u32 = 1024;

/// The file of a socket that listens. Dropped, it takes the file away.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The device and the number of the file that was made.
    made: (u64, u64),
}

/// Listens on a socket, in the place of one that a process left behind which is no more.
///
/// # Errors
///
/// [`io::ErrorKind::AddrInUse`] where a process listens already, [`io::ErrorKind::AlreadyExists`]
/// where the file is no socket, and what the system refuses.
pub(crate) fn listen(path: &Path, access: SocketAccess) -> io::Result<(UnixListener, SocketFile)> {
    remove_stale(path)?;
    let socket = UnixSocket::new_stream()?;
    // On Linux the file is made with these rights: there is no moment at which others may connect.
    // Elsewhere the rights of a socket without a name cannot be set.
    let _ = fchmod(socket.as_fd(), Mode::from_raw_mode(access.mode()));
    socket.bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(access.mode()))?;
    let file = SocketFile { path: path.to_owned(), made: identity(path)? };
    Ok((socket.listen(WAITING)?, file))
}

fn remove_stale(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match UnixStream::connect(path) {
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
        // Another process may have put its own there by now.
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
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_has_its_rights_and_goes_with_its_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        for (access, expected) in [(SocketAccess::User, 0o600), (SocketAccess::Group, 0o660)] {
            let (listener, file) = listen(&path, access).unwrap();
            assert_eq!(mode(&path), expected);
            UnixStream::connect(&path).unwrap();
            drop((listener, file));
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "it is left behind");
        let (_listener, file) = listen(&path, SocketAccess::User).unwrap();
        let refused = listen(&path, SocketAccess::User).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        drop(file);
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        let refused = listen(&path, SocketAccess::User).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
