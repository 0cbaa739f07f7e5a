//! Setting up with an OAuth client: what is there, what is missing, and the tenant.

use baton_genesys::{IntegrationDetails, IntegrationRef, LookUpError, Secret};
use baton_setup::{Applied, Found, Plan, SetUpError, State, Wanted, WantedSecret, Work, apply};

use super::{
    Arguments,
    answers::{Answers, Client},
    ask::Ask,
    course::Course,
    made_secret,
    report::{Report, SecretUse},
    tenant_section::{SecretNames, Section, Stage, integration_of},
};
use crate::{Outcome, failure::Failure, output, tenant};

/// Setting up, with an OAuth client.
///
/// It may be cut off at any point, by somebody or by a loss of power. So what Genesys is told is in
/// the store before: a tenant whose set-up has begun stands there as one that nobody can use
/// ([`Stage::Begun`]), and is finished once it is known what Genesys took. A run that finds one that
/// was only begun does not know what Genesys signs with, and sets another secret.
pub(super) struct SetUp<'a> {
    arguments: &'a Arguments,
    answers: &'a Answers,
    client: &'a Client,
    wanted: Wanted,
    /// How the tenant stands in the store, if it does, and if it is to.
    before: Option<Stage>,
    /// The integration of the tenant that stands in the store.
    integration_before: Option<IntegrationRef>,
}

/// What becomes of the tenant.
enum Keeping {
    /// Its section is printed.
    Printed,
    /// It is put into the store, with this webhook secret.
    Stored(Secret),
    /// It is in the store already, and stays as it is.
    There,
}

/// The secrets that set-up makes or is given for a tenant.
struct TenantSecrets<'a> {
    signature_secret: &'a Secret,
    connector_token: Secret,
}

impl<'a> SetUp<'a> {
    pub(super) async fn new(
        arguments: &'a Arguments,
        answers: &'a Answers,
        client: &'a Client,
    ) -> Result<Self, Failure> {
        let Arguments { configuration, admin, .. } = arguments;
        let before = match arguments.store {
            true => tenant::stored_section(&answers.tenant, configuration, admin).await?,
            false => None,
        };
        let integration_before = before.as_ref().and_then(integration_of);
        let before = before.map(|section| Stage::of(&section));
        let mut wanted = answers.wanted(arguments)?;
        if before == Some(Stage::Begun) {
            wanted.secret = WantedSecret::Always(wanted.secret.for_new().clone());
        }
        Ok(Self { arguments, answers, client, wanted, before, integration_before })
    }

    pub(super) async fn run(&self, ask: &mut Ask) -> Result<Outcome, Failure> {
        let Self { arguments, answers, wanted, client, .. } = self;
        let plan = Plan::new(wanted, &Found::read(&client.genesys, wanted).await?);
        let signature_secret = self.signature_secret(plan.integration.as_ref());
        let keeping = self.keeping(&plan, signature_secret.as_ref())?;
        if let (Keeping::Stored(_), Some(Stage::Finished)) = (&keeping, self.before) {
            self.require_gone().await?;
        }
        let mut report = Report::new(&answers.webhook_url, arguments.json);
        self.tell_plan(&plan, &keeping, &mut report)?;
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
            true => {
                self.begin(&keeping, &names, plan.integration.as_ref()).await?;
                Some(self.apply(&plan, &mut report).await?)
            }
            false => None,
        };
        let course = Course { plan, applied };
        self.conclude(&keeping, &names, &course, report).await?;
        let is_left = arguments.apply && !course.is_complete();
        Ok(if is_left { Outcome::Refused } else { Outcome::Done })
    }

    /// A tenant that works is not replaced because another integration was named by mistake: the
    /// one that it has must be gone from Genesys.
    async fn require_gone(&self) -> Result<(), Failure> {
        let Some(integration) = &self.integration_before else { return Ok(()) };
        let found = match self.client.genesys.integration(integration).await {
            Ok(found) => found,
            Err(LookUpError::Missing { .. }) => return Ok(()),
            Err(error) => return Err(SetUpError::from(error).into()),
        };
        let tenant = &self.answers.tenant;
        let problem = format!(
            "the tenant {tenant} is in the store already with the integration {:?} ({}), which is \
             still in Genesys: name that one, or first take the tenant out with baton tenant \
             remove {tenant}",
            found.name, found.id
        );
        Err(Failure::Option { option: "--integration", problem })
    }

    fn tell_plan(
        &self,
        plan: &Plan,
        keeping: &Keeping,
        report: &mut Report,
    ) -> Result<(), Failure> {
        report.plan(plan, self.arguments.apply)?;
        match (keeping, self.before) {
            (Keeping::Stored(_), Some(Stage::Begun)) => report.was_cut_off(&self.answers.tenant),
            (Keeping::Stored(_), Some(Stage::Finished)) => {
                report.will_be_replaced(&self.answers.tenant)
            }
            _ => Ok(()),
        }
    }

    /// Has the store know of the secret before Genesys does; it may be, too, that nothing can be
    /// stored. What there is to warn of is said once it is finished.
    async fn begin(
        &self,
        keeping: &Keeping,
        names: &SecretNames,
        integration: Option<&IntegrationDetails>,
    ) -> Result<(), Failure> {
        if let Keeping::Stored(secret) = keeping {
            let section = self.section(Stage::Begun, names, integration);
            self.put(&section, &TenantSecrets::new(secret)?).await?;
        }
        Ok(())
    }

    /// Says what becomes of the tenant. It is finished in the store last of all: by then its
    /// connector token was told, which nobody could find out any more.
    async fn conclude(
        &self,
        keeping: &Keeping,
        names: &SecretNames,
        course: &Course,
        mut report: Report,
    ) -> Result<(), Failure> {
        let section = self.section(Stage::Finished, names, course.integration());
        let mut to_store = None;
        match keeping {
            Keeping::Printed => report.section(&section.text(), names)?,
            Keeping::There => report.is_stored(&self.answers.tenant)?,
            Keeping::Stored(_) if course.has_failed() => {
                report.is_unfinished(&self.answers.tenant)?;
            }
            Keeping::Stored(secret) => {
                // Whoever sets it at Genesys by hand has to know it.
                let is_given = self.arguments.webhook_secret_env.is_some();
                if !is_given && !course.is_set(secret) {
                    report.secret(&names.signature_secret, secret, SecretUse::ByHand)?;
                }
                let secrets = TenantSecrets::new(secret)?;
                let token = &secrets.connector_token;
                report.will_be_stored(&self.answers.tenant, &names.connector_token, token)?;
                to_store = Some(secrets);
            }
        }
        if !self.arguments.apply && course.plan.has_work() {
            report.nothing_changed()?;
        }
        report.end()?;
        if let Some(secrets) = to_store {
            for warning in self.put(&section, &secrets).await? {
                output::note(&format!("warning: {warning}"));
            }
        }
        Ok(())
    }

    fn section<'s>(
        &'s self,
        stage: Stage,
        names: &'s SecretNames,
        integration: Option<&'s IntegrationDetails>,
    ) -> Section<'s> {
        Section { stage, arguments: self.arguments, answers: self.answers, names, integration }
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

    fn keeping(&self, plan: &Plan, secret: Option<&Secret>) -> Result<Keeping, Failure> {
        if !self.arguments.store {
            return Ok(Keeping::Printed);
        }
        let tenant = &self.answers.tenant;
        let is_made =
            plan.steps.iter().any(|step| step.state == State::Work(Work::CreateIntegration));
        let is_finished = self.before == Some(Stage::Finished);
        let problem = match secret {
            // Its integration is gone.
            Some(secret) if is_finished && is_made => return Ok(Keeping::Stored(secret.clone())),
            _ if is_finished && self.arguments.new_webhook_secret => format!(
                "the tenant {tenant} is in the store already, with a webhook secret that only \
                 baton tenant rotate {tenant} changes; leave --new-webhook-secret out"
            ),
            _ if is_finished => return Ok(Keeping::There),
            Some(secret) => return Ok(Keeping::Stored(secret.clone())),
            None => "the integration is there, and Genesys does not show its secret: give it with \
                     --webhook-secret-env, or set another with --new-webhook-secret --apply"
                .to_owned(),
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
        let applied = apply(&self.client.genesys, &self.wanted, plan, |step, done| {
            if let Err(error) = report.done(step, done) {
                failure.get_or_insert(error);
            }
        })
        .await;
        // Whoever does not read the output any more has it applied all the same.
        failure.map_or(Ok(applied), Err)
    }

    /// Puts the tenant into the store, where its secrets are sealed, and gives what there is to warn
    /// of.
    async fn put(
        &self,
        section: &Section<'_>,
        secrets: &TenantSecrets<'_>,
    ) -> Result<Vec<String>, Failure> {
        let names = section.names;
        let held = |name: &str| {
            let values = [
                (&names.signature_secret, secrets.signature_secret),
                (&names.client_secret, &self.client.secret),
                (&names.connector_token, &secrets.connector_token),
            ];
            let found = values.into_iter().find(|(known, _)| *known == name);
            found.map(|(_, secret)| secret.expose().to_owned())
        };
        let Arguments { configuration, admin, .. } = self.arguments;
        tenant::put(&section.text(), &held, configuration, admin).await
    }
}

impl<'a> TenantSecrets<'a> {
    /// This webhook secret, and a connector token that is made.
    fn new(signature_secret: &'a Secret) -> Result<Self, Failure> {
        Ok(Self { signature_secret, connector_token: made_secret()? })
    }
}
