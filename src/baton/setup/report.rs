//! What set-up says: line by line to people, in one object to machines.

use baton_core::tenant::TenantKey;
use baton_genesys::Secret;
use baton_setup::{Checklist, Plan, QueueOf, State, Step, StepOutcome, Thing, Work};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::tenant_section::SecretNames;
use crate::{failure::Failure, output};

/// What is said in the end, to machines.
pub(crate) struct Report {
    for_machine: bool,
    said: Map<String, Value>,
}

/// What becomes of a webhook secret that is shown.
#[derive(Clone, Copy)]
pub(crate) enum SecretUse {
    /// It is set at the integration here.
    Applied,
    /// A person sets it there.
    ByHand,
}

/// A step, for machines.
#[derive(Serialize)]
struct StepShown<'a> {
    thing: Thing,
    name: &'a str,
    /// `there`, `create`, `change`, `done`, `by_hand` or `failed`.
    state: &'static str,
    detail: String,
    admin_path: &'static str,
}

/// Whether nothing is missing.
pub(crate) fn is_there(plan: &Plan) -> bool {
    plan.steps.iter().all(|step| step.state == State::There)
}

impl Report {
    pub(crate) fn new(webhook_url: &str, for_machine: bool) -> Self {
        let said = Map::from_iter([("webhook_url".to_owned(), json!(webhook_url))]);
        Self { for_machine, said }
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        if self.for_machine { Ok(()) } else { output::line(text) }
    }

    /// What a person has to create, where Genesys cannot be asked.
    pub(crate) fn checklist(&mut self, checklist: Checklist) -> Result<(), Failure> {
        self.say("To do in Genesys, in this order:\n")?;
        for (number, item) in checklist.items.iter().enumerate() {
            let (number, thing) = (number + 1, item.thing.to_string());
            self.say(&format!("{number}. {thing}\n   {}\n   {}", item.admin_path, item.what))?;
        }
        self.say("\nThe permissions of the role:")?;
        for permission in &checklist.permissions {
            self.say(&format!("   {permission}"))?;
        }
        self.say("Beside them, while baton setup --apply runs and not after:")?;
        for permission in &checklist.set_up_permissions {
            self.say(&format!("   {permission}"))?;
        }
        self.webhook_url()?;
        self.said.insert("checklist".to_owned(), json!(checklist));
        Ok(())
    }

    /// What there is, and what is to be done.
    pub(crate) fn plan(&mut self, plan: &Plan, will_apply: bool) -> Result<(), Failure> {
        for step in &plan.steps {
            self.say(&line(&planned(step, plan, will_apply)))?;
        }
        self.webhook_url()?;
        let steps: Vec<_> = plan.steps.iter().map(|step| planned(step, plan, will_apply)).collect();
        self.said.insert("steps".to_owned(), json!(steps));
        self.said.insert("applied".to_owned(), json!([]));
        Ok(())
    }

    fn webhook_url(&self) -> Result<(), Failure> {
        let url = self.said.get("webhook_url").and_then(Value::as_str).unwrap_or_default();
        self.say(&format!("\nWebhook URL: {url}"))
    }

    /// The steps are taken from here on.
    pub(crate) fn applying(&self) -> Result<(), Failure> {
        self.say("")
    }

    /// What came of a step.
    pub(crate) fn done(&mut self, step: &Step, done: &StepOutcome) -> Result<(), Failure> {
        let shown = carried_out(step, done);
        self.say(&line(&shown))?;
        if let Some(Value::Array(applied)) = self.said.get_mut("applied") {
            applied.push(json!(shown));
        }
        Ok(())
    }

    /// A secret that has to be kept, this once. It is written as in a file with the sidecar's
    /// environment: what is typed at a shell stays in its history.
    pub(crate) fn secret(
        &mut self,
        name: &str,
        secret: &Secret,
        used: SecretUse,
    ) -> Result<(), Failure> {
        self.keep(name, secret);
        let another = match used {
            SecretUse::Applied => String::new(),
            SecretUse::ByHand => format!(
                "\nSet it at the integration; --apply makes another one, unless it has this one by \
                 --webhook-secret-env {name}."
            ),
        };
        self.say(&format!(
            "\nThe webhook secret, which is shown this once; Genesys, the sidecar, and an edge that \
             lists\nits tenants need the same. For the file with the sidecar's environment:\n  \
             {name}={}{another}",
            secret.expose()
        ))
    }

    /// The secret stays what it is, and nobody here knows it.
    pub(crate) fn keeps_secret(&self, name: &str) -> Result<(), Failure> {
        self.say(&format!(
            "\nThe integration keeps its webhook secret, which the sidecar needs in {name}; \
             --new-webhook-secret --apply sets another."
        ))
    }

    /// The tenant's section for the configuration.
    pub(crate) fn section(&mut self, section: &str, names: &SecretNames) -> Result<(), Failure> {
        self.said.insert("configuration".to_owned(), json!(section));
        let SecretNames { signature_secret, connector_token, .. } = names;
        self.say(&format!(
            "\nFor the sidecar's configuration. {signature_secret} is the webhook secret, and \
             {connector_token}\nwhat chat clients show, which is yours to choose \
             (openssl rand -hex 32):\n\n{section}"
        ))
    }

    /// The tenant was in the store before, and nothing of it is changed.
    pub(crate) fn is_stored(&mut self, tenant: &TenantKey<'_>) -> Result<(), Failure> {
        self.said.insert("stored".to_owned(), json!(tenant.to_string()));
        self.say(&format!(
            "\nThe tenant {tenant} is in the store already, and stays as it is there,\nwith its integration and its secrets."
        ))
    }

    /// The tenant in the store belongs to an integration that Genesys does not have.
    pub(crate) fn will_be_replaced(&self, tenant: &TenantKey<'_>) -> Result<(), Failure> {
        self.say(&format!(
            "The tenant {tenant} in the store is replaced: another webhook secret, and another \
             connector token, which chat clients have to show from then on."
        ))
    }

    /// The tenant stands in the store as a set-up left it that was cut off.
    pub(crate) fn was_cut_off(&self, tenant: &TenantKey<'_>) -> Result<(), Failure> {
        self.say(&format!(
            "A set-up of the tenant {tenant} was cut off before its end: this one gives it another \
             webhook secret."
        ))
    }

    /// The tenant is left in the store as one whose set-up was cut off.
    pub(crate) fn is_unfinished(&self, tenant: &TenantKey<'_>) -> Result<(), Failure> {
        self.say(&format!(
            "\nThe tenant {tenant} is not finished, since whether Genesys has its webhook secret is \
             not known: run the same again."
        ))
    }

    /// Nothing of it was done.
    pub(crate) fn nothing_changed(&self) -> Result<(), Failure> {
        self.say("\nNothing was changed in Genesys; --apply does that.")
    }

    /// The tenant is about to be put into the store. Its connector token is told before: once the
    /// store has it, nothing else tells it.
    pub(crate) fn will_be_stored(
        &mut self,
        tenant: &TenantKey<'_>,
        name: &str,
        connector_token: &Secret,
    ) -> Result<(), Failure> {
        self.said.insert("stored".to_owned(), json!(tenant.to_string()));
        self.keep(name, connector_token);
        self.say(&format!(
            "\nThe tenant {tenant} goes into the store, and is served from the next start of the sidecar \
             on.\nChat clients show this connector token, which is shown this once:\n  {}",
            connector_token.expose()
        ))
    }

    /// Keeps a secret for the one object that a machine reads.
    fn keep(&mut self, name: &str, secret: &Secret) {
        let secrets = self.said.entry("secrets").or_insert_with(|| json!({}));
        if let Value::Object(secrets) = secrets {
            secrets.insert(name.to_owned(), json!(secret.expose()));
        }
    }

    /// Says it to a machine.
    pub(crate) fn end(self) -> Result<(), Failure> {
        match self.for_machine {
            true => output::line(&format!("{:#}", Value::Object(self.said))),
            false => Ok(()),
        }
    }
}

fn planned<'a>(step: &'a Step, plan: &Plan, will_apply: bool) -> StepShown<'a> {
    let (state, detail) = match &step.state {
        State::There => ("there", String::new()),
        State::Work(work) => {
            let (state, what) = work_in_words(work, plan);
            let who = if will_apply { "will be" } else { "has to be" };
            (state, format!("{who} {what}"))
        }
        State::ByHand(why) => ("by_hand", why.clone()),
    };
    shown(step, state, detail)
}

fn carried_out<'a>(step: &'a Step, done: &StepOutcome) -> StepShown<'a> {
    let (state, detail) = match done {
        StepOutcome::There => ("there", String::new()),
        StepOutcome::Done => ("done", after(step).to_owned()),
        StepOutcome::ByHand(why) => ("by_hand", why.clone()),
        StepOutcome::Failed(error) => ("failed", error.to_string()),
    };
    shown(step, state, detail)
}

fn shown<'a>(step: &'a Step, state: &'static str, detail: String) -> StepShown<'a> {
    let Step { thing, name, .. } = step;
    StepShown { thing: *thing, name, state, detail, admin_path: thing.admin_path() }
}

/// What is left to a person when it is done.
fn after(step: &Step) -> &'static str {
    match step.state {
        State::Work(Work::CreateQueue(QueueOf::Agents)) => "add the agents to it",
        _ => "",
    }
}

fn work_in_words(work: &Work, plan: &Plan) -> (&'static str, String) {
    let change = |what: &str| ("change", what.to_owned());
    match work {
        Work::CreateSetting => ("create", "created, with typing on".to_owned()),
        Work::TurnTypingOn(_) => change("changed: typing on, both ways"),
        Work::CreateIntegration => {
            ("create", "created, with the webhook and its secret".to_owned())
        }
        Work::ChangeIntegration { webhook_url, secret, setting, .. } => {
            let before = plan.integration.as_ref().and_then(|found| found.webhook_url.as_deref());
            let before = before.map(|url| format!(", until now {url}")).unwrap_or_default();
            let parts = [
                (*webhook_url, format!("the webhook URL{before}")),
                (*secret, "the webhook secret".to_owned()),
                (*setting, "the platform configuration".to_owned()),
            ];
            let parts = parts.into_iter().filter(|(is_changed, _)| *is_changed);
            let parts: Vec<String> = parts.map(|(_, part)| part).collect();
            change(&format!("changed: {}", parts.join("; ")))
        }
        Work::CreateQueue(_) => ("create", "created, without members".to_owned()),
        Work::RouteMessages { instead_of: None, .. } => change("set to this flow"),
        Work::RouteMessages { instead_of: Some(flow), .. } => {
            let name = if flow.name.is_empty() { &flow.id } else { &flow.name };
            change(&format!("set to this flow, instead of {name:?}"))
        }
    }
}

fn line(step: &StepShown<'_>) -> String {
    let mark = match step.state {
        "there" | "done" => '✓',
        "create" => '+',
        "change" => '~',
        _ => '✗',
    };
    let name = match step.name {
        "" => String::new(),
        name => format!(" {:?}", output::harmless(name)),
    };
    let detail = match (step.state, step.detail.as_str()) {
        ("there", _) => ": there".to_owned(),
        ("done", "") => ": done".to_owned(),
        ("done", detail) => format!(": done; {detail}"),
        ("by_hand", detail) => {
            format!(": {}\n    by hand: {}", output::harmless(detail), step.admin_path)
        }
        (_, detail) => format!(": {}", output::harmless(detail)),
    };
    format!("{mark} {}{name}{detail}", step.thing)
}
