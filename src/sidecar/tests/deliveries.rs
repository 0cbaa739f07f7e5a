//! From the edge to the chat clients.

use baton_store::Settlement;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{OTHER_TOKEN, Running, delivery, message, text_of};

#[tokio::test]
async fn invariant_5_a_message_is_the_same_live_and_in_every_replay() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    sidecar.say(&chat, "Hi!").await;
    let live = socket.frame().await;
    assert_eq!(live["type"], "EVENT_TYPE_LIVE_AGENT_MESSAGE");
    assert_eq!(live["sequence"], 2);
    assert_eq!(live["timestamp"], "2026-05-07T12:00:00.123Z");
    assert_eq!(text_of(&live), "Hi!");

    let replayed = sidecar.socket(&chat).await.batch().await;
    assert_eq!(replayed.len(), 2);
    assert_eq!(replayed[1], live);
    for cursor in ["1", "seq:1"] {
        let after = sidecar.socket_after(&chat, cursor).await.batch().await;
        assert_eq!(after, std::slice::from_ref(&live));
    }
    assert_eq!(sidecar.socket_after(&chat, "2").await.batch().await, [] as [Value; 0]);
    assert_eq!(sidecar.socket_after(&chat, "nonsense").await.batch().await.len(), 2);
}

#[tokio::test]
async fn every_connection_of_a_session_gets_a_message() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut one = sidecar.live_socket(&chat).await;
    let mut other = sidecar.live_socket(&chat).await;
    sidecar.say(&chat, "Hi!").await;
    assert_eq!(one.frame().await, other.frame().await);
}

#[tokio::test]
async fn invariant_4_a_delivery_posted_20_times_at_once_appears_once() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let delivery = message(&chat.end_user_id, "once");
    let outcomes = join_all((0..20).map(|_| sidecar.deliver(&delivery))).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "stored").count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "duplicate").count(), 19);
    sidecar.say(&chat, "next").await;
    assert_eq!(text_of(&socket.frame().await), "once");
    assert_eq!(text_of(&socket.frame().await), "next");
}

#[tokio::test]
async fn invariant_5_messages_arrive_in_order_and_without_gap() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    for number in 0..60 {
        sidecar.say(&chat, &number.to_string()).await;
    }
    for number in 0..60 {
        let event = socket.frame().await;
        assert_eq!(
            (event["sequence"].as_u64(), text_of(&event)),
            (Some(number + 2), &*number.to_string())
        );
    }
}

#[tokio::test]
async fn invariant_12_a_delivery_of_another_tenant_or_integration_reaches_nobody() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let foreign = sidecar.session_of(OTHER_TOKEN, "other.example").await;
    let mut socket = sidecar.live_socket(&chat).await;
    let mut foreign_socket = sidecar.live_socket(&foreign).await;

    let changed = |name: &str, pointer: &str, value: Value| {
        let mut delivery = message(&chat.end_user_id, name);
        *delivery.pointer_mut(pointer).unwrap() = value;
        delivery
    };
    let other_tenant = changed("1", "/data/tenant/account_id", "other".into());
    let mut other_in_full = changed("2", "/data/tenant/account_id", "other".into());
    other_in_full["data"]["genesys"]["integration_id"] = "integration-other".into();
    for delivery in [
        other_tenant,
        other_in_full,
        changed("3", "/data/tenant/account_id", "not-configured".into()),
        changed("4", "/data/genesys/integration_id", "integration-other".into()),
        changed("5", "/data/genesys", json!({})),
        changed("6", "/subject", "baton-nobody".into()),
        changed("7", "/subject", Value::Null),
        // Right in all but that it is another tenant's end user.
        message(&foreign.end_user_id, "8"),
    ] {
        assert_eq!(sidecar.deliver(&delivery).await, "stored");
    }
    sidecar.say(&chat, "for acme").await;
    assert_eq!(text_of(&socket.frame().await), "for acme");
    let mut last = message(&foreign.end_user_id, "for other");
    last["data"]["tenant"]["account_id"] = "other".into();
    last["data"]["genesys"]["integration_id"] = "integration-other".into();
    assert_eq!(sidecar.deliver(&last).await, "stored");
    assert_eq!(text_of(&foreign_socket.frame().await), "for other");

    let (store, _directory) = sidecar.into_store().await;
    assert_eq!(store.pending(0, 100).await.unwrap(), []);
}

#[tokio::test]
async fn a_delivery_without_events_is_settled_and_shows_nothing() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let mut receipt = delivery(&chat.end_user_id, "receipt", json!([]));
    receipt["data"]["receipts"] =
        json!([{"message_id": "m", "status": "Delivered", "reasons": [], "final": true}]);
    assert_eq!(sidecar.deliver(&receipt).await, "stored");
    sidecar.say(&chat, "next").await;
    let event = socket.frame().await;
    assert_eq!((text_of(&event), &event["sequence"]), ("next", &2.into()));
    let (store, _directory) = sidecar.into_store().await;
    assert_eq!(store.pending(0, 100).await.unwrap(), []);
}

#[tokio::test]
async fn an_event_without_a_time_gets_that_of_its_arrival() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let mut delivery = message(&chat.end_user_id, "Hi!");
    delivery["data"]["events"][0].as_object_mut().unwrap().remove("timestamp");
    let before = jiff::Timestamp::now().as_second();
    sidecar.deliver(&delivery).await;
    let event = socket.frame().await;
    let at: jiff::Timestamp = event["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(at.as_second() >= before);
}

#[tokio::test]
async fn invariant_11_a_receipt_for_nobody_is_no_dead_letter_and_does_not_stay_for_ever() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let mut receipt = delivery("baton-nobody", "receipt", json!([]));
    receipt["data"]["receipts"] =
        json!([{"message_id": "m", "status": "Published", "reasons": [], "final": true}]);
    assert_eq!(sidecar.deliver(&receipt).await, "stored");
    // It is settled before what came after it.
    sidecar.say(&chat, "next").await;
    assert_eq!(text_of(&socket.frame().await), "next");
    let (store, _directory) = sidecar.into_store().await;
    let standing = store.delivery_standing(receipt["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(standing.unwrap().outcome, Some(Settlement::Needless));
    // It goes when it is old, since no session takes it along.
    assert_eq!(store.forget_of_nobody(i64::MAX, 9).await.unwrap(), 1);
}
