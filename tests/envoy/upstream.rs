//! What goes up of a verified webhook, and what becomes of the upstream's answer.

use std::time::Duration;

use baton_tests::{
    CREDENTIAL, WEBHOOK_PATH,
    envoy::Hold,
    http1,
    upstream::{Behaviour, Upstream},
};
use tokio::time::sleep;

use crate::{BODY, Stage, replace, signed};

#[tokio::test]
async fn whatever_the_upstream_answers_but_2xx_becomes_503_without_its_words() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        for (upstream, caller) in [
            (200, 200),
            (202, 202),
            (302, 503),
            (400, 503),
            (401, 503),
            (404, 503),
            (429, 503),
            (500, 503),
            (507, 503),
        ] {
            stage.upstream.behave(Behaviour { status: upstream, delay: Duration::ZERO });
            let answer = stage.send(&signed(BODY), BODY).await;
            assert_eq!(answer.status, caller, "{hold:?}: {upstream}");
            if caller == 503 {
                assert_eq!(answer.header("retry-after"), Some("5"), "{hold:?}: {upstream}");
                assert_eq!(answer.header("x-upstream"), None, "{hold:?}: {upstream}");
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(body.contains("Service Unavailable"), "{hold:?}: {upstream}: {body}");
            }
        }
        assert_eq!(stage.envoy.counter("refused.upstream_failed").await, 7);
    }
}

#[tokio::test]
async fn an_upstream_that_is_slow_or_down_is_503_and_the_next_webhook_after_it_is_up_arrives() {
    for hold in Hold::BOTH {
        let shorter = |yaml: String| replace(&yaml, "timeout: 8s", "timeout: 0.5s");
        let stage = Stage::set_with(hold, shorter).await;
        stage.upstream.behave(Behaviour { status: 200, delay: Duration::from_secs(3) });
        let answer = stage.send(&signed(BODY), BODY).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{hold:?}");

        let address = stage.upstream.address;
        let Stage { envoy, upstream } = stage;
        drop(upstream);
        sleep(Duration::from_millis(100)).await;
        let request = http1::request("POST", WEBHOOK_PATH, &signed(BODY), BODY);
        let answer = http1::exchange(envoy.address, &request).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{hold:?}");

        let listener = tokio::net::TcpListener::bind(address).await.expect("the port again");
        let stage = Stage { envoy, upstream: Upstream::on(listener) };
        assert_eq!(stage.send(&signed(BODY), BODY).await.status, 200, "{hold:?}");
        stage.assert_delivered("after the upstream is up again");
    }
}

#[tokio::test]
async fn only_the_delivery_and_what_routes_it_goes_up() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let mut headers = signed(BODY);
        for (name, value) in [
            ("x-baton-tenant", "other/tenant/live"),
            ("ce-id", "1"),
            ("authorization", "Bearer stolen"),
            ("cookie", "a=b"),
            ("content-encoding", "identity"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ] {
            headers.push((name.into(), value.into()));
        }
        assert_eq!(stage.send(&headers, BODY).await.status, 200, "{hold:?}");
        let seen = stage.upstream.take().remove(0);
        assert_eq!(seen.headers["authorization"], format!("Bearer {CREDENTIAL}"));
        assert_eq!(seen.headers["traceparent"], headers.last().expect("the last").1);
        assert_eq!(seen.headers["content-length"], seen.body.len().to_string(), "{hold:?}");
        for name in ["x-baton-tenant", "ce-id", "cookie", "content-encoding", "x-hub-signature-256"]
        {
            assert!(!seen.headers.contains_key(name), "{hold:?}: {name}");
        }
        assert_eq!(seen.headers.get_all("authorization").iter().count(), 1, "{hold:?}");
    }
}
