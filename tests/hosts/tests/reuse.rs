//! One instance that serves many requests, also at once.

use std::time::Duration;

use baton_tests_edge::{
    configuration,
    http1::{self, Connection},
    upstream::{Behaviour, Upstream},
};
use baton_tests_hosts::{Edge, Host, Surroundings};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::webhook::Webhook;

/// The tenant's environment and the text of the one message in a delivery.
fn told(delivery: &[u8]) -> (String, String) {
    let delivery: Value = serde_json::from_slice(delivery).unwrap();
    let data = delivery["data"].to_string();
    let environment = ["live", "sandbox"].map(|name| data.contains(&format!("\"{name}\"")));
    let environment = match environment {
        [true, false] => "live",
        [false, true] => "sandbox",
        _ => panic!("one tenant: {data}"),
    };
    let texts = ["one", "two", "three"].into_iter().filter(|text| data.contains(*text));
    (environment.to_owned(), texts.collect())
}

#[tokio::test]
async fn invariant_12_requests_of_two_tenants_at_once_on_one_instance_do_not_mix() {
    let upstream = Upstream::start().await;
    let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
    let edge = Edge::start(Host::SpinOnWasi03, &surroundings).await;
    let live = Webhook::saying("one");
    let sandbox = Webhook::saying("two").for_sandbox();
    let forged = Webhook::saying("three").for_sandbox().signed_with(&live.secret);

    // Their bodies come in turns, a few bytes at a time.
    let webhooks = [&live, &sandbox, &forged];
    let mut connections = Vec::new();
    for (number, webhook) in webhooks.iter().enumerate() {
        let mut connection = Connection::open(edge.address).await;
        connection.send(&webhook.head()).await;
        edge.busy(number + 1).await;
        sleep(Duration::from_millis(50)).await;
        connections.push(connection);
    }
    let parts: Vec<Vec<&[u8]>> =
        webhooks.iter().map(|webhook| webhook.body.chunks(40).collect()).collect();
    for turn in 0..parts.iter().map(Vec::len).max().unwrap() {
        for (connection, parts) in connections.iter_mut().zip(&parts) {
            connection.send(parts.get(turn).copied().unwrap_or_default()).await;
            sleep(Duration::from_millis(2)).await;
        }
    }
    let mut statuses = Vec::new();
    for connection in &mut connections {
        statuses.push(connection.answer().await.status);
    }
    assert_eq!(statuses, [200, 200, 401]);
    let mut told: Vec<_> = upstream.take().iter().map(|seen| told(&seen.body)).collect();
    told.sort();
    let expected = [("live", "one"), ("sandbox", "two")];
    assert_eq!(told, expected.map(|(tenant, text)| (tenant.to_owned(), text.to_owned())));
    assert_eq!(edge.instances(), 1);
    assert_eq!(edge.most_at_once(), 3);
}

#[tokio::test]
async fn a_delivery_that_is_slow_does_not_hold_another_request_up() {
    let upstream = Upstream::start().await;
    let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
    let edge = Edge::start(Host::SpinOnWasi03, &surroundings).await;
    upstream.behave(Behaviour { status: 200, delay: Duration::from_secs(3_600) });
    let mut slow = Connection::open(edge.address).await;
    slow.send(&Webhook::saying("one").request()).await;
    while upstream.heads() == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    upstream.behave(Behaviour { status: 200, delay: Duration::ZERO });
    let answer = http1::exchange(edge.address, &Webhook::saying("two").request()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(edge.instances(), 1);
}

#[tokio::test]
async fn an_instance_carries_nothing_over_but_its_settings() {
    let upstream = Upstream::start().await;
    let surroundings = Surroundings::new(&configuration(&Map::new()), upstream.address);
    let webhook = Webhook::saying("one");
    let alone = Edge::start(Host::SpinOnWasi03, &surroundings).await;
    assert_eq!(http1::exchange(alone.address, &webhook.request()).await.status, 200);
    let alone = upstream.take();

    let edge = Edge::start(Host::SpinOnWasi03, &surroundings).await;
    let others = [
        (Webhook::saying("two").for_sandbox(), 200),
        (webhook.clone().signed_with("a secret that nobody has been given"), 401),
        (Webhook { body: vec![b' '; 600_000], ..webhook.clone() }, 413),
        (Webhook { body: b"no JSON".to_vec(), ..webhook.clone() }, 400),
        (Webhook { path: webhook.path.replace("live", "unknown"), ..webhook.clone() }, 401),
    ];
    for (other, status) in others {
        assert_eq!(http1::exchange(edge.address, &other.request()).await.status, status);
    }
    upstream.take();
    assert_eq!(http1::exchange(edge.address, &webhook.request()).await.status, 200);
    let after = upstream.take();
    assert_eq!(after[0].body, alone[0].body);
    assert_eq!(after[0].headers, alone[0].headers);

    // Its settings it keeps: a variable that is gone is not missed.
    surroundings.remove_variable("genesys_webhook_secret");
    assert_eq!(http1::exchange(edge.address, &webhook.request()).await.status, 200);
    assert_eq!(edge.instances(), 1);
}

#[tokio::test]
async fn settings_that_are_put_right_are_taken_by_the_same_instance() {
    let upstream = Upstream::start().await;
    let right = configuration(&Map::new());
    let surroundings = Surroundings::new(&right, upstream.address);
    let edge = Edge::start(Host::SpinOnWasi03, &surroundings).await;
    surroundings.set_variable("edge_configuration", "{");
    let webhook = Webhook::saying("one").request();
    assert_eq!(http1::exchange(edge.address, &webhook).await.status, 503);
    surroundings.set_variable("edge_configuration", &right);
    assert_eq!(http1::exchange(edge.address, &webhook).await.status, 200);
    assert_eq!(edge.instances(), 1);
}
