//! An upstream that does not take a delivery: the caller is told to come again.

use std::{net::SocketAddr, time::Duration};

use baton_tests_edge::{
    CREDENTIAL, SECRET, configuration, http1,
    upstream::{Behaviour, Upstream},
};
use baton_tests_hosts::{Edge, Host, Surroundings};
use serde_json::Map;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::webhook::{Webhook, on};

/// Sends a webhook to an edge with this upstream: it tells the caller to come again, and the
/// operator in one line what is wrong.
async fn says_to_come_again(host: Host, upstream: SocketAddr) {
    let surroundings = Surroundings::new(&configuration(&Map::new()), upstream);
    let edge = Edge::start(host, &surroundings).await;
    let answer = http1::exchange(edge.address, &Webhook::saying("hello").request()).await;
    edge.idle().await;
    assert_eq!(edge.traps(), 0, "{host:?}");
    assert_eq!(answer.status, 503, "{host:?}");
    assert!(answer.header("retry-after").is_some(), "{host:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{host:?}");
    assert!(!String::from_utf8_lossy(&answer.body).contains("own words"), "{host:?}");
    let log = surroundings.log();
    let expected = match host {
        Host::Embedded => "refused: upstream_failed",
        _ => "baton: the upstream ",
    };
    assert!(log.starts_with(expected) && log.lines().count() == 1, "{host:?}: {log:?}");
    for secret in [CREDENTIAL, SECRET, "hello"] {
        assert!(!log.contains(secret), "{host:?}: {log:?}");
    }
}

/// An upstream that reads a little, writes this, and cuts the connection.
async fn upstream_that_cuts_after(written: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(written.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn an_upstream_that_refuses_the_connection_is_503() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    on(Host::ALL, async |host| says_to_come_again(host, nobody).await).await;
}

#[tokio::test]
async fn an_upstream_that_hangs_is_503() {
    on(Host::ALL, async |host| {
        let upstream = Upstream::start().await;
        upstream.behave(Behaviour { status: 200, delay: Duration::from_secs(3_600) });
        says_to_come_again(host, upstream.address).await;
    })
    .await;
}

#[tokio::test]
async fn an_upstream_that_answers_anything_but_success_is_503_and_its_body_is_withheld() {
    on(Host::ALL, async |host| {
        let upstream = Upstream::start().await;
        for status in [302, 400, 401, 404, 413, 429, 500, 503] {
            upstream.behave(Behaviour { status, delay: Duration::ZERO });
            says_to_come_again(host, upstream.address).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_upstream_that_cuts_the_connection_is_503() {
    let written = [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe upstream's own words",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nown w",
        "something else than HTTP\r\n\r\n",
    ];
    for written in written {
        let upstream = upstream_that_cuts_after(written).await;
        on(Host::ALL, async |host| says_to_come_again(host, upstream).await).await;
    }
}

#[tokio::test]
async fn invariant_11_an_answer_of_the_upstream_without_end_is_503() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
                while stream.write_all(&[b'a'; 4096]).await.is_ok() {}
            });
        }
    });
    on(Host::SERVED, async |host| says_to_come_again(host, address).await).await;
}
