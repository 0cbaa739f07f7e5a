//! Tenants that are looked up at the sidecar.

use std::time::Duration;

use axum::http::StatusCode;
use baton_tests_edge::{SANDBOX_SECRET, SECRET, configuration, http1};
use baton_tests_hosts::{Edge, Fault, Host, LookUp, STORE_SECRET, Sidecar, Surroundings};
use futures_util::future::join_all;
use serde_json::json;

use crate::webhook::{Webhook, on};

const CREDENTIAL: &str = "the-look-up-credential-of-the-edge";

const ROTATED_SECRET: &str = "the next secret of acme support live";

/// An edge that looks its tenants up, and the sidecar it does so at.
struct Stage {
    host: Host,
    sidecar: Sidecar,
    surroundings: Surroundings,
    edge: Edge,
}

impl Stage {
    async fn new(host: Host, look_up: LookUp) -> Self {
        let changes = json!({
            "tenants": [],
            "unlisted_tenants": "look_up",
            "look_up": {"credential": {"env": "BATON_LOOK_UP_CREDENTIAL"}},
        });
        let sidecar = Sidecar::start(look_up).await;
        let configuration = configuration(changes.as_object().unwrap());
        let surroundings = Surroundings::new(&configuration, sidecar.address);
        surroundings.set_variable("baton_look_up_credential", CREDENTIAL);
        let edge = Edge::start(host, &surroundings).await;
        Self { host, sidecar, surroundings, edge }
    }

    /// One whose tenants have the secret of `acme/support/live`.
    async fn with_tenant(host: Host) -> Self {
        Self::new(host, LookUp::Tenant(SECRET.to_owned())).await
    }

    /// Sends a webhook: the status, and how many look-ups and deliveries there were.
    async fn send(&self, webhook: &Webhook) -> (u16, usize, usize) {
        let answer = http1::exchange(self.edge.address, &webhook.request()).await;
        self.edge.idle().await;
        let host = self.host;
        assert_eq!(answer.status == 503, answer.header("retry-after").is_some(), "{host:?}");
        assert_eq!(self.edge.traps(), 0, "{host:?}");
        let log = self.surroundings.log();
        if answer.status == 503 {
            let expected = match host {
                Host::Embedded => "refused: tenant_look_up_failed",
                _ => "baton: the look-up of a tenant ",
            };
            let last = log.lines().last();
            assert!(last.is_some_and(|line| line.starts_with(expected)), "{host:?}: {log}");
        }
        for secret in [SECRET, SANDBOX_SECRET, ROTATED_SECRET, CREDENTIAL, STORE_SECRET] {
            assert!(!log.contains(secret), "{host:?}: {log}");
        }
        (answer.status, self.sidecar.looked_up().len(), self.sidecar.delivered().len())
    }

    /// Sends a webhook beside others, and waits for its status alone.
    async fn status(&self, webhook: Webhook) -> u16 {
        http1::exchange(self.edge.address, &webhook.request()).await.status
    }
}

/// A webhook for a tenant that there is not.
fn made_up(number: usize) -> Webhook {
    Webhook { path: format!("/webhooks/genesys/made/up/name-{number}/events"), ..webhook() }
}

fn webhook() -> Webhook {
    Webhook::saying("hello")
}

fn forged() -> Webhook {
    webhook().signed_with("a secret that nobody has been given")
}

#[tokio::test]
async fn a_tenant_is_looked_up_by_its_name_and_with_the_credential() {
    on(Host::ALL, async |host| {
        let stage = Stage::with_tenant(host).await;
        let answer = http1::exchange(stage.edge.address, &webhook().request()).await;
        assert_eq!(answer.status, 200, "{host:?}");
        let expected = ("acme/support/live".to_owned(), format!("Bearer {CREDENTIAL}"));
        assert_eq!(stage.sidecar.looked_up(), [expected], "{host:?}");
        assert_eq!(stage.sidecar.delivered().len(), 1, "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_1_a_webhook_that_the_looked_up_secret_did_not_sign_is_refused() {
    on(Host::ALL, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&forged()).await, (401, 1, 0), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn a_look_up_without_an_answer_of_use_is_503_and_never_401() {
    on(Host::ALL, async |host| {
        let answers = [
            LookUp::Status(StatusCode::INTERNAL_SERVER_ERROR),
            LookUp::Status(StatusCode::UNAUTHORIZED),
            LookUp::Status(StatusCode::FORBIDDEN),
            LookUp::Status(StatusCode::NOT_FOUND),
            LookUp::Status(StatusCode::FOUND),
            LookUp::Status(StatusCode::NO_CONTENT),
            LookUp::Body(String::new()),
            LookUp::Body("<html>".to_owned()),
            LookUp::Body(r#"{"account_id": "acme"}"#.to_owned()),
        ];
        for answer in answers {
            let stage = Stage::new(host, answer.clone()).await;
            for webhook in [webhook(), forged()] {
                assert_eq!(stage.send(&webhook).await, (503, 1, 0), "{host:?}: {answer:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_look_up_that_is_slow_is_503() {
    on(Host::ALL, async |host| {
        let stage = Stage::new(host, LookUp::Nothing).await;
        assert_eq!(stage.send(&webhook()).await, (503, 1, 0), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_12_the_answer_for_another_tenant_is_of_no_use() {
    let another = json!({
        "account_id": "acme",
        "project_id": "support",
        "client_env": "sandbox",
        "signature_secrets": [SECRET],
    });
    on(Host::ALL, async |host| {
        let stage = Stage::new(host, LookUp::Body(another.to_string())).await;
        assert_eq!(stage.send(&webhook()).await, (503, 1, 0), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_tenant_is_401() {
    on(Host::ALL, async |host| {
        let stage = Stage::new(host, LookUp::Unknown).await;
        assert_eq!(stage.send(&webhook()).await, (401, 1, 0), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_tenant_is_not_asked_for_with_each_webhook() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::new(host, LookUp::Unknown).await;
        assert_eq!(stage.send(&webhook()).await, (401, 1, 0), "{host:?}");
        assert_eq!(stage.send(&webhook()).await, (401, 0, 0), "{host:?}");
        stage.sidecar.answer(LookUp::Tenant(SECRET.to_owned()));
        stage.surroundings.pass(Duration::from_secs(11));
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_11_names_that_callers_make_up_do_not_fill_the_store_and_push_no_tenant_out() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::new(host, LookUp::OfTheCorpus).await;
        stage.surroundings.stop_clock();
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        for hundred in 0..6 {
            stage.surroundings.pass(Duration::from_secs(1));
            let made_up = (0..100).map(|number| stage.status(made_up(hundred * 100 + number)));
            assert_eq!(join_all(made_up).await, [401; 100], "{host:?}");
        }
        assert_eq!(stage.sidecar.looked_up().len(), 600, "{host:?}");
        let kept = stage.surroundings.kept();
        assert!(kept.len() <= 257, "{host:?}: {} names", kept.len());
        assert!(kept.keys().all(|name| !name.contains("made")), "{host:?}: {:?}", kept.keys());
        stage.sidecar.answer(LookUp::Nothing);
        assert_eq!(stage.send(&webhook()).await, (200, 0, 1), "{host:?}: known all the same");
    })
    .await;
}

#[tokio::test]
async fn invariant_11_an_instance_that_is_used_again_looks_a_hundred_made_up_names_up_in_a_second()
{
    let stage = Stage::with_tenant(Host::SpinOnWasi03).await;
    stage.surroundings.stop_clock();
    assert_eq!(stage.send(&webhook()).await, (200, 1, 1));
    stage.sidecar.answer(LookUp::Unknown);
    stage.surroundings.pass(Duration::from_secs(1));
    for number in 0..150 {
        let expected = if number < 100 { 401 } else { 503 };
        assert_eq!(stage.status(made_up(number)).await, expected, "{number}");
    }
    assert_eq!(stage.sidecar.looked_up().len(), 100);
    let log = stage.surroundings.log();
    assert_eq!(log.lines().count(), 1, "a line a second is enough: {log}");
    assert!(log.starts_with("baton: more than 100 tenants of which nothing is known"), "{log}");
    assert_eq!(stage.send(&webhook()).await, (200, 0, 1), "who is known is not held to it");
    stage.surroundings.pass(Duration::from_secs(1));
    assert_eq!(stage.status(made_up(150)).await, 401);
    assert_eq!(stage.edge.instances(), 1);
}

#[tokio::test]
async fn a_tenant_is_looked_up_with_each_webhook_where_nothing_is_kept() {
    on(Host::ALL, async |host| {
        let stage = Stage::with_tenant(host).await;
        stage.surroundings.remove_variable("store_secret");
        for _ in 0..2 {
            assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        }
        assert!(stage.surroundings.kept().is_empty(), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn a_kept_tenant_is_asked_for_again_when_it_is_old() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        let steps = [(0, 1), (1, 0), (58, 0), (2, 1), (30, 0)];
        for (seconds, look_ups) in steps {
            stage.surroundings.pass(Duration::from_secs(seconds));
            let sent = stage.send(&webhook()).await;
            assert_eq!(sent, (200, look_ups, 1), "{host:?}: after {seconds} s");
        }
    })
    .await;
}

#[tokio::test]
async fn a_rotated_secret_works_at_once() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        stage.surroundings.pass(Duration::from_secs(6));
        stage.sidecar.answer(LookUp::Tenant(ROTATED_SECRET.to_owned()));
        let rotated = webhook().signed_with(ROTATED_SECRET);
        assert_eq!(stage.send(&rotated).await, (200, 1, 1), "{host:?}");
        assert_eq!(stage.send(&rotated).await, (200, 0, 1), "{host:?}");
        assert_eq!(stage.send(&webhook()).await, (401, 0, 0), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_11_forged_webhooks_do_not_make_a_kept_tenant_be_asked_for_with_each() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        for look_ups in [1, 1] {
            stage.surroundings.pass(Duration::from_secs(6));
            assert_eq!(stage.send(&forged()).await, (401, look_ups, 0), "{host:?}");
            for _ in 0..3 {
                assert_eq!(stage.send(&forged()).await, (401, 0, 0), "{host:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn known_tenants_go_on_for_a_day_while_look_ups_fail() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        stage.sidecar.answer(LookUp::Status(StatusCode::SERVICE_UNAVAILABLE));
        stage.surroundings.pass(Duration::from_secs(2 * 3_600));
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        assert_eq!(stage.send(&webhook()).await, (200, 0, 1), "{host:?}: not asked so soon");
        let another = webhook().for_sandbox();
        assert_eq!(stage.send(&another).await, (503, 1, 0), "{host:?}: never known");
        stage.sidecar.answer(LookUp::Nothing);
        stage.surroundings.pass(Duration::from_secs(6));
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        stage.sidecar.answer(LookUp::Status(StatusCode::SERVICE_UNAVAILABLE));
        stage.surroundings.pass(Duration::from_secs(24 * 3_600));
        assert_eq!(stage.send(&webhook()).await, (503, 1, 0), "{host:?}: too old");
    })
    .await;
}

#[tokio::test]
async fn invariant_10_what_is_kept_of_a_tenant_is_sealed() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        let first = stage.surroundings.kept();
        let names: Vec<_> = first.keys().map(String::as_str).collect();
        assert_eq!(names, ["tenant/acme/support/live"], "{host:?}");
        for word in [SECRET, "signature_secrets", "acme"] {
            for bytes in first.values() {
                let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
                assert!(!found, "{host:?}: {word}");
            }
        }
        // The same tenant sealed again looks otherwise.
        stage.surroundings.change_kept(|kept| kept.clear());
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        let second = stage.surroundings.kept();
        let (first, second) = (first.values().next().unwrap(), second.values().next().unwrap());
        assert_ne!(first[..24], second[..24], "{host:?}: a nonce is used once");
    })
    .await;
}

#[tokio::test]
async fn invariant_12_what_is_kept_of_one_tenant_is_not_taken_for_another() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        stage.surroundings.change_kept(|kept| {
            let live = kept["tenant/acme/support/live"].clone();
            kept.insert("tenant/acme/support/sandbox".to_owned(), live);
        });
        stage.sidecar.answer(LookUp::Tenant(SANDBOX_SECRET.to_owned()));
        let stolen = webhook().for_sandbox().signed_with(SECRET);
        assert_eq!(stage.send(&stolen).await, (401, 1, 0), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_12_look_ups_of_two_tenants_at_once_on_one_instance_do_not_mix() {
    let stage = Stage::new(Host::SpinOnWasi03, LookUp::OfTheCorpus).await;
    let sandbox = webhook().for_sandbox();
    let webhooks = [
        (webhook(), 200),
        (sandbox.clone(), 200),
        (webhook().signed_with(SANDBOX_SECRET), 401),
        (sandbox.signed_with(SECRET), 401),
    ];
    for round in 0..3 {
        stage.surroundings.change_kept(|kept| kept.clear());
        let sent = webhooks.iter().cycle().take(20).map(async |(webhook, status)| {
            let answer = http1::exchange(stage.edge.address, &webhook.request()).await;
            assert_eq!(answer.status, *status, "round {round}: {}", webhook.path);
        });
        join_all(sent).await;
    }
    assert_eq!(stage.sidecar.delivered().len(), 30);
    assert!(stage.edge.most_at_once() > 1);
    assert_eq!(stage.edge.traps(), 0);
}

#[tokio::test]
async fn what_was_changed_in_the_store_or_sealed_otherwise_is_looked_up_again() {
    on(Host::KEEPING, async |host| {
        let stage = Stage::with_tenant(host).await;
        assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
        let spoils: [fn(&mut Vec<u8>); 4] = [
            |bytes| bytes.clear(),
            |bytes| bytes.truncate(23),
            |bytes| *bytes.last_mut().unwrap() ^= 1,
            |bytes| *bytes = SECRET.as_bytes().repeat(4),
        ];
        for spoil in spoils {
            stage.surroundings.change_kept(|kept| kept.values_mut().for_each(spoil));
            assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}");
            assert_eq!(stage.send(&webhook()).await, (200, 0, 1), "{host:?}");
        }
        let secret = "another store secret of thirty-two characters or more";
        stage.surroundings.set_variable("store_secret", secret);
        let restarted = Edge::start(host, &stage.surroundings).await;
        let answer = http1::exchange(restarted.address, &webhook().request()).await;
        assert_eq!(answer.status, 200, "{host:?}");
        assert_eq!(stage.sidecar.looked_up().len(), 1, "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_fails_costs_look_ups_and_a_line_in_the_log() {
    on(Host::KEEPING, async |host| {
        for fault in [Fault::Open, Fault::Read, Fault::Write] {
            let stage = Stage::with_tenant(host).await;
            stage.surroundings.break_store(fault);
            for _ in 0..2 {
                assert_eq!(stage.send(&webhook()).await, (200, 1, 1), "{host:?}: {fault:?}");
            }
            assert_eq!(stage.send(&forged()).await, (401, 1, 0), "{host:?}: {fault:?}");
            let log = stage.surroundings.log();
            assert!(log.lines().count() > 0, "{host:?}: {fault:?}: a line in the log");
            for line in log.lines() {
                assert!(line.starts_with("baton: "), "{host:?}: {fault:?}: {line}");
                assert!(line.contains("key-value store"), "{host:?}: {fault:?}: {line}");
                assert!(!line.contains(SECRET), "{host:?}: {fault:?}");
            }
        }
    })
    .await;
}
