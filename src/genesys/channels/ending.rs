//! How a connection to a channel ends, and what follows from it.

use std::fmt;

use tokio_tungstenite::tungstenite::{Error, error::CapacityError};

/// Longer messages end the connection before they are read. An event has about a kilobyte, and
/// Genesys' documents name no largest one.
pub(crate) const MOST_MESSAGE_BYTES: usize = 1 << 20;

/// How a connection ended, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The upgrade was answered with this HTTP status.
    Refused(u16),
    /// There was no answer to the upgrade.
    Unreachable(String),
    /// A close frame came, with this code if it had one.
    Closed(Option<u16>),
    /// The connection broke without a close frame.
    Broke,
    /// Nothing came, not even the answer to our ping.
    Silent,
    /// A message began that is longer than [`MOST_MESSAGE_BYTES`].
    TooLong,
}

/// Who closed a socket, as its close code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closer {
    /// Genesys had to: maintenance, overload, or a fault.
    Genesys,
    /// Somebody may have: a second socket to the same channel is the usual cause.
    PerhapsRival,
}

/// The close codes (RFC 6455, 7.4; Genesys reference, 4.3). After each of them the same channel
/// is tried again: its subscriptions outlive the socket, and the upgrade tells if it is gone.
const CLOSE_CODES: &[(u16, Closer, &str)] = &[
    (1000, Closer::PerhapsRival, "closed without a fault"),
    (1001, Closer::PerhapsRival, "idle, evicted, its token expired, or its 24 hours over"),
    (1002, Closer::Genesys, "a protocol error"),
    (1003, Closer::Genesys, "data of a wrong kind"),
    (1006, Closer::Genesys, "the connection broke"),
    (1007, Closer::Genesys, "data that is no UTF-8"),
    (1008, Closer::PerhapsRival, "against a policy"),
    (1009, Closer::Genesys, "a frame too large"),
    (1011, Closer::Genesys, "an error in the server"),
    (1012, Closer::Genesys, "the server restarts"),
    (1013, Closer::Genesys, "the server is overloaded"),
    (1014, Closer::Genesys, "a bad gateway"),
    (1015, Closer::Genesys, "a TLS fault"),
];

/// What a close code that is not in the table is taken for: the ones from 4000 on are the
/// server's own, and a close frame may come without one.
const OTHER_CODE: (Closer, &str) = (Closer::PerhapsRival, "closed for a reason of its own");

/// The upgrade's answers that mean that the channel is gone (Genesys reference, 4.1).
const GONE: &[u16] = &[401, 403, 404, 410];

impl Ending {
    /// How an open connection ended, of what reading from it says.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooLong,
            _ => Self::Broke,
        }
    }

    /// Whether it says that the channel is no more.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Refused(status) if GONE.contains(status))
    }

    /// Whether it is what a second owner of the channel would cause.
    pub(crate) fn may_be_a_rival(&self) -> bool {
        matches!(self, Self::Closed(code) if described(*code).0 == Closer::PerhapsRival)
    }

    /// Whether all that Genesys sent before was received.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(formatter, "the upgrade was answered with {status}"),
            Self::Unreachable(reason) => formatter.write_str(reason),
            Self::Closed(Some(code)) => {
                write!(formatter, "closed with {code}: {}", described(Some(*code)).1)
            }
            Self::Closed(None) => formatter.write_str("closed without a code"),
            Self::Broke => formatter.write_str("the connection broke"),
            Self::Silent => formatter.write_str("silent, also to a ping"),
            Self::TooLong => write!(
                formatter,
                "a message of more than {MOST_MESSAGE_BYTES} bytes came, which no event has"
            ),
        }
    }
}

fn described(code: Option<u16>) -> (Closer, &'static str) {
    CLOSE_CODES
        .iter()
        .find(|(known, ..)| Some(*known) == code)
        .map_or(OTHER_CODE, |(_, closer, meaning)| (*closer, *meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_upgrade_says_that_the_channel_is_gone() {
        for status in [401, 403, 404, 410] {
            assert!(Ending::Refused(status).is_gone(), "{status}");
        }
        for ending in [
            Ending::Refused(429),
            Ending::Refused(503),
            Ending::Unreachable("no route".to_owned()),
            Ending::Closed(Some(1001)),
            Ending::Broke,
            Ending::Silent,
            Ending::TooLong,
        ] {
            assert!(!ending.is_gone(), "{ending}");
        }
    }

    #[test]
    fn a_rival_is_suspected_where_nothing_else_explains_the_close() {
        for code in [None, Some(1000), Some(1001), Some(1008), Some(4003)] {
            assert!(Ending::Closed(code).may_be_a_rival(), "{code:?}");
        }
        for ending in [
            Ending::Closed(Some(1011)),
            Ending::Closed(Some(1012)),
            Ending::Closed(Some(1013)),
            Ending::Broke,
            Ending::Silent,
            Ending::TooLong,
            Ending::Refused(404),
        ] {
            assert!(!ending.may_be_a_rival(), "{ending}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_told_from_a_connection_that_broke() {
        let too_long = CapacityError::MessageTooLong { size: 2 << 20, max_size: 1 << 20 };
        let ending = Ending::of(&Error::Capacity(too_long));
        assert_eq!(ending, Ending::TooLong);
        assert!(!ending.is_complete());
        assert_eq!(
            ending.to_string(),
            "a message of more than 1048576 bytes came, which no event has"
        );
        assert_eq!(Ending::of(&Error::ConnectionClosed), Ending::Broke);
    }

    #[test]
    fn an_ending_says_what_its_code_means() {
        assert_eq!(Ending::Closed(Some(1012)).to_string(), "closed with 1012: the server restarts");
        assert_eq!(
            Ending::Closed(Some(4711)).to_string(),
            "closed with 4711: closed for a reason of its own"
        );
    }
}
