//! The webhooks by which applications are told what happens.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{PostResult, buckets::durations, post::ByPostResult};

/// Counts what applications are told. Clones count together.
#[derive(Clone, Debug)]
pub struct ApplicationMetrics {
    posts: Family<ByPostResult, Counter>,
    took: Histogram,
}

impl ApplicationMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let posts: Family<ByPostResult, Counter> = Family::default();
        let took = durations();
        registry.register(
            "application_webhooks",
            "Tries to tell an application's endpoint of an event, by what came of them",
            Family::clone(&posts),
        );
        registry.register_with_unit(
            "application_webhook",
            "How long an application's endpoint took for a try",
            Unit::Seconds,
            took.clone(),
        );
        for result in PostResult::ALL {
            posts.get_or_create(&result.label()).inc_by(0);
        }
        Self { posts, took }
    }

    /// An endpoint was tried.
    pub fn posted(&self, result: PostResult, took: Duration) {
        self.posts.get_or_create(&result.label()).inc();
        self.took.observe(took.as_secs_f64());
    }
}
