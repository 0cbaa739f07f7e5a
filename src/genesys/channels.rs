//! Genesys' notification channels: the news of conversations, and when there may be a gap in it.
//!
//! ```text
//! Watch ─▶ actor ─▶ channel (a machine each) ─▶ effects ─▶ supply (has channels)
//!   ▲        ▲                                        ├──▶ sockets (a task each)
//!   │        └──────────── signals ◀──────────────────┴──▶ topics (REST)
//!   └─ mailbox ◀─ notices
//! ```
//!
//! A channel takes 1000 topics, an OAuth client has 20 channels, and a 21st silently costs
//! another its life (Genesys reference, 4.2). So channels are made when they are needed, used
//! again after a restart, and never more than configured. Genesys keeps nothing for a socket that
//! is away: after each gap every watcher is told to compare.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use baton_process::Shutdown;
use tokio::sync::{mpsc, watch};

mod actor;
mod address;
mod calls;
mod channel;
#[cfg(test)]
mod channel_bench;
#[cfg(test)]
mod channel_tests;
mod effect;
mod ending;
mod frame;
#[cfg(test)]
mod hand_over_tests;
mod liveness;
mod mailbox;
mod placement;
mod refusals;
mod report;
mod retry;
mod socket;
mod status;
mod subscriptions;
#[cfg(test)]
mod subscriptions_tests;
mod supply;
mod trial;
mod trouble;

use actor::{Actor, Request};
use mailbox::Mailbox;
use supply::Supply;

pub use mailbox::ChannelNotice;
pub use status::{ChannelState, ChannelStatus};
pub use supply::ChannelMemory;
pub use trial::{ChannelTrial, ChannelTrialError, TopicsTrial};

use crate::Genesys;

/// How many signals of sockets and requests wait for the actor; more of them wait themselves.
const MOST_SIGNALS: usize = 256;

/// The notification channels of one OAuth client. Clones share them.
#[derive(Clone, Debug)]
pub struct Channels {
    /// Unbounded, for a watch is dropped where nothing can wait: it holds two requests for each
    /// watch at most.
    requests: mpsc::UnboundedSender<Request>,
    states: watch::Receiver<Vec<ChannelStatus>>,
    next_watcher: Arc<AtomicU64>,
}

/// The news of one conversation, for as long as it is held.
#[derive(Debug)]
pub struct Watch {
    conversation_id: String,
    watcher: u64,
    mailbox: Arc<Mailbox>,
    requests: mpsc::UnboundedSender<Request>,
}

impl Channels {
    /// Begins, without a channel yet: the first is had with the first watch. There are never more
    /// than `most` of them, which is between 1 and 20 (Genesys reference, 4.2).
    ///
    /// It works until the shutdown begins, or until every clone and every watch is dropped. The
    /// shutdown is held until the sockets are closed. It has to be called in a Tokio runtime.
    pub fn start(
        genesys: Genesys,
        memory: impl ChannelMemory,
        most: usize,
        shutdown: Shutdown,
    ) -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        let (signals, signalled) = mpsc::channel(MOST_SIGNALS);
        let (orders, ordered) = mpsc::unbounded_channel();
        let (states, shown) = watch::channel(Vec::new());
        let supply = Supply::new(genesys.clone(), memory, signals.clone(), shutdown.clone());
        tokio::spawn(supply.run(ordered));
        let actor = Actor::new(genesys, most, orders, signals, states, shutdown);
        tokio::spawn(actor.run(asked, signalled));
        Self { requests, states: shown, next_watcher: Arc::default() }
    }

    /// Watches a conversation. Its topics are subscribed within moments, and
    /// [`ChannelNotice::Reconcile`] tells when: what happened before is not told.
    pub fn watch(&self, conversation_id: &str) -> Watch {
        let watch = Watch {
            conversation_id: conversation_id.to_owned(),
            watcher: self.next_watcher.fetch_add(1, Ordering::Relaxed),
            mailbox: Arc::default(),
            requests: self.requests.clone(),
        };
        watch.request(Request::Watch {
            conversation_id: watch.conversation_id.clone(),
            watcher: watch.watcher,
            mailbox: Arc::clone(&watch.mailbox),
        });
        watch
    }

    /// How the channels stand that were needed so far.
    pub fn states(&self) -> watch::Receiver<Vec<ChannelStatus>> {
        self.states.clone()
    }
}

impl Watch {
    /// The next notice, when there is one; never, once the shutdown has begun. Nothing is lost
    /// if the future is dropped. A reader that lags finds all that it missed as one
    /// [`ChannelNotice::Reconcile`].
    pub async fn next(&mut self) -> ChannelNotice {
        self.mailbox.next().await
    }

    fn request(&self, request: Request) {
        // An actor that is gone tells nobody anything: the process stops.
        let _ = self.requests.send(request);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let conversation_id = std::mem::take(&mut self.conversation_id);
        self.request(Request::Unwatch { conversation_id, watcher: self.watcher });
    }
}
