//! The corpus, case by case, on each component.

use std::collections::BTreeMap;

use baton_core::{api_key, signature};
use baton_tests_edge::{
    CREDENTIAL, configuration,
    corpus::{Case, Expect, cases},
    http1::{self, Answer},
    upstream::{Recorded, Upstream},
};
use baton_tests_hosts::{Edge, Host, Surroundings};

#[tokio::test]
async fn invariant_1_spin_on_wasi_0_2_judges_every_case_as_the_corpus_says() {
    judges_every_case(Host::SpinOnWasi02).await;
}

#[tokio::test]
async fn invariant_1_spin_on_wasi_0_3_judges_every_case_as_the_corpus_says() {
    judges_every_case(Host::SpinOnWasi03).await;
}

#[tokio::test]
async fn invariant_1_the_proxy_component_judges_every_case_as_the_corpus_says() {
    judges_every_case(Host::Proxy).await;
}

#[tokio::test]
async fn invariant_1_the_embedded_gate_judges_every_case_as_the_corpus_says() {
    judges_every_case(Host::Embedded).await;
}

async fn judges_every_case(host: Host) {
    let cases = cases();
    assert!(cases.len() > 80, "the corpus is there");
    let mut by_configuration: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        by_configuration.entry(configuration(&case.configuration)).or_default().push(case);
    }
    for (configuration, cases) in by_configuration {
        let upstream = Upstream::start().await;
        let surroundings = Surroundings::new(&configuration, upstream.address);
        let edge = Edge::start(host, &surroundings).await;
        for case in &cases {
            let request = &case.request;
            let (headers, body) = (request.headers(), request.body());
            let request = http1::request(&request.method, &request.path, &headers, &body);
            let answer = http1::exchange(edge.address, &request).await;
            let heads = upstream.heads();
            let seen = upstream.take();
            assert_eq!(heads, seen.len(), "{}: half a request went up", case.name);
            is_as_the_corpus_says(case, &answer, &seen);
            if let (Host::Embedded, Expect::Refuse { reason, .. }) = (host, &case.expect) {
                let logged = surroundings.log();
                assert_eq!(logged.lines().last(), Some(&*format!("refused: {reason}")));
            }
        }
        assert_eq!(edge.traps(), 0);
        if host == Host::SpinOnWasi03 {
            assert_eq!(edge.instances(), 1, "one instance serves them all");
        }
    }
}

fn is_as_the_corpus_says(case: &Case, answer: &Answer, seen: &[Recorded]) {
    let name = &case.name;
    match &case.expect {
        Expect::Forward(delivery) => {
            assert_eq!(answer.status, 200, "{name}");
            assert_eq!(answer.body, b"the upstream's own words", "{name}");
            let [seen] = seen else { panic!("{name}: {} deliveries", seen.len()) };
            assert_eq!(String::from_utf8_lossy(&seen.body), delivery.to_string(), "{name}");
            assert_eq!(seen.method, "POST", "{name}");
            assert_eq!(seen.path, "/internal/v1/deliveries", "{name}");
            assert_eq!(seen.headers["content-type"], "application/cloudevents+json", "{name}");
            assert_eq!(seen.headers["authorization"], format!("Bearer {CREDENTIAL}"), "{name}");
            let headers = seen.headers.iter();
            let headers: Vec<_> =
                headers.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            case.check_headers(&headers);
            for proof in [signature::HEADER, api_key::HEADER] {
                assert!(!seen.headers.contains_key(proof), "{name}: {proof} went up");
            }
        }
        Expect::Refuse { status, .. } => {
            assert_eq!(answer.status, *status, "{name}");
            // An answer to gRPC has no body.
            if !answer.body.is_empty() {
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{name}");
            }
            assert!(seen.is_empty(), "{name}: the upstream saw it");
        }
        // Nothing lies behind a component that it could go on to.
        Expect::Pass => {
            assert_eq!(answer.status, 404, "{name}");
            assert!(seen.is_empty(), "{name}: the upstream saw it");
        }
    }
}
