//! What leaves the org over HTTP: its webhooks, and the events for `EventBridge` and triggers.

use std::time::{Duration, Instant};

use baton_simulator::{EventTarget, EventTargetKind, signature};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Conversation, Simulator};
use crate::receiver::Receiver;
use crate::receiver::Reply::{self, Silence, Status};

const SECRET: &str = "at-least-16-chars-long";

async fn sending_to(receiver: &Receiver) -> Simulator {
    Simulator::with(|configuration| {
        configuration.webhook_url.clone_from(&receiver.url);
        configuration.time_scale = 0.01;
    })
    .await
}

/// The texts of the first webhooks, once so many have come.
async fn texts(receiver: &Receiver, count: usize) -> Vec<String> {
    arrived(receiver, count).await;
    let bodies = receiver.received().into_iter();
    bodies
        .map(|received| {
            let body: Value = serde_json::from_slice(&received.body).unwrap();
            body["text"].as_str().unwrap().to_owned()
        })
        .collect()
}

pub(crate) async fn arrived(receiver: &Receiver, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while receiver.received().len() < count {
        assert!(Instant::now() < deadline, "{} of {count}", receiver.received().len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Lets the org write to an end user.
async fn write(simulator: &Simulator, token: &str, to: &str, text: &str) {
    let body = json!({
        "fromAddress": simulator.integration, "toAddress": to, "toAddressMessengerType": "open",
        "textBody": text,
    });
    let path = "conversations/messages/agentless";
    let answer = simulator.call(Method::POST, path, token, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[tokio::test]
async fn webhooks_of_the_org_are_signed_and_set_off_in_order() {
    let receiver = Receiver::answering(&[Status(200)]).await;
    let simulator = sending_to(&receiver).await;
    let token = simulator.token().await;
    let wanted: Vec<String> = (0..20).map(|number| format!("message {number}")).collect();
    for text in &wanted {
        write(&simulator, &token, "end-user-1", text).await;
    }
    assert_eq!(texts(&receiver, 20).await, wanted);
    for received in receiver.received() {
        let right = signature::base64(SECRET, &received.body);
        assert_eq!(received.header("x-hub-signature-256"), Some(right.as_str()));
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_for_one_end_user_holds_no_other_up() {
    let receiver = Receiver::answering(&[Silence, Status(200)]).await;
    let simulator = sending_to(&receiver).await;
    let token = simulator.token().await;
    write(&simulator, &token, "end-user-1", "first").await;
    arrived(&receiver, 1).await;
    write(&simulator, &token, "end-user-1", "second").await;
    write(&simulator, &token, "end-user-2", "third").await;
    assert_eq!(texts(&receiver, 2).await, ["first", "third"]);
}

#[tokio::test]
async fn webhooks_are_lost_doubled_and_overtaken() {
    let receiver = Receiver::answering(&[Status(200)]).await;
    let simulator = sending_to(&receiver).await;
    let token = simulator.token().await;
    let matching = "text-agentless";
    let rules = json!([
        { "fault": "lose", "matching": matching, "next": 1 },
        { "fault": "duplicate", "matching": matching, "next": 1 },
        { "fault": { "delay": { "milliseconds": 500 } }, "matching": matching, "next": 1 },
    ]);
    simulator.set_faults(json!({ "webhooks": rules })).await;
    write(&simulator, &token, "end-user-1", "lost").await;
    write(&simulator, &token, "end-user-1", "doubled").await;
    assert_eq!(texts(&receiver, 2).await, ["doubled", "doubled"]);
    write(&simulator, &token, "end-user-1", "late").await;
    write(&simulator, &token, "end-user-1", "early").await;
    assert_eq!(texts(&receiver, 4).await[2..], ["early", "late"]);
}

/// The bodies that a target of this kind has got when a conversation has begun and ended, and
/// the API key that came with each.
async fn posted(kind: EventTargetKind, faults: Value, script: &[Reply]) -> Vec<Value> {
    let receiver = Receiver::answering(script).await;
    let simulator = Simulator::with(|configuration| {
        configuration.time_scale = 0.01;
        configuration.event_targets.push(EventTarget {
            kind,
            url: receiver.url.clone(),
            api_key_header: "x-api-key".into(),
            api_key: "the-key".into(),
        });
    })
    .await;
    simulator.set_faults(faults).await;
    let token = simulator.token().await;
    let conversation = Conversation::begin(&simulator, &token).await;
    let path = format!("conversations/{}/disconnect", conversation.id);
    assert_eq!(simulator.call(Method::POST, &path, &token, Value::Null).await.status, 200);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let sendings = simulator.control(Method::GET, "sendings", Value::Null).await;
        let posts = |state| {
            let sendings = sendings.as_array().unwrap().iter();
            sendings
                .filter(|sending| {
                    ["eventbridge", "trigger"].map(Value::from).contains(&sending["shape"])
                })
                .filter(|sending| sending["state"] == state)
                .count()
        };
        if posts("pending") == 0 && posts("delivered") > 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{sendings}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let received = receiver.received().into_iter();
    received
        .map(|received| {
            assert_eq!(received.header("x-api-key"), Some("the-key"));
            assert_eq!(received.header("x-hub-signature-256"), None);
            serde_json::from_slice(&received.body).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn eventbridge_gets_every_event_of_an_open_conversation_in_its_envelope() {
    let envelopes = posted(EventTargetKind::EventBridge, json!({}), &[Status(200)]).await;
    let end = envelopes
        .iter()
        .find(|envelope| {
            envelope["detail-type"] == "v2.detail.events.conversation.{id}.customer.end"
        })
        .expect("the end of the customer's leg");
    let names: Vec<&str> = end.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ];
    assert_eq!(names, expected);
    let detail = &end["detail"];
    assert_eq!(detail["eventBody"]["disconnectType"], "SYSTEM");
    assert!(detail["metadata"]["CorrelationId"].is_string());
    let conversation = detail["eventBody"]["conversationId"].as_str().unwrap();
    assert_eq!(
        detail["topicName"],
        format!("v2.detail.events.conversation.{conversation}.customer.end")
    );
}

#[tokio::test]
async fn a_trigger_posts_the_end_of_a_leg_with_the_end_users_id() {
    let posts = posted(EventTargetKind::Trigger, json!({}), &[Status(200)]).await;
    let end = json!({
        "userId": "end-user-1",
        "topic": "v2.detail.events.conversation.id.customer.end",
        "disconnectType": "SYSTEM",
    });
    assert!(posts.contains(&end), "{posts:?}");
}

#[tokio::test]
async fn an_event_post_can_be_doubled_and_is_tried_again_after_a_5xx() {
    let rule = json!({ "fault": "duplicate", "matching": ".customer.end", "next": 1 });
    let faults = json!({ "event_posts": [rule] });
    let script = [Status(503), Status(200)];
    let envelopes = posted(EventTargetKind::EventBridge, faults, &script).await;
    let ends = |envelope: &&Value| {
        envelope["detail-type"] == "v2.detail.events.conversation.{id}.customer.end"
    };
    assert!(envelopes.iter().filter(ends).count() >= 2, "{envelopes:?}");
}
