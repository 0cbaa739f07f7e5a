//! Why no answer came.

use std::{error::Error, time::Duration};

use http_body_util::LengthLimitError;

use crate::{reserved::Reserved, resolver::ResolveError};

/// Why no answer came. No message repeats more of the URL than its host, nor anything of what
/// was sent or received.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The host leads into the network in which Baton runs: nothing was sent.
    #[error(
        "{host} leads to {reserved}: it was not called; set allow_private if it is a host of your \
         own network"
    )]
    Guarded {
        /// The host.
        host: String,
        /// Where it leads.
        reserved: Reserved,
    },
    /// No connection came about: nothing was sent.
    #[error("{host} cannot be reached ({reason})")]
    Unreachable {
        /// The host.
        host: String,
        /// What the network, the resolver or TLS said.
        reason: String,
    },
    /// The connection was lost after something was sent.
    #[error("the connection to {host} was lost before its answer was whole ({reason})")]
    Interrupted {
        /// The host.
        host: String,
        /// What the network said.
        reason: String,
    },
    /// It took too long. What was sent by then is not known.
    #[error("{host} gave no answer within {after:?}")]
    TimedOut {
        /// The host.
        host: String,
        /// How long was waited.
        after: Duration,
    },
    /// The answer is longer than what is read.
    #[error("the answer of {host} is longer than {most_bytes} bytes")]
    TooLong {
        /// The host.
        host: String,
        /// How much is read.
        most_bytes: usize,
    },
}

impl OutboundError {
    /// Whether the same request may succeed a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Interrupted { .. } | Self::TimedOut { .. } => true,
            Self::Guarded { .. } | Self::TooLong { .. } => false,
        }
    }

    pub(crate) fn of_request(error: &hyper_util::client::legacy::Error, host: &str) -> Self {
        let host = host.to_owned();
        if let Some(ResolveError::Reserved(reserved)) = cause(error) {
            return Self::Guarded { host, reserved: *reserved };
        }
        let reason = root_cause(error);
        match error.is_connect() {
            true => Self::Unreachable { host, reason },
            false => Self::Interrupted { host, reason },
        }
    }

    pub(crate) fn of_body(
        error: &(dyn Error + Send + Sync + 'static),
        host: &str,
        most_bytes: usize,
    ) -> Self {
        let host = host.to_owned();
        match cause::<LengthLimitError>(error) {
            Some(_) => Self::TooLong { host, most_bytes },
            None => Self::Interrupted { host, reason: root_cause(error) },
        }
    }
}

/// The cause of this type, if there is one.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The innermost error alone: the outer ones only say that a request failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}
