//! The time, passed in so that a test decides what time it is.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// Tells the time. Clones share the source.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// A clock that says what the function says.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// As the Messaging API writes a time (Messaging API, 6): RFC 3339 in UTC, to the millisecond.
pub fn timestamp_text(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_millisecond_in_utc() {
        let time = Timestamp::from_millisecond(1_778_155_200_123).unwrap();
        assert_eq!(timestamp_text(time), "2026-05-07T12:00:00.123Z");
        let whole = Timestamp::from_second(1_778_155_200).unwrap();
        assert_eq!(timestamp_text(whole), "2026-05-07T12:00:00.000Z");
    }
}
