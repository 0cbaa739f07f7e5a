//! What a hostile or unlucky caller sends, in whatever pieces and at whatever pace, and that nothing
//! of it goes up that is not verified.

use std::time::Duration;

use baton_tests::{
    WEBHOOK_PATH,
    envoy::Hold,
    http1::{self, Connection},
    http2,
};
use http::HeaderMap;
use tokio::time::sleep;

use crate::{BODY, Stage, forged, replace, signed};

fn with_chunks(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.push(("transfer-encoding".into(), "chunked".into()));
    headers
}

fn with_trailers(yaml: String) -> String {
    let place = "                # A WebSocket is for chat clients only";
    let option = "                http_protocol_options: { enable_trailers: true }\n";
    replace(&yaml, place, &format!("{option}{place}"))
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
