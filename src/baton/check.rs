//! `baton check`: whether everything that a handoff needs is there.

use baton_check::{
    Finding, NoAnswer, Options, Outcome as Found, RunningSidecar, Subject, Surroundings, check,
};
use baton_sidecar::Random;
use clap::Args;
use reqwest::Url;
use serde_json::Value;

use crate::{
    Outcome,
    admin::{AdminArguments, AdminClient},
    block_on,
    configuration_file::ConfigurationFile,
    failure::Failure,
    output,
};

/// Look whether everything that a handoff needs is there, step by step, and say what to do.
///
/// A tick is well, a cross has to be mended, a dash was left out or cannot be told. Nothing is
/// changed: the permissions are probed with calls that Genesys refuses anyway, the test webhook is a
/// receipt that nobody sees, and the next check uses the notification channel of this one again.
/// Only --handoff is seen by agents.
#[derive(Args)]
#[command(after_help = "\
Examples:
  What a configuration needs; the edge is taken to be where Genesys sends its webhooks:
    baton check --config /etc/baton.toml

  One tenant, whose edge is to be reached at this address:
    baton check --tenant acme/support/live --public-url https://chat.example.com

  With a whole handoff to the queue, which ends by itself; agents see \"Test of Baton\":
    baton check --handoff

  For machines:
    baton check --json | jq '.findings[] | select(.outcome == \"failed\")'

Exit codes: 0 no cross, 1 a cross remains, 2 wrong usage, 64 the configuration cannot be read.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    configuration: ConfigurationFile,

    /// Look at this tenant alone: ACCOUNT/PROJECT/ENVIRONMENT
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// Where the edge is reached from outside: what comes before /webhooks/genesys
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,

    /// Try a whole handoff; agents see it
    #[arg(long)]
    handoff: bool,

    /// Print one JSON object, and nothing before the end
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    admin: AdminArguments,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let source = arguments.configuration.source()?;
    let read = source.read().map_err(|problem| arguments.configuration.is_wrong(problem))?;
    // A store that cannot be read is a finding, and no reason to look no further.
    let ((mut configuration, warnings), left_out) = match source.read_with_store(Random::system()) {
        Ok(read) => (read, None),
        Err(error) => (read, Some(Failure::from(error).in_one_line())),
    };
    if let Some(wanted) = &arguments.tenant {
        configuration.tenants.retain(|tenant| tenant.key.to_string() == *wanted);
        if configuration.tenants.is_empty() {
            let problem = format!("there is no tenant {wanted} in the configuration or its store");
            return Err(Failure::Option { option: "--tenant", problem });
        }
    }
    let options = Options { public_url: arguments.public_url.clone(), handoff: arguments.handoff };
    let client = arguments.admin.client_of(&configuration);
    let sidecar = Sidecar(client.map_err(|failure| failure.in_one_line()));
    let mut lines = Lines { is_silent: arguments.json, tenant: None, failure: None };
    let report = block_on(async {
        let subject = Subject {
            configuration: &configuration,
            warnings: &warnings,
            left_out: left_out.as_deref(),
        };
        let mut tell = |finding: &Finding| lines.tell(finding);
        Ok(check(subject, &options, &Surroundings::system(), &sidecar, &mut tell).await)
    })?;
    lines.failure.map_or(Ok(()), Err)?;
    if arguments.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Failure::Write(error.into()))?;
        output::line(&text)?;
    } else {
        output::line(&format!("\n{}", report.summary()))?;
    }
    Ok(if report.outcome == Found::Failed { Outcome::Refused } else { Outcome::Done })
}

/// Prints the findings as they come, under the name of their tenant.
struct Lines {
    is_silent: bool,
    /// The one whose findings were printed last.
    tenant: Option<String>,
    /// The first line that could not be printed.
    failure: Option<Failure>,
}

impl Lines {
    fn tell(&mut self, finding: &Finding) {
        if self.is_silent || self.failure.is_some() {
            return;
        }
        self.failure = self.print(finding).err();
    }

    fn print(&mut self, finding: &Finding) -> Result<(), Failure> {
        let tenant = finding.tenant.as_ref().map(ToString::to_string);
        if let Some(name) = tenant.as_ref().filter(|_| tenant != self.tenant) {
            output::line(&format!("\n{name}"))?;
        }
        self.tenant = tenant;
        output::line(&finding.to_string())
    }
}

/// The sidecar that runs; or why it cannot be asked.
struct Sidecar(Result<AdminClient, String>);

impl RunningSidecar for Sidecar {
    async fn get(&self, path: &[&str]) -> Result<Value, NoAnswer> {
        let client = self.0.as_ref().map_err(|why| NoAnswer::NotAsked(why.clone()))?;
        client.get(path, &[]).await.map_err(|error| match error.is_not_found() {
            true => NoAnswer::NotFound,
            false => NoAnswer::Failed(Failure::from(error).in_one_line()),
        })
    }
}
