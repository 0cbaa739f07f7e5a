//! Through a real Envoy: what a hostile or unlucky caller sends, and what the upstream sees of it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::time::Duration;

use baton_simulator::signature;
use baton_tests::{
    CREDENTIAL, SECRET, WEBHOOK_PATH,
    envoy::{Envoy, Hold},
    http1::{self, Answer, Connection},
    http2,
    upstream::{Behaviour, Upstream},
};
use http::HeaderMap;
use serde_json::Map;
use tokio::time::sleep;

#[path = "flaws/envoy.rs"]
mod flaws;

const BODY: &[u8] = br#"{"id":"m1","type":"Text","text":"hello"}"#;

/// An Envoy with an upstream behind it.
struct Stage {
    envoy: Envoy,
    upstream: Upstream,
}

impl Stage {
    async fn set(hold: Hold) -> Self {
        Self::set_with(hold, |yaml| yaml).await
    }

    async fn set_with(hold: Hold, change: impl FnOnce(String) -> String) -> Self {
        let upstream = Upstream::start().await;
        let envoy = Envoy::start_with(hold, upstream.address, &Map::new(), change).await;
        Self { envoy, upstream }
    }

    async fn send(&self, headers: &[(String, String)], body: &[u8]) -> Answer {
        let request = http1::request("POST", WEBHOOK_PATH, headers, body);
        http1::exchange(self.envoy.address, &request).await
    }

    /// Nothing came up, not even a head.
    fn assert_untouched(&self, case: &str) {
        assert_eq!(self.upstream.heads(), 0, "{case}: the upstream saw a request");
        assert!(self.upstream.take().is_empty(), "{case}");
    }

    /// One delivery of the message came up.
    fn assert_delivered(&self, case: &str) {
        let seen = self.upstream.take();
        assert_eq!(seen.len(), 1, "{case}");
        let body = String::from_utf8_lossy(&seen[0].body).into_owned();
        assert!(body.contains(r#""text":"hello""#), "{case}: {body}");
    }
}

fn signed(body: &[u8]) -> Vec<(String, String)> {
    vec![(signature::HEADER.to_ascii_lowercase(), signature::base64(SECRET, body))]
}

fn forged() -> Vec<(String, String)> {
    signed(b"other bytes")
}

fn with_chunks(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.push(("transfer-encoding".into(), "chunked".into()));
    headers
}

/// Replaces a text that stands once in the configuration.
fn replace(yaml: &str, from: &str, to: &str) -> String {
    assert_eq!(yaml.matches(from).count(), 1, "{from}");
    yaml.replace(from, to)
}

fn with_trailers(yaml: String) -> String {
    let place = "                # A WebSocket is for chat clients only";
    let option = "                http_protocol_options: { enable_trailers: true }\n";
    replace(&yaml, place, &format!("{option}{place}"))
}

#[tokio::test]
async fn invariant_1_a_forged_request_whose_headers_come_early_leaves_no_trace() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        for chunked in [false, true] {
            let case = format!("{hold:?}, chunked: {chunked}");
            let mut connection = Connection::open(stage.envoy.address).await;
            let mut head = if chunked {
                http1::head("POST", WEBHOOK_PATH, &with_chunks(forged()))
            } else {
                let length = ("content-length".into(), BODY.len().to_string());
                http1::head("POST", WEBHOOK_PATH, &[forged(), vec![length]].concat())
            };
            head.extend_from_slice(b"\r\n");
            connection.send(&head).await;
            sleep(Duration::from_millis(400)).await;
            stage.assert_untouched(&case);
            if chunked {
                connection.send(&http1::chunk(BODY)).await;
                sleep(Duration::from_millis(100)).await;
                stage.assert_untouched(&case);
                connection.send(b"0\r\n\r\n").await;
            } else {
                connection.send(BODY).await;
            }
            assert_eq!(connection.answer().await.status, 401, "{case}");
            stage.assert_untouched(&case);
        }
    }
}

#[tokio::test]
async fn a_body_may_be_split_anywhere() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        for offset in 1..BODY.len() {
            let case = format!("{hold:?} at {offset}");
            let (first, second) = BODY.split_at(offset);

            let mut connection = Connection::open(stage.envoy.address).await;
            let mut head = http1::head("POST", WEBHOOK_PATH, &with_chunks(signed(BODY)));
            head.extend_from_slice(b"\r\n");
            connection.send(&head).await;
            connection.send(&http1::chunk(first)).await;
            sleep(Duration::from_millis(2)).await;
            connection.send(&http1::chunk(second)).await;
            connection.send(b"0\r\n\r\n").await;
            assert_eq!(connection.answer().await.status, 200, "{case}");
            stage.assert_delivered(&case);

            let (address, headers) = (stage.envoy.address, signed(BODY));
            let status =
                http2::exchange(address, WEBHOOK_PATH, &headers, &[first, second], None).await;
            assert_eq!(status, 200, "{case}, HTTP/2");
            stage.assert_delivered(&case);

            let status =
                http2::exchange(address, WEBHOOK_PATH, &forged(), &[first, second], None).await;
            assert_eq!(status, 401, "{case}, HTTP/2, forged");
            stage.assert_untouched(&case);
        }
    }
}

#[tokio::test]
async fn invariant_1_trailers_of_http_2_do_not_let_a_forged_body_through() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let mut trailers = HeaderMap::new();
        trailers.insert("x-trailer", "1".parse().expect("a value"));
        let bodies: [&[&[u8]]; 3] = [&[BODY], &[&BODY[..7], &BODY[7..]], &[]];
        for parts in bodies {
            let case = format!("{hold:?} in {} parts", parts.len());
            let address = stage.envoy.address;
            let send = async |headers: Vec<_>| {
                http2::exchange(address, WEBHOOK_PATH, &headers, parts, Some(trailers.clone()))
                    .await
            };
            assert_eq!(send(forged()).await, 401, "{case}");
            stage.assert_untouched(&case);
            if parts.is_empty() {
                assert_eq!(send(signed(b"")).await, 400, "{case}");
                stage.assert_untouched(&case);
            } else {
                assert_eq!(send(signed(BODY)).await, 200, "{case}");
                stage.assert_delivered(&case);
            }
        }
    }
}

#[tokio::test]
async fn invariant_1_chunked_trailers_do_not_let_a_forged_body_through() {
    for hold in Hold::BOTH {
        for (kind, stage) in [
            ("kept by Envoy", Stage::set_with(hold, with_trailers).await),
            ("dropped by Envoy", Stage::set(hold).await),
        ] {
            for (headers, status) in [(forged(), 401), (signed(BODY), 200)] {
                let case = format!("{hold:?}, {kind}, {status}");
                let mut request = http1::head("POST", WEBHOOK_PATH, &with_chunks(headers));
                request.extend_from_slice(b"trailer: x-trailer\r\n\r\n");
                request.extend_from_slice(&http1::chunk(BODY));
                request.extend_from_slice(b"0\r\nx-trailer: 1\r\n\r\n");
                let answer = http1::exchange(stage.envoy.address, &request).await;
                assert_eq!(answer.status, status, "{case}");
                if status == 200 {
                    stage.assert_delivered(&case);
                } else {
                    stage.assert_untouched(&case);
                }
            }
        }
    }
}

#[tokio::test]
async fn invariant_11_headers_that_are_not_utf_8_do_no_harm() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let mut good = http1::head("POST", WEBHOOK_PATH, &signed(BODY));
        good.extend_from_slice(b"x-name: \xff\xfe\xc3\r\nx-request-id: \xe9\r\n");
        good.extend_from_slice(format!("content-length: {}\r\n\r\n", BODY.len()).as_bytes());
        good.extend_from_slice(BODY);
        assert_eq!(http1::exchange(stage.envoy.address, &good).await.status, 200, "{hold:?}");
        stage.assert_delivered("a header of other bytes");

        let mut bad = http1::head("POST", WEBHOOK_PATH, &[]);
        bad.extend_from_slice(
            b"x-hub-signature-256: sha256=\xff\xfe\r\ncontent-length: 2\r\n\r\n{}",
        );
        assert_eq!(http1::exchange(stage.envoy.address, &bad).await.status, 401, "{hold:?}");
        stage.assert_untouched("a signature of other bytes");

        let path =
            b"POST /webhooks/genesys/\xff HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
        let status = http1::exchange(stage.envoy.address, path).await.status;
        assert!((400..500).contains(&status), "{hold:?}: {status}");
        stage.assert_untouched("a path of other bytes");
        assert_eq!(stage.send(&signed(BODY), BODY).await.status, 200, "{hold:?}: still alive");
    }
}

#[tokio::test]
async fn a_request_that_ends_with_its_headers_is_refused() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let address = stage.envoy.address;
        for (headers, status) in [(signed(b""), 400), (forged(), 401), (vec![], 401)] {
            let two = http2::exchange(address, WEBHOOK_PATH, &headers, &[], None).await;
            assert_eq!(two, status, "{hold:?}, HTTP/2");
            let mut head = http1::head("POST", WEBHOOK_PATH, &headers);
            head.extend_from_slice(b"\r\n");
            assert_eq!(http1::exchange(address, &head).await.status, status, "{hold:?}, HTTP/1.1");
            stage.assert_untouched("a request without a body");
        }
    }
}

#[tokio::test]
async fn invariant_11_a_body_over_the_limit_is_refused_however_it_comes() {
    const LIMIT: usize = 524_288;
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let address = stage.envoy.address;
        let largest = [BODY, &b" ".repeat(LIMIT - BODY.len())].concat();
        assert_eq!(stage.send(&signed(&largest), &largest).await.status, 200, "{hold:?}");
        stage.assert_delivered("a body of just the limit");

        let larger = [&largest[..], b" "].concat();
        assert_eq!(stage.send(&signed(&larger), &larger).await.status, 413, "{hold:?}");
        stage.assert_untouched("by content length");

        let mut chunked = http1::head("POST", WEBHOOK_PATH, &with_chunks(signed(&larger)));
        chunked.extend_from_slice(b"\r\n");
        for part in larger.chunks(65_536) {
            chunked.extend_from_slice(&http1::chunk(part));
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(http1::exchange(address, &chunked).await.status, 413, "{hold:?}");
        stage.assert_untouched("in chunks");

        // Eight times what Envoy keeps of one request.
        let endless = b" ".repeat(16 * 1024 * 1024);
        let mut flood = http1::head("POST", WEBHOOK_PATH, &with_chunks(signed(&endless)));
        flood.extend_from_slice(b"\r\n");
        let mut connection = Connection::open(address).await;
        connection.send(&flood).await;
        connection.send(&http1::chunk(&endless[..1024 * 1024])).await;
        assert_eq!(connection.answer().await.status, 413, "{hold:?}");
        stage.assert_untouched("a flood");
    }
}

#[tokio::test]
async fn a_slow_body_is_waited_for() {
    for hold in Hold::BOTH {
        let longer =
            |yaml: String| replace(&yaml, "max_stream_duration: 20s", "max_stream_duration: 60s");
        let stage = Stage::set_with(hold, longer).await;
        let mut slow = Connection::open(stage.envoy.address).await;
        slow.send(&head_of_body()).await;
        for byte in BODY {
            sleep(Duration::from_millis(10)).await;
            slow.send(&[*byte]).await;
        }
        assert_eq!(slow.answer().await.status, 200, "{hold:?}");
        stage.assert_delivered("a slow body");
    }
}

#[tokio::test]
async fn invariant_11_an_endless_body_is_not_waited_for() {
    for hold in Hold::BOTH {
        let stage = Stage::set_with(hold, with_short_streams).await;
        let mut endless = Connection::open(stage.envoy.address).await;
        endless.send(&head_of_body()).await;
        endless.send(&BODY[..BODY.len() - 1]).await;
        assert_eq!(endless.answer().await.status, 408, "{hold:?}");
        stage.assert_untouched("an endless body");
    }
}

/// With a second for the whole of a stream.
fn with_short_streams(yaml: String) -> String {
    replace(&yaml, "max_stream_duration: 20s", "max_stream_duration: 1s")
}

/// The head of a request with [`BODY`], rightly signed.
fn head_of_body() -> Vec<u8> {
    let mut head = http1::head("POST", WEBHOOK_PATH, &signed(BODY));
    head.extend_from_slice(format!("content-length: {}\r\n\r\n", BODY.len()).as_bytes());
    head
}

#[tokio::test]
async fn invariant_1_a_request_to_upgrade_the_webhook_is_refused() {
    for hold in Hold::BOTH {
        // Its body is what an upgraded connection would carry, and has no end.
        let stage = Stage::set_with(hold, with_short_streams).await;
        for headers in [signed(BODY), forged()] {
            let mut request = http1::head("POST", WEBHOOK_PATH, &headers);
            request.extend_from_slice(b"connection: upgrade\r\nupgrade: websocket\r\n\r\n");
            request.extend_from_slice(BODY);
            let status = http1::exchange(stage.envoy.address, &request).await.status;
            assert!((400..500).contains(&status), "{hold:?}: {status}");
            stage.assert_untouched("an upgrade");
        }
    }
}

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
async fn requests_on_one_connection_do_not_run_into_each_other() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let mut connection = Connection::open(stage.envoy.address).await;
        for _ in 0..20 {
            let request = http1::request("POST", WEBHOOK_PATH, &signed(BODY), BODY);
            connection.send(&request).await;
            assert_eq!(connection.answer().await.status, 200, "{hold:?}");
            stage.assert_delivered("one of many");
        }
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

#[tokio::test]
async fn invariant_10_neither_the_log_nor_the_configuration_dump_shows_a_secret_or_a_message() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        stage.envoy.log_everything().await;
        assert_eq!(stage.send(&signed(BODY), BODY).await.status, 200);
        assert_eq!(stage.send(&forged(), BODY).await.status, 401);
        let log = stage.envoy.log_with("signature_mismatch").await;
        let dump = stage.envoy.configuration_dump().await;
        assert!(dump.contains("GENESYS_WEBHOOK_SECRET"), "the dump is one");
        for secret in [SECRET, CREDENTIAL, "hello", &signed(BODY)[0].1] {
            assert!(!log.contains(secret), "the log shows {secret}");
            assert!(!dump.contains(secret), "the dump shows {secret}");
        }
    }
}

#[tokio::test]
async fn the_counters_tell_what_was_accepted_and_refused() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let unknown = br#"{"id":"m2","type":"Unknown"}"#;
        assert_eq!(stage.send(&signed(BODY), BODY).await.status, 200);
        assert_eq!(stage.send(&signed(unknown), unknown).await.status, 200);
        assert_eq!(stage.send(&forged(), BODY).await.status, 401);
        assert_eq!(stage.send(&[], BODY).await.status, 401);
        for (name, value) in [
            ("accepted", 2),
            ("bytes", BODY.len() + unknown.len()),
            ("unhandled", 1),
            ("refused.signature_mismatch", 1),
            ("refused.signature_missing", 1),
            ("refused.not_json", 0),
        ] {
            assert_eq!(stage.envoy.counter(name).await, value as u64, "{hold:?}: {name}");
        }
    }
}

#[tokio::test]
async fn a_wrong_configuration_lets_nothing_through() {
    for hold in Hold::BOTH {
        let upstream = Upstream::start().await;
        let broken = |yaml: String| {
            replace(
                &yaml,
                "\"account_id\":\"acme\",\"project_id\":\"support\",\"client_env\":\"live\"",
                "\"acount_id\":\"acme\"",
            )
        };
        let said = Envoy::refuses_to_start(hold, upstream.address, broken).await;
        assert!(said.contains("tenants[0].acount_id: there is no such member"), "{hold:?}: {said}");
    }
}
