//! The life of one channel, as a machine without I/O: what happened goes in, what is to be done
//! comes out.
//!
//! ```text
//!            wanted                acquired                opened
//! Dormant ──────────▶ Acquiring ──────────▶ Connecting ──────────▶ Open
//!    ▲                    ▲                    ▲   │ failed          │ ended
//!    │ nobody asks        │ channel gone       │   ▼                 │
//!    └────────────────────┴────────────────── Waiting ◀──────────────┘
//! ```
//!
//! The subscriptions belong to the channel and outlive its sockets (Genesys reference, 4.3), but
//! nothing is kept for a socket that is not there: whenever one was away, every conversation is
//! to be compared with Genesys.

use std::{collections::BTreeSet, mem};

use baton_process::Random;
use tokio::time::Instant;

use super::{
    effect::{Acquired, Address, Effect, SocketNumber},
    ending::Ending,
    frame::{Frame, Loss},
    placement::TOPICS_PER_CONVERSATION,
    report::Report,
    status::{ChannelState, ChannelStatus},
    subscriptions::Subscriptions,
    trouble::Trouble,
};
use crate::Pace;

#[derive(Clone, Copy, Debug)]
enum Phase {
    Dormant,
    Acquiring,
    Connecting {
        socket: SocketNumber,
    },
    Open {
        socket: SocketNumber,
        since: Instant,
        /// The socket that is to take over, since this one is about to close.
        successor: Option<SocketNumber>,
    },
    Waiting {
        until: Instant,
    },
}

/// One channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pace: Pace,
    phase: Phase,
    address: Option<Address>,
    /// Whether this very channel has worked: only such a one is replaced without a pause.
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
            phase: Phase::Dormant,
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
        let is_told_of = in_place && matches!(self.phase, Phase::Open { .. });
        if is_told_of || self.is_unreliable() {
            self.effects.push(Effect::Reconcile(vec![conversation_id.to_owned()]));
        }
        if matches!(self.phase, Phase::Dormant) {
            self.begin();
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
                self.proven = false;
                self.subscriptions.begin_empty(now);
                self.connect(address);
            }
            Ok(Acquired::Adopted(address)) => {
                self.proven = true;
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
                self.phase = Phase::Open { socket, since: now, successor: None };
                let in_place = self.subscriptions.in_place();
                if !in_place.is_empty() {
                    self.effects.push(Effect::Reconcile(in_place));
                }
            }
            Phase::Open { socket: old, since, successor: Some(successor) }
                if successor == socket =>
            {
                self.close_draining();
                self.draining = Some(old);
                self.phase = Phase::Open { socket, since, successor: None };
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
            (Frame::SocketClosing, None) => {
                let successor = self.next_socket();
                self.phase = Phase::Open { socket, since, successor };
            }
            // Our own successor takes the channel over from it.
            (Frame::Loss(Loss::NoLongerSubscribed | Loss::Duplicate), Some(_)) => {}
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
                    self.gone(Loss::Gone, now);
                } else {
                    self.fail(ending.to_string(), now);
                }
            }
            Phase::Open { socket: current, since, successor } if current == socket => {
                match successor {
                    // There is a gap until the successor is open.
                    Some(successor) => self.phase = Phase::Connecting { socket: successor },
                    None => self.broke(since, ending, now),
                }
            }
            Phase::Open { socket: current, since, successor } if successor == Some(socket) => {
                // The old one still works; when it closes, it is a connection like any other.
                self.phase = Phase::Open { socket: current, since, successor: None };
                if ending.is_gone() {
                    self.gone(Loss::Gone, now);
                }
            }
            _ => {}
        }
    }

    /// The topics that the request asked for are in place, but for those of the refused
    /// conversations.
    pub(crate) fn subscribed(&mut self, request: u64, refused: &BTreeSet<String>, now: Instant) {
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
        if is_gone {
            self.gone(Loss::Gone, now);
        } else {
            self.subscriptions.failed(now);
        }
    }

    /// Does what is due by now.
    pub(crate) fn look(&mut self, now: Instant) {
        match self.phase {
            Phase::Waiting { until } if now >= until => match self.subscriptions.is_idle() {
                true => self.rest(),
                false => self.begin(),
            },
            Phase::Open { since, .. } => {
                if now >= self.settled_at(since) {
                    self.settle();
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
            Phase::Open { since, .. } => {
                let settled = (!self.is_settled()).then(|| self.settled_at(since));
                [settled, self.subscriptions.due()].into_iter().flatten().min()
            }
            Phase::Dormant | Phase::Acquiring | Phase::Connecting { .. } => None,
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
            Phase::Dormant => ChannelState::Dormant,
            Phase::Open { successor: None, .. } => ChannelState::Open,
            Phase::Open { successor: Some(_), .. } => ChannelState::Closing,
            _ if self.trouble.is_lost() => ChannelState::Lost { attempt },
            Phase::Acquiring if attempt == 0 => ChannelState::Creating,
            Phase::Connecting { .. } if attempt == 0 => ChannelState::Connecting,
            _ => ChannelState::Reconnecting { attempt },
        }
    }

    /// How it stands, for whoever watches us; `number` counts from 1.
    pub(crate) fn status(&self, number: usize) -> ChannelStatus {
        ChannelStatus {
            number,
            state: self.state(),
            topics: self.subscriptions.present() * TOPICS_PER_CONVERSATION,
            replaced: self.replaced,
        }
    }

    /// Whether it was ever needed.
    pub(crate) fn is_used(&self) -> bool {
        !matches!(self.phase, Phase::Dormant) || self.address.is_some()
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

    /// The socket that was open is no more.
    fn broke(&mut self, since: Instant, ending: &Ending, now: Instant) {
        self.suspect(since, ending.may_be_a_rival(), now);
        self.fail(ending.to_string(), now);
    }

    /// Genesys says in band that the channel is lost to us.
    fn lost(&mut self, loss: Loss, since: Instant, now: Instant) {
        match loss {
            Loss::Gone | Loss::TokenRevoked => return self.gone(loss, now),
            // The next connection tells whether there still is a channel to subscribe to.
            Loss::NoLongerSubscribed => self.subscriptions.begin_anew(now),
            Loss::Duplicate => {}
        }
        self.close_all();
        self.suspect(since, true, now);
        self.fail(loss.to_string(), now);
    }

    /// Looks whether a second owner of the channel is why its socket did not last.
    fn suspect(&mut self, since: Instant, may_be_a_rival: bool, now: Instant) {
        if now >= self.settled_at(since) {
            self.settle();
        }
        if self.trouble.suspect(may_be_a_rival) {
            self.effects.push(Effect::Report(Report::Contested));
            self.reconcile_all();
        }
    }

    /// The channel does not exist any more: another one takes its place.
    fn gone(&mut self, loss: Loss, now: Instant) {
        self.close_all();
        if let Some(address) = self.address.take() {
            self.effects.push(Effect::Forget(address.id));
            self.effects.push(Effect::Report(Report::Replaced(loss)));
            self.replaced = self.replaced.saturating_add(1);
        }
        // Whoever took the old one does not know the new one.
        self.trouble.acquit();
        self.subscriptions.begin_anew(now);
        if mem::take(&mut self.proven) && !self.subscriptions.is_idle() {
            self.begin();
        } else {
            self.fail(loss.to_string(), now);
        }
    }

    /// Counts a failure, and waits before the next try if there is anybody to try for.
    fn fail(&mut self, reason: String, now: Instant) {
        if self.subscriptions.is_idle() {
            return self.rest();
        }
        self.phase = Phase::Waiting { until: now + self.trouble.after_failure() };
        let attempt = self.trouble.attempts();
        self.effects.push(Effect::Report(match self.trouble.is_lost() {
            true => Report::Lost { attempt, reason },
            false => Report::Reconnecting { attempt, reason },
        }));
        if self.trouble.is_newly_lost() {
            self.reconcile_all();
        }
    }

    /// Does nothing until somebody asks for something; that begins with a clean sheet.
    fn rest(&mut self) {
        self.phase = Phase::Dormant;
        self.trouble.end();
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
                self.effects.extend(successor.map(Effect::Close));
            }
            Phase::Dormant | Phase::Acquiring | Phase::Waiting { .. } => {}
        }
    }

    fn close_draining(&mut self) {
        self.effects.extend(self.draining.take().map(Effect::Close));
    }

    fn is_unreliable(&self) -> bool {
        matches!(self.state(), ChannelState::Lost { .. } | ChannelState::Contested)
    }

    /// Whether there is no trouble to forget.
    fn is_settled(&self) -> bool {
        self.proven && self.trouble.is_over()
    }

    /// When a socket has lasted: for longer than the longest pause, in which a second owner of
    /// the channel would have come back and taken it away.
    fn settled_at(&self, since: Instant) -> Instant {
        since + self.pace.reconnect_cap * 2
    }

    fn settle(&mut self) {
        self.proven = true;
        self.trouble.end();
    }
}
