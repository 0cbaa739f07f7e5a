//! Settings that are wrong: nothing goes through, and the log says in one line what to do.

use baton_tests_edge::{CREDENTIAL, SECRET, configuration, http1, upstream::Upstream};
use baton_tests_hosts::{Edge, Host, STORE_SECRET, Surroundings};
use serde_json::Map;

use crate::webhook::{Webhook, on};

/// What the log says of a webhook that an edge with these settings answers 503.
async fn problem(host: Host, spoil: impl Fn(&Surroundings)) -> String {
    let upstream = Upstream::start().await;
    let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
    spoil(&surroundings);
    let edge = Edge::start(host, &surroundings).await;
    let answer = http1::exchange(edge.address, &Webhook::saying("hello").request()).await;
    assert_eq!(answer.status, 503, "{host:?}");
    assert!(answer.header("retry-after").is_some(), "{host:?}");
    assert_eq!(upstream.heads(), 0, "{host:?}");
    assert_eq!(edge.traps(), 0, "{host:?}");
    let log = surroundings.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with("baton: ")).collect();
    let [line] = lines[..] else { panic!("{host:?}: one line, not {log:?}") };
    for secret in [SECRET, CREDENTIAL, STORE_SECRET] {
        assert!(!log.contains(secret), "{host:?}: {log}");
    }
    line.to_owned()
}

#[tokio::test]
async fn a_configuration_that_is_missing_is_503() {
    on(Host::ALL, async |host| {
        let line = problem(host, |around| around.remove_variable("edge_configuration")).await;
        assert!(line.starts_with("baton: edge configuration: the document: "), "{host:?}: {line}");
    })
    .await;
}

#[tokio::test]
async fn a_configuration_that_is_wrong_is_503() {
    on(Host::ALL, async |host| {
        for (wrong, named) in [("{", "the document"), (r#"{"tenant": []}"#, "tenant")] {
            let line = problem(host, |around| around.set_variable("edge_configuration", wrong));
            let line = line.await;
            let begin = format!("baton: edge configuration: {named}: ");
            assert!(line.starts_with(&begin), "{host:?}: {line}");
        }
    })
    .await;
}

#[tokio::test]
async fn invariant_10_a_secret_that_is_missing_is_503_and_no_other_is_told() {
    on(Host::ALL, async |host| {
        for (name, member) in [
            ("genesys_webhook_secret", "tenants[0].signature_secrets[0].env"),
            ("baton_delivery_credential", "upstream.credential.env"),
        ] {
            let line = problem(host, |around| around.remove_variable(name)).await;
            let begin = format!("baton: edge configuration: {member}: ");
            assert!(line.starts_with(&begin), "{host:?}: {line}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_upstream_that_is_missing_or_no_address_is_503() {
    on(Host::SERVED, async |host| {
        for wrong in ["", "sidecar:8081", "ftp://sidecar", "http://", "https:///", "http:///path"] {
            let line = problem(host, |around| around.set_variable("upstream", wrong)).await;
            assert!(line.contains("has to be an address such as"), "{host:?}: {line}");
        }
        let line = problem(host, |around| around.remove_variable("upstream")).await;
        assert!(line.contains("has to be an address such as"), "{host:?}: {line}");
    })
    .await;
}

#[tokio::test]
async fn invariant_10_a_store_secret_that_is_too_short_is_503_and_not_told() {
    on(Host::KEEPING, async |host| {
        let line = problem(host, |around| around.set_variable("store_secret", "too short a one"));
        let line = line.await;
        assert!(line.contains("store_secret has to have 32 characters"), "{host:?}: {line}");
        assert!(!line.contains("too short a one"), "{host:?}: {line}");
    })
    .await;
}
