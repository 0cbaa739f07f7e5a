//! Whether anybody is there, and when a session counts as abandoned.

use std::time::Duration;

use jiff::Timestamp;

use crate::configuration::SessionOptions;

/// Whether a client is connected to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// One is.
    Connected,
    /// None is.
    Gone {
        /// When one was last known to be there; when the process started, if none came since.
        since: Timestamp,
    },
}

impl Presence {
    /// What it is after a look, with a client last known to be there at this time.
    pub(crate) fn seen(self, connected: bool, last_seen: Timestamp) -> Self {
        match self {
            _ if connected => Self::Connected,
            Self::Connected => Self::Gone { since: last_seen },
            Self::Gone { since } => Self::Gone { since: since.max(last_seen) },
        }
    }

    /// Whether a session that was last active at this time is abandoned. A client that is
    /// connected keeps it for long, but not by its heartbeats alone for ever; where none is, a
    /// session that was silent for long still gets its time, since a connection that broke comes
    /// again (Messaging API, 9).
    pub(crate) fn abandons(
        self,
        active_at: Timestamp,
        now: Timestamp,
        options: &SessionOptions,
    ) -> bool {
        let (since, patience) = match self {
            Self::Connected => (active_at, options.heartbeats_alone),
            Self::Gone { since } => (since.max(active_at), options.idle),
        };
        Duration::try_from(now.duration_since(since)).is_ok_and(|silence| silence >= patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn abandons(presence: Presence, active_at: i64, now: i64) -> bool {
        presence.abandons(at(active_at), at(now), &SessionOptions::default())
    }

    #[test]
    fn without_a_client_a_session_is_abandoned_after_ten_minutes() {
        let gone = Presence::Gone { since: at(0) };
        assert!(!abandons(gone, 0, 599));
        assert!(abandons(gone, 0, 600));
        // The log may grow all the same.
        assert!(!abandons(gone, 1, 600));
        assert!(abandons(gone, 1, 601));
    }

    #[test]
    fn a_client_that_goes_after_a_long_silence_has_ten_minutes_to_come_again() {
        let gone = Presence::Gone { since: at(5000) };
        assert!(!abandons(gone, 0, 5599));
        assert!(abandons(gone, 0, 5600));
    }

    #[test]
    fn heartbeats_alone_keep_a_session_for_two_hours() {
        assert!(!abandons(Presence::Connected, 0, 7199));
        assert!(abandons(Presence::Connected, 0, 7200));
    }

    #[test]
    fn a_clock_that_was_set_back_abandons_nobody() {
        assert!(!abandons(Presence::Connected, 9000, 0));
        assert!(!abandons(Presence::Gone { since: at(9000) }, 0, 0));
    }

    #[test]
    fn a_client_is_gone_since_it_was_last_known_to_be_there() {
        let start = Presence::Gone { since: at(5) };
        assert_eq!(start.seen(false, at(0)), start);
        assert_eq!(start.seen(true, at(6)), Presence::Connected);
        let gone = Presence::Connected.seen(false, at(7));
        assert_eq!(gone, Presence::Gone { since: at(7) });
        assert_eq!(gone.seen(false, at(7)), gone);
        // It came and went between two looks.
        assert_eq!(gone.seen(false, at(8)), Presence::Gone { since: at(8) });
    }
}
