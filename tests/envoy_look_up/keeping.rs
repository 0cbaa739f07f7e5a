//! What is asked, what is kept of it, and for whom.

use super::*;

#[tokio::test]
async fn a_tenant_is_looked_up_once_and_then_known_to_all_requests() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::with_tenants(hold).await;
        for _ in 0..5 {
            assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
            stage.assert_delivered(&case);
        }
        let asked = stage.sidecar.looked_up();
        let shown = format!("Bearer {LOOK_UP_CREDENTIAL}");
        assert_eq!(asked, [("acme/support/live".to_owned(), shown)], "{case}");
        assert_eq!(stage.envoy.counter("look_up.asked").await, 1, "{case}");
        assert_eq!(stage.envoy.counter("look_up.failed").await, 0, "{case}");
        assert_eq!(stage.envoy.counter("accepted").await, 5, "{case}");
    }
}

#[tokio::test]
async fn what_one_worker_has_learnt_all_know_and_a_changed_secret_works_on_each() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let look_up = LookUp::Tenant(SECRET.to_owned());
        let stage = Stage::set_with(hold, look_up, &Map::new(), 4).await;
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        let statuses = async |headers: &[(String, String)]| -> Vec<u16> {
            let answers = join_all((0..40).map(|_| stage.send(headers))).await;
            answers.iter().map(|answer| answer.status).collect()
        };
        assert_eq!(statuses(&signed()).await, [200; 40], "{case}");
        assert_eq!(stage.asked(), 1, "{case}");
        sleep(PAUSE).await;
        stage.sidecar.answer(LookUp::Tenant(NEXT_SECRET.to_owned()));
        assert_eq!(statuses(&signed_with(NEXT_SECRET)).await, [200; 40], "{case}");
        assert_eq!(statuses(&signed()).await, [401; 40], "{case}");
        assert!(stage.asked() <= 4, "{case}: each worker asks once at most");
    }
}

#[tokio::test]
async fn requests_that_come_while_a_tenant_is_asked_for_wait_for_the_one_answer() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, LookUp::OfTheCorpus).await;
        let [signed, forged] = [signed(), forged()];
        let sent = (0..20).map(async |number| {
            let (headers, status) = if number % 2 == 0 { (&signed, 200) } else { (&forged, 401) };
            assert_eq!(stage.send(headers).await.status, status, "{hold:?}, {number}");
        });
        join_all(sent).await;
        assert_eq!(stage.asked(), 1, "{hold:?}");
        assert_eq!(stage.upstream.heads(), 10, "{hold:?}");
        assert_eq!(stage.upstream.take().len(), 10, "{hold:?}");
        stage.assert_alive(&format!("{hold:?}")).await;
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_there_is_401_and_not_asked_for_with_each_request() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::set(hold, LookUp::Unknown).await;
        for _ in 0..5 {
            assert_eq!(stage.send(&signed()).await.status, 401, "{case}");
            stage.assert_untouched(&case);
        }
        assert_eq!(stage.asked(), 1, "{case}");
        assert_eq!(stage.envoy.counter("refused.unknown_tenant").await, 5, "{case}");
        stage.assert_alive(&case).await;
    }
}

#[tokio::test]
async fn a_stale_tenant_is_asked_for_beside_the_request_that_goes_on() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::with_little_trust(hold, LookUp::Tenant(SECRET.to_owned())).await;
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        assert_eq!(stage.asked(), 1, "{case}");
        stage.sidecar.answer(LookUp::Tenant(NEXT_SECRET.to_owned()));
        sleep(PAUSE).await;
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}: as it was known");
        sleep(Duration::from_millis(300)).await;
        assert_eq!(stage.asked(), 1, "{case}");
        assert_eq!(stage.send(&signed_with(NEXT_SECRET)).await.status, 200, "{case}");
        assert_eq!(stage.send(&signed()).await.status, 401, "{case}");
    }
}

#[tokio::test]
async fn a_secret_that_was_changed_works_at_once_and_forgers_do_not_make_it_be_asked_for() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::with_tenants(hold).await;
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        stage.assert_delivered(&case);
        for _ in 0..5 {
            assert_eq!(stage.send(&forged()).await.status, 401, "{case}");
        }
        assert_eq!(stage.asked(), 1, "{case}");
        sleep(PAUSE).await;

        stage.sidecar.answer(LookUp::Tenant(NEXT_SECRET.to_owned()));
        let next = signed_with(NEXT_SECRET);
        let answers = join_all((0..5).map(|_| stage.send(&next))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200; 5], "{case}");
        assert_eq!(stage.upstream.take().len(), 5, "{case}");
        sleep(PAUSE).await;

        stage.sidecar.answer(LookUp::OfTheCorpus);
        let mut trailers = HeaderMap::new();
        trailers.insert("x-trailer", "1".parse().expect("a value"));
        let address = stage.envoy.address;
        let with_trailers = |headers| {
            http2::exchange(address, WEBHOOK_PATH, headers, &[BODY], Some(trailers.clone()))
        };
        let current = signed();
        assert_eq!(with_trailers(&current).await, 200, "{case}");
        stage.assert_delivered(&case);
        assert_eq!(with_trailers(&next).await, 401, "{case}");
        for _ in 0..5 {
            assert_eq!(stage.send(&next).await.status, 401, "{case}");
        }
        stage.assert_untouched(&case);
        assert_eq!(stage.asked(), 2, "{case}");
        stage.assert_alive(&case).await;
    }
}

#[tokio::test]
async fn invariant_12_what_is_known_of_one_tenant_does_not_serve_another() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, LookUp::OfTheCorpus).await;
        let webhooks = [
            (WEBHOOK_PATH, SECRET, 200),
            (SANDBOX_PATH, SANDBOX_SECRET, 200),
            (WEBHOOK_PATH, SANDBOX_SECRET, 401),
            (SANDBOX_PATH, SECRET, 401),
        ];
        let sent = webhooks.iter().cycle().take(20).map(async |(path, secret, status)| {
            let answer = send(stage.envoy.address, path, &signed_with(secret)).await;
            assert_eq!(answer.status, *status, "{hold:?}: {path}");
        });
        join_all(sent).await;
        for delivery in stage.upstream.take() {
            let body: Value = serde_json::from_slice(&delivery.body).expect("JSON");
            assert!(
                ["live", "sandbox"]
                    .map(Value::from)
                    .contains(&body["data"]["tenant"]["client_env"])
            );
        }
        assert_eq!(stage.asked(), 2, "{hold:?}");
    }
}
