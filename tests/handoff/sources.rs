//! The two other sources of events, EventBridge and process-automation triggers, while the
//! notification channel is silent.

use std::net::SocketAddr;

use baton_simulator::{Configuration as Org, EventTarget, EventTargetKind};
use baton_tests::{
    API_KEY, SANDBOX_API_KEY,
    http1::{self, Answer},
    sidecar::{INTEGRATION, SANDBOX_INTEGRATION},
    wait::until,
    world::{FIRST_MESSAGE, READ, Setting, World, is_queued},
};
use serde_json::{Value, json};

/// A world whose org posts its events to the edge.
async fn world_told_by(kinds: &[EventTargetKind], lines: &str) -> World {
    let handoff = format!("{FIRST_MESSAGE}\n{lines}");
    let org = |org: &mut Org| {
        let edge = org.webhook_url.strip_suffix("/events").expect("a path of ours").to_owned();
        let target = |kind: &EventTargetKind| {
            let path = match kind {
                EventTargetKind::EventBridge => "eventbridge",
                EventTargetKind::Trigger => "trigger",
            };
            EventTarget {
                kind: *kind,
                url: format!("{edge}/{path}"),
                api_key_header: "x-api-key".to_owned(),
                api_key: API_KEY.to_owned(),
            }
        };
        org.event_targets = kinds.iter().map(target).collect();
    };
    let world = World::start_with(Setting { handoff, ..Setting::default() }, org).await;
    world.faults(json!({"notifications": [{"fault": "lose", "probability": 1.0}]})).await;
    world
}

/// Posts an event to the edge by itself, for a tenant of `acme/support`.
async fn post(edge: SocketAddr, client_env: &str, api_key: &str, body: &Value) -> Answer {
    let path = format!("/webhooks/genesys/acme/support/{client_env}/eventbridge");
    let headers = [
        ("x-api-key".to_owned(), api_key.to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let body = body.to_string();
    http1::exchange(edge, &http1::request("POST", &path, &headers, body.as_bytes())).await
}

/// That a user answered a conversation, as EventBridge tells it, and through which integration.
fn answered(conversation: &Value, user_id: &str, integration_id: &str) -> Value {
    let id = conversation["id"].as_str().expect("an id");
    json!({
        "detail-type": "v2.detail.events.conversation.{id}.acd.end",
        "detail": {
            "topicName": format!("v2.detail.events.conversation.{id}.acd.end"),
            "eventBody": {
                "eventTime": 4_000_000_000_000_u64,
                "conversationId": id,
                "sessionId": format!("leg-{user_id}-{integration_id}"),
                "mediaType": "MESSAGE",
                "messageType": "OPEN",
                "addressTo": conversation["end_user"],
                "addressFrom": integration_id,
                "acdOutcome": "ANSWERED",
                "answeredUserId": user_id,
            },
        },
    })
}

#[tokio::test]
async fn invariant_7_and_13_eventbridge_tells_of_the_joining_and_of_the_end() {
    let world = world_told_by(&[EventTargetKind::EventBridge], "").await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "transfer_to_queue", "queue": "Sales"})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_7_a_trigger_tells_of_the_end() {
    for outlives in [false, true] {
        let world = world_told_by(&[EventTargetKind::Trigger], "").await;
        world.switch(json!({"customer_leg_outlives_agent": outlives})).await;
        let (mut customer, conversation) = world.waiting_customer().await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        customer.hears("Hello").await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees_the_end().await;
    }
}

#[tokio::test]
async fn invariant_7_a_trigger_tells_of_the_end_of_each_handoff() {
    let world = world_told_by(&[EventTargetKind::Trigger], "after = 'keep_open'").await;
    let mut customer = world.customer().await;
    for text in ["First", "Second", "Third"] {
        customer.say(text).await;
        customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"]).await;
        let conversation = world.conversation(&customer, is_queued).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        world.act(&conversation, json!({"action": "answer", "text": text})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        customer.hears(text).await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START"]).await;
    }
}

#[tokio::test]
async fn invariant_13_what_all_three_sources_tell_is_told_once() {
    let kinds = [EventTargetKind::EventBridge, EventTargetKind::Trigger];
    let world = world_told_by(&kinds, "").await;
    let twice = json!({"fault": "duplicate", "probability": 1.0});
    world.faults(json!({"event_posts": [twice], "notifications": [twice]})).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "transfer_to_user", "to": "Milan"})).await;
    world.act(&conversation, json!({"action": "accept"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    customer.hears("Hello").await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_12_events_of_another_tenant_or_integration_are_ignored() {
    let world = world_told_by(&[EventTargetKind::EventBridge], "agent_name = 'full'").await;
    let (mut customer, conversation) = world.waiting_customer().await;
    let milan = "bb22cc33-dd44-4e55-8f66-007788990011";
    for (client_env, api_key, integration_id) in [
        ("live", API_KEY, SANDBOX_INTEGRATION),
        ("sandbox", SANDBOX_API_KEY, SANDBOX_INTEGRATION),
        ("sandbox", SANDBOX_API_KEY, INTEGRATION),
    ] {
        let event = answered(&conversation, milan, integration_id);
        let answer = post(world.edge(), client_env, api_key, &event).await;
        assert_eq!(answer.status, 200);
    }
    let event = answered(&conversation, milan, INTEGRATION);
    assert_eq!(post(world.edge(), "live", SANDBOX_API_KEY, &event).await.status, 401);
    // The true one comes behind them through the same inbox, and names somebody else.
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    let joined = customer.sees(&["LIVE_AGENT_JOINED"]).await;
    assert_eq!(joined[0]["payload"]["agent"]["name"], "Dana Reyes");
}

#[tokio::test]
async fn invariant_7_an_end_that_was_only_said_does_not_end_the_handoff() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let mut event = answered(&conversation, "nobody", INTEGRATION);
    event["detail"]["topicName"] = json!("v2.detail.events.conversation.id.user.end");
    let looks = world.calls(READ).await;
    assert_eq!(post(world.edge(), "live", API_KEY, &event).await.status, 200);
    // The sidecar has looked, and seen nothing of it.
    until("a look", async || (world.calls(READ).await > looks).then_some(())).await;
    customer.says("Are you still there?").await;
    world.act(&conversation, json!({"action": "answer", "text": "Of course"})).await;
    customer.hears("Of course").await;
}
