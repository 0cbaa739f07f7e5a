//! The way of a webhook: its verdict at the edge in this process, its intake, its place in the log.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::buckets::durations;

/// What became of a delivery at the intake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// It is stored.
    New,
    /// It was stored before.
    Duplicate,
    /// It is not kept, and was shown to whoever was there.
    Transient,
    /// Who sent it may not, or it is no delivery.
    Refused,
    /// Too much waited to be stored.
    Overloaded,
    /// The store failed, or took too long.
    Failed,
}

impl DeliveryResult {
    const ALL: [Self; 6] = [
        Self::New,
        Self::Duplicate,
        Self::Transient,
        Self::Refused,
        Self::Overloaded,
        Self::Failed,
    ];

    /// The word for it in a label.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Duplicate => "duplicate",
            Self::Transient => "transient",
            Self::Refused => "refused",
            Self::Overloaded => "overloaded",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByVerdict {
    verdict: &'static str,
}

/// Counts webhooks and deliveries. Clones count together.
#[derive(Clone, Debug)]
pub struct DeliveryMetrics {
    verdicts: Family<ByVerdict, Counter>,
    deliveries: Family<ByResult, Counter>,
    logged: Histogram,
}

impl DeliveryMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let verdicts = Family::default();
        let deliveries = Family::default();
        let logged = durations();
        registry.register(
            "edge_verdicts",
            "Requests to the edge in this process, by what became of them",
            Family::clone(&verdicts),
        );
        registry.register(
            "deliveries",
            "Deliveries of edges, by what became of them at the intake",
            Family::clone(&deliveries),
        );
        registry.register_with_unit(
            "delivery",
            "How long deliveries took from their arrival until they stood in their session's log",
            Unit::Seconds,
            logged.clone(),
        );
        let metrics = Self { verdicts, deliveries, logged };
        for result in DeliveryResult::ALL {
            metrics.deliveries.get_or_create(&ByResult { result: result.word() }).inc_by(0);
        }
        metrics
    }

    /// The edge in this process came to a verdict: `taken`, `not_ours`, or why it refused.
    pub fn judged(&self, verdict: &'static str) {
        self.verdicts.get_or_create(&ByVerdict { verdict }).inc();
    }

    /// The intake is done with a delivery.
    pub fn taken_in(&self, result: DeliveryResult) {
        self.deliveries.get_or_create(&ByResult { result: result.word() }).inc();
    }

    /// A delivery stands in its session's log, so long after it had arrived.
    pub fn logged(&self, after: Duration) {
        self.logged.observe(after.as_secs_f64());
    }
}
