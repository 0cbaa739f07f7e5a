//! What an instance for each request costs: the components on wasmtime, each request in an instance
//! of its own, beside one instance that serves them all.
//!
//! The figures are of this small host: wall time of one request after the other, without a
//! connection to a caller, with an upstream in the same process. Compiling the component is not in
//! them; a host does it once. `cargo run --release --package baton-tests-hosts --example
//! instance_per_request`, after `make components`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement stops where something is not as it has to be"
)]

use std::time::{Duration, Instant};

use baton_simulator::signature;
use baton_tests_edge::{
    ENVIRONMENT, SECRET, WEBHOOK_PATH, configuration, environment, upstream::Upstream,
};
use baton_tests_hosts::{BareGates, Edge, Host, Judged, Surroundings};
use serde_json::{Map, json};

/// How many requests there are of each kind.
const REQUESTS: usize = 2_000;

#[tokio::main]
async fn main() {
    let (good, forged) = ([signed_with(SECRET)], [signed_with("a secret that nobody has")]);
    println!("A webhook of {} bytes, {REQUESTS} times; median and 99th percentile.", body().len());
    println!("{:44} {:>16} {:>16}", "", "refused", "delivered");

    let gates = BareGates::unmetered(&configuration(&Map::new()), &variables());
    let fresh = |headers: &[(String, String)]| {
        times(|| drop(gates.instantiate().judge(WEBHOOK_PATH, headers, &body(), None)))
    };
    row("gate, an instance for each", fresh(&forged), fresh(&good));
    let mut gate = gates.instantiate();
    assert!(matches!(gate.judge(WEBHOOK_PATH, &good, &body(), None), Judged::Forwarded(_)));
    let mut reused = |headers: &[(String, String)]| {
        times(|| drop(gate.judge(WEBHOOK_PATH, headers, &body(), None)))
    };
    row("gate, one instance", reused(&forged), reused(&good));

    for (host, name) in [
        (Host::Proxy, "proxy (WASI 0.2), an instance for each"),
        (Host::SpinOnWasi02, "Spin (WASI 0.2), an instance for each"),
        (Host::SpinOnWasi03, "Spin (WASI 0.3), one instance"),
    ] {
        let upstream = Upstream::start().await;
        let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
        let edge = Edge::start(host, &surroundings).await;
        let refused = served(&edge, &forged, 401).await;
        let delivered = served(&edge, &good, 200).await;
        let instances = if host == Host::SpinOnWasi03 { 1 } else { 2 * REQUESTS };
        assert_eq!(edge.instances(), instances, "{name}");
        row(name, refused, delivered);
    }
}

/// How long each took, in order.
fn times(mut act: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let begun = Instant::now();
            act();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times
}

async fn served(edge: &Edge, headers: &[(String, String)], status: u16) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        let answered = edge.answer(WEBHOOK_PATH, headers, body()).await;
        times.push(begun.elapsed());
        assert_eq!(answered, status);
    }
    times.sort();
    times
}

fn row(name: &str, refused: Vec<Duration>, delivered: Vec<Duration>) {
    let figures = [refused, delivered].map(|times| {
        let at = |hundredth: usize| times[times.len() * hundredth / 100].as_micros();
        format!("{} / {} µs", at(50), at(99))
    });
    println!("{name:44} {:>16} {:>16}", figures[0], figures[1]);
}

/// A message of an agent, of about 1 KiB.
fn body() -> Vec<u8> {
    let message = json!({
        "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "channel": {
            "id": "4f2c8a1e-7b3d-4e5a-9c6f-1d2e3f4a5b6c",
            "platform": "Open",
            "type": "Private",
            "to": {"id": "customer-1"},
            "from": {"id": "acme"},
            "time": "2026-11-21T12:00:00.000Z",
        },
        "type": "Text",
        "text": "many words ".repeat(64),
        "direction": "Outbound",
        "originatingEntity": "Human",
    });
    message.to_string().into_bytes()
}

fn signed_with(secret: &str) -> (String, String) {
    (signature::HEADER.to_ascii_lowercase(), signature::base64(secret, &body()))
}

fn variables() -> Vec<(String, String)> {
    let variable = |name: &str| (name.to_owned(), environment(name).expect("a secret"));
    ENVIRONMENT.into_iter().map(variable).collect()
}
