//! The corpus, case by case: in the core itself, and through a real Envoy in both hold modes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::collections::BTreeMap;

use baton_core::{
    configuration::Configuration,
    gate::{Gate, Head, Verdict},
    refusal::Refusal,
};
use baton_tests::{
    configuration,
    corpus::{Case, Expect, cases},
    environment,
    envoy::{Envoy, Hold},
    http1,
    look_up_sidecar::{LookUp, Sidecar},
    upstream::Upstream,
};
use serde_json::{Map, Value};

#[path = "flaws/corpus.rs"]
mod flaws;

/// What the core makes of a case.
fn judge(case: &Case) -> Outcome {
    let document = configuration(&case.configuration);
    let configuration = Configuration::parse(document.as_bytes(), &environment).expect(&case.name);
    let gate = Gate::new(configuration);
    let headers = case.request.headers();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let (method, path) = (case.request.method.as_bytes(), case.request.path.as_bytes());
    match gate.head(method, path, headers.clone()) {
        Head::NotOurs => Outcome::Pass,
        Head::Refuse(refusal) => Outcome::Refuse(refusal),
        Head::NeedTenant(..) => panic!("the corpus lists its tenants"),
        Head::NeedBody(proof, tenant) => {
            match gate.body(&case.request.body(), &proof, tenant.as_deref()) {
                Verdict::Forward(forward) => {
                    let going_up: Vec<_> = gate.delivery_headers_beside(headers).collect();
                    case.check_headers(&going_up);
                    Outcome::Forward(String::from_utf8(forward.delivery).expect("UTF-8"))
                }
                Verdict::Refuse(refusal) => Outcome::Refuse(refusal),
            }
        }
    }
}

#[derive(Debug)]
enum Outcome {
    Pass,
    Refuse(Refusal),
    Forward(String),
}

#[test]
fn the_core_judges_every_case_as_the_corpus_says() {
    let bless = std::env::var_os("BATON_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() > 80, "the corpus is there");
    let mut wrong = Vec::new();
    for case in &cases {
        let outcome = judge(case);
        let right = match (&outcome, &case.expect) {
            (Outcome::Pass, Expect::Pass) => true,
            (Outcome::Refuse(refusal), Expect::Refuse { status, reason }) => {
                refusal.answer().status == *status && refusal.label() == reason
            }
            (Outcome::Forward(delivery), Expect::Forward(expected)) => {
                delivery.as_str() == expected.to_string().as_str()
            }
            _ => false,
        };
        if !right && bless {
            bless_case(case, &outcome);
        } else if !right {
            wrong.push(format!("{}: {}\n  {outcome:?}\n  {:?}", case.name, case.why, case.expect));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes what the core made of a case into its file. What it writes has to be read by a person.
fn bless_case(case: &Case, outcome: &Outcome) {
    let file = format!("{}/corpus/{}.json", env!("CARGO_MANIFEST_DIR"), case.name);
    let mut document: Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("the case")).expect("JSON");
    document["expect"] = match outcome {
        Outcome::Pass => "pass".into(),
        Outcome::Refuse(refusal) => serde_json::json!({
            "refuse": {"status": refusal.answer().status, "reason": refusal.label()}
        }),
        Outcome::Forward(delivery) => serde_json::json!({
            "forward": serde_json::from_str::<Value>(delivery).expect("JSON")
        }),
    };
    let text = serde_json::to_string_pretty(&document).expect("JSON");
    std::fs::write(&file, text + "\n").expect("the case is written");
}

#[tokio::test]
async fn invariant_1_envoy_holding_by_pause_judges_every_case_as_the_corpus_says() {
    through_envoy(Hold::Pause).await;
}

#[tokio::test]
async fn invariant_1_envoy_holding_by_the_buffer_filter_judges_every_case_as_the_corpus_says() {
    through_envoy(Hold::BufferFilter).await;
}

#[tokio::test]
async fn invariant_1_envoy_that_looks_its_tenants_up_judges_every_case_as_the_corpus_says() {
    let sidecar = Sidecar::start(LookUp::OfTheCorpus).await;
    for hold in Hold::BOTH {
        for (changes, cases) in by_configuration() {
            let upstream = Upstream::start().await;
            let (address, asked) = (upstream.address, sidecar.address);
            let envoy = Envoy::start_looking_up(hold, address, asked, &changes, 1).await;
            for case in &cases {
                send_through(case, &envoy, &upstream).await;
            }
        }
    }
}

async fn through_envoy(hold: Hold) {
    for (changes, cases) in by_configuration() {
        let upstream = Upstream::start().await;
        let envoy = Envoy::start(hold, upstream.address, &changes).await;
        for case in &cases {
            send_through(case, &envoy, &upstream).await;
        }
    }
}

/// The cases, and the changes of the configuration that they have in common.
fn by_configuration() -> Vec<(Map<String, Value>, Vec<Case>)> {
    let mut by_configuration: BTreeMap<String, (Map<String, Value>, Vec<Case>)> = BTreeMap::new();
    for case in cases() {
        let key = Value::Object(case.configuration.clone()).to_string();
        let group = by_configuration.entry(key);
        group.or_insert_with(|| (case.configuration.clone(), Vec::new())).1.push(case);
    }
    by_configuration.into_values().collect()
}

async fn send_through(case: &Case, envoy: &Envoy, upstream: &Upstream) {
    let name = &case.name;
    let body = case.request.body();
    let headers = case.request.headers();
    let request = http1::request(&case.request.method, &case.request.path, &headers, &body);
    let before = envoy.counters().await;
    let answer = http1::exchange(envoy.address, &request).await;
    let heads = upstream.heads();
    let seen = upstream.take();
    match &case.expect {
        Expect::Forward(delivery) => {
            assert_eq!(answer.status, 200, "{name}");
            assert_eq!(seen.len(), 1, "{name}");
            assert_eq!(String::from_utf8_lossy(&seen[0].body), delivery.to_string(), "{name}");
            assert_eq!(seen[0].path, "/internal/v1/deliveries", "{name}");
            assert_eq!(seen[0].headers["content-type"], "application/cloudevents+json", "{name}");
            assert_eq!(
                seen[0].headers["authorization"].to_str().ok(),
                Some(&*format!("Bearer {}", baton_tests::CREDENTIAL)),
                "{name}"
            );
            let headers = seen[0].headers.iter();
            let headers: Vec<_> =
                headers.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            case.check_headers(&headers);
            for proof in [baton_core::signature::HEADER, baton_core::api_key::HEADER] {
                assert!(!seen[0].headers.contains_key(proof), "{name}: {proof} went up");
            }
        }
        Expect::Refuse { status, reason } => {
            assert_eq!(answer.status, *status, "{name}");
            // An answer to gRPC has no body.
            if !answer.body.is_empty() {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{name}");
            }
            let counter = format!("refused.{reason}");
            let count = |counters: &BTreeMap<String, u64>| counters.get(&counter).copied();
            let after = envoy.counters().await;
            assert_eq!(count(&after), count(&before).map(|count| count + 1), "{name}: {reason}");
            assert!(seen.is_empty() && heads == 0, "{name}: the upstream saw it");
        }
        Expect::Pass => {
            assert_eq!(seen.len(), 1, "{name}");
            assert_eq!(seen[0].path, case.request.path, "{name}");
            assert_eq!(seen[0].body, body, "{name}");
        }
    }
}
