//! How many requests a token may make (Genesys reference 3.3).

use std::time::Duration;

use jiff::Timestamp;

use crate::pace::{after, seconds_until};

/// `client.credentials.token.rate.per.minute`.
pub(crate) const REQUESTS_PER_WINDOW: u64 = 300;
/// How long a window is, at Genesys' pace.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// The window that a token is in. It begins with the first request after the last one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateWindow {
    ends: Timestamp,
    count: u64,
}

/// Where a token stands after a request, as the `inin-ratelimit-*` headers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// `inin-ratelimit-count`: the requests of this window, this one included.
    pub(crate) count: u64,
    /// `inin-ratelimit-reset`: whole seconds until the window ends, rounded up.
    pub(crate) reset_seconds: u64,
}

impl Rate {
    /// Whether the request is one too many.
    pub(crate) fn is_exceeded(self) -> bool {
        self.count > REQUESTS_PER_WINDOW
    }
}

impl RateWindow {
    /// Before the first request.
    pub(crate) const fn unused() -> Self {
        Self { ends: Timestamp::MIN, count: 0 }
    }

    /// Counts a request at `now`.
    pub(crate) fn count(&mut self, now: Timestamp, window: Duration) -> Rate {
        if now >= self.ends {
            *self = Self { ends: after(now, window), count: 0 };
        }
        self.count += 1;
        Rate { count: self.count, reset_seconds: seconds_until(now, self.ends) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_after_the_300th_waits_for_the_next_window() {
        let begin = Timestamp::UNIX_EPOCH;
        let mut window = RateWindow::unused();
        for count in 1..=REQUESTS_PER_WINDOW {
            let rate = window.count(begin, WINDOW);
            assert_eq!((rate.count, rate.is_exceeded()), (count, false));
        }
        let rate = window.count(after(begin, Duration::from_millis(22_500)), WINDOW);
        assert!(rate.is_exceeded());
        assert_eq!(rate.reset_seconds, 38);
        assert_eq!(window.count(after(begin, WINDOW), WINDOW).count, 1);
    }
}
