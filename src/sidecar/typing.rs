//! Whether the agent is shown to type.

use std::time::Duration;

use jiff::Timestamp;

/// Until when the agent is shown to type, if so.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    until: Option<Timestamp>,
}

impl Typing {
    /// Notes that the agent types, and says whether to show it: not if that is past already.
    pub(crate) fn started(&mut self, until: Timestamp, now: Timestamp) -> bool {
        let current = until > now;
        if current {
            self.until = self.until.max(Some(until));
        }
        current
    }

    /// Notes that the agent does not type, and says whether that is news to the clients.
    pub(crate) fn stopped(&mut self) -> bool {
        self.until.take().is_some()
    }

    /// For how long the agent still is shown to type; `None` if it is not.
    pub(crate) fn left(&self, now: Timestamp) -> Option<Duration> {
        let until = self.until?;
        Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn typing_that_is_past_is_not_shown() {
        let mut typing = Typing::default();
        assert!(!typing.started(at(10), at(10)));
        assert!(!typing.stopped());
        assert_eq!(typing.left(at(10)), None);
    }

    #[test]
    fn a_newer_start_extends_it_and_an_older_one_does_not_shorten_it() {
        let mut typing = Typing::default();
        assert!(typing.started(at(10), at(5)));
        assert!(typing.started(at(12), at(7)));
        assert!(typing.started(at(11), at(7)));
        assert_eq!(typing.left(at(7)), Some(Duration::from_secs(5)));
        assert_eq!(typing.left(at(20)), Some(Duration::ZERO));
    }

    #[test]
    fn it_stops_once() {
        let mut typing = Typing::default();
        assert!(typing.started(at(10), at(5)));
        assert!(typing.stopped());
        assert!(!typing.stopped());
    }
}
