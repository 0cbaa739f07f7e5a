//! A channel on the bench, for tests: the time stands by its side, and what it asks for is seen.

use std::time::Duration;

use baton_process::Random;
use tokio::time::Instant;
use url::Url;

use super::{
    address::{Address, ChannelId},
    channel::Channel,
    effect::{Acquired, Effect, Existence, SocketNumber},
    ending::Ending,
    frame::Frame,
    refusals::Refused,
    report::Report,
    status::ChannelState,
    subscriptions::Batch,
};
use crate::Pace;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);

/// A channel, the time by its side, and what it asked for.
pub(crate) struct Bench {
    pub(crate) channel: Channel,
    pub(crate) now: Instant,
    pub(crate) effects: Vec<Effect>,
    /// The number of the last request for topics.
    pub(crate) request: u64,
}

impl Bench {
    /// A channel that is to have the conversation `c`.
    pub(crate) fn new() -> Self {
        // The byte that leaves the waits as they are.
        let random = Random::new(|bytes| {
            bytes.fill(u8::MAX);
            Ok(())
        });
        let channel = Channel::new(&Pace::default(), &random);
        let mut bench = Self { channel, now: Instant::now(), effects: Vec::new(), request: 0 };
        bench.act(|channel, now| channel.want("c", now));
        bench
    }

    /// The same with a new channel, its topics in place over the socket 1.
    pub(crate) fn open() -> Self {
        let mut bench = Self::new();
        bench.made("first");
        bench.opened(1);
        bench.subscribe();
        bench
    }

    /// The same, for long enough to be trusted.
    pub(crate) fn settled() -> Self {
        let mut bench = Self::open();
        bench.pass(MINUTE * 2);
        bench.effects.clear();
        bench
    }

    pub(crate) fn act(&mut self, step: impl FnOnce(&mut Channel, Instant)) {
        self.effects.clear();
        step(&mut self.channel, self.now);
        self.channel.look(self.now);
        self.effects.extend(self.channel.take_effects());
        for effect in &self.effects {
            if let Effect::Subscribe { request, .. } = effect {
                self.request = *request;
            }
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.act(|_, _| {});
    }

    /// Waits for what is due next. How long that took.
    pub(crate) fn pass_until_due(&mut self) -> Duration {
        let due = self.channel.due().expect("something is due");
        let time = due - self.now;
        self.pass(time);
        time
    }

    pub(crate) fn made(&mut self, id: &str) {
        self.act(|channel, now| channel.acquired(Ok(Acquired::Made(address(id))), now));
    }

    pub(crate) fn adopted(&mut self, id: &str) {
        self.act(|channel, now| channel.acquired(Ok(Acquired::Adopted(address(id))), now));
    }

    pub(crate) fn opened(&mut self, socket: SocketNumber) {
        self.act(|channel, now| channel.opened(socket, now));
    }

    pub(crate) fn ended(&mut self, socket: SocketNumber, ending: Ending) {
        self.act(|channel, now| channel.ended(socket, &ending, now));
    }

    pub(crate) fn received(&mut self, socket: SocketNumber, frame: Frame) {
        self.act(|channel, now| channel.received(socket, &frame, now));
    }

    pub(crate) fn verified(&mut self, existence: Existence) {
        self.act(|channel, now| channel.verified(existence, now));
    }

    pub(crate) fn subscribed(&mut self) {
        let request = self.request;
        self.act(|channel, now| channel.subscribed(request, &Refused::new(), now));
    }

    /// Waits until topics are asked for, and grants them.
    pub(crate) fn subscribe(&mut self) {
        while !self.effects.iter().any(|effect| matches!(effect, Effect::Subscribe { .. })) {
            self.pass_until_due();
        }
        self.subscribed();
    }

    pub(crate) fn reconciles(&self) -> bool {
        let of_c = |effect: &Effect| matches!(effect, Effect::Reconcile(all) if all == &["c"]);
        self.effects.iter().any(of_c)
    }

    pub(crate) fn acquires(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Acquire))
    }

    pub(crate) fn verifies(&self, id: &str) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Verify(one) if one.expose() == id))
    }

    pub(crate) fn connects(&self) -> Option<(SocketNumber, &str)> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Connect { socket, address } => Some((*socket, address.id.expose())),
            _ => None,
        })
    }

    pub(crate) fn closes(&self) -> Vec<SocketNumber> {
        let closed = |effect: &Effect| match effect {
            Effect::Close(socket) => Some(*socket),
            _ => None,
        };
        self.effects.iter().filter_map(closed).collect()
    }

    pub(crate) fn forgets(&self, id: &str) -> bool {
        self.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Forget(gone) if gone.expose() == id))
    }

    pub(crate) fn reports(&self, expected: &Report) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Report(one) if one == expected))
    }

    pub(crate) fn batch(&self) -> Option<&Batch> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Subscribe { batch, .. } => Some(batch),
            _ => None,
        })
    }

    pub(crate) fn state(&self) -> ChannelState {
        self.channel.state()
    }
}

pub(crate) fn address(id: &str) -> Address {
    let socket = Url::parse(&format!("wss://streaming.example/channels/{id}")).unwrap();
    Address { id: ChannelId::new(id.to_owned()), socket }
}

pub(crate) fn unreachable() -> Ending {
    Ending::Unreachable("no route".to_owned())
}
