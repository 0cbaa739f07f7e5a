//! The whole, and its text.

use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{
    ApplicationMetrics, BotMetrics, ClientMetrics, DeliveryMetrics, HandoffMetrics, RelayMetrics,
    Snapshot, client::AllClients, process,
};

/// The type of the text: OpenMetrics 1.0.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that one process counts. Clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Whole>);

struct Whole {
    registry: Registry,
    deliveries: DeliveryMetrics,
    handoffs: HandoffMetrics,
    relay: RelayMetrics,
    bots: BotMetrics,
    applications: ApplicationMetrics,
    clients: AllClients,
    chat_sockets: Gauge,
    started_at: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Nothing is counted yet; the process has just started.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("baton");
        // A gauge, as Prometheus' own programs have it: what reads only its older text knows no type
        // `info`, and would take nothing at all.
        let build: Family<Build, Gauge> = Family::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "What runs; always 1", build);
        let chat_sockets = Gauge::default();
        registry.register("chat_sockets", "Open WebSockets of chat clients", chat_sockets.clone());
        Self(Arc::new(Whole {
            deliveries: DeliveryMetrics::register(&mut registry),
            handoffs: HandoffMetrics::register(&mut registry),
            relay: RelayMetrics::register(&mut registry),
            bots: BotMetrics::register(&mut registry),
            applications: ApplicationMetrics::register(&mut registry),
            clients: AllClients::register(&mut registry),
            chat_sockets,
            started_at: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64()),
            registry,
        }))
    }

    /// Of webhooks and deliveries.
    pub fn deliveries(&self) -> &DeliveryMetrics {
        &self.0.deliveries
    }

    /// Of handoffs.
    pub fn handoffs(&self) -> &HandoffMetrics {
        &self.0.handoffs
    }

    /// Of what goes to Genesys.
    pub fn relay(&self) -> &RelayMetrics {
        &self.0.relay
    }

    /// Of the tenants' bots.
    pub fn bots(&self) -> &BotMetrics {
        &self.0.bots
    }

    /// Of the applications' webhooks.
    pub fn applications(&self) -> &ApplicationMetrics {
        &self.0.applications
    }

    /// Of the OAuth client of this name, which is no secret.
    pub fn client(&self, name: &str) -> ClientMetrics {
        ClientMetrics::new(name, self.0.clients.clone())
    }

    /// A chat client's socket, counted for as long as what is returned is kept.
    pub fn chat_socket(&self) -> SocketShown {
        self.0.chat_sockets.inc();
        SocketShown(self.0.chat_sockets.clone())
    }

    /// All of it as [`CONTENT_TYPE`], with how things stand at this moment.
    ///
    /// # Errors
    ///
    /// None in practice: a text takes whatever is written to it.
    pub fn text(&self, now: &Snapshot) -> Result<String, fmt::Error> {
        let mut moment = Registry::with_prefix("baton");
        now.register(&mut moment);
        let mut process = Registry::with_prefix("process");
        process::register(&mut process, self.0.started_at);
        let mut shown = String::new();
        for registry in [&self.0.registry, &moment, &process] {
            text::encode_registry(&mut shown, registry)?;
        }
        text::encode_eof(&mut shown)?;
        Ok(shown)
    }
}

/// A chat client's socket that is counted.
#[derive(Debug)]
pub struct SocketShown(Gauge);

impl Drop for SocketShown {
    fn drop(&mut self) {
        self.0.dec();
    }
}
