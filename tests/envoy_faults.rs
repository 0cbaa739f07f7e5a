//! Through a real Envoy: faults of what is around the filter, and of the filter itself. The caller gets
//! a clear answer, nothing forged goes through, and Envoy lives.
//!
//! An upstream that is down, slow or answers an error is in `envoy/upstream.rs`, a configuration that is
//! wrong at the start in `envoy/operators.rs`; look-ups that are slow, wrong, malformed or not answered are in
//! `envoy_look_up/trouble.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "envoy_faults/configuration.rs"]
mod configuration;
#[path = "envoy_faults/look_up.rs"]
mod look_up;
#[path = "envoy_faults/module.rs"]
mod module;
#[path = "envoy_faults/upstream.rs"]
mod upstream;

use std::{net::SocketAddr, time::Duration};

use baton_simulator::signature;
use baton_tests::{
    PREVIOUS_SECRET, SECRET, WEBHOOK_PATH,
    envoy::{Envoy, Hold, looking_up},
    http1::{self, Answer, Connection, PATIENCE},
    upstream::Upstream,
};
use serde_json::Map;
use tokio::time::{Instant, sleep};

const BODY: &[u8] = br#"{"id":"m1","type":"Text","text":"hello"}"#;

fn signed_with(secret: &str, body: &[u8]) -> Vec<(String, String)> {
    vec![(signature::HEADER.to_ascii_lowercase(), signature::base64(secret, body))]
}

fn signed(body: &[u8]) -> Vec<(String, String)> {
    signed_with(SECRET, body)
}

fn forged() -> Vec<(String, String)> {
    signed(b"other bytes")
}

async fn send(address: SocketAddr, headers: &[(String, String)], body: &[u8]) -> Answer {
    http1::exchange(address, &http1::request("POST", WEBHOOK_PATH, headers, body)).await
}

/// The caller is told to come again.
fn assert_try_again(answer: &Answer, case: &str) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{case}");
}

/// Sends a good webhook until it is taken.
async fn send_until_it_is_taken(address: SocketAddr, case: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = send(address, &signed(BODY), BODY).await.status;
        if status == 200 {
            return;
        }
        assert_eq!(status, 503, "{case}: until it is taken it is to be sent again");
        assert!(Instant::now() < deadline, "{case}: it is never taken");
        sleep(Duration::from_millis(50)).await;
    }
}
