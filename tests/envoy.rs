//! Through a real Envoy, with an upstream that records what reaches it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "envoy/callers.rs"]
mod callers;
#[path = "flaws/envoy.rs"]
mod flaws;
#[path = "envoy/operators.rs"]
mod operators;
#[path = "envoy/upstream.rs"]
mod upstream;

use baton_simulator::signature;
use baton_tests::{
    SECRET, WEBHOOK_PATH,
    envoy::{Envoy, Hold},
    http1::{self, Answer},
    upstream::Upstream,
};
use serde_json::Map;

const BODY: &[u8] = br#"{"id":"m1","type":"Text","text":"hello"}"#;

/// An Envoy with an upstream behind it.
struct Stage {
    envoy: Envoy,
    upstream: Upstream,
}

impl Stage {
    async fn set(hold: Hold) -> Self {
        Self::set_with(hold, |yaml| yaml).await
    }

    async fn set_with(hold: Hold, change: impl FnOnce(String) -> String) -> Self {
        let upstream = Upstream::start().await;
        let envoy = Envoy::start_with(hold, upstream.address, &Map::new(), change).await;
        Self { envoy, upstream }
    }

    async fn send(&self, headers: &[(String, String)], body: &[u8]) -> Answer {
        let request = http1::request("POST", WEBHOOK_PATH, headers, body);
        http1::exchange(self.envoy.address, &request).await
    }

    /// Nothing came up, not even a head.
    fn assert_untouched(&self, case: &str) {
        assert_eq!(self.upstream.heads(), 0, "{case}: the upstream saw a request");
        assert!(self.upstream.take().is_empty(), "{case}");
    }

    /// One delivery of the message came up.
    fn assert_delivered(&self, case: &str) {
        let seen = self.upstream.take();
        assert_eq!(seen.len(), 1, "{case}");
        let body = String::from_utf8_lossy(&seen[0].body).into_owned();
        assert!(body.contains(r#""text":"hello""#), "{case}: {body}");
    }
}

fn signed(body: &[u8]) -> Vec<(String, String)> {
    vec![(signature::HEADER.to_ascii_lowercase(), signature::base64(SECRET, body))]
}

fn forged() -> Vec<(String, String)> {
    signed(b"other bytes")
}

/// Replaces a text that stands once in the configuration.
fn replace(yaml: &str, from: &str, to: &str) -> String {
    assert_eq!(yaml.matches(from).count(), 1, "{from}");
    yaml.replace(from, to)
}
