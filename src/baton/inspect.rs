//! `baton inspect`: what the edge would make of a webhook, and why.

use std::fs;

use baton_core::{configuration::Configuration, signature::SHORTEST_SECRET};
use baton_inspection::{Inspector, Report, Webhook, json_text::indented};
use clap::Args;

use crate::{Outcome, body::BodyArgument, failure::Failure, output, secret};

/// Check the signature of a webhook body and show what it becomes, or why it is refused.
///
/// It runs the edge's own code, so that the answer is the one that Envoy would give. Without a
/// secret and a signature it only shows the translation. The verdict is JSON on standard
/// output; the exit code is 0 if the edge forwards it, 1 if it does not.
#[derive(Args)]
#[command(after_help = "\
Examples:
  See what a webhook becomes, whoever signed it:
    baton inspect body.json

  Check a signature; the whole header line will do too:
    export GENESYS_WEBHOOK_SECRET='...'
    baton inspect --secret-env GENESYS_WEBHOOK_SECRET --signature 'sha256=...' body.json

  Ask the edge's own configuration. Its secrets come from the environment, as in Envoy:
    baton inspect --config edge.json --signature 'sha256=...' \\
      --path /webhooks/genesys/acme/support/live/events body.json

  Only the chat events:
    baton inspect body.json | jq .delivery.data.events")]
pub(crate) struct Arguments {
    /// A secret that may have signed it; may be given more than once
    #[arg(long = "secret", value_name = "SECRET", allow_hyphen_values = true)]
    secrets: Vec<String>,

    /// An environment variable that holds such a secret; may be given more than once
    #[arg(long = "secret-env", value_name = "NAME")]
    secret_variables: Vec<String>,

    /// The value of X-Hub-Signature-256 that came with it
    #[arg(long, value_name = "VALUE")]
    signature: Option<String>,

    /// The edge's configuration, in JSON
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secrets", "secret_variables"])]
    config: Option<String>,

    /// The path that it came in on [default: that of the configuration's only tenant]
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    /// The method that it came with
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    method: String,

    #[command(flatten)]
    body: BodyArgument,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let secrets = arguments.secrets()?;
    if arguments.config.is_none() && secrets.is_empty() && arguments.signature.is_some() {
        return Err(Failure::Option {
            option: "--signature",
            problem: "it can only be checked with the secret; add --secret-env NAME or --config \
                      FILE"
                .to_owned(),
        });
    }
    let inspector = arguments.inspector(secrets)?;
    let path = arguments.path(&inspector)?;
    // One byte over the limit is enough for the gate to say that it is too long.
    let most = u64::try_from(inspector.max_body_bytes()).unwrap_or(u64::MAX);
    let body = arguments.body.read(most.saturating_add(1))?;
    let report = inspector.inspect(&Webhook {
        method: &arguments.method,
        path: &path,
        signature: arguments.signature.as_deref(),
        body: &body,
    });
    let json = serde_json::to_string(&report).map_err(|error| Failure::Write(error.into()))?;
    output::line(&indented(&json))?;
    Ok(match report {
        Report::Forward { .. } => Outcome::Done,
        Report::Refuse { .. } | Report::NotOurs { .. } => Outcome::Refused,
    })
}

impl Arguments {
    fn secrets(&self) -> Result<Vec<String>, Failure> {
        let given = self.secrets.iter().map(|secret| {
            let option = "--secret";
            long_enough(option, secret::not_empty(option, secret)?)
        });
        let named = self.secret_variables.iter().map(|name| {
            let option = "--secret-env";
            long_enough(option, secret::variable(option, name)?)
        });
        given.chain(named).collect()
    }

    /// With the configuration that was given, or with the secrets alone.
    fn inspector(&self, secrets: Vec<String>) -> Result<Inspector, Failure> {
        let Some(path) = &self.config else {
            return Inspector::of_secrets(secrets, self.path.as_deref())
                .map_err(|error| Failure::Option { option: "--secret", problem: error.problem });
        };
        let document = fs::read(path).map_err(|source| Failure::ReadConfiguration {
            path: path.clone(),
            hint: "",
            source,
        })?;
        Configuration::parse(&document, &|name| std::env::var(name).ok())
            .map(Inspector::of_configuration)
            .map_err(|source| Failure::EdgeConfiguration { path: path.clone(), source })
    }

    fn path(&self, inspector: &Inspector) -> Result<String, Failure> {
        self.path.clone().or_else(|| inspector.only_path()).ok_or_else(|| Failure::Option {
            option: "--path",
            problem: "it is needed, because the configuration does not list exactly one \
                      tenant; give the path that the webhook came in on"
                .to_owned(),
        })
    }
}

fn long_enough(option: &'static str, secret: String) -> Result<String, Failure> {
    let length = secret.chars().count();
    if length < SHORTEST_SECRET {
        let problem = format!(
            "the secret has {length} characters, and Genesys takes none below \
             {SHORTEST_SECRET}; give the integration's own"
        );
        return Err(Failure::Option { option, problem });
    }
    Ok(secret)
}
