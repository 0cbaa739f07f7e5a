//! How the Messaging API writes a time.

use jiff::Timestamp;

/// A time as the Messaging API writes it (Messaging API, 6): RFC 3339 in UTC, to the millisecond.
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
