//! Binding, with an error that helps.

use std::{io, net::SocketAddr, path::PathBuf};

use tokio::net::TcpListener;

use crate::{Listen, TlsError, renewal::Certificates, unix_socket::FiledListener};

/// Why a place could not be listened at.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error(
        "port {} of {} is taken, by another process or by another listener of this one; stop that \
         one, or configure another port",
        address.port(),
        address.ip()
    )]
    Taken {
        /// Where.
        address: SocketAddr,
    },
    /// The operating system refused.
    #[error("cannot listen on {address}; check that this host has the address")]
    Io {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Another process listens on the unix socket.
    #[error("another process listens on the socket {}; stop that one, or configure another", path.display())]
    SocketTaken {
        /// Its file.
        path: PathBuf,
    },
    /// The file where the unix socket has to be is something else.
    #[error("{} is no socket; configure another file, or take it away", path.display())]
    NoSocket {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused the unix socket.
    #[error(
        "cannot listen on the socket {0}; check that its folder is there and may be written to, and \
         so may {0}.lock",
        path.display()
    )]
    Socket {
        /// Its file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The certificate, its key, or the authorities of clients cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What listens: nothing is lost that connects from now on.
pub struct Listener {
    listen: Listen,
    pub(crate) socket: Socket,
}

/// What listens, with what it needs to speak there.
pub(crate) enum Socket {
    Cleartext(TcpListener),
    Tls(TcpListener, Certificates),
    Unix(FiledListener),
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Listener").field(&self.listen).finish()
    }
}

/// Listens on an address in cleartext.
///
/// # Errors
///
/// [`BindError::Taken`] and [`BindError::Io`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken { address },
        _ => BindError::Io { address, source },
    })
}

impl Listener {
    /// Listens there. Files of TLS are read now, so that what is wrong with them is known now.
    ///
    /// # Errors
    ///
    /// [`BindError`] says what is in the way, and what to do.
    pub async fn bind(listen: Listen) -> Result<Self, BindError> {
        match listen {
            Listen::Cleartext(address) => Ok(bind(address).await?.into()),
            Listen::Tls(address, files) => {
                let certificates = Certificates::read(files.clone())?;
                let listener = bind(address).await?;
                let listen = Listen::Tls(listener.local_addr().unwrap_or(address), files);
                Ok(Self { listen, socket: Socket::Tls(listener, certificates) })
            }
            Listen::UnixSocket { path, access } => {
                let bound = FiledListener::bind(&path, access);
                let listener = bound.map_err(|source| of_socket(path.clone(), source))?;
                let listen = Listen::UnixSocket { path, access };
                Ok(Self { listen, socket: Socket::Unix(listener) })
            }
        }
    }

    /// Where it listens: with the port that it was given, where it asked for any.
    pub const fn listens(&self) -> &Listen {
        &self.listen
    }
}

/// A listener in cleartext, bound by whoever made it.
impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let listen = Listen::Cleartext(listener.local_addr().unwrap_or(unknown));
        Self { listen, socket: Socket::Cleartext(listener) }
    }
}

fn of_socket(path: PathBuf, source: io::Error) -> BindError {
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::SocketTaken { path },
        io::ErrorKind::AlreadyExists => BindError::NoSocket { path },
        _ => BindError::Socket { path, source },
    }
}
