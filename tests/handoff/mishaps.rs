//! What goes wrong at an unlucky moment, and what the user is owed all the same.

use std::time::Duration;

use baton_tests::{
    wait::until,
    world::{POST, Setting, World, is_over, is_queued, said},
};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Waits until so many handoffs are open.
async fn handoffs_are_open(world: &World, count: u32) {
    let line = format!("baton_open_handoffs {count}\n");
    until("so many open handoffs", async || world.metrics().await.contains(&line).then_some(()))
        .await;
}

async fn refuses(world: &World, fault: Value) {
    world.faults(json!({ "requests": [fault] })).await;
}

#[tokio::test]
async fn a_message_that_is_repeated_after_its_handoff_failed_begins_no_other() {
    let world = World::start().await;
    let fault = json!({"fault": {"answer": {"status": 400}}, "matching": POST, "next": 1});
    refuses(&world, fault).await;
    let mut customer = world.customer().await;
    customer.socket.say("Hello", "the same").await;
    let failed =
        ["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "SYSTEM_MESSAGE", "HANDOFF_FAILED"];
    let first = customer.sees(&failed).await;
    customer.socket.say("Hello", "the same").await;
    let again = customer.sees(&["USER_MESSAGE"]).await;
    assert_eq!(again[0], first[0]);
    handoffs_are_open(&world, 0).await;
}

#[tokio::test]
async fn invariant_6_a_user_who_ends_it_during_an_outage_is_heard_when_it_is_over() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"fault": {"answer": {"status": 503}}, "matching": POST, "probability": 1.0});
    refuses(&world, fault).await;
    customer.says("My order number is 4711").await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "LIVE_AGENT_LEFT", "SESSION_END"]).await;
    world.faults(json!({})).await;
    handoffs_are_open(&world, 0).await;
    let truth = world.truth(&conversation).await;
    assert!(said(&truth).contains(&"My order number is 4711"), "{truth:#}");
    assert!(is_over(&truth));
}

#[tokio::test]
async fn a_handoff_that_never_got_a_conversation_is_closed_when_nothing_is_left_to_post() {
    let world = World::start().await;
    let fault = json!({"fault": {"answer": {"status": 503}}, "matching": POST, "probability": 1.0});
    refuses(&world, fault).await;
    let mut customer = world.customer().await;
    customer.says("Hello").await;
    customer.end().await;
    while customer.event().await["type"] != "EVENT_TYPE_SESSION_END" {}
    handoffs_are_open(&world, 0).await;
}

#[tokio::test]
async fn invariant_6_a_message_that_is_on_its_way_when_the_process_stops_arrives_once() {
    let mut world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"fault": {"slow": {"milliseconds": 700}}, "matching": POST, "next": 1});
    refuses(&world, fault).await;
    customer.says("Once only").await;
    let is_there = |truth: &Value| said(truth).contains(&"Once only");
    world.conversation(&customer, is_there).await;
    world.restart_sidecar().await;
    customer.reconnect().await;
    customer.say("And this").await;
    let is_there = |truth: &Value| said(truth).contains(&"And this");
    world.conversation(&customer, is_there).await;
    let truth = world.truth(&conversation).await;
    assert_eq!(said(&truth)[1..], ["Once only", "And this"]);
}

#[tokio::test]
async fn a_user_who_leaves_just_after_the_agent_opens_the_conversation_no_more() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"fault": "lose", "probability": 1.0});
    world.faults(json!({ "notifications": [fault] })).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.end().await;
    while customer.event().await["type"] != "EVENT_TYPE_SESSION_END" {}
    handoffs_are_open(&world, 0).await;
    let truth = world.truth(&conversation).await;
    assert_eq!(said(&truth).len(), 1, "{truth:#}");
}

#[tokio::test]
async fn invariant_8_a_conversation_that_takes_the_place_of_another_is_watched() {
    // Whatever is written after the threading window begins a conversation of its own.
    let setting = Setting::default();
    let world = World::start_with(setting, |org| org.time_scale = 1e-6).await;
    let (mut customer, before) = world.served_customer().await;
    let fault = json!({"fault": "lose", "probability": 1.0});
    world.faults(json!({ "notifications": [fault] })).await;
    // 72 h are a quarter of a second here.
    sleep(Duration::from_secs(1)).await;
    world.act(&before, json!({"action": "end"})).await;
    customer.say("Still there?").await;
    let is_new = |truth: &Value| truth["id"] != before["id"] && is_queued(truth);
    let after = world.conversation(&customer, is_new).await;
    let topic = format!("conversation.{}.", after["id"].as_str().unwrap());
    until("its topics are subscribed", async || {
        let requests = world.genesys.get("/control/v1/requests").await;
        requests.to_string().contains(&topic).then_some(())
    })
    .await;
}
