//! What can be seen only at the moment of a question.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::ConstGauge},
    registry::{Metric, Registry, Unit},
};

/// How things stand at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The tenants that reach Genesys, or should.
    pub tenants: Vec<TenantSnapshot>,
    /// The OAuth clients that act for them.
    pub clients: Vec<ClientSnapshot>,
    /// The store; none if it did not answer.
    pub store: Option<StoreSnapshot>,
    /// Whether the store takes writes.
    pub store_takes_writes: bool,
}

/// How a tenant stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantSnapshot {
    /// Whose it is: account, project and environment with a slash between.
    pub tenant: String,
    /// Whether Genesys does what is asked for it.
    pub up: bool,
}

/// How an OAuth client stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSnapshot {
    /// Its name, as its calls are counted by.
    pub client: String,
    /// Calls that wait for the rate limit.
    pub waiting_calls: u64,
    /// What the token is: `none`, `held` or `failing`.
    pub token: &'static str,
    /// What each of its notification channels does.
    pub channels: Vec<&'static str>,
    /// Topics of all its channels.
    pub topics: u64,
    /// Of the topics asked for, those that Genesys does not grant.
    pub refused_topics: u64,
}

/// How the store stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSnapshot {
    /// Handoffs that go on, but for orphans.
    pub open_handoffs: u64,
    /// Messages of users that wait for Genesys, but for orphans.
    pub waiting_messages: u64,
    /// How long the oldest of them has waited; nothing if none waits.
    pub oldest_message: Duration,
    /// Receipts that wait for Genesys.
    pub waiting_receipts: u64,
    /// Turns that wait for a bot, but for orphans.
    pub waiting_turns: u64,
    /// What waits for a tenant's Genesys or bot that is not there.
    pub orphans: Orphans,
    /// Notifications that wait for an application.
    pub waiting_notifications: u64,
    /// Deliveries that wait for their session.
    pub waiting_deliveries: u64,
    /// How long the oldest of them has waited; nothing if none waits.
    pub oldest_delivery: Duration,
    /// What reached nobody and is kept.
    pub dead_letters_kept: DeadLetters,
    /// What ever reached nobody. It only rises, also over restarts.
    pub dead_letters: DeadLetters,
    /// The size of the store's file, in bytes.
    pub file_bytes: u64,
    /// The size of the write-ahead log beside it, in bytes.
    pub log_bytes: u64,
    /// Calls that wait for the thread that writes.
    pub queued_writes: u64,
}

/// What waits for somebody whom the configuration does not name any more, by what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Handoffs that go on.
    pub handoffs: u64,
    /// Messages of users to Genesys.
    pub messages: u64,
    /// Turns for a bot.
    pub turns: u64,
}

/// What reached nobody, by what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeadLetters {
    /// Deliveries of edges.
    pub deliveries: u64,
    /// Messages to Genesys.
    pub messages: u64,
    /// Notifications of applications.
    pub notifications: u64,
}

/// A set of gauges that are read once.
type Gauges<Labels> = Family<Labels, Reading>;

/// A gauge's value as it was read.
type Reading = prometheus_client::metrics::gauge::Gauge;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTenant {
    tenant: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClient {
    client: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    client: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByFile {
    file: &'static str,
}

impl Snapshot {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let answers = ConstGauge::new(u64::from(self.store.is_some()));
        registry.register("store_up", "Whether the store answers questions", answers);
        let writes = ConstGauge::new(u64::from(self.store_takes_writes));
        registry.register("store_takes_writes", "Whether the store takes writes", writes);
        if let Some(store) = &self.store {
            store.register(registry);
        }
        let up = Gauges::default();
        for TenantSnapshot { tenant, up: is_up } in &self.tenants {
            set(&up, ByTenant { tenant: tenant.clone() }, u64::from(*is_up));
        }
        registry.register("tenant_up", "Whether the tenant reaches Genesys", up);
        register_clients(&self.clients, registry);
    }
}

impl StoreSnapshot {
    fn register(&self, registry: &mut Registry) {
        let mut one = |name: &str, help: &str, value: u64| {
            registry.register(name, help, ConstGauge::new(value));
        };
        one("open_handoffs", "Handoffs that go on", self.open_handoffs);
        one("waiting_messages", "Messages of users that wait for Genesys", self.waiting_messages);
        one("waiting_receipts", "Receipts that wait for Genesys", self.waiting_receipts);
        one("waiting_turns", "Turns that wait for a bot", self.waiting_turns);
        one(
            "waiting_notifications",
            "Notifications that wait for an application",
            self.waiting_notifications,
        );
        one(
            "waiting_deliveries",
            "Deliveries that wait for their session",
            self.waiting_deliveries,
        );
        one("store_queued_writes", "Calls that wait for the store's writer", self.queued_writes);
        let mut age = |name: &str, help: &str, age: Duration| {
            let age = ConstGauge::new(age.as_secs_f64());
            registry.register_with_unit(name, help, Unit::Seconds, age);
        };
        age(
            "oldest_waiting_message_age",
            "How long the oldest message that waits for Genesys has waited",
            self.oldest_message,
        );
        age(
            "oldest_waiting_delivery_age",
            "How long the oldest delivery that waits for its session has waited",
            self.oldest_delivery,
        );
        let orphans = Gauges::default();
        for (kind, count) in self.orphans.by_kind() {
            set(&orphans, ByKind { kind }, count);
        }
        registry.register("orphans", "What waits for a tenant that is not there", orphans);
        let kept = Gauges::default();
        for (kind, count) in self.dead_letters_kept.by_kind() {
            set(&kept, ByKind { kind }, count);
        }
        registry.register("dead_letters_kept", "What reached nobody and is kept", kept);
        let ever: Family<ByKind, Counter> = Family::default();
        for (kind, count) in self.dead_letters.by_kind() {
            ever.get_or_create(&ByKind { kind }).inc_by(count);
        }
        registry.register("dead_letters", "What reached nobody since the store was made", ever);
        let size = Gauges::default();
        set(&size, ByFile { file: "main" }, self.file_bytes);
        set(&size, ByFile { file: "log" }, self.log_bytes);
        registry.register_with_unit("store_size", "The store's files", Unit::Bytes, size);
    }
}

impl Orphans {
    fn by_kind(self) -> [(&'static str, u64); 3] {
        [("handoff", self.handoffs), ("message", self.messages), ("turn", self.turns)]
    }
}

impl DeadLetters {
    fn by_kind(self) -> [(&'static str, u64); 3] {
        [
            ("delivery", self.deliveries),
            ("message", self.messages),
            ("notification", self.notifications),
        ]
    }
}

fn register_clients(clients: &[ClientSnapshot], registry: &mut Registry) {
    let waiting = Gauges::default();
    let token = Gauges::default();
    let channels = Gauges::default();
    let (topics, refused) = (Gauges::default(), Gauges::default());
    for shown in clients {
        let by_client = || ByClient { client: shown.client.clone() };
        let by_state = |state| ByState { client: shown.client.clone(), state };
        set(&waiting, by_client(), shown.waiting_calls);
        set(&topics, by_client(), shown.topics);
        set(&refused, by_client(), shown.refused_topics);
        for state in ["none", "held", "failing"] {
            set(&token, by_state(state), u64::from(state == shown.token));
        }
        for state in &shown.channels {
            channels.get_or_create(&by_state(state)).inc();
        }
    }
    registry.register("waiting_calls", "Calls to Genesys that wait for the rate limit", waiting);
    registry.register("token_state", "1 at what the client's token is, 0 elsewhere", token);
    registry.register("channels", "Notification channels, by what they do", channels);
    registry.register("channel_topics", "Topics on the notification channels", topics);
    registry.register("channel_topics_refused", "Topics that Genesys does not grant", refused);
}

fn set<Labels>(gauges: &Gauges<Labels>, labels: Labels, value: u64)
where
    Labels: Clone + std::hash::Hash + Eq + EncodeLabelSet,
    Gauges<Labels>: Metric,
{
    gauges.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
}
