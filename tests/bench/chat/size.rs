//! How much of everything there is in a run.

use std::time::Duration;

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// How many sockets are open at a time.
    pub(crate) sockets: usize,
    /// What lies between two heartbeats of a client.
    pub(crate) heartbeat: Duration,
    /// How many clients the deliveries are for, each with a socket.
    pub(crate) recipients: usize,
    /// How many deliveries are posted in a second.
    pub(crate) rate: u32,
    /// For how long they are posted and measured.
    pub(crate) stream: Duration,
    /// For how long they are posted before that.
    pub(crate) warm_up: Duration,
    /// How many events the session has that is replayed.
    pub(crate) events: usize,
}

impl Size {
    /// How many deliveries are posted in so long.
    pub(crate) fn deliveries_in(&self, duration: Duration) -> usize {
        (duration.as_secs_f64() * f64::from(self.rate)) as usize
    }
}
