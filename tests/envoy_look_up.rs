//! Through a real Envoy that looks its tenants up: what it asks, for what it waits, and that nothing
//! goes up meanwhile.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "envoy_look_up/holding.rs"]
mod holding;
#[path = "envoy_look_up/keeping.rs"]
mod keeping;
#[path = "envoy_look_up/trouble.rs"]
mod trouble;

use std::{net::SocketAddr, time::Duration};

use axum::http::StatusCode;
use baton_simulator::signature;
use baton_tests::{
    LOOK_UP_CREDENTIAL, SANDBOX_SECRET, SECRET, WEBHOOK_PATH,
    envoy::{Envoy, Hold, looking_up},
    http1::{self, Answer, Connection},
    http2,
    look_up_sidecar::{LookUp, Sidecar},
    upstream::Upstream,
};
use futures_util::future::join_all;
use http::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, time::sleep};

const BODY: &[u8] = br#"{"id":"m1","type":"Text","text":"hello"}"#;

const SANDBOX_PATH: &str = "/webhooks/genesys/acme/support/sandbox/events";

const NEXT_SECRET: &str = "the next secret of acme support live";

/// After this a tenant may be asked for again; the policy's pause is 5 s.
const PAUSE: Duration = Duration::from_millis(5_200);

/// An Envoy, what it delivers to, and what it looks tenants up at.
struct Stage {
    envoy: Envoy,
    upstream: Upstream,
    sidecar: Sidecar,
}

impl Stage {
    async fn set(hold: Hold, look_up: LookUp) -> Self {
        Self::set_with(hold, look_up, &Map::new(), 1).await
    }

    /// One that soon takes what it found for stale.
    async fn with_little_trust(hold: Hold, look_up: LookUp) -> Self {
        let changes = json!({
            "look_up": {"credential": {"env": "BATON_LOOK_UP_CREDENTIAL"}, "fresh_seconds": 1},
        });
        Self::set_with(hold, look_up, changes.as_object().unwrap(), 1).await
    }

    async fn set_with(
        hold: Hold,
        look_up: LookUp,
        changes: &Map<String, Value>,
        workers: u8,
    ) -> Self {
        let upstream = Upstream::start().await;
        let sidecar = Sidecar::start(look_up).await;
        let (address, asked) = (upstream.address, sidecar.address);
        let envoy = Envoy::start_looking_up(hold, address, asked, changes, workers).await;
        Self { envoy, upstream, sidecar }
    }

    /// One whose tenants have this secret.
    async fn with_tenants(hold: Hold) -> Self {
        Self::set(hold, LookUp::Tenant(SECRET.to_owned())).await
    }

    async fn send(&self, headers: &[(String, String)]) -> Answer {
        send(self.envoy.address, WEBHOOK_PATH, headers).await
    }

    /// How many tenants were asked for since the last time.
    fn asked(&self) -> usize {
        self.sidecar.looked_up().len()
    }

    /// Nothing came up, not even a head.
    fn assert_untouched(&self, case: &str) {
        assert_eq!(self.upstream.heads(), 0, "{case}: the upstream saw a request");
        assert!(self.upstream.take().is_empty(), "{case}");
    }

    /// One delivery of the message came up, whole, and of its own length where one is given.
    fn assert_delivered(&self, case: &str) {
        let seen = self.upstream.take();
        assert_eq!(seen.len(), 1, "{case}");
        let delivery: Value = serde_json::from_slice(&seen[0].body).expect("one delivery");
        assert_eq!(delivery["type"], "baton.genesys.text", "{case}");
        assert!(delivery.to_string().contains(r#""text":"hello""#), "{case}: {delivery}");
        assert_eq!(seen[0].path, "/internal/v1/deliveries", "{case}");
        let length = seen[0].headers.get("content-length");
        assert!(length.is_none_or(|length| length == &seen[0].body.len().to_string()), "{case}");
    }

    /// A request that is none of the filter's goes through, so no stream is stuck.
    async fn assert_alive(&self, case: &str) {
        for _ in 0..3 {
            let request = http1::request("POST", "/elsewhere", &[], BODY);
            assert_eq!(http1::exchange(self.envoy.address, &request).await.status, 200, "{case}");
        }
        self.upstream.take();
    }
}

async fn send(envoy: SocketAddr, path: &str, headers: &[(String, String)]) -> Answer {
    http1::exchange(envoy, &http1::request("POST", path, headers, BODY)).await
}

fn signed_with(secret: &str) -> Vec<(String, String)> {
    vec![(signature::HEADER.to_ascii_lowercase(), signature::base64(secret, BODY))]
}

fn signed() -> Vec<(String, String)> {
    signed_with(SECRET)
}

fn forged() -> Vec<(String, String)> {
    signed_with("what a forger takes for the secret")
}

/// The head of a request with [`BODY`].
fn head(headers: &[(String, String)]) -> Vec<u8> {
    let mut head = http1::head("POST", WEBHOOK_PATH, headers);
    head.extend_from_slice(format!("content-length: {}\r\n\r\n", BODY.len()).as_bytes());
    head
}

fn assert_try_again(answer: &Answer, case: &str) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{case}");
}
