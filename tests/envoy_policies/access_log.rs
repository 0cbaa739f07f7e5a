//! The access log that is shipped: what came of a request, and never what stands in a query.

use baton_tests::http1::Connection;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const TOKEN: &str = "the-access-token-of-a-chat-client";

#[tokio::test]
async fn a_line_says_what_came_of_a_webhook_and_whose_it_was() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &json!({"envoy": {"duplicates": "answer"}})).await;
        let webhook = Webhook::default();
        let of_nobody = Webhook { path: "/webhooks/genesys/made/up/name/events", ..webhook };
        let nowhere = Webhook { path: "/webhooks/genesys/acme", ..webhook };
        let not_ours = Webhook { path: "/elsewhere", ..webhook };
        let live = Some("acme/support/live");
        let expected = [
            (webhook, "accepted", live),
            (webhook, "duplicate", live),
            (webhook.forged(), "signature_mismatch", live),
            (Webhook::of_sandbox(), "accepted", Some("acme/support/sandbox")),
            (of_nobody, "unknown_tenant", None),
            (nowhere, "not_found", None),
        ];
        for (number, (webhook, verdict, tenant)) in expected.into_iter().enumerate() {
            let answer = stage.send(&webhook).await;
            let line = stage.envoy.access_log(number + 1).await.pop().expect("a line");
            assert_eq!(line["verdict"], verdict, "{hold:?}: {line}");
            assert_eq!(line["tenant"].as_str(), tenant, "{hold:?}: {line}");
            assert_eq!(line["status"], answer.status, "{hold:?}: {line}");
        }
        assert_eq!(stage.status(&not_ours).await, 200, "{hold:?}");
        let line = stage.envoy.access_log(expected.len() + 1).await.pop().expect("a line");
        assert!(line["verdict"].is_null() && line["tenant"].is_null(), "{hold:?}: {line}");
    }
}

#[tokio::test]
async fn an_upstream_that_fails_is_the_last_word() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &json!({})).await;
        let behaviour =
            baton_tests::upstream::Behaviour { status: 500, delay: std::time::Duration::ZERO };
        stage.upstream.behave(behaviour);
        assert_eq!(stage.status(&Webhook::default()).await, 503, "{hold:?}");
        let line = stage.envoy.access_log(1).await.pop().expect("a line");
        assert_eq!(line["verdict"], "upstream_failed", "{hold:?}: {line}");
        assert_eq!(line["tenant"], "acme/support/live", "{hold:?}: {line}");
    }
}

/// A request for an upgrade, with the token everywhere that a client can put it.
fn upgrade(path: &str) -> Vec<u8> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let mut head = http1::head(
        "GET",
        &format!("{path}?access_token={TOKEN}"),
        &[
            pair("connection", "upgrade".into()),
            pair("upgrade", "websocket".into()),
            pair("sec-websocket-version", "13".into()),
            pair("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".into()),
            pair("x-envoy-original-path", format!("/ws?access_token={TOKEN}")),
            pair("referer", format!("https://www.example.com/?access_token={TOKEN}")),
        ],
    );
    head.extend_from_slice(b"\r\n");
    head
}

#[tokio::test]
async fn invariant_10_the_token_in_the_query_of_a_socket_is_not_logged() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        // One that takes the first upgrade, refuses the second, and is gone for the third.
        let chat = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = chat.local_addr().expect("an address");
        let serving = tokio::spawn(async move {
            let answers = [
                "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
                "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            ];
            for answer in answers {
                let (mut stream, _) = chat.accept().await.expect("a connection");
                let _ = stream.read(&mut [0; 4096]).await.expect("a request");
                stream.write_all(answer.as_bytes()).await.expect("it is read");
                stream.shutdown().await.expect("it ends");
            }
        });
        let upstream = Upstream::start().await;
        let to_chat = |yaml: String| replace(&yaml, "port_value: 8080 ", &port(address));
        let envoy = Envoy::start_with(hold, upstream.address, &Map::new(), to_chat).await;

        let sent = [("/ws", 101), ("/ws", 401), ("/elsewhere", 403)];
        for (number, (path, status)) in sent.into_iter().enumerate() {
            let found = http1::status_of(envoy.address, &upgrade(path)).await;
            let line = envoy.access_log(number + 1).await.pop().expect("a line");
            assert_eq!(found, Some(status), "{case}: {line}");
            assert_eq!((&line["path"], &line["status"]), (&path.into(), &status.into()), "{case}");
        }
        serving.await.expect("both were answered");
        let mut held = Connection::open(envoy.address).await;
        held.send(&upgrade("/ws")).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        drop(held);

        let lines = envoy.access_log(sent.len() + 1).await;
        let held = lines.last().expect("a line");
        assert_eq!((&held["path"], &held["status"]), (&"/ws".into(), &0.into()), "{case}: {held}");
        for line in lines {
            assert!(!line.to_string().contains(TOKEN), "{case}: {line}");
        }
        assert!(!envoy.log_with("").await.contains(TOKEN), "{case}");
    }
}
