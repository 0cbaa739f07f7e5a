//! Stopping in order: first it is said, then nothing more is let in, then what is in hand is
//! finished.

use baton_process::{Shutdown, ShutdownTrigger, shutdown};
use tokio::time::{Instant, sleep, timeout_at};

use crate::configuration::Drain;

/// What stops the parts of a sidecar, one stage after another.
pub(crate) struct Draining {
    drain: Drain,
    announced: ShutdownTrigger,
    outside: ShutdownTrigger,
    inside: ShutdownTrigger,
}

/// By what the parts learn how far it has come.
#[derive(Clone)]
pub(crate) struct Stages {
    /// It will stop: whoever asks is told so, and is served all the same.
    pub(crate) announced: Shutdown,
    /// Nothing more comes in. Held by what serves listeners and sockets, until it has answered.
    pub(crate) outside: Shutdown,
    /// What is under way is finished, and nothing more begun. Held by everything else.
    pub(crate) inside: Shutdown,
}

/// By what a listener learns that it has to close.
#[derive(Clone)]
pub(crate) struct Closing {
    /// It will have to: each answer says that its connection is not used again.
    pub(crate) announced: Shutdown,
    /// It has to. Held until the last request is answered.
    pub(crate) begins: Shutdown,
}

impl Stages {
    /// For a listener that lets in what comes from outside.
    pub(crate) fn closing(&self) -> Closing {
        Closing { announced: self.announced.clone(), begins: self.outside.clone() }
    }
}

/// Why the parts stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Somebody wants it.
    Told,
    /// One of them failed: there is no reason to wait until that is noticed.
    Failed,
}

impl Draining {
    /// Of a sidecar that runs.
    pub(crate) fn new(drain: Drain) -> (Self, Stages) {
        let (announce, announced) = shutdown();
        let (close, outside) = shutdown();
        let (finish, inside) = shutdown();
        let draining = Self { drain, announced: announce, outside: close, inside: finish };
        (draining, Stages { announced, outside, inside })
    }

    /// Stops the parts. Returns until when the store has to be closed.
    pub(crate) async fn run(self, occasion: Occasion) -> Instant {
        let Self { drain, announced, outside, inside } = self;
        let begun = Instant::now();
        let end = begun + drain.most;
        announced.begin();
        if occasion == Occasion::Told {
            sleep(drain.settle).await;
        }
        outside.begin();
        // What is in hand may need the inside to be answered; but a caller who does not end is no
        // reason to leave nothing of the time to it.
        let finished_by = end - drain.reserve();
        let halfway = Instant::now() + finished_by.duration_since(Instant::now()) / 2;
        let _ = timeout_at(halfway, outside.finished()).await;
        inside.begin();
        let all = async {
            outside.finished().await;
            inside.finished().await;
        };
        if timeout_at(finished_by, all).await.is_err() {
            tracing::warn!(
                "not everything came to its end in time; the rest is cut off, and what was taken \
                 goes on at the next start"
            );
        }
        tracing::info!(took = ?begun.elapsed(), "what was in hand has ended");
        end
    }
}
