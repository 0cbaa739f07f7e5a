//! When the answer, the body and the trailers come in whichever order: nothing goes up before the verdict.

use super::*;

#[tokio::test]
async fn invariant_1_the_answer_before_the_body_lets_nothing_go_up() {
    for hold in Hold::BOTH {
        for (headers, status) in [(forged(), 401), (signed(), 200)] {
            let case = format!("{hold:?}, {status}");
            let stage = Stage::with_tenants(hold).await;
            let mut connection = Connection::open(stage.envoy.address).await;
            connection.send(&head(&headers)).await;
            sleep(Duration::from_millis(400)).await;
            assert_eq!(stage.asked(), 1, "{case}: it was answered long ago");
            stage.assert_untouched(&case);
            let (first, second) = BODY.split_at(7);
            connection.send(first).await;
            sleep(Duration::from_millis(100)).await;
            stage.assert_untouched(&case);
            connection.send(second).await;
            assert_eq!(connection.answer().await.status, status, "{case}");
            match status {
                200 => stage.assert_delivered(&case),
                _ => stage.assert_untouched(&case),
            }
            stage.assert_alive(&case).await;
        }
    }
}

#[tokio::test]
async fn invariant_1_the_body_before_the_answer_lets_nothing_go_up() {
    for hold in Hold::BOTH {
        for (headers, status) in [(forged(), 401), (signed(), 200)] {
            let case = format!("{hold:?}, {status}");
            let stage = Stage::set(hold, LookUp::OfTheCorpus).await;
            let mut connection = Connection::open(stage.envoy.address).await;
            connection.send(&[&head(&headers)[..], BODY].concat()).await;
            sleep(Duration::from_millis(25)).await;
            stage.assert_untouched(&case);
            assert_eq!(connection.answer().await.status, status, "{case}");
            match status {
                200 => stage.assert_delivered(&case),
                _ => stage.assert_untouched(&case),
            }
            stage.assert_alive(&case).await;
        }
    }
}

#[tokio::test]
async fn invariant_1_trailers_before_or_after_the_answer_let_nothing_forged_up() {
    for hold in Hold::BOTH {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-trailer", "1".parse().expect("a value"));
        for (headers, status) in [(forged(), 401), (signed(), 200)] {
            let case = format!("{hold:?}, {status}");
            let stage = Stage::set(hold, LookUp::OfTheCorpus).await;
            for _ in ["looked up", "known"] {
                let address = stage.envoy.address;
                let parts = [&BODY[..7], &BODY[7..]];
                let trailers = Some(trailers.clone());
                let sent = http2::exchange(address, WEBHOOK_PATH, &headers, &parts, trailers).await;
                assert_eq!(sent, status, "{case}");
                match status {
                    200 => stage.assert_delivered(&case),
                    _ => stage.assert_untouched(&case),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_request_that_ends_with_its_headers_is_refused_when_its_tenant_is_there() {
    for hold in Hold::BOTH {
        let of_nothing = (signature::HEADER.to_ascii_lowercase(), signature::base64(SECRET, b""));
        for (headers, status) in [(vec![of_nothing], 400), (forged(), 401)] {
            let case = format!("{hold:?}, {status}");
            let stage = Stage::set(hold, LookUp::OfTheCorpus).await;
            let address = stage.envoy.address;
            for _ in ["looked up", "known"] {
                let sent = http2::exchange(address, WEBHOOK_PATH, &headers, &[], None).await;
                assert_eq!(sent, status, "{case}");
                stage.assert_untouched(&case);
            }
            assert_eq!(stage.asked(), 1, "{case}");
            stage.assert_alive(&case).await;
        }
    }
}

#[tokio::test]
async fn invariant_1_a_mismatch_that_is_asked_for_without_an_answer_is_refused() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::with_tenants(hold).await;
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        stage.assert_delivered(&case);
        sleep(PAUSE).await;
        stage.sidecar.answer(LookUp::Nothing);
        assert_eq!(stage.send(&forged()).await.status, 401, "{case}");
        assert_eq!(stage.asked(), 2, "{case}");
        stage.assert_untouched(&case);
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        stage.assert_delivered(&case);
        stage.assert_alive(&case).await;
    }
}

#[tokio::test]
async fn a_caller_who_goes_while_a_tenant_is_asked_for_does_no_harm() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let stage = Stage::set(hold, LookUp::OfTheCorpus).await;
        for _ in 0..10 {
            let mut gone = Connection::open(stage.envoy.address).await;
            gone.send(&[&head(&signed())[..], &BODY[..7]].concat()).await;
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(200)).await;
        stage.assert_untouched(&case);
        assert_eq!(stage.send(&signed()).await.status, 200, "{case}");
        stage.assert_delivered(&case);
        assert_eq!(stage.asked(), 1, "{case}: the answer was kept although nobody waited for it");
    }
}
