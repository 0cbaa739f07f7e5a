//! A plan, and what came of it.

use baton_genesys::{Creation, IntegrationDetails, Secret};
use baton_setup::{Applied, Plan, StepOutcome, Thing};

use super::report;

/// A plan, and what came of it where it was carried out.
pub(super) struct Course {
    pub(super) plan: Plan,
    pub(super) applied: Option<Applied>,
}

impl Course {
    /// The integration, if there is one now.
    pub(super) fn integration(&self) -> Option<&IntegrationDetails> {
        let now = self.applied.as_ref().map(|applied| &applied.integration);
        now.unwrap_or(&self.plan.integration).as_ref()
    }

    /// Whether everything is there now.
    pub(super) fn is_complete(&self) -> bool {
        self.applied.as_ref().map_or_else(|| report::is_there(&self.plan), Applied::is_complete)
    }

    /// Whether the step of the integration failed, so that nobody knows what Genesys signs with.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.of_integration(), Some(StepOutcome::Failed(_)))
    }

    /// Whether Genesys signs with this secret, as far as that is known.
    pub(super) fn is_set(&self, secret: &Secret) -> bool {
        let Some(found) = &self.plan.integration else {
            let made = self.integration();
            return made.is_some_and(|made| !matches!(made.creation, Creation::Failed(_)));
        };
        found.signature_secret.as_ref() == Some(secret)
            || matches!(self.of_integration(), Some(StepOutcome::Done))
    }

    /// What came of the step of the integration, if it was taken.
    fn of_integration(&self) -> Option<&StepOutcome> {
        let mut outcomes = self.plan.steps.iter().zip(&self.applied.as_ref()?.outcomes);
        outcomes.find(|(step, _)| step.thing == Thing::Integration).map(|(_, done)| done)
    }
}
