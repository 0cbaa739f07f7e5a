//! What has happened so far, counted.

use std::collections::BTreeMap;

use serde::Serialize;

/// The counters that `GET /control/v1/counters` shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counters {
    /// Requests to the Platform API by method and route, refused ones included.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Token requests by OAuth client id.
    pub(crate) token_requests: BTreeMap<String, Concurrency>,
    /// Channels by OAuth client id.
    pub(crate) channels: BTreeMap<String, Level>,
    /// Channels that died because their client opened another one past the limit, or by a fault.
    pub(crate) evictions: u64,
    /// Sockets of channels.
    pub(crate) sockets: Level,
    /// Sockets that were closed because nobody read them.
    pub(crate) sockets_that_did_not_read: u64,
    /// Answers 429 for a token over its limit; those of a fault are not counted.
    pub(crate) rate_limited: u64,
    /// Fields in request bodies that Genesys does not know, by path.
    pub(crate) unknown_fields: BTreeMap<String, u64>,
}

/// How many there were, and how many at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Concurrency {
    /// All so far.
    pub(crate) total: u64,
    /// Now.
    pub(crate) in_flight: u64,
    /// The most at once.
    pub(crate) most_in_flight: u64,
}

/// How many there are, and how many there were at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Level {
    /// Now.
    pub(crate) now: u64,
    /// The most at once.
    pub(crate) most: u64,
    /// All so far.
    pub(crate) total: u64,
}

impl Counters {
    pub(crate) fn request(&mut self, route: &str) {
        *self.requests.entry(route.to_owned()).or_default() += 1;
    }

    pub(crate) fn token_request_began(&mut self, client_id: &str) {
        let requests = self.token_requests.entry(client_id.to_owned()).or_default();
        requests.total += 1;
        requests.in_flight += 1;
        requests.most_in_flight = requests.most_in_flight.max(requests.in_flight);
    }

    pub(crate) fn token_request_ended(&mut self, client_id: &str) {
        if let Some(requests) = self.token_requests.get_mut(client_id) {
            requests.in_flight = requests.in_flight.saturating_sub(1);
        }
    }

    pub(crate) fn unknown_field(&mut self, path: String) {
        *self.unknown_fields.entry(path).or_default() += 1;
    }
}

impl Level {
    /// One more.
    pub(crate) fn rise(&mut self) {
        self.total += 1;
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    /// One fewer.
    pub(crate) fn fall(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}
