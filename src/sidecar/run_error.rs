//! Why a sidecar stops that was not told to.

use std::{error::Error, io};

use baton_genesys::TlsError;
use baton_process::RandomError;
use baton_store::StoreError;
use tokio::task::JoinError;

use crate::signing_keys::SigningKeyError;

/// Why a sidecar stopped that was not told to, or did not stop well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No key that signs could be made.
    #[error("the sidecar cannot make a key that signs")]
    Random(#[from] RandomError),
    /// The store failed while starting or while closing.
    #[error("the sidecar cannot {doing} its store")]
    Store {
        /// What was tried, such as `close`.
        doing: &'static str,
        /// The store's reason.
        source: StoreError,
    },
    /// Nobody brings deliveries to their sessions any more.
    #[error("the dispatcher of deliveries stopped; start the sidecar again")]
    Dispatcher {
        /// The reason.
        source: io::Error,
    },
    /// This machine cannot speak TLS with Genesys, bots or applications.
    #[error("the sidecar cannot speak TLS from this machine")]
    Tls(#[from] TlsError),
    /// A listener failed.
    #[error("the {listener} listener stopped; start the sidecar again")]
    Listener {
        /// Which one: `chat`, `internal`, `application`, `edge` or
        /// `observation`.
        listener: &'static str,
        /// The reason.
        source: io::Error,
    },
}

impl From<SigningKeyError> for RunError {
    fn from(error: SigningKeyError) -> Self {
        match error {
            SigningKeyError::Random(error) => Self::Random(error),
            SigningKeyError::Store(source) => {
                Self::Store { doing: "read the keys that sign from", source }
            }
        }
    }
}

/// Why a task ended that never ends by itself.
pub(crate) fn reason<E: Error + Send + Sync + 'static>(
    ended: Result<Result<(), E>, JoinError>,
) -> io::Error {
    match ended {
        Ok(Err(error)) => io::Error::other(error),
        Ok(Ok(())) => io::Error::other("it ended by itself"),
        Err(error) => io::Error::other(error),
    }
}
