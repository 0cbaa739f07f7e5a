//! Notification channels: who has which, what they listen to, and their sockets (Genesys
//! reference 4).
//!
//! [`Channels`] is pure: it is told the time, and a socket is two ends of queues to it. The
//! task behind each socket is in [`socket`].

pub(crate) mod frame;
mod line;
pub(crate) mod socket;
pub(crate) mod subscribe;
pub(crate) mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::channels::line::{Closing, Line, SocketEnd};
use crate::channels::topic::Subscription;
use crate::oauth::TokenId;
use crate::pace::after;
use crate::platform::counters::Level;

/// How many channels an OAuth client has at most (Genesys reference 4.2).
pub(crate) const CHANNELS_PER_CLIENT: usize = 20;
/// How many topics a channel has at most, each part of a combined one counted.
pub(crate) const TOPICS_PER_CHANNEL: usize = 1000;
/// How long a channel lives after it was made or its topics were last set, at Genesys' pace.
pub(crate) const LIFE: Duration = Duration::from_secs(86_400);
/// The close code of a channel's end: going away (Genesys reference 4.3).
pub(crate) const GOING_AWAY: u16 = 1001;

/// Every channel that is alive.
pub(crate) struct Channels {
    life: Duration,
    last_socket: u64,
    by_id: BTreeMap<String, Channel>,
    levels: BTreeMap<String, Level>,
    sockets: Level,
    sockets_that_did_not_read: u64,
    evictions: u64,
}

struct Channel {
    client_id: String,
    /// The token that made it or last set its topics.
    token: TokenId,
    expires: Timestamp,
    last_used: Timestamp,
    /// The order of making, for channels used in the same moment.
    number: u64,
    subscriptions: Vec<Subscription>,
    topics: BTreeSet<String>,
    line: Option<Line>,
}

/// A channel as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelView {
    pub(crate) id: String,
    pub(crate) expires: Timestamp,
}

/// Whether new subscriptions join those that are there, or take their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Add,
    Replace,
}

/// Why topics were not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopicsRefusal {
    NoSuchChannel,
    TooManyTopics,
}

impl Channels {
    /// No channels; each new one will live this long.
    pub(crate) fn new(life: Duration) -> Self {
        Self {
            life,
            last_socket: 0,
            by_id: BTreeMap::new(),
            levels: BTreeMap::new(),
            sockets: Level::default(),
            sockets_that_did_not_read: 0,
            evictions: 0,
        }
    }

    /// Makes a channel. If the client has as many as it may, one of them dies first: one without
    /// a live socket if there is any, and among those the one that was not used for longest.
    pub(crate) fn open(&mut self, now: Timestamp, client_id: &str, token: TokenId) -> ChannelView {
        while self.of_client(client_id).count() >= CHANNELS_PER_CLIENT {
            let victim = self
                .of_client(client_id)
                .min_by_key(|(_, channel)| {
                    (channel.line.is_some(), channel.last_used, channel.number)
                })
                .map(|(id, _)| id.clone());
            match victim {
                Some(id) => self.evict(&id),
                None => break,
            };
        }
        let level = self.levels.entry(client_id.to_owned()).or_default();
        level.rise();
        let id = channel_id();
        let channel = Channel {
            client_id: client_id.to_owned(),
            token,
            expires: after(now, self.life),
            last_used: now,
            number: level.total,
            subscriptions: Vec::new(),
            topics: BTreeSet::new(),
            line: None,
        };
        let view = ChannelView { id: id.clone(), expires: channel.expires };
        self.by_id.insert(id, channel);
        view
    }

    /// The channels of a client, or of one of its tokens alone.
    pub(crate) fn list(&self, client_id: &str, token: Option<TokenId>) -> Vec<ChannelView> {
        self.of_client(client_id)
            .filter(|(_, channel)| token.is_none_or(|token| channel.token == token))
            .map(|(id, channel)| ChannelView { id: id.clone(), expires: channel.expires })
            .collect()
    }

    /// Whether the channel is alive and, if a client is named, its own.
    pub(crate) fn is_alive(&self, now: Timestamp, id: &str, client_id: Option<&str>) -> bool {
        self.by_id.get(id).is_some_and(|channel| {
            channel.expires > now && client_id.is_none_or(|client| channel.client_id == client)
        })
    }

    /// What the channel listens to, in the order of asking.
    pub(crate) fn subscriptions(&self, id: &str) -> Vec<Subscription> {
        self.by_id.get(id).map(|channel| channel.subscriptions.clone()).unwrap_or_default()
    }

    /// Whose token made the channel or last set its topics.
    pub(crate) fn token(&self, id: &str) -> Option<TokenId> {
        self.by_id.get(id).map(|channel| channel.token)
    }

    /// Sets what the channel listens to, and begins its life anew.
    pub(crate) fn subscribe(
        &mut self,
        now: Timestamp,
        id: &str,
        token: TokenId,
        wanted: Vec<Subscription>,
        change: Change,
    ) -> Result<(), TopicsRefusal> {
        let channel = self.by_id.get_mut(id).ok_or(TopicsRefusal::NoSuchChannel)?;
        let mut subscriptions = match change {
            Change::Add => channel.subscriptions.clone(),
            Change::Replace => Vec::new(),
        };
        for subscription in wanted {
            if !subscriptions.contains(&subscription) {
                subscriptions.push(subscription);
            }
        }
        let topics: BTreeSet<String> =
            subscriptions.iter().flat_map(|subscription| subscription.topics.clone()).collect();
        if topics.len() > TOPICS_PER_CHANNEL {
            return Err(TopicsRefusal::TooManyTopics);
        }
        channel.subscriptions = subscriptions;
        channel.topics = topics;
        channel.token = token;
        channel.last_used = now;
        channel.expires = after(now, self.life);
        Ok(())
    }

    /// Gives the channel a socket. One that it had is told that it lost the channel, and closed.
    pub(crate) fn attach(&mut self, now: Timestamp, id: &str) -> Option<SocketEnd> {
        let channel = self.by_id.get_mut(id).filter(|channel| channel.expires > now)?;
        self.last_socket += 1;
        let (line, end) = Line::new(self.last_socket);
        channel.last_used = now;
        if let Some(former) = channel.line.replace(line) {
            let last_words = Some(frame::no_longer_subscribed(id));
            former.close(Closing { last_words, code: Some(GOING_AWAY) });
            self.sockets.fall();
        }
        self.sockets.rise();
        Some(end)
    }

    /// The socket of this number is gone. A later one of the same channel is not touched.
    pub(crate) fn detach(&mut self, id: &str, number: u64) {
        if let Some(channel) = self.by_id.get_mut(id)
            && channel.line.take_if(|line| line.number() == number).is_some()
        {
            self.sockets.fall();
        }
    }

    /// The channels with a socket that listen to a topic.
    pub(crate) fn listeners(&self, topic: &str) -> Vec<String> {
        self.by_id
            .iter()
            .filter(|(_, channel)| channel.line.is_some() && channel.topics.contains(topic))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Puts a frame into the queue of the channel's socket. Without a socket it is lost; a socket
    /// whose queue is full is closed.
    pub(crate) fn send(&mut self, id: &str, frame: String) {
        if let Some(channel) = self.by_id.get_mut(id)
            && channel.line.take_if(|line| !line.takes(frame)).is_some()
        {
            self.sockets.fall();
            self.sockets_that_did_not_read += 1;
        }
    }

    /// Closes the socket of one channel, or all: how many there were. No code ends the connection
    /// without a word.
    pub(crate) fn close_sockets(&mut self, id: Option<&str>, code: Option<u16>) -> usize {
        self.close_where(|channel_id, _| id.is_none_or(|id| channel_id == id), code)
    }

    /// Closes the sockets of these numbers, but not those that took their place.
    pub(crate) fn close_numbered(&mut self, numbers: &BTreeSet<u64>, code: Option<u16>) -> usize {
        self.close_where(
            |_, channel| channel.line.as_ref().is_some_and(|line| numbers.contains(&line.number())),
            code,
        )
    }

    /// Tells the sockets of one channel, or all, that they will be closed for maintenance.
    pub(crate) fn announce_maintenance(&mut self, id: Option<&str>) -> BTreeSet<u64> {
        let announced: Vec<(String, u64)> = self
            .by_id
            .iter()
            .filter(|(channel_id, _)| id.is_none_or(|id| channel_id.as_str() == id))
            .filter_map(|(id, channel)| Some((id.clone(), channel.line.as_ref()?.number())))
            .collect();
        for (id, _) in &announced {
            self.send(id, frame::socket_closing());
        }
        announced.into_iter().map(|(_, number)| number).collect()
    }

    /// Ends a channel as the 21st does to it: without a word but the close code.
    pub(crate) fn evict(&mut self, id: &str) -> bool {
        let evicted = self.remove(id, |_| Closing { last_words: None, code: Some(GOING_AWAY) });
        self.evictions += u64::from(evicted);
        evicted
    }

    /// Ends the channels of revoked tokens.
    pub(crate) fn revoke(&mut self, tokens: &[TokenId]) {
        for id in self.ids_where(|channel| tokens.contains(&channel.token)) {
            self.remove(&id, |channel| Closing {
                last_words: Some(frame::token_revoked(&id, &channel.client_id)),
                code: Some(GOING_AWAY),
            });
        }
    }

    /// Closes the sockets of channels whose token has expired. The channels live on.
    pub(crate) fn close_for_expired_tokens(&mut self, tokens: &[TokenId]) -> usize {
        self.close_where(|_, channel| tokens.contains(&channel.token), Some(GOING_AWAY))
    }

    /// Ends the channels that have outlived themselves.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        for id in self.ids_where(|channel| channel.expires <= now) {
            self.remove(&id, |_| Closing { last_words: None, code: Some(GOING_AWAY) });
        }
    }

    /// The levels of channels by client, the level of sockets, how many sockets did not read, and
    /// how many channels were evicted.
    pub(crate) fn counted(&self) -> (BTreeMap<String, Level>, Level, u64, u64) {
        (self.levels.clone(), self.sockets, self.sockets_that_did_not_read, self.evictions)
    }

    fn of_client(&self, client_id: &str) -> impl Iterator<Item = (&String, &Channel)> {
        self.by_id.iter().filter(move |(_, channel)| channel.client_id == client_id)
    }

    fn ids_where(&self, wanted: impl Fn(&Channel) -> bool) -> Vec<String> {
        let wanted = self.by_id.iter().filter(|(_, channel)| wanted(channel));
        wanted.map(|(id, _)| id.clone()).collect()
    }

    fn close_where(&mut self, closes: impl Fn(&str, &Channel) -> bool, code: Option<u16>) -> usize {
        let mut closed = 0;
        for (id, channel) in &mut self.by_id {
            if closes(id, channel)
                && let Some(line) = channel.line.take()
            {
                line.close(Closing { last_words: None, code });
                self.sockets.fall();
                closed += 1;
            }
        }
        closed
    }

    fn remove(&mut self, id: &str, closing: impl FnOnce(&Channel) -> Closing) -> bool {
        let Some(mut channel) = self.by_id.remove(id) else { return false };
        if let Some(level) = self.levels.get_mut(&channel.client_id) {
            level.fall();
        }
        if let Some(line) = channel.line.take() {
            line.close(closing(&channel));
            self.sockets.fall();
        }
        true
    }
}

/// An id of Genesys' form: `streaming-0-` and 26 letters and digits (Genesys reference 4.1).
fn channel_id() -> String {
    let letters: String = Uuid::new_v4().simple().to_string().chars().take(26).collect();
    format!("streaming-0-{letters}")
}
