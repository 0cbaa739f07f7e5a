//! The one task that owns the channels of an OAuth client.

use std::{collections::HashMap, sync::Arc, time::Duration};

use baton_process::Shutdown;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{
    address::ChannelId,
    calls::Rejection,
    channel::Channel,
    effect::{Acquired, Effect, Existence, SocketNumber},
    ending::Ending,
    frame::Frame,
    mailbox::{ChannelNotice, Mailbox},
    placement::Placement,
    refusals::{Complaints, refused},
    socket::{self, SocketHandle},
    status::ChannelStatus,
    subscriptions::Batch,
    supply::Order,
};
use crate::{CallError, Genesys};

/// At the pace of whatever simulator, conversations are not looked for without a break.
const SHORTEST_POLL: Duration = Duration::from_millis(1);

/// What a watcher asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// To be told of a conversation.
    Watch { conversation_id: String, watcher: u64, mailbox: Arc<Mailbox> },
    /// To be told no more.
    Unwatch { conversation_id: String, watcher: u64 },
}

/// What the other tasks tell the actor. Channels are named by their number here, from 0.
#[derive(Debug)]
pub(crate) enum Signal {
    /// There is a channel, or why there is none.
    Acquired { channel: usize, outcome: Result<Acquired, String> },
    /// Genesys was asked whether a channel exists.
    Verified { channel: usize, existence: Existence },
    /// A socket is open.
    Opened { channel: usize, socket: SocketNumber },
    /// A frame came.
    Received { channel: usize, socket: SocketNumber, frame: Frame },
    /// A socket is over, or did not come about.
    Ended { channel: usize, socket: SocketNumber, ending: Ending },
    /// Topics were asked for.
    Subscribed { channel: usize, request: u64, outcome: Result<Vec<Rejection>, CallError> },
}

/// Owns everything; see [`Channel`] for what it decides of each channel.
pub(crate) struct Actor {
    genesys: Genesys,
    shutdown: Shutdown,
    orders: mpsc::UnboundedSender<Order>,
    signals: mpsc::Sender<Signal>,
    states: watch::Sender<Vec<ChannelStatus>>,
    placement: Placement,
    /// As many as there may be. Those that are not used exist in name only.
    channels: Vec<Channel>,
    sockets: HashMap<(usize, SocketNumber), SocketHandle>,
    /// Questions to Genesys that are out.
    questions: JoinSet<()>,
    complaints: Complaints,
    watchers: HashMap<String, Vec<(u64, Arc<Mailbox>)>>,
    /// Whether it was said that there are more handoffs than channels take.
    full: bool,
}

impl Actor {
    pub(crate) fn new(
        genesys: Genesys,
        most: usize,
        orders: mpsc::UnboundedSender<Order>,
        signals: mpsc::Sender<Signal>,
        states: watch::Sender<Vec<ChannelStatus>>,
        shutdown: Shutdown,
    ) -> Self {
        let placement = Placement::new(most);
        let channel = |_| Channel::new(genesys.pace(), genesys.random());
        Self {
            channels: (0..placement.most()).map(channel).collect(),
            genesys,
            shutdown,
            orders,
            signals,
            states,
            placement,
            sockets: HashMap::new(),
            questions: JoinSet::new(),
            complaints: Complaints::default(),
            watchers: HashMap::new(),
            full: false,
        }
    }

    /// Works until the process stops, or nobody can ask any more.
    pub(crate) async fn run(
        mut self,
        mut requests: mpsc::UnboundedReceiver<Request>,
        mut signals: mpsc::Receiver<Signal>,
    ) {
        let mut shutdown = self.shutdown.clone();
        let mut poll = interval(self.genesys.pace().poll.max(SHORTEST_POLL));
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.channels.iter().filter_map(Channel::due).min();
            tokio::select! {
                () = shutdown.begun() => return,
                request = requests.recv() => match request {
                    Some(request) => self.answer(request),
                    None => return,
                },
                Some(signal) = signals.recv() => self.note(signal),
                Some(_) = self.questions.join_next() => {}
                _ = poll.tick() => self.poll(),
                () = until(due) => {}
            }
            self.carry_on();
        }
    }

    fn answer(&mut self, request: Request) {
        let now = Instant::now();
        match request {
            Request::Watch { conversation_id, watcher, mailbox } => {
                let place = self.placement.add(&conversation_id);
                if place.is_none() {
                    self.genesys.metrics().reconciles();
                    mailbox.put(ChannelNotice::Reconcile);
                }
                self.watchers.entry(conversation_id.clone()).or_default().push((watcher, mailbox));
                if let Some(channel) = place {
                    self.with(channel, |channel| channel.want(&conversation_id, now));
                }
            }
            Request::Unwatch { conversation_id, watcher } => {
                let Some(watchers) = self.watchers.get_mut(&conversation_id) else { return };
                watchers.retain(|(other, _)| *other != watcher);
                if watchers.is_empty() {
                    self.watchers.remove(&conversation_id);
                    self.leave(&conversation_id, now);
                }
            }
        }
        self.report_fullness();
    }

    /// Nobody watches the conversation any more.
    fn leave(&mut self, conversation_id: &str, now: Instant) {
        if let Some(channel) = self.placement.of(conversation_id) {
            self.with(channel, |channel| channel.unwant(conversation_id, now));
        }
        if let Some((next, channel)) = self.placement.remove(conversation_id) {
            self.with(channel, |channel| channel.want(&next, now));
        }
    }

    fn note(&mut self, signal: Signal) {
        let now = Instant::now();
        match signal {
            Signal::Acquired { channel, outcome } => {
                self.with(channel, |channel| channel.acquired(outcome, now));
            }
            Signal::Verified { channel, existence } => {
                self.with(channel, |channel| channel.verified(existence, now));
            }
            Signal::Opened { channel, socket } => {
                self.with(channel, |channel| channel.opened(socket, now));
            }
            Signal::Received { frame: Frame::Event { conversation_id, event }, .. } => {
                self.tell(&conversation_id, &ChannelNotice::Event(event));
            }
            Signal::Received { channel, socket, frame } => {
                self.with(channel, |channel| channel.received(socket, &frame, now));
            }
            Signal::Ended { channel, socket, ending } => {
                self.sockets.remove(&(channel, socket));
                self.with(channel, |channel| channel.ended(socket, &ending, now));
            }
            Signal::Subscribed { channel, request, outcome } => match outcome {
                Ok(rejections) => {
                    self.complaints.tell(&rejections);
                    let refused = refused(&rejections);
                    self.with(channel, |channel| channel.subscribed(request, &refused, now));
                }
                Err(error) => {
                    tracing::warn!(channel = channel + 1, %error, "topics were not subscribed");
                    let is_gone = error.is_not_found();
                    self.with(channel, |channel| {
                        channel.subscribing_failed(request, is_gone, now);
                    });
                }
            },
        }
    }

    /// Has those conversations looked at that no channel tells of.
    fn poll(&self) {
        for conversation_id in self.channels.iter().flat_map(Channel::polled) {
            self.reconcile(&conversation_id);
        }
        for conversation_id in self.placement.waiting() {
            self.reconcile(conversation_id);
        }
    }

    fn reconcile(&self, conversation_id: &str) {
        self.genesys.metrics().reconciles();
        self.tell(conversation_id, &ChannelNotice::Reconcile);
    }

    fn tell(&self, conversation_id: &str, notice: &ChannelNotice) {
        for (_, mailbox) in self.watchers.get(conversation_id).into_iter().flatten() {
            mailbox.put(notice.clone());
        }
    }

    fn with(&mut self, channel: usize, step: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.get_mut(channel) {
            step(channel);
        }
    }

    /// Does what is due and what follows from what happened, and shows how things stand.
    fn carry_on(&mut self) {
        let now = Instant::now();
        for number in 0..self.channels.len() {
            let Some(channel) = self.channels.get_mut(number) else { continue };
            channel.look(now);
            for effect in channel.take_effects() {
                self.carry_out(number, effect);
            }
        }
        let statuses: Vec<ChannelStatus> = self
            .channels
            .iter()
            .enumerate()
            .filter(|(_, channel)| channel.is_used())
            .map(|(number, channel)| channel.status(number + 1))
            .collect();
        self.states.send_if_modified(|states| {
            let changed = *states != statuses;
            *states = statuses;
            changed
        });
    }

    fn carry_out(&mut self, channel: usize, effect: Effect) {
        match effect {
            // The supply lives as long as we do.
            Effect::Acquire => drop(self.orders.send(Order::Acquire(channel))),
            Effect::Verify(channel_id) => self.verify(channel, channel_id),
            Effect::Forget(channel_id) => drop(self.orders.send(Order::Forget(channel_id))),
            Effect::Connect { socket, address } => {
                let (signals, shutdown) = (self.signals.clone(), self.shutdown.clone());
                let handle =
                    socket::open(&self.genesys, channel, socket, address, signals, shutdown);
                self.sockets.insert((channel, socket), handle);
            }
            Effect::Close(socket) => drop(self.sockets.remove(&(channel, socket))),
            Effect::Subscribe { channel_id, request, batch } => {
                self.subscribe(channel, channel_id, request, batch);
            }
            Effect::Reconcile(conversations) => {
                for conversation_id in &conversations {
                    self.reconcile(conversation_id);
                }
            }
            Effect::Report(report) => {
                self.genesys.metrics().channel_changed(report.change());
                report.log(channel + 1);
            }
        }
    }

    fn verify(&mut self, channel: usize, channel_id: ChannelId) {
        let (genesys, signals) = (self.genesys.clone(), self.signals.clone());
        self.questions.spawn(async move {
            let existence = genesys.verify_channel(&channel_id).await;
            // The actor may be gone, and then nobody asks.
            let _ = signals.send(Signal::Verified { channel, existence }).await;
        });
    }

    fn subscribe(&mut self, channel: usize, channel_id: ChannelId, request: u64, batch: Batch) {
        let (genesys, signals) = (self.genesys.clone(), self.signals.clone());
        self.questions.spawn(async move {
            let outcome = genesys.subscribe(&channel_id, &batch).await;
            // The actor may be gone, and then nobody asks.
            let _ = signals.send(Signal::Subscribed { channel, request, outcome }).await;
        });
    }

    /// Says once that there are more handoffs than the channels take, and once that it is over.
    fn report_fullness(&mut self) {
        let full = self.placement.waiting().next().is_some();
        if full == self.full {
            return;
        }
        self.full = full;
        let channels = self.channels.len();
        if full {
            tracing::error!(
                channels,
                "all notification channels are full: the newest handoffs are read over REST; raise \
                 the configured number of channels, or spread the tenants over OAuth clients"
            );
        } else {
            tracing::info!(channels, "the notification channels have room for every handoff again");
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
