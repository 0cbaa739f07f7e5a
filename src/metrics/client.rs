//! An OAuth client at Genesys: its calls, its tokens, its rate, its channels.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};

use crate::buckets::{Durations, durations_by};

/// What came of asking for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenResult {
    /// Genesys gave one.
    Granted,
    /// It did not, or did not answer.
    Failed,
}

impl TokenResult {
    const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Failed => "failed",
        }
    }
}

/// What happened to a notification channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelChange {
    /// Its connection is away.
    Away,
    /// It stays away: its handoffs are read over REST.
    Lost,
    /// It is back after it was lost.
    Back,
    /// It is no more, and another one takes its place.
    Replaced,
    /// Another process takes it away again and again.
    Contested,
}

impl ChannelChange {
    const fn word(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Lost => "lost",
            Self::Back => "back",
            Self::Replaced => "replaced",
            Self::Contested => "contested",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClient {
    client: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCall {
    client: Arc<str>,
    purpose: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    client: Arc<str>,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByChange {
    client: Arc<str>,
    change: &'static str,
}

/// What all clients count into.
#[derive(Clone, Debug)]
pub(crate) struct AllClients {
    calls: Family<ByCall, Counter>,
    took: Durations<ByClient>,
    waited: Durations<ByClient>,
    tokens: Family<ByResult, Counter>,
    channels: Family<ByChange, Counter>,
    reconciles: Family<ByClient, Counter>,
}

impl Default for AllClients {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            took: durations_by(),
            waited: durations_by(),
            tokens: Family::default(),
            channels: Family::default(),
            reconciles: Family::default(),
        }
    }
}

impl AllClients {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let Self { calls, took, waited, tokens, channels, reconciles } = all.clone();
        registry.register(
            "genesys_calls",
            "Calls of the Platform API that were answered or failed",
            calls,
        );
        registry.register_with_unit(
            "genesys_call",
            "How long calls of the Platform API took, without the wait for the rate limit",
            Unit::Seconds,
            took,
        );
        registry.register_with_unit(
            "rate_limit_wait",
            "How long calls waited for Genesys' rate limit, of those that waited at all",
            Unit::Seconds,
            waited,
        );
        registry.register("token_requests", "Requests for an OAuth token", tokens);
        registry.register(
            "channel_changes",
            "What happened to notification channels; each that is away leaves a gap",
            channels,
        );
        registry.register(
            "reconciles",
            "Handoffs that were to be compared with Genesys over REST, after a gap or where no channel tells of them",
            reconciles,
        );
        all
    }
}

/// Counts what one OAuth client does. Clones count together.
#[derive(Clone, Debug)]
pub struct ClientMetrics {
    client: Arc<str>,
    all: AllClients,
}

impl ClientMetrics {
    /// For a client of this name, which is no secret.
    pub(crate) fn new(client: &str, all: AllClients) -> Self {
        let client: Arc<str> = client.into();
        for result in [TokenResult::Granted, TokenResult::Failed] {
            let result = result.word();
            all.tokens.get_or_create(&ByResult { client: Arc::clone(&client), result }).inc_by(0);
        }
        Self { client, all }
    }

    /// For a client of which nobody asks.
    pub fn unread() -> Self {
        Self::new("", AllClients::default())
    }

    /// A call was made for this purpose, with this status of HTTP; none where no answer came.
    pub fn called(&self, purpose: &str, status: Option<u16>, took: Duration) {
        let purpose = purpose.replace(' ', "_").replace('\'', "");
        let status = match status {
            Some(200..=299) => "2xx",
            Some(429) => "429",
            Some(400..=499) => "4xx",
            Some(500..=599) => "5xx",
            Some(_) => "other",
            None => "none",
        };
        let client = Arc::clone(&self.client);
        self.all.calls.get_or_create(&ByCall { client, purpose, status }).inc();
        self.all.took.get_or_create(&self.labels()).observe(took.as_secs_f64());
    }

    /// A call waited so long for the rate limit.
    pub fn waited(&self, wait: Duration) {
        self.all.waited.get_or_create(&self.labels()).observe(wait.as_secs_f64());
    }

    /// A token was asked for.
    pub fn asked_for_token(&self, result: TokenResult) {
        let labels = ByResult { client: Arc::clone(&self.client), result: result.word() };
        self.all.tokens.get_or_create(&labels).inc();
    }

    /// Something happened to a channel.
    pub fn channel_changed(&self, change: ChannelChange) {
        let labels = ByChange { client: Arc::clone(&self.client), change: change.word() };
        self.all.channels.get_or_create(&labels).inc();
    }

    /// A handoff is to be compared with Genesys over REST.
    pub fn reconciles(&self) {
        self.all.reconciles.get_or_create(&self.labels()).inc();
    }

    fn labels(&self) -> ByClient {
        ByClient { client: Arc::clone(&self.client) }
    }
}
