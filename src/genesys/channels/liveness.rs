//! Whether a socket still lives: Genesys sends a heartbeat every 30 s (reference, 4.3).

use std::time::Duration;

use tokio::time::Instant;

/// Watches for silence: after some of it a ping is due, and after more of it the socket is dead.
#[derive(Debug)]
pub(crate) struct Liveness {
    silence: Duration,
    pong_wait: Duration,
    watch: Watch,
}

#[derive(Debug)]
enum Watch {
    Listening { until: Instant },
    Pinged { until: Instant },
}

/// What is to be done about the silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    Wait,
    /// To ask with a ping.
    Ping,
    /// To give the socket up.
    Dead,
}

impl Liveness {
    /// A socket that was heard just now. After so much silence it is pinged, and has so long to
    /// answer.
    pub(crate) fn new(silence: Duration, pong_wait: Duration, now: Instant) -> Self {
        Self { silence, pong_wait, watch: Watch::Listening { until: now + silence } }
    }

    /// Something came. Whatever it was, it is a sign of life.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.watch = Watch::Listening { until: now + self.silence };
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Instant {
        match self.watch {
            Watch::Listening { until } | Watch::Pinged { until } => until,
        }
    }

    /// What is to be done now.
    pub(crate) fn look(&mut self, now: Instant) -> Verdict {
        match self.watch {
            Watch::Listening { until } if now >= until => {
                self.watch = Watch::Pinged { until: now + self.pong_wait };
                Verdict::Ping
            }
            Watch::Pinged { until } if now >= until => Verdict::Dead,
            _ => Verdict::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(35);
    const PONG_WAIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_silent_socket_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut liveness = Liveness::new(SILENCE, PONG_WAIT, start);
        assert_eq!(liveness.look(start + Duration::from_secs(34)), Verdict::Wait);
        assert_eq!(liveness.due(), start + SILENCE);
        assert_eq!(liveness.look(start + SILENCE), Verdict::Ping);
        assert_eq!(liveness.look(start + SILENCE), Verdict::Wait);
        assert_eq!(liveness.due(), start + SILENCE + PONG_WAIT);
        assert_eq!(liveness.look(start + SILENCE + PONG_WAIT), Verdict::Dead);
    }

    #[test]
    fn whatever_comes_is_a_sign_of_life_also_after_the_ping() {
        let start = Instant::now();
        let mut liveness = Liveness::new(SILENCE, PONG_WAIT, start);
        assert_eq!(liveness.look(start + SILENCE), Verdict::Ping);
        liveness.heard(start + SILENCE + Duration::from_secs(1));
        assert_eq!(liveness.look(start + SILENCE + PONG_WAIT), Verdict::Wait);
        assert_eq!(liveness.due(), start + SILENCE * 2 + Duration::from_secs(1));
    }
}
