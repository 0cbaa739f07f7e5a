//! Setting up with an OAuth client: what is there, what is missing, and the tenant.

use baton_genesys::{Creation, IntegrationDetails, Secret};
use baton_setup::{Applied, Done, Found, Plan, State, Thing, Wanted, WantedSecret, Work, apply};

use super::{
    Arguments,
    answers::{Answers, Client},
    ask::Ask,
    made_secret,
    report::{self, Report, SecretUse},
    tenant_section::{SecretNames, Section},
};
use crate::{Outcome, failure::Failure, output, tenant};

/// Setting up, with an OAuth client.
pub(super) struct SetUp<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) answers: &'a Answers,
    pub(super) wanted: &'a Wanted,
    pub(super) client: &'a Client,
}

/// What becomes of the tenant.
enum Keeping {
    /// Its section is printed.
    Printed,
    /// It is put into the store, with this webhook secret.
    Stored(Secret),
    /// As before, in the place of what stands there, whose integration is gone.
    Replaced(Secret),
    /// It is in the store already, and stays as it is.
    There,
}

impl SetUp<'_> {
    pub(super) async fn run(&self, ask: &mut Ask) -> Result<Outcome, Failure> {
        let Self { arguments, answers, wanted, client } = self;
        let plan = Plan::new(wanted, &Found::read(&client.genesys, wanted).await?);
        let signature_secret = self.signature_secret(plan.integration.as_ref());
        // Before anything is made in Genesys: it may be that nothing can be stored.
        let keeping = self.keeping(&plan, signature_secret.as_ref()).await?;
        let mut report = Report::new(&answers.webhook_url, arguments.json);
        report.plan(&plan, arguments.apply)?;
        if let Keeping::Replaced(_) = keeping {
            report.will_be_replaced(&answers.tenant)?;
        }
        let is_applied = arguments.apply && plan.has_work();
        if is_applied && !arguments.yes && !ask.yes("Do that now?")? {
            output::note("Nothing was changed.");
            return Ok(Outcome::Refused);
        }
        let names = SecretNames::new(arguments, &answers.tenant);
        if let Keeping::Printed = keeping {
            self.tell_secret(&names, signature_secret.as_ref(), &mut report)?;
        }
        let applied = match is_applied {
            true => Some(self.apply(&plan, &mut report).await?),
            false => None,
        };
        let integration =
            applied.as_ref().map_or(&plan.integration, |applied| &applied.integration);
        let section =
            Section { arguments, answers, names: &names, integration: integration.as_ref() };
        match &keeping {
            Keeping::Printed => report.section(&section.text(), &names)?,
            Keeping::There => report.is_stored(&answers.tenant)?,
            Keeping::Stored(secret) | Keeping::Replaced(secret) => {
                let is_given = arguments.webhook_secret_env.is_some();
                // Whoever sets it at Genesys by hand has to know it.
                if !is_given && !is_set(secret, &plan, applied.as_ref()) {
                    report.secret(&names.signature_secret, secret, SecretUse::ByHand)?;
                }
                if let Err(failure) = self.store(&section, secret, &mut report).await {
                    // Genesys has it, and nothing else does.
                    if !is_given && is_set(secret, &plan, applied.as_ref()) {
                        report.secret(&names.signature_secret, secret, SecretUse::Applied)?;
                    }
                    report.end()?;
                    return Err(failure);
                }
            }
        }
        if !arguments.apply && plan.has_work() {
            report.nothing_changed()?;
        }
        report.end()?;
        let is_complete =
            applied.as_ref().map_or_else(|| report::is_there(&plan), Applied::is_complete);
        let is_left = arguments.apply && !is_complete;
        Ok(if is_left { Outcome::Refused } else { Outcome::Done })
    }

    /// What the webhooks are signed with, as far as that is known.
    fn signature_secret(&self, integration: Option<&IntegrationDetails>) -> Option<Secret> {
        match (&self.wanted.secret, integration) {
            (WantedSecret::Always(secret), _) | (WantedSecret::IfNew(secret), None) => {
                Some(secret.clone())
            }
            (WantedSecret::IfNew(_), Some(integration)) => integration.signature_secret.clone(),
        }
    }

    async fn keeping(&self, plan: &Plan, secret: Option<&Secret>) -> Result<Keeping, Failure> {
        let Arguments { configuration, admin, .. } = self.arguments;
        if !self.arguments.store {
            return Ok(Keeping::Printed);
        }
        let tenant = &self.answers.tenant;
        let is_stored = tenant::is_stored(tenant, configuration, admin).await?;
        let is_made =
            plan.steps.iter().any(|step| step.state == State::Work(Work::CreateIntegration));
        let problem = match (secret, is_stored) {
            (Some(secret), true) if is_made => return Ok(Keeping::Replaced(secret.clone())),
            (_, true) if self.arguments.new_webhook_secret => format!(
                "the tenant {tenant} is in the store already, with a webhook secret that only \
                 baton tenant rotate {tenant} changes; leave --new-webhook-secret out"
            ),
            (_, true) => return Ok(Keeping::There),
            (Some(secret), false) => return Ok(Keeping::Stored(secret.clone())),
            (None, false) => {
                "the integration is there, and Genesys does not show its secret: give \
                              it with --webhook-secret-env, or set another with \
                              --new-webhook-secret --apply"
                    .to_owned()
            }
        };
        Err(Failure::Option { option: "--store", problem })
    }

    /// Tells the webhook secret that the section refers to, or where it is to be had.
    fn tell_secret(
        &self,
        names: &SecretNames,
        secret: Option<&Secret>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        match (secret, &self.arguments.webhook_secret_env) {
            (_, Some(_)) => Ok(()),
            (Some(secret), None) => {
                let used =
                    if self.arguments.apply { SecretUse::Applied } else { SecretUse::ByHand };
                report.secret(&names.signature_secret, secret, used)
            }
            (None, None) => report.keeps_secret(&names.signature_secret),
        }
    }

    async fn apply(&self, plan: &Plan, report: &mut Report) -> Result<Applied, Failure> {
        report.applying()?;
        let mut failure = None;
        let applied = apply(&self.client.genesys, self.wanted, plan, |step, done| {
            if let Err(error) = report.done(step, done) {
                failure.get_or_insert(error);
            }
        })
        .await;
        // Whoever does not read the output any more has it applied all the same.
        failure.map_or(Ok(applied), Err)
    }

    /// Puts the tenant into the store, where its secrets are sealed.
    async fn store(
        &self,
        section: &Section<'_>,
        signature_secret: &Secret,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let connector_token = made_secret()?;
        let names = section.names;
        let held = |name: &str| {
            let values = [
                (&names.signature_secret, signature_secret),
                (&names.client_secret, &self.client.secret),
                (&names.connector_token, &connector_token),
            ];
            let found = values.into_iter().find(|(known, _)| *known == name);
            found.map(|(_, secret)| secret.expose().to_owned())
        };
        let Arguments { configuration, admin, .. } = self.arguments;
        for warning in tenant::put(&section.text(), &held, configuration, admin).await? {
            output::note(&format!("warning: {warning}"));
        }
        report.stored(&self.answers.tenant, &names.connector_token, &connector_token)
    }
}

/// Whether Genesys signs with this secret, as far as that is known.
fn is_set(secret: &Secret, plan: &Plan, applied: Option<&Applied>) -> bool {
    let Some(found) = &plan.integration else {
        let made = applied.and_then(|applied| applied.integration.as_ref());
        return made.is_some_and(|made| !matches!(made.creation, Creation::Failed(_)));
    };
    let mut outcomes = applied.iter().flat_map(|applied| plan.steps.iter().zip(&applied.outcomes));
    found.signature_secret.as_ref() == Some(secret)
        || outcomes
            .any(|(step, done)| step.thing == Thing::Integration && matches!(done, Done::Done))
}
