//! Why a call of Genesys failed, and what is to be done.
//!
//! No error shows a secret, a token, or what a user wrote: Genesys' own words about a call with a
//! body may quote it, so of those only the code, the template and the context id are kept.

use std::{fmt, time::Duration};

use crate::transport::TransportError;

mod api;

pub use api::ApiError;
pub(crate) use api::{Wording, correlation_id, printable, retry_after, word};

/// Why a call of the Platform API failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no token to make it with.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Genesys said no.
    #[error(transparent)]
    Genesys(Box<ApiError>),
    /// No connection came about.
    #[error(
        "{purpose} failed: {host} cannot be reached ({reason}); check the network, the region and \
         any firewall in between"
    )]
    Unreachable {
        /// What was to be done.
        purpose: &'static str,
        /// Where.
        host: String,
        /// What the network said.
        reason: String,
    },
    /// The connection was lost before the answer was whole.
    #[error(
        "{purpose} broke off: the connection to {host} was lost ({reason}), and whether Genesys \
         carried it out is not known; check the network if that goes on"
    )]
    Interrupted {
        /// What was to be done.
        purpose: &'static str,
        /// Where.
        host: String,
        /// What the network said.
        reason: String,
    },
    /// The answer took too long.
    #[error(
        "{purpose} got no answer from {host} within {after:?}, and whether Genesys carried it out \
         is not known; check the network and status.mypurecloud.com if that goes on"
    )]
    TimedOut {
        /// What was to be done.
        purpose: &'static str,
        /// Where.
        host: String,
        /// How long was waited.
        after: Duration,
    },
    /// It was carried out, but its answer is not what the Platform API answers.
    #[error(
        "{purpose} was answered by {host} with something else than was asked for ({reason}); \
         check that nothing stands between Baton and Genesys that answers in its place"
    )]
    Unreadable {
        /// What was to be done.
        purpose: &'static str,
        /// Where.
        host: String,
        /// What is wrong with the answer; never what stands in it.
        reason: String,
    },
    /// It was carried out, but its answer is longer than anything that the Platform API answers.
    #[error(
        "{purpose} was answered by {host} with more than {most_bytes} bytes, of which none is \
         read; check that nothing stands between Baton and Genesys that answers in its place"
    )]
    TooLong {
        /// What was to be done.
        purpose: &'static str,
        /// Where.
        host: String,
        /// How many bytes would have been read.
        most_bytes: usize,
    },
    /// It was left out, because what is more important needs all that Genesys takes.
    #[error(
        "{purpose} was left out: more waits for Genesys than the rate limit of the OAuth client \
         lets through; give each deployment an OAuth client of its own if that goes on"
    )]
    Busy {
        /// What was to be done.
        purpose: &'static str,
    },
}

impl CallError {
    /// Whether the very same call can never succeed. Of a user's message this means that it is
    /// given up: so only what Genesys says against the call itself is final. That it is a bad
    /// request is not, without Genesys' word for it: something in between may say so, and be mended.
    pub fn is_final(&self) -> bool {
        let Self::Genesys(error) = self else { return false };
        match error.status {
            400 => !error.code.is_empty(),
            413 | 415 | 422 => true,
            _ => false,
        }
    }

    /// Whether it goes on until an operator mends something: credentials, a permission, what
    /// stands between Baton and Genesys. What is not found is told apart by
    /// [`CallError::is_not_found`]: a conversation that is over needs no mending.
    pub fn needs_operator(&self) -> bool {
        match self {
            Self::Token(error) => {
                matches!(
                    error,
                    TokenError::WrongCredentials { .. } | TokenError::NotAccepted { .. }
                )
            }
            Self::Genesys(error) => match error.status {
                404 | 408 | 409 | 423 | 425 | 429 => false,
                300..=499 => !self.is_final(),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether Genesys does not have what was asked for.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Genesys(error) if error.status == 404)
    }

    pub(crate) fn of_transport(error: TransportError, purpose: &'static str, host: &str) -> Self {
        let host = host.to_owned();
        match error {
            TransportError::Unreachable(reason) => Self::Unreachable { purpose, host, reason },
            TransportError::Interrupted(reason) => Self::Interrupted { purpose, host, reason },
            TransportError::TimedOut(after) => Self::TimedOut { purpose, host, after },
            TransportError::TooLong(most_bytes) => Self::TooLong { purpose, host, most_bytes },
        }
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Genesys does not know the OAuth client, or not with this secret.
    #[error(
        "{host} refuses the OAuth client {client_id} ({code}){}; check the client id, its secret, \
         the region, and that its grant type is client credentials",
        ContextId(context_id.as_deref())
    )]
    WrongCredentials {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
        /// Genesys' word for it, such as `invalid_client`.
        code: String,
        /// What Genesys' support asks for.
        context_id: Option<String>,
    },
    /// The login host cannot be reached, or broke off.
    #[error(
        "no token for the OAuth client {client_id}: {host} cannot be reached ({reason}); check \
         the network, the region and any firewall in between"
    )]
    Unreachable {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
        /// What the network said.
        reason: String,
    },
    /// The login host took too long.
    #[error(
        "no token for the OAuth client {client_id}: {host} gave no answer within {after:?}; check \
         the network and status.mypurecloud.com"
    )]
    TimedOut {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
        /// How long was waited.
        after: Duration,
    },
    /// The login host would not, for another reason than the credentials.
    #[error(
        "no token for the OAuth client {client_id}: {host} answered {status} {code}{}; it is \
         asked again later",
        ContextId(context_id.as_deref())
    )]
    Refused {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
        /// The HTTP status.
        status: u16,
        /// Genesys' word for it; empty if it gave none.
        code: String,
        /// What Genesys' support asks for.
        context_id: Option<String>,
        /// How long Genesys wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The login host said yes, with something that is no token.
    #[error(
        "no token for the OAuth client {client_id}: {host} answered with something else than a \
         token; check that it is the login host of a Genesys region"
    )]
    Unreadable {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
    },
    /// The login host said yes, with something that is far too long for a token.
    #[error(
        "no token for the OAuth client {client_id}: {host} answered with more than {most_bytes} \
         bytes, of which none is read; check that it is the login host of a Genesys region"
    )]
    TooLong {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
        /// How many bytes would have been read.
        most_bytes: usize,
    },
    /// The Platform API refuses tokens that are fresh.
    #[error(
        "the Platform API refuses the tokens that {host} has just issued to the OAuth client \
         {client_id}; check that the client was not deleted or disabled, and that the login and \
         the API host are of one region"
    )]
    NotAccepted {
        /// Where.
        host: String,
        /// The client.
        client_id: String,
    },
}

/// Names the context id, where there is one.
pub(crate) struct ContextId<'a>(pub(crate) Option<&'a str>);

impl fmt::Display for ContextId<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(formatter, " (context id {id})"),
            None => Ok(()),
        }
    }
}
