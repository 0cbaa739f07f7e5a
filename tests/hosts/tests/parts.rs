//! What comes in many parts, with pauses between them, is put together.

use std::time::Duration;

use baton_tests_edge::{
    configuration,
    http1::{self, Connection, chunk},
    upstream::Upstream,
};
use baton_tests_hosts::{Edge, Host, Surroundings};
use serde_json::Map;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::sleep,
};

use crate::webhook::{Webhook, on};

#[tokio::test]
async fn a_webhook_that_comes_in_many_parts_is_delivered_as_if_it_came_at_once() {
    on(Host::ALL, async |host| {
        let upstream = Upstream::start().await;
        let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
        let edge = Edge::start(host, &surroundings).await;
        let webhook = Webhook::saying(&"many words ".repeat(40_000));
        let answer = http1::exchange(edge.address, &webhook.request()).await;
        assert_eq!(answer.status, 200, "{host:?}");
        let at_once = upstream.take();

        let mut connection = Connection::open(edge.address).await;
        connection.send(&webhook.chunked_head()).await;
        for part in webhook.body.chunks(30_000) {
            connection.send(&chunk(part)).await;
            sleep(Duration::from_millis(10)).await;
        }
        connection.send(&chunk(b"")).await;
        assert_eq!(connection.answer().await.status, 200, "{host:?}");
        let in_parts = upstream.take();
        assert_eq!(in_parts[0].body, at_once[0].body, "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_the_upstream_that_comes_in_many_parts_is_handed_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let parts =
                    ["HTTP/1.1 202 ", "Accepted\r\ncontent-", "length: 5\r\n\r\n", "ta", "k", "en"];
                for part in parts {
                    sleep(Duration::from_millis(30)).await;
                    let _ = stream.write_all(part.as_bytes()).await;
                }
            });
        }
    });
    on(Host::ALL, async |host| {
        let surroundings = Surroundings::new(&configuration(&Map::new()), address);
        let edge = Edge::start(host, &surroundings).await;
        let answer = http1::exchange(edge.address, &Webhook::saying("hello").request()).await;
        assert_eq!((answer.status, answer.body), (202, b"taken".to_vec()), "{host:?}");
    })
    .await;
}
