//! Where and how a listener listens.

use std::{fmt, net::SocketAddr, path::PathBuf};

use crate::{TlsError, certificate};

/// Where a listener listens, and what it speaks there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// On an address, in cleartext: on loopback, or where something before it speaks TLS.
    Cleartext(SocketAddr),
    /// On an address, with TLS.
    Tls(SocketAddr, TlsFiles),
    /// On a unix socket, which only processes of this machine reach.
    UnixSocket {
        /// Its file. Beside it stays that of a lock: the same name, and `.lock` behind it.
        path: PathBuf,
        /// Who may connect to it.
        access: SocketAccess,
    },
}

/// The files of a listener that speaks TLS, all of them in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities of those who may connect; absent where a client shows no certificate.
    pub client_ca: Option<PathBuf>,
}

/// Who may connect to a unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketAccess {
    /// The user whom the process has (mode 0600).
    User,
    /// Also that user's group (mode 0660).
    Group,
}

impl SocketAccess {
    /// The rights of the socket's file.
    pub(crate) const fn mode(self) -> u32 {
        match self {
            Self::User => 0o600,
            Self::Group => 0o660,
        }
    }
}

impl Listen {
    /// Checks that it can speak TLS with its files, if it has any, as they are now. Blocks while
    /// they are read.
    ///
    /// # Errors
    ///
    /// [`TlsError`] says which file is wrong.
    pub fn check(&self) -> Result<(), TlsError> {
        match self {
            Self::Tls(_, files) => certificate::read(files).map(drop),
            Self::Cleartext(_) | Self::UnixSocket { .. } => Ok(()),
        }
    }
}

/// As an address to call: `http://127.0.0.1:8081`, `unix:/run/baton/internal.sock`.
impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cleartext(address) => write!(formatter, "http://{address}"),
            Self::Tls(address, _) => write!(formatter, "https://{address}"),
            Self::UnixSocket { path, .. } => write!(formatter, "unix:{}", path.display()),
        }
    }
}
