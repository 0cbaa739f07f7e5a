//! Why a sidecar did not do what an operator asked for.

use std::fmt;

use http::StatusCode;
use thiserror::Error;

use super::transport_error::TransportError;

/// Why a sidecar did not do what an operator asked for. Each says whom was asked.
#[derive(Debug, Error)]
pub(crate) enum AdminError {
    /// Nothing answered.
    #[error("no answer from the sidecar at {sidecar}: {source}")]
    NoAnswer {
        /// Whom was asked.
        sidecar: String,
        /// What is wrong and what to do.
        source: TransportError,
    },
    /// The sidecar does not know the credential.
    #[error(
        "the sidecar at {sidecar} does not take the credential of {origin}: it has to be one of \
         internal.admin_credentials in its configuration"
    )]
    Unauthorized {
        /// Whom was asked.
        sidecar: String,
        /// Where the credential comes from.
        origin: CredentialOrigin,
    },
    /// The sidecar refused.
    #[error("the sidecar at {sidecar} refused with {}: {said}", status.as_u16())]
    Refused {
        /// Whom was asked.
        sidecar: String,
        /// The HTTP status.
        status: StatusCode,
        /// What it says, on one line.
        said: String,
    },
    /// The answer is not what the internal API says.
    #[error(
        "the answer from {sidecar} is none that this version knows: is --sidecar the address of \
         the internal listener of a sidecar of the same version?"
    )]
    Unexpected {
        /// Whom was asked.
        sidecar: String,
    },
    /// The answer broke off.
    #[error("the answer of the sidecar at {sidecar} broke off: {source}")]
    BrokenOff {
        /// Whom was asked.
        sidecar: String,
        /// What is wrong and what to do.
        source: TransportError,
    },
}

impl AdminError {
    /// Whether the sidecar has nothing of that name.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::NOT_FOUND, .. })
    }

    /// Whether nothing listens where the sidecar should.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, Self::NoAnswer { source: TransportError::Unreachable(_), .. })
    }
}

/// Where a credential comes from, for whoever has to correct it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CredentialOrigin {
    /// An environment variable, by its name.
    Variable(String),
    /// A file, by its path.
    File(String),
}

impl fmt::Display for CredentialOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "the environment variable {name}"),
            Self::File(path) => write!(formatter, "the file {path}"),
        }
    }
}
