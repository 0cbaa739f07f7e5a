//! Every duration of ours in what we do with Genesys.

use std::time::Duration;

use baton_process::scaled;

/// How long things take and may take. [`Pace::default`] is the real one; a simulator whose time
/// runs faster is met with [`Pace::scaled`].
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// How long one second of Genesys lasts: what `Retry-After`, `expires_in` and
    /// `inin-ratelimit-reset` count in.
    pub second: Duration,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a request may take, from the first byte sent to the last received.
    pub request_timeout: Duration,

    /// How long before its end a token is renewed; as much again is left to chance, so that not
    /// every process asks at once.
    pub token_margin: Duration,
    /// The pause after a first failure to get a token, and from the issue of one that is refused
    /// until the next; it doubles.
    pub token_retry: Duration,
    /// The longest pause between two attempts to get a token.
    pub token_retry_cap: Duration,
    /// How long Genesys is not asked again after it did not know our credentials.
    pub wrong_credentials: Duration,

    /// In how long a time Genesys counts the requests of a token (Genesys reference, 3.3).
    pub rate_window: Duration,

    /// How long what was read of a user is taken for true.
    pub user_kept: Duration,

    /// How long topics are collected before they are subscribed in one request.
    pub subscribe_batch: Duration,
    /// How long topics that nobody watches any more are collected before they are removed.
    pub unsubscribe_batch: Duration,
    /// When the topics of a channel are subscribed anew: half of the day that a channel lives
    /// (Genesys reference, 4.2).
    pub channel_renewal: Duration,
    /// After how long a silence a socket is asked whether it is alive. Genesys sends a heartbeat
    /// every 30 s (Genesys reference, 4.3).
    pub heartbeat_silence: Duration,
    /// How long the answer to a ping may take.
    pub pong_wait: Duration,
    /// The pause before a first attempt to connect again; it doubles.
    pub reconnect: Duration,
    /// The longest pause between two attempts to connect.
    pub reconnect_cap: Duration,
    /// How often conversations are read over REST while no channel tells of them.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            second: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(15),
            token_margin: Duration::from_mins(5),
            token_retry: Duration::from_secs(1),
            token_retry_cap: Duration::from_secs(30),
            wrong_credentials: Duration::from_mins(1),
            rate_window: Duration::from_mins(1),
            user_kept: Duration::from_hours(1),
            subscribe_batch: Duration::from_millis(50),
            unsubscribe_batch: Duration::from_secs(5),
            channel_renewal: Duration::from_hours(12),
            heartbeat_silence: Duration::from_secs(35),
            pong_wait: Duration::from_secs(10),
            reconnect: Duration::from_secs(1),
            reconnect_cap: Duration::from_secs(30),
            poll: Duration::from_secs(30),
        }
    }
}

impl Pace {
    /// The same with every duration multiplied by `factor`, which is more than 0: 0.01 goes with
    /// a simulator whose time runs a hundred times as fast. A network gets no faster by that:
    /// the time-outs of connections and requests stay above two seconds.
    pub fn scaled(factor: f64) -> Self {
        let scale = |duration| scaled(duration, factor);
        let at_least = |duration: Duration| scale(duration).max(Duration::from_secs(2));
        let real = Self::default();
        Self {
            second: scale(real.second),
            connect_timeout: at_least(real.connect_timeout),
            request_timeout: at_least(real.request_timeout),
            token_margin: scale(real.token_margin),
            token_retry: scale(real.token_retry),
            token_retry_cap: scale(real.token_retry_cap),
            wrong_credentials: scale(real.wrong_credentials),
            rate_window: scale(real.rate_window),
            user_kept: scale(real.user_kept),
            subscribe_batch: scale(real.subscribe_batch),
            unsubscribe_batch: scale(real.unsubscribe_batch),
            channel_renewal: scale(real.channel_renewal),
            heartbeat_silence: scale(real.heartbeat_silence),
            pong_wait: scale(real.pong_wait),
            reconnect: scale(real.reconnect),
            reconnect_cap: scale(real.reconnect_cap),
            poll: scale(real.poll),
        }
    }

    /// So many of Genesys' seconds.
    pub(crate) fn seconds(&self, count: u64) -> Duration {
        self.second.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_pace_is_faster_but_for_the_network() {
        assert_eq!(Pace::scaled(1.0), Pace::default());
        let fast = Pace::scaled(0.001);
        assert_eq!(fast.rate_window, Duration::from_millis(60));
        assert_eq!(fast.seconds(30), Duration::from_millis(30));
        assert_eq!(fast.request_timeout, Duration::from_secs(2));
    }
}
