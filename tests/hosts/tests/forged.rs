//! What is forged, breaks off or ends in a trap reaches no upstream.

use std::time::Duration;

use baton_tests_edge::{
    configuration,
    http1::{self, Connection},
    upstream::Upstream,
};
use baton_tests_hosts::{Edge, Host, Surroundings};
use serde_json::{Map, json};
use tokio::time::sleep;

use crate::webhook::{Webhook, on};

#[tokio::test]
async fn invariant_1_a_forged_request_whose_body_comes_late_reaches_no_upstream() {
    on(Host::ALL, async |host| {
        let upstream = Upstream::start().await;
        let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
        let edge = Edge::start(host, &surroundings).await;
        let forged = Webhook::saying("forged").signed_with("a secret that nobody has been given");
        let (first, rest) = forged.body.split_at(forged.body.len() / 2);

        let mut connection = Connection::open(edge.address).await;
        connection.send(&forged.head()).await;
        edge.busy(1).await;
        for part in [&b""[..], first] {
            connection.send(part).await;
            sleep(Duration::from_millis(200)).await;
            assert_eq!(upstream.heads(), 0, "{host:?}");
        }
        connection.send(rest).await;
        assert_eq!(connection.answer().await.status, 401, "{host:?}");
        edge.idle().await;
        assert_eq!(upstream.heads(), 0, "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_1_a_request_that_breaks_off_reaches_no_upstream() {
    on(Host::ALL, async |host| {
        let upstream = Upstream::start().await;
        let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
        let edge = Edge::start(host, &surroundings).await;
        let webhook = Webhook::saying("hello");
        for length in [0, 1, webhook.body.len() - 1] {
            let mut connection = Connection::open(edge.address).await;
            connection.send(&webhook.head()).await;
            connection.send(&webhook.body[..length]).await;
            edge.busy(1).await;
            drop(connection);
            edge.idle().await;
        }
        assert_eq!(upstream.heads(), 0, "{host:?}");
        assert_eq!(edge.traps(), 0, "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_1_an_instance_that_traps_lets_nothing_through_and_the_next_one_goes_on() {
    const MEBIBYTE: usize = 1 << 20;
    on(Host::ALL, async |host| {
        let upstream = Upstream::start().await;
        let changes = json!({"max_body_bytes": 16 * MEBIBYTE});
        let configuration = configuration(changes.as_object().unwrap());
        let surroundings =
            Surroundings::new(&configuration, upstream.address).with_most_memory(4 * MEBIBYTE);
        let edge = Edge::start(host, &surroundings).await;

        let large = Webhook::saying(&"a".repeat(8 * MEBIBYTE));
        let answer = http1::exchange(edge.address, &large.request()).await;
        assert_eq!(answer.status, 500, "{host:?}");
        edge.idle().await;
        assert_eq!(upstream.heads(), 0, "{host:?}");

        let answer = http1::exchange(edge.address, &Webhook::saying("hello").request()).await;
        assert_eq!(answer.status, 200, "{host:?}");
        assert_eq!((edge.traps(), edge.instances()), (1, 2), "{host:?}");
    })
    .await;
}

#[tokio::test]
async fn invariant_11_a_body_that_stops_coming_is_given_up() {
    on(Host::SERVED, async |host| {
        let upstream = Upstream::start().await;
        let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
        let edge = Edge::start(host, &surroundings).await;
        let webhook = Webhook::saying("hello");
        let mut connection = Connection::open(edge.address).await;
        connection.send(&webhook.head()).await;
        connection.send(&webhook.body[..10]).await;
        assert_eq!(connection.answer().await.status, 401, "{host:?}");
        assert_eq!(upstream.heads(), 0, "{host:?}");
    })
    .await;
}
