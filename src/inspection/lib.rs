//! What the edge would make of a webhook, and why, for whoever holds the secret: `baton inspect`,
//! and the same in a browser.
//!
//! It runs the core's own gate, so that the verdict is the edge's. Nothing here reads a clock or
//! does I/O, and nothing leaves the process.

#![forbid(unsafe_code)]

mod explanation;
pub mod json_text;
mod trials;

use std::sync::Arc;

use baton_core::{
    configuration::{Configuration, ConfigurationError},
    gate::{Gate, Head, Verdict},
    refusal::Refusal,
    signature::{HEADER, SigningKey},
    tenant::{Tenant, is_segment},
};
use serde::Serialize;
use serde_json::{json, value::RawValue};

use explanation::Request;
pub use trials::Trial;

/// The path for a webhook of nobody in particular.
const EXAMPLE_PATH: &str = "/webhooks/genesys/example/example/example/events";

/// What a body is signed with that is only looked at. It never leaves the process.
const THROW_AWAY_SECRET: &str = "signs what is only looked at: 0123456789abcdef";

/// A webhook as it came in.
#[derive(Clone, Copy)]
pub struct Webhook<'w> {
    /// The method, such as `POST`.
    pub method: &'w str,
    /// The path, with its query if there is one.
    pub path: &'w str,
    /// The value of `X-Hub-Signature-256`, or the whole line of the header. It is not looked at
    /// where there is nothing to check it with.
    pub signature: Option<&'w str>,
    /// The body, byte for byte.
    pub body: &'w [u8],
}

/// What the gate came to. As JSON it has its members in this order.
#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Report {
    /// The upstream gets the delivery.
    Forward {
        /// Whether a secret was there to check the signature with.
        signature: SignatureCheck,
        /// What a reader may wonder about: why nothing of the delivery reaches the chat, or who
        /// writes signatures like this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'static str>,
        /// The delivery, byte for byte.
        delivery: Box<RawValue>,
    },
    /// The caller gets the status.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// [`Refusal::label`].
        reason: &'static str,
        /// Why, and what to do: a sentence.
        why: String,
        /// What may explain a signature that does not hold, and whether it does.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tried: Vec<Trial>,
    },
    /// It is no webhook.
    NotOurs {
        /// Why, and what to do: a sentence.
        why: String,
    },
}

/// What a forwarded webhook's signature went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SignatureCheck {
    /// One of the secrets made it.
    #[serde(rename = "checked")]
    Checked,
    /// There was no secret to check it with.
    #[serde(rename = "not checked")]
    NotChecked,
}

/// Inspects webhooks with one configuration.
pub struct Inspector {
    gate: Gate,
    /// The secrets, if they were given on their own and not by a configuration.
    secrets: Vec<String>,
    signature: SignatureCheck,
}

impl Inspector {
    /// With the edge's own configuration.
    pub fn of_configuration(configuration: Configuration) -> Self {
        Self {
            gate: Gate::new(configuration),
            secrets: Vec::new(),
            signature: SignatureCheck::Checked,
        }
    }

    /// With secrets any of which may have signed what comes in on `path`; without a path, on that
    /// of nobody in particular. With no secret no signature is checked.
    ///
    /// # Errors
    ///
    /// If one of the secrets cannot be a webhook's, for it is too short.
    pub fn of_secrets(
        secrets: Vec<String>,
        path: Option<&str>,
    ) -> Result<Self, ConfigurationError> {
        let signature = match secrets.is_empty() {
            true => SignatureCheck::NotChecked,
            false => SignatureCheck::Checked,
        };
        let configuration = made_up(&secrets, path.unwrap_or(EXAMPLE_PATH))?;
        Ok(Self { gate: Gate::new(configuration), secrets, signature })
    }

    /// The path of the webhooks of the only tenant; `None`, if the configuration does not list
    /// exactly one.
    pub fn only_path(&self) -> Option<String> {
        let configuration = self.gate.configuration();
        let mut tenants = configuration.tenants.keys();
        match (configuration.path_prefixes.first(), tenants.next(), tenants.next()) {
            (Some(prefix), Some(tenant), None) => Some(format!("{prefix}/{tenant}/events")),
            _ => None,
        }
    }

    /// The most bytes that a body may have. One more is enough to learn that it is too long.
    pub fn max_body_bytes(&self) -> usize {
        self.gate.max_body_bytes()
    }

    /// What becomes of this webhook.
    pub fn inspect(&self, webhook: &Webhook<'_>) -> Report {
        let own_signature = match self.signature {
            SignatureCheck::Checked => None,
            SignatureCheck::NotChecked => {
                Some(SigningKey::new(THROW_AWAY_SECRET).sign(webhook.body).to_base64())
            }
        };
        let signature = own_signature.as_deref().or(webhook.signature).map(header_value);
        let webhook = Webhook { signature, ..*webhook };
        let configuration = self.gate.configuration();
        let request = Request { configuration, webhook: &webhook, secrets: &self.secrets };
        match judge(&self.gate, &webhook) {
            Ruling::Forward(delivery, tenant) => {
                let delivery = String::from_utf8_lossy(&delivery).into_owned();
                Report::Forward {
                    signature: self.signature,
                    note: explanation::of_delivery(configuration, tenant.as_deref(), &delivery)
                        .or_else(|| signature.and_then(explanation::of_value)),
                    // What the gate writes is JSON; text that is none could not be shown as such.
                    delivery: RawValue::from_string(delivery).unwrap_or_default(),
                }
            }
            Ruling::Refuse(refusal, tenant) => {
                let tenant = tenant.as_deref();
                let keys = tenant.map(|tenant| &tenant.signing_keys);
                let tried = match refusal {
                    Refusal::Signature(problem) => trials::of_signature(problem, &request, keys),
                    _ => Vec::new(),
                };
                Report::Refuse {
                    status: refusal.answer().status,
                    reason: refusal.label(),
                    why: explanation::of_refusal(refusal, &request, tenant, &tried),
                    tried,
                }
            }
            Ruling::NotOurs => Report::NotOurs { why: explanation::of_not_ours(&request) },
        }
    }
}

/// What the gate came to.
enum Ruling {
    Forward(Vec<u8>, Option<Arc<Tenant>>),
    Refuse(Refusal, Option<Arc<Tenant>>),
    NotOurs,
}

fn judge(gate: &Gate, webhook: &Webhook<'_>) -> Ruling {
    let headers = webhook.signature.map(|value| (HEADER, value.as_bytes())).into_iter();
    let (proof, tenant) =
        match gate.head(webhook.method.as_bytes(), webhook.path.as_bytes(), headers) {
            Head::NotOurs => return Ruling::NotOurs,
            Head::Refuse(refusal) => return Ruling::Refuse(refusal, None),
            // There is no sidecar to ask.
            Head::NeedTenant(..) => return Ruling::Refuse(Refusal::TenantLookUpFailed, None),
            Head::NeedBody(proof, tenant) => (proof, tenant),
        };
    match gate.body(webhook.body, &proof, tenant.as_deref()) {
        Verdict::Forward(forward) => Ruling::Forward(forward.delivery, tenant),
        Verdict::Refuse(refusal) => Ruling::Refuse(refusal, tenant),
    }
}

/// The value, also of a line that was copied together with the header's name.
fn header_value(text: &str) -> &str {
    let value = match text.split_once(':') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case(HEADER) => value,
        _ => text,
    };
    value.trim()
}

/// A configuration with the tenant of the path, if it names one.
fn made_up(secrets: &[String], path: &str) -> Result<Configuration, ConfigurationError> {
    let [account_id, project_id, client_env] =
        tenant_in(path).unwrap_or(["example", "example", "example"]);
    let secrets = match secrets {
        [] => vec![THROW_AWAY_SECRET],
        secrets => secrets.iter().map(String::as_str).collect(),
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
