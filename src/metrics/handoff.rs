//! Handoffs: how far they are, how many began, and how they ended.

use std::{collections::HashMap, fmt::Display};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// How far an open handoff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandoffStage {
    /// Genesys has taken no message yet.
    Opening,
    /// The user waits for an agent.
    Queued,
    /// An agent is there.
    WithAgent,
    /// The conversation has ended; the agents' last messages are awaited.
    Ending,
    /// The user has left, and Genesys is being told.
    Leaving,
    /// The end was told, and something is still to be done at Genesys.
    Settling,
}

impl HandoffStage {
    const ALL: [Self; 6] =
        [Self::Opening, Self::Queued, Self::WithAgent, Self::Ending, Self::Leaving, Self::Settling];

    const fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Queued => "queued",
            Self::WithAgent => "with_agent",
            Self::Ending => "ending",
            Self::Leaving => "leaving",
            Self::Settling => "settling",
        }
    }
}

/// How a handoff ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoffOutcome {
    /// By an agent, or by Genesys itself.
    ByGenesys,
    /// By the user.
    ByUser,
    /// The user was gone without a word.
    Abandoned,
    /// The user has waited for an agent as long as may be.
    TimedOut,
    /// Genesys did not let it out of the bot's queue.
    NotTransferred,
    /// It never began: Genesys did not take what was said first.
    Refused,
}

impl HandoffOutcome {
    const ALL: [Self; 6] = [
        Self::ByGenesys,
        Self::ByUser,
        Self::Abandoned,
        Self::TimedOut,
        Self::NotTransferred,
        Self::Refused,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::ByGenesys => "by_genesys",
            Self::ByUser => "by_user",
            Self::Abandoned => "abandoned",
            Self::TimedOut => "timed_out",
            Self::NotTransferred => "not_transferred",
            Self::Refused => "refused",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStage {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTenant {
    tenant: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    tenant: String,
    outcome: &'static str,
}

/// Counts handoffs. Clones count together.
#[derive(Clone, Debug)]
pub struct HandoffMetrics {
    stages: HashMap<HandoffStage, Gauge>,
    begun: Family<ByTenant, Counter>,
    ended: Family<ByOutcome, Counter>,
}

impl HandoffMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let by_stage: Family<ByStage, Gauge> = Family::default();
        let begun = Family::default();
        let ended = Family::default();
        registry.register("handoffs", "Open handoffs, by how far they are", by_stage.clone());
        registry.register("handoffs_begun", "Handoffs that began", Family::clone(&begun));
        registry.register(
            "handoffs_ended",
            "Handoffs of which the user was told the end, by how it came",
            Family::clone(&ended),
        );
        let gauge = |stage: HandoffStage| {
            (stage, by_stage.get_or_create_owned(&ByStage { state: stage.word() }))
        };
        Self { stages: HandoffStage::ALL.map(gauge).into(), begun, ended }
    }

    /// Shows the tenant's counters at zero: a first time is a rise only to whoever saw what was
    /// before.
    pub fn announce(&self, tenant: &impl Display) {
        self.begun.get_or_create(&ByTenant { tenant: tenant.to_string() }).inc_by(0);
        for outcome in HandoffOutcome::ALL {
            self.of_outcome(tenant, outcome).inc_by(0);
        }
    }

    /// A handoff of the tenant began.
    pub fn begun(&self, tenant: &impl Display) {
        self.begun.get_or_create(&ByTenant { tenant: tenant.to_string() }).inc();
    }

    /// A handoff of the tenant is over.
    pub fn ended(&self, tenant: &impl Display, outcome: HandoffOutcome) {
        self.of_outcome(tenant, outcome).inc();
    }

    fn of_outcome(&self, tenant: &impl Display, outcome: HandoffOutcome) -> Counter {
        let labels = ByOutcome { tenant: tenant.to_string(), outcome: outcome.word() };
        self.ended.get_or_create_owned(&labels)
    }

    /// Counts a handoff in this stage for as long as what is returned is kept.
    pub fn show(&self, stage: HandoffStage) -> StageShown {
        let gauge = self.stages.get(&stage).cloned().unwrap_or_default();
        gauge.inc();
        StageShown { stage, gauge }
    }
}

/// A handoff that is counted in its stage.
#[derive(Debug)]
pub struct StageShown {
    stage: HandoffStage,
    gauge: Gauge,
}

impl StageShown {
    /// The stage in which it is counted.
    pub fn stage(&self) -> HandoffStage {
        self.stage
    }
}

impl Drop for StageShown {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
