//! `baton inspect`: what the edge would make of a webhook, and why.

use std::fs;

use baton_core::{
    configuration::Configuration,
    gate::{Gate, Head, Verdict},
    refusal::Refusal,
    signature::{HEADER, SHORTEST_SECRET, SigningKey},
    tenant::{Tenant, is_segment},
};
use clap::Args;
use serde::Serialize;
use serde_json::{json, value::RawValue};

use crate::{
    Outcome,
    body::BodyArgument,
    explanation::{self, Request},
    failure::Failure,
    json_text::indented,
    output, secret,
};

/// The path for a webhook of nobody in particular.
const EXAMPLE_PATH: &str = "/webhooks/genesys/example/example/example/events";

/// What a body is signed with that is only looked at. It never leaves the process.
const THROW_AWAY_SECRET: &str = "signs what is only looked at: 0123456789abcdef";

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

/// What is printed: as JSON, in this order.
#[derive(Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Report<'a> {
    /// The upstream gets the delivery.
    Forward {
        signature: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'static str>,
        delivery: &'a RawValue,
    },
    /// The caller gets the status.
    Refuse { status: u16, reason: &'static str, why: String },
    /// It is no webhook.
    NotOurs { why: String },
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
    let only_look = arguments.config.is_none() && secrets.is_empty();
    let gate = Gate::new(arguments.configuration(&secrets)?);
    let path = arguments.path(&gate)?;
    // One byte over the limit is enough for the gate to say that it is too long.
    let most = u64::try_from(gate.max_body_bytes()).unwrap_or(u64::MAX);
    let body = arguments.body.read(most.saturating_add(1))?;
    let signature = if only_look {
        Some(SigningKey::new(THROW_AWAY_SECRET).sign(&body).to_base64())
    } else {
        arguments.signature.as_deref().map(header_value)
    };
    let request = Request {
        configuration: gate.configuration(),
        method: &arguments.method,
        path: &path,
        signature: signature.as_deref(),
        body: &body,
        secrets: &secrets,
    };
    match judge(&gate, &request) {
        Ruling::Forward(delivery) => {
            let delivery = String::from_utf8_lossy(&delivery).into_owned();
            let note = explanation::of_delivery(request.configuration, &delivery);
            // What the gate writes is JSON; text that is none could not be shown as such.
            let delivery = RawValue::from_string(delivery).unwrap_or_default();
            let signature = if only_look { "not checked" } else { "checked" };
            print(&Report::Forward { signature, note, delivery: &delivery })?;
            Ok(Outcome::Done)
        }
        Ruling::Refuse(refusal, tenant) => {
            print(&Report::Refuse {
                status: refusal.answer().status,
                reason: refusal.label(),
                why: explanation::of_refusal(refusal, &request, tenant.as_deref()),
            })?;
            Ok(Outcome::Refused)
        }
        Ruling::NotOurs => {
            print(&Report::NotOurs { why: explanation::of_not_ours(&request) })?;
            Ok(Outcome::Refused)
        }
    }
}

/// What the gate came to.
enum Ruling {
    Forward(Vec<u8>),
    Refuse(Refusal, Option<std::sync::Arc<Tenant>>),
    NotOurs,
}

fn judge(gate: &Gate, request: &Request<'_>) -> Ruling {
    let headers = request.signature.map(|value| (HEADER, value.as_bytes())).into_iter();
    let (signature, tenant) =
        match gate.head(request.method.as_bytes(), request.path.as_bytes(), headers) {
            Head::NotOurs => return Ruling::NotOurs,
            Head::Refuse(refusal) => return Ruling::Refuse(refusal, None),
            // There is no sidecar to ask.
            Head::NeedTenant(..) => return Ruling::Refuse(Refusal::TenantLookUpFailed, None),
            Head::NeedBody(signature, tenant) => (signature, tenant),
        };
    match gate.body(request.body, &signature, tenant.as_deref()) {
        Verdict::Forward(forward) => Ruling::Forward(forward.delivery),
        Verdict::Refuse(refusal) => Ruling::Refuse(refusal, tenant),
    }
}

fn print(report: &Report<'_>) -> Result<(), Failure> {
    let json = serde_json::to_string(report).map_err(|error| Failure::Write(error.into()))?;
    output::line(&indented(&json))
}

/// The value, also of a line that was copied together with the header's name.
fn header_value(text: &str) -> String {
    let value = match text.split_once(':') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case(HEADER) => value,
        _ => text,
    };
    value.trim().to_owned()
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

    fn configuration(&self, secrets: &[String]) -> Result<Configuration, Failure> {
        let Some(path) = &self.config else {
            return self.made_up_configuration(secrets);
        };
        let document = fs::read(path).map_err(|source| Failure::ReadConfiguration {
            path: path.clone(),
            hint: "",
            source,
        })?;
        Configuration::parse(&document, &|name| std::env::var(name).ok())
            .map_err(|source| Failure::EdgeConfiguration { path: path.clone(), source })
    }

    /// A configuration with the tenant of the path, if it names one.
    fn made_up_configuration(&self, secrets: &[String]) -> Result<Configuration, Failure> {
        let path = self.path.as_deref().unwrap_or(EXAMPLE_PATH);
        let [account_id, project_id, client_env] =
            tenant_in(path).unwrap_or(["example", "example", "example"]);
        let secrets = if secrets.is_empty() {
            vec![THROW_AWAY_SECRET]
        } else {
            secrets.iter().map(String::as_str).collect()
        };
        let document = json!({
            "dangerous_inline_secrets": true,
            "upstream": {"credential": "nothing-is-sent-to-any-upstream!"},
            "tenants": [{
                "account_id": account_id,
                "project_id": project_id,
                "client_env": client_env,
                "signature_secrets": secrets,
            }],
        });
        Configuration::parse(document.to_string().as_bytes(), &|_| None)
            .map_err(|error| Failure::Option { option: "--secret", problem: error.problem })
    }

    fn path(&self, gate: &Gate) -> Result<String, Failure> {
        let configuration = gate.configuration();
        if let Some(path) = &self.path {
            return Ok(path.clone());
        }
        let mut tenants = configuration.tenants.keys();
        match (configuration.path_prefixes.first(), tenants.next(), tenants.next()) {
            (Some(prefix), Some(tenant), None) => Ok(format!("{prefix}/{tenant}/events")),
            _ => Err(Failure::Option {
                option: "--path",
                problem: "it is needed, because the configuration does not list exactly one \
                          tenant; give the path that the webhook came in on"
                    .to_owned(),
            }),
        }
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

/// The tenant of a webhook's path.
fn tenant_in(path: &str) -> Option<[&str; 3]> {
    let path = path.split(['?', '#']).next()?;
    let mut segments = path.rsplit('/');
    let last = segments.next()?;
    let tenant = [segments.next()?, segments.next()?, segments.next()?];
    let [client_env, project_id, account_id] = tenant;
    (last == "events" && tenant.into_iter().all(is_segment))
        .then_some([account_id, project_id, client_env])
}
