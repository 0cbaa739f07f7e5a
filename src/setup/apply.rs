//! Carrying a plan out.

use std::time::Duration;

use baton_genesys::{
    CallError, Creation, Genesys, IntegrationChange, IntegrationDetails, NewIntegration,
    TypingDirections,
};

use crate::{
    found::forbidden,
    plan::{Plan, State, Step, Work, unfinished},
    wanted::{Wanted, WantedSecret},
};

/// How often is asked whether an integration is there, which Genesys makes in the background.
const LOOKS: u32 = 30;

/// How long is waited in between.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What came of one step.
#[derive(Clone, Debug)]
pub enum StepOutcome {
    /// It was there already.
    There,
    /// It was done.
    Done,
    /// A person has to do it: why, and what.
    ByHand(String),
    /// It failed, and may succeed another time.
    Failed(CallError),
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What came of each step, in the order of the plan's.
    pub outcomes: Vec<StepOutcome>,
    /// The integration, if there is one now.
    pub integration: Option<IntegrationDetails>,
}

impl Applied {
    /// Whether everything is there now.
    pub fn is_complete(&self) -> bool {
        self.outcomes
            .iter()
            .all(|outcome| matches!(outcome, StepOutcome::There | StepOutcome::Done))
    }

    /// Whether a step failed that is not for a person.
    pub fn has_failed(&self) -> bool {
        self.outcomes.iter().any(|outcome| matches!(outcome, StepOutcome::Failed(_)))
    }
}

/// Carries the plan out, one step after the other. What one step cannot do leaves the others
/// alone, but for those that build on it. `tell` hears of each step when it is over.
pub async fn apply(
    genesys: &Genesys,
    wanted: &Wanted,
    plan: &Plan,
    mut tell: impl FnMut(&Step, &StepOutcome),
) -> Applied {
    let mut hand = Hand {
        genesys,
        wanted,
        setting_id: plan.setting_id.clone(),
        integration: plan.integration.clone(),
    };
    let mut outcomes = Vec::new();
    for step in &plan.steps {
        let outcome = hand.take(step).await;
        tell(step, &outcome);
        outcomes.push(outcome);
    }
    Applied { outcomes, integration: hand.integration }
}

/// What takes the steps, and what the steps so far have made.
struct Hand<'a> {
    genesys: &'a Genesys,
    wanted: &'a Wanted,
    setting_id: Option<String>,
    integration: Option<IntegrationDetails>,
}

impl Hand<'_> {
    async fn take(&mut self, step: &Step) -> StepOutcome {
        let work = match &step.state {
            State::There => return StepOutcome::There,
            State::ByHand(why) => return StepOutcome::ByHand(why.clone()),
            State::Work(work) => work,
        };
        match self.work(work, &step.name).await {
            Ok(outcome) => outcome,
            Err(error) => match forbidden(&error) {
                Some(why) => StepOutcome::ByHand(why),
                None => StepOutcome::Failed(error),
            },
        }
    }

    async fn work(&mut self, work: &Work, name: &str) -> Result<StepOutcome, CallError> {
        match work {
            Work::CreateSetting => {
                let typing = TypingDirections::BOTH;
                let setting = self.genesys.create_messaging_setting(name, typing).await?;
                self.setting_id = Some(setting.id);
            }
            Work::TurnTypingOn(id) => {
                self.genesys.set_typing(id, TypingDirections::BOTH).await?;
            }
            Work::CreateIntegration => return self.create_integration(name).await,
            Work::ChangeIntegration { id, webhook_url, secret, setting } => {
                let change = IntegrationChange {
                    webhook_url: webhook_url.then(|| self.wanted.webhook_url.clone()),
                    signature_secret: match &self.wanted.secret {
                        WantedSecret::Always(wanted) if *secret => Some(wanted.clone()),
                        _ => None,
                    },
                    messaging_setting_id: self.setting_id.clone().filter(|_| *setting),
                };
                if change == IntegrationChange::default() {
                    return Ok(StepOutcome::ByHand(
                        "there is no platform configuration for it".to_owned(),
                    ));
                }
                self.integration = Some(self.genesys.change_integration(id, &change).await?);
            }
            Work::CreateQueue(_) => {
                self.genesys.create_queue(name).await?;
            }
            Work::RouteMessages { flow_id, .. } => {
                let integration = self.integration.as_ref();
                let Some(id) = integration.and_then(|one| one.recipient_id.as_ref()) else {
                    return Ok(StepOutcome::ByHand(
                        "attach the integration to the flow, once it is there".to_owned(),
                    ));
                };
                self.genesys.route_messages(id, flow_id).await?;
            }
        }
        Ok(StepOutcome::Done)
    }

    async fn create_integration(&mut self, name: &str) -> Result<StepOutcome, CallError> {
        let new = NewIntegration {
            name: name.to_owned(),
            webhook_url: self.wanted.webhook_url.clone(),
            signature_secret: self.wanted.secret.for_new().clone(),
            messaging_setting_id: self.setting_id.clone(),
            supported_content_id: None,
        };
        let mut made = self.genesys.create_integration(&new).await?;
        for _ in 0..LOOKS {
            if made.creation != Creation::Initiated {
                break;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            // It is made whether it can be looked at or not.
            let Ok(seen) = self.genesys.integration_details(&made.id).await else { break };
            made = seen;
        }
        let outcome = unfinished(&made.creation).map_or(StepOutcome::Done, StepOutcome::ByHand);
        self.integration = Some(made);
        Ok(outcome)
    }
}
