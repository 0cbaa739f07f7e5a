//! A sidecar that is away or says nothing, and whoever makes it worse.

use super::*;

#[tokio::test]
async fn invariant_11_names_that_are_made_up_are_asked_for_a_few_at_a_time() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, LookUp::Nothing).await;
        let headers = signed();
        let sent = (0..60).map(async |number| {
            let path = format!("/webhooks/genesys/made-up/{number}/live/events");
            let answer = send(stage.envoy.address, &path, &headers).await;
            assert_try_again(&answer, &format!("{hold:?}, {number}"));
        });
        join_all(sent).await;
        let asked = stage.asked();
        assert!((1..=20).contains(&asked), "{hold:?}: {asked}");
        stage.assert_untouched("made-up names");
        stage.assert_alive(&format!("{hold:?}")).await;
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_503_and_the_next_one_is_believed() {
    let other = json!({
        "account_id": "acme", "project_id": "support", "client_env": "sandbox",
        "signature_secrets": [SECRET],
    });
    let long = format!("{}{}", other.to_string().replace("sandbox", "live"), " ".repeat(70_000));
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, LookUp::Nothing).await;
        let nothings = [
            LookUp::Nothing,
            LookUp::Status(StatusCode::UNAUTHORIZED),
            LookUp::Status(StatusCode::NOT_FOUND),
            LookUp::Status(StatusCode::INTERNAL_SERVER_ERROR),
            LookUp::Status(StatusCode::FOUND),
            LookUp::Body(String::new()),
            LookUp::Body("{".to_owned()),
            LookUp::Body("[]".to_owned()),
            LookUp::Body(other.to_string()),
            LookUp::Body(long.clone()),
        ];
        let count = nothings.len();
        for nothing in nothings {
            let case = format!("{hold:?}, {nothing:?}");
            stage.sidecar.answer(nothing);
            assert_try_again(&stage.send(&signed()).await, &case);
            stage.assert_untouched(&case);
        }
        assert_eq!(stage.envoy.counter("look_up.asked").await, count as u64, "{hold:?}");
        assert_eq!(stage.envoy.counter("look_up.failed").await, count as u64, "{hold:?}");
        stage.sidecar.answer(LookUp::Tenant(SECRET.to_owned()));
        assert_eq!(stage.send(&signed()).await.status, 200, "{hold:?}");
        stage.assert_delivered(&format!("{hold:?}"));
    }
}

#[tokio::test]
async fn without_the_sidecar_known_tenants_go_on_and_others_are_503() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::with_little_trust(hold, LookUp::OfTheCorpus).await;
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        stage.assert_delivered(&case);
        let Stage { envoy, upstream, sidecar } = stage;
        let address = sidecar.address;
        drop(sidecar);
        sleep(PAUSE).await;

        // What is stale goes on, and is asked for once beside that.
        for _ in 0..3 {
            assert_eq!(send(envoy.address, WEBHOOK_PATH, &signed()).await.status, 200, "{case}");
        }
        assert_eq!(upstream.take().len(), 3, "{case}");
        assert_eq!(send(envoy.address, WEBHOOK_PATH, &forged()).await.status, 401, "{case}");
        let headers = signed_with(SANDBOX_SECRET);
        assert_try_again(&send(envoy.address, SANDBOX_PATH, &headers).await, &case);
        assert_eq!(upstream.heads(), 0, "{case}");
        assert_eq!(envoy.counter("look_up.asked").await, 4, "{case}");
        assert_eq!(envoy.counter("look_up.failed").await, 3, "{case}");

        let listener = TcpListener::bind(address).await.expect("the port again");
        let sidecar = Sidecar::on(listener, LookUp::OfTheCorpus);
        let answer = send(envoy.address, SANDBOX_PATH, &headers).await;
        assert_eq!((answer.status, sidecar.looked_up().len()), (200, 1), "{case}");
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_503_and_envoy_lives() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let upstream = Upstream::start().await;
        let envoy = Envoy::start(hold, upstream.address, &looking_up()).await;
        for _ in 0..3 {
            for headers in [signed(), forged()] {
                assert_try_again(&send(envoy.address, WEBHOOK_PATH, &headers).await, &case);
            }
            let elsewhere = http1::request("POST", "/elsewhere", &[], BODY);
            assert_eq!(http1::exchange(envoy.address, &elsewhere).await.status, 200, "{case}");
            assert_eq!(upstream.take().len(), 1, "{case}");
        }
        let log = envoy.log_with("envoy.look_up_cluster names a cluster").await;
        assert!(!log.contains("panic"), "{case}: {log}");
    }
}

#[tokio::test]
async fn looking_up_without_a_cluster_is_a_wrong_configuration() {
    let mut changes = looking_up();
    changes.remove("envoy");
    for hold in Hold::BOTH {
        let upstream = Upstream::start().await;
        let said = Envoy::refuses_to_start_with(hold, upstream.address, &changes).await;
        assert!(said.contains("envoy.look_up_cluster: it is missing"), "{hold:?}: {said}");
    }
}

#[tokio::test]
async fn invariant_10_neither_the_log_nor_the_dump_shows_what_was_looked_up() {
    for hold in Hold::BOTH {
        let stage = Stage::with_tenants(hold).await;
        stage.envoy.log_everything().await;
        assert_eq!(stage.send(&signed()).await.status, 200);
        assert_eq!(stage.send(&forged()).await.status, 401);
        let log = stage.envoy.log_with("signature_mismatch").await;
        let dump = stage.envoy.configuration_dump().await;
        for secret in [SECRET, LOOK_UP_CREDENTIAL, "hello"] {
            assert!(!log.contains(secret), "{hold:?}: the log shows {secret}");
            assert!(!dump.contains(secret), "{hold:?}: the dump shows {secret}");
        }
    }
}
