//! The life of one channel, as a machine without I/O: what happened goes in, what is to be done
//! comes out.
//!
//! ```text
//!            wanted                acquired                opened
//! Dormant ──────────▶ Acquiring ──────────▶ Connecting ──────────▶ Open
//!    ▲                    ▲                    ▲   │ failed          │ ended
//!    │ nobody asks        │ channel gone       │   ▼                 │
//!    └────────────────────┴────────────────── Waiting ◀──────────────┘
//!
//! Connecting or Open, answered as one that is gone ──▶ Verifying ──▶ Waiting
//! ```
//!
//! The subscriptions belong to the channel and outlive its sockets (Genesys reference, 4.3), but
//! nothing is kept for a socket that is not there: whenever one was away, every conversation is
//! to be compared with Genesys.

use std::mem;

use baton_process::Random;
use tokio::time::Instant;

use super::{
    address::Address,
    effect::{Acquired, Effect, SocketNumber},
    ending::Ending,
    frame::{Frame, Loss},
    refusals::Refused,
    report::Report,
    status::{ChannelState, ChannelStatus},
    subscriptions::Subscriptions,
    trouble::Trouble,
};
use crate::Pace;

mod recovery;

#[derive(Clone, Copy, Debug)]
enum Phase {
    Dormant {
        /// After a failure: whoever asks before has to wait.
        until: Option<Instant>,
    },
    Acquiring,
    /// Genesys is asked whether the channel exists.
    Verifying,
    Connecting {
        socket: SocketNumber,
    },
    Open {
        socket: SocketNumber,
        since: Instant,
        successor: Successor,
    },
    Waiting {
        until: Instant,
    },
}

/// The socket that is to take over from an open one.
#[derive(Clone, Copy, Debug)]
enum Successor {
    /// There is no need for one.
    None,
    /// The open one is about to close, and it is time for the next one then.
    Due(Instant),
    /// It is being opened.
    Opening(SocketNumber),
}

/// One channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pace: Pace,
    phase: Phase,
    address: Option<Address>,
    /// Whether a socket of this very channel has lasted: only such a channel is replaced without
    /// a question and a pause.
    proven: bool,
    /// A socket that another one took over from and that still may have something to say.
    draining: Option<SocketNumber>,
    sockets: SocketNumber,
    trouble: Trouble,
    replaced: u32,
    subscriptions: Subscriptions,
    effects: Vec<Effect>,
}

impl Channel {
    /// A channel that nobody needs yet.
    pub(crate) fn new(pace: &Pace, random: &Random) -> Self {
        Self {
            pace: pace.clone(),
            phase: Phase::Dormant { until: None },
            address: None,
            proven: false,
            draining: None,
            sockets: 0,
            trouble: Trouble::new(pace, random.clone()),
            replaced: 0,
            subscriptions: Subscriptions::new(pace, random.clone()),
            effects: Vec::new(),
        }
    }

    /// What is to be done because of what happened since the last time.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        mem::take(&mut self.effects)
    }

    /// A conversation is to be listened to.
    pub(crate) fn want(&mut self, conversation_id: &str, now: Instant) {
        let in_place = self.subscriptions.want(conversation_id, now);
        match self.phase {
            Phase::Dormant { until: Some(until) } if now < until => {
                self.phase = Phase::Waiting { until };
            }
            Phase::Dormant { .. } => self.begin(),
            _ => {}
        }
        let is_told_of = in_place && matches!(self.phase, Phase::Open { .. });
        if is_told_of || self.is_unreliable() {
            self.effects.push(Effect::Reconcile(vec![conversation_id.to_owned()]));
        }
    }

    /// A conversation is not to be listened to any more.
    pub(crate) fn unwant(&mut self, conversation_id: &str, now: Instant) {
        self.subscriptions.unwant(conversation_id, now);
    }

    /// There is a channel, or why there is none.
    pub(crate) fn acquired(&mut self, outcome: Result<Acquired, String>, now: Instant) {
        if !matches!(self.phase, Phase::Acquiring) {
            return;
        }
        match outcome {
            Ok(Acquired::Made(address)) => {
                self.subscriptions.begin_empty(now);
                self.connect(address);
            }
            Ok(Acquired::Adopted(address)) => {
                self.subscriptions.begin_anew(now);
                self.connect(address);
            }
            Err(reason) => self.fail(reason, now),
        }
    }

    /// A socket is open.
    pub(crate) fn opened(&mut self, socket: SocketNumber, now: Instant) {
        match self.phase {
            Phase::Connecting { socket: expected } if expected == socket => {
                if self.trouble.is_lost() {
                    self.effects.push(Effect::Report(Report::Back));
                }
                self.phase = Phase::Open { socket, since: now, successor: Successor::None };
                let in_place = self.subscriptions.in_place();
                if !in_place.is_empty() {
                    self.effects.push(Effect::Reconcile(in_place));
                }
            }
            Phase::Open { socket: old, successor: Successor::Opening(expected), .. }
                if expected == socket =>
            {
                self.close_draining();
                self.draining = Some(old);
                self.phase = Phase::Open { socket, since: now, successor: Successor::None };
            }
            _ => self.effects.push(Effect::Close(socket)),
        }
    }

    /// A frame came.
    pub(crate) fn received(&mut self, socket: SocketNumber, frame: &Frame, now: Instant) {
        let Phase::Open { socket: current, since, successor } = self.phase else { return };
        if current != socket {
            return;
        }
        match (frame, successor) {
            (Frame::SocketClosing, Successor::None) => self.hand_over(socket, since, now),
            // Our own successor takes the channel over from it.
            (Frame::Loss(Loss::NoLongerSubscribed | Loss::Duplicate), Successor::Opening(_)) => {}
            (Frame::Loss(loss), _) => self.lost(*loss, since, now),
            _ => {}
        }
    }

    /// A socket is over, or did not come about.
    pub(crate) fn ended(&mut self, socket: SocketNumber, ending: &Ending, now: Instant) {
        if self.draining == Some(socket) {
            self.draining = None;
            // What it had not handed over yet is lost.
            if !ending.is_complete() {
                self.reconcile_all();
            }
            return;
        }
        match self.phase {
            Phase::Connecting { socket: expected } if expected == socket => {
                if ending.is_gone() {
                    self.doubt(now);
                } else {
                    self.fail(ending.to_string(), now);
                }
            }
            Phase::Open { socket: current, since, successor } if current == socket => {
                match successor {
                    // There is a gap until the successor is open.
                    Successor::Opening(socket) => self.phase = Phase::Connecting { socket },
                    // It was told to close, and did.
                    Successor::Due(_) => self.fail(ending.to_string(), now),
                    Successor::None => self.broke(since, ending, now),
                }
            }
            Phase::Open { socket: current, since, successor: Successor::Opening(expected) }
                if expected == socket =>
            {
                // The old one still works, whatever the next one was told.
                let successor = Successor::Due(now + self.set_back(ending.to_string()));
                self.phase = Phase::Open { socket: current, since, successor };
            }
            _ => {}
        }
    }

    /// The topics that the request asked for are in place, but for the refused ones.
    pub(crate) fn subscribed(&mut self, request: u64, refused: &Refused, now: Instant) {
        if !self.subscriptions.awaits(request) {
            return;
        }
        let changed = self.subscriptions.succeeded(refused, now);
        if !changed.is_empty() && matches!(self.phase, Phase::Open { .. }) {
            self.effects.push(Effect::Reconcile(changed));
        }
    }

    /// The topics could not be asked for.
    pub(crate) fn subscribing_failed(&mut self, request: u64, is_gone: bool, now: Instant) {
        if !self.subscriptions.awaits(request) {
            return;
        }
        self.subscriptions.failed(now);
        if is_gone {
            self.doubt(now);
        }
    }

    /// Does what is due by now.
    pub(crate) fn look(&mut self, now: Instant) {
        match self.phase {
            Phase::Waiting { until } if now >= until => match self.subscriptions.is_idle() {
                true => self.rest(None),
                false => self.begin(),
            },
            Phase::Open { socket, since, successor } => {
                match successor {
                    Successor::None if now >= self.settled_at(since) => self.settle(),
                    Successor::Due(due) if now >= due => self.succeed(socket, since),
                    _ => {}
                }
                if let Some(address) = &self.address
                    && let Some(batch) = self.subscriptions.next(now)
                {
                    let channel_id = address.id.clone();
                    let request = self.subscriptions.request();
                    self.effects.push(Effect::Subscribe { channel_id, request, batch });
                }
            }
            _ => {}
        }
    }

    /// When to look next, if something is due at all.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Open { since, successor, .. } => {
                let own = match successor {
                    Successor::None => (!self.is_settled()).then(|| self.settled_at(since)),
                    Successor::Due(due) => Some(due),
                    Successor::Opening(_) => None,
                };
                [own, self.subscriptions.due()].into_iter().flatten().min()
            }
            Phase::Dormant { .. }
            | Phase::Acquiring
            | Phase::Verifying
            | Phase::Connecting { .. } => None,
        }
    }

    /// The conversations that have to be read over REST every now and then, because the channel
    /// does not tell of them or cannot be relied upon.
    pub(crate) fn polled(&self) -> Vec<String> {
        match self.is_unreliable() {
            true => self.subscriptions.wanted().cloned().collect(),
            false => self.subscriptions.uncovered().cloned().collect(),
        }
    }

    /// How it stands.
    pub(crate) fn state(&self) -> ChannelState {
        if self.trouble.is_contested() {
            return ChannelState::Contested;
        }
        let attempt = self.trouble.attempts();
        match self.phase {
            Phase::Dormant { .. } => ChannelState::Dormant,
            Phase::Open { successor: Successor::None, .. } => ChannelState::Open,
            Phase::Open { .. } => ChannelState::Closing,
            _ if self.trouble.is_lost() => ChannelState::Lost { attempt },
            Phase::Acquiring if attempt == 0 => ChannelState::Creating,
            Phase::Connecting { .. } | Phase::Verifying if attempt == 0 => ChannelState::Connecting,
            _ => ChannelState::Reconnecting { attempt },
        }
    }

    /// How it stands, for whoever watches us; `number` counts from 1.
    pub(crate) fn status(&self, number: usize) -> ChannelStatus {
        ChannelStatus {
            number,
            state: self.state(),
            topics: self.subscriptions.topics(),
            refused: self.subscriptions.refused_topics(),
            replaced: self.replaced,
        }
    }

    /// Whether it was ever needed.
    pub(crate) fn is_used(&self) -> bool {
        !matches!(self.phase, Phase::Dormant { .. }) || self.address.is_some()
    }

    /// Goes on from where we are: to a socket, or first to a channel.
    fn begin(&mut self) {
        match self.address.clone() {
            Some(address) => self.connect(address),
            None => {
                self.phase = Phase::Acquiring;
                self.effects.push(Effect::Acquire);
            }
        }
    }

    fn connect(&mut self, address: Address) {
        self.address = Some(address);
        if let Some(socket) = self.next_socket() {
            self.phase = Phase::Connecting { socket };
        }
    }

    /// One more socket to the channel, if there is a channel.
    fn next_socket(&mut self) -> Option<SocketNumber> {
        let address = self.address.clone()?;
        self.sockets += 1;
        self.effects.push(Effect::Connect { socket: self.sockets, address });
        Some(self.sockets)
    }

    /// The open socket is about to close. If it has lasted, the next one is opened at once; if
    /// not, after a pause that grows, for the next one may fare no better.
    fn hand_over(&mut self, socket: SocketNumber, since: Instant, now: Instant) {
        if now >= self.settled_at(since) {
            self.settle();
            self.succeed(socket, since);
        } else {
            let reason = "its socket is to close soon after it was opened".to_owned();
            let successor = Successor::Due(now + self.set_back(reason));
            self.phase = Phase::Open { socket, since, successor };
        }
    }

    /// Opens the socket that is to take over from the open one.
    fn succeed(&mut self, socket: SocketNumber, since: Instant) {
        if let Some(next) = self.next_socket() {
            self.phase = Phase::Open { socket, since, successor: Successor::Opening(next) };
        }
    }

    fn reconcile_all(&mut self) {
        let wanted: Vec<String> = self.subscriptions.wanted().cloned().collect();
        if !wanted.is_empty() {
            self.effects.push(Effect::Reconcile(wanted));
        }
    }

    fn close_all(&mut self) {
        self.close_draining();
        match self.phase {
            Phase::Connecting { socket } => self.effects.push(Effect::Close(socket)),
            Phase::Open { socket, successor, .. } => {
                self.effects.push(Effect::Close(socket));
                if let Successor::Opening(next) = successor {
                    self.effects.push(Effect::Close(next));
                }
            }
            Phase::Dormant { .. } | Phase::Acquiring | Phase::Verifying | Phase::Waiting { .. } => {
            }
        }
    }

    fn close_draining(&mut self) {
        self.effects.extend(self.draining.take().map(Effect::Close));
    }

    fn is_unreliable(&self) -> bool {
        matches!(self.state(), ChannelState::Lost { .. } | ChannelState::Contested)
    }
}
