//! A process with notification channels, as its tests see it.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use baton_genesys::{
    ChannelMemory, ChannelNotice, ChannelState, ChannelStatus, Channels, Pace, Watch,
};
use baton_process::{ShutdownTrigger, shutdown};

use crate::{channels_server::Server, scripted::client_of};

/// Longer than anything takes here; nothing waits for it but what fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// One process with its channels.
pub(crate) struct Client {
    channels: Channels,
    stop: ShutdownTrigger,
}

impl Client {
    /// Fast, and with no more heartbeats than there are here: none.
    pub(crate) fn of(server: &Server, memory: &Memory, most: usize) -> Self {
        Self::at_pace(patient_pace(), server, memory, most)
    }

    pub(crate) fn at_pace(pace: Pace, server: &Server, memory: &Memory, most: usize) -> Self {
        let genesys = client_of(&server.base_url(), pace);
        let (stop, shutdown) = shutdown();
        let channels = Channels::start(genesys, memory.clone(), most, shutdown);
        Self { channels, stop }
    }

    pub(crate) fn watch(&self, conversation: &str) -> Watch {
        self.channels.watch(conversation)
    }

    /// Watches a conversation and waits until its topics are in place.
    pub(crate) async fn watched(&self, conversation: &str) -> Watch {
        let mut watch = self.watch(conversation);
        assert_eq!(next(&mut watch).await, ChannelNotice::Reconcile);
        watch
    }

    /// Waits for a state of the channels.
    pub(crate) async fn until(
        &self,
        what: &str,
        is_so: impl FnMut(&Vec<ChannelStatus>) -> bool,
    ) -> Vec<ChannelStatus> {
        let mut states = self.channels.states();
        within(what, async { states.wait_for(is_so).await.unwrap().clone() }).await
    }

    /// Waits for a state of the first channel.
    pub(crate) async fn until_first(
        &self,
        what: &str,
        is_so: impl Fn(ChannelState) -> bool,
    ) -> ChannelStatus {
        let is_so = |all: &Vec<ChannelStatus>| all.first().is_some_and(|one| is_so(one.state));
        self.until(what, is_so).await.remove(0)
    }

    pub(crate) fn statuses(&self) -> Vec<ChannelStatus> {
        self.channels.states().borrow().clone()
    }

    /// Begins to stop the process.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.begin();
    }

    /// Stops the process, and waits until its sockets are closed.
    pub(crate) async fn stop(self) {
        self.stop.begin();
        drop(self.channels);
        within("the shutdown", self.stop.finished()).await;
    }
}

/// Remembers in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeSet<String>>>);

impl Memory {
    pub(crate) fn of(ids: &[&str]) -> Self {
        let memory = Self::default();
        memory.0.lock().unwrap().extend(ids.iter().map(|id| (*id).to_owned()));
        memory
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().cloned().collect()
    }
}

impl ChannelMemory for Memory {
    async fn load(&self) -> Vec<String> {
        self.all()
    }

    async fn remember(&self, channel_id: &str) {
        self.0.lock().unwrap().insert(channel_id.to_owned());
    }

    async fn forget(&self, channel_id: &str) {
        self.0.lock().unwrap().remove(channel_id);
    }
}

/// A pace a thousand times as fast, but patient with silence.
pub(crate) fn patient_pace() -> Pace {
    let real = Pace::default();
    Pace {
        heartbeat_silence: real.heartbeat_silence,
        pong_wait: real.pong_wait,
        channel_renewal: real.channel_renewal,
        ..Pace::scaled(0.001)
    }
}

/// The next notice of a watch.
pub(crate) async fn next(watch: &mut Watch) -> ChannelNotice {
    within("a notice", watch.next()).await
}

/// The next event of a watch, whatever is to be compared before; and whether something was.
pub(crate) async fn next_event(watch: &mut Watch) -> bool {
    let mut compared = false;
    while next(watch).await == ChannelNotice::Reconcile {
        compared = true;
    }
    compared
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, future).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not come"))
}
