//! Through a real Envoy: tenants and routes that differ, and what an operator sees of each.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "envoy_policies/access_log.rs"]
mod access_log;
#[path = "envoy_policies/counters.rs"]
mod counters;
#[path = "envoy_policies/duplicates.rs"]
mod duplicates;
#[path = "envoy_policies/routes.rs"]
mod routes;
#[path = "envoy_policies/sidecars.rs"]
mod sidecars;
#[path = "envoy_policies/tenants.rs"]
mod tenants;

use std::net::SocketAddr;

use baton_simulator::signature;
use baton_tests::{
    SANDBOX_SECRET, SECRET, WEBHOOK_PATH,
    envoy::{Envoy, Hold},
    http1::{self, Answer},
    upstream::Upstream,
};
use serde_json::{Map, Value, json};

const SANDBOX_PATH: &str = "/webhooks/genesys/acme/support/sandbox/events";

/// An Envoy with what lies behind it.
struct Stage {
    envoy: Envoy,
    /// Where deliveries go.
    upstream: Upstream,
    /// Where deliveries of the virtual host `two.example` go, where there is one.
    second: Upstream,
    /// Where chat clients go.
    chat: Upstream,
}

impl Stage {
    async fn set(hold: Hold, changes: &Value) -> Self {
        Self::set_with(hold, changes, |yaml| yaml).await
    }

    async fn set_with(hold: Hold, changes: &Value, change: impl FnOnce(String) -> String) -> Self {
        let [upstream, second, chat] =
            [Upstream::start().await, Upstream::start().await, Upstream::start().await];
        let change = |yaml: String| {
            let yaml = replace(&yaml, "port_value: 8080 ", &port(chat.address));
            change(yaml).replace("port_value: 8082 ", &port(second.address))
        };
        let envoy = Envoy::start_with(hold, upstream.address, &members(changes), change).await;
        Self { envoy, upstream, second, chat }
    }

    async fn send(&self, webhook: &Webhook<'_>) -> Answer {
        http1::exchange(self.envoy.address, &webhook.bytes()).await
    }

    async fn status(&self, webhook: &Webhook<'_>) -> u16 {
        self.send(webhook).await.status
    }

    /// Nothing came up, not even a head.
    fn assert_untouched(&self, case: &str) {
        for upstream in [&self.upstream, &self.second] {
            assert_eq!(upstream.heads(), 0, "{case}: an upstream saw a request");
            assert!(upstream.take().is_empty(), "{case}");
        }
    }
}

fn port(address: SocketAddr) -> String {
    format!("port_value: {} ", address.port())
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

/// A webhook, rightly signed unless the secret is another's.
#[derive(Clone, Copy)]
struct Webhook<'w> {
    host: &'w str,
    path: &'w str,
    secret: &'w str,
    body: &'w [u8],
}

impl Default for Webhook<'_> {
    fn default() -> Self {
        Self {
            host: "edge.example",
            path: WEBHOOK_PATH,
            secret: SECRET,
            body: br#"{"id":"m1","type":"Text","text":"hello"}"#,
        }
    }
}

impl Webhook<'_> {
    /// One of the tenant `acme/support/sandbox`.
    fn of_sandbox() -> Self {
        Self { path: SANDBOX_PATH, secret: SANDBOX_SECRET, ..Self::default() }
    }

    fn forged(self) -> Self {
        Self { secret: "what a forger takes for the secret", ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let name = signature::HEADER.to_ascii_lowercase();
        let headers = [(name, signature::base64(self.secret, self.body))];
        let request = http1::request("POST", self.path, &headers, self.body);
        let text = String::from_utf8(request).expect("text");
        replace(&text, "host: edge.example", &format!("host: {}", self.host)).into_bytes()
    }
}

/// The configuration of a tenant with this secret.
fn tenant(project_id: &str, client_env: &str, secret: &str) -> Value {
    json!({
        "account_id": "acme",
        "project_id": project_id,
        "client_env": client_env,
        "signature_secrets": [{"env": secret}],
    })
}

/// Replaces a text that stands once.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}
