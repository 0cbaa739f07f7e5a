//! The way of what the user said, to Genesys.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{PostResult, buckets::durations, post::ByPostResult};

/// Counts what goes to Genesys. Clones count together.
#[derive(Clone, Debug)]
pub struct RelayMetrics {
    messages: Family<ByPostResult, Counter>,
    receipts: Family<ByPostResult, Counter>,
    relayed: Histogram,
}

impl RelayMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let messages = Family::default();
        let receipts = Family::default();
        let relayed = durations();
        registry.register(
            "relay_posts",
            "Posts of messages to Genesys, by what became of them",
            Family::clone(&messages),
        );
        registry.register(
            "receipt_posts",
            "Posts of receipts to Genesys, by what became of them",
            Family::clone(&receipts),
        );
        registry.register_with_unit(
            "relay",
            "How long messages took from when the user was shown them until Genesys took them",
            Unit::Seconds,
            relayed.clone(),
        );
        let metrics = Self { messages, receipts, relayed };
        for result in PostResult::ALL {
            metrics.messages.get_or_create(&result.label()).inc_by(0);
            metrics.receipts.get_or_create(&result.label()).inc_by(0);
        }
        metrics
    }

    /// A message was posted, or given up without that.
    pub fn posted(&self, result: PostResult) {
        self.messages.get_or_create(&result.label()).inc();
    }

    /// Genesys took a message, so long after the user was shown it.
    pub fn took(&self, after: Duration) {
        self.relayed.observe(after.as_secs_f64());
    }

    /// A receipt was posted.
    pub fn posted_receipt(&self, result: PostResult) {
        self.receipts.get_or_create(&result.label()).inc();
    }
}
