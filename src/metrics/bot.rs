//! The turns of the tenants' bots.

use std::{fmt::Display, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};

use crate::buckets::{Durations, durations_by};

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnResult {
    /// The bot answered.
    Answered,
    /// It did not.
    Failed,
}

impl TurnResult {
    const ALL: [Self; 2] = [Self::Answered, Self::Failed];

    /// The word for it in a label.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTenant {
    tenant: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    tenant: String,
    result: &'static str,
}

/// Counts what bots are told. Clones count together.
#[derive(Clone, Debug)]
pub struct BotMetrics {
    turns: Family<ByResult, Counter>,
    took: Durations<ByTenant>,
}

impl BotMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let turns = Family::default();
        let took = durations_by();
        registry.register("bot_turns", "Turns that bots were told", Family::clone(&turns));
        registry.register_with_unit(
            "bot_turn",
            "How long bots took for a turn, all tries and the pauses between them together",
            Unit::Seconds,
            Family::clone(&took),
        );
        Self { turns, took }
    }

    /// Shows the counters of the tenant's bot at zero: a first time is a rise only to whoever saw
    /// what was before.
    pub fn announce(&self, tenant: &impl Display) {
        for result in TurnResult::ALL.map(TurnResult::word) {
            self.turns.get_or_create(&ByResult { tenant: tenant.to_string(), result }).inc_by(0);
        }
    }

    /// The tenant's bot is done with a turn.
    pub fn turned(&self, tenant: &impl Display, result: TurnResult, took: Duration) {
        let (tenant, result) = (tenant.to_string(), result.word());
        self.took.get_or_create(&ByTenant { tenant: tenant.clone() }).observe(took.as_secs_f64());
        self.turns.get_or_create(&ByResult { tenant, result }).inc();
    }
}
