//! What Genesys is told of its agents' messages.

use baton_tests::{
    chat::text_of,
    customer::Customer,
    wait::until,
    world::{FIRST_MESSAGE, Setting, World, is_over},
};
use serde_json::{Value, json};

/// The route by which receipts come in.
const RECEIPT: &str = "POST /api/v2/conversations/messages/{integrationId}/inbound/open/receipt";

/// The receipts about a message, by their status.
fn receipts(conversation: &Value, message_id: &Value) -> Vec<Value> {
    let messages = conversation["messages"].as_array().expect("a list");
    let message = messages.iter().find(|message| message["id"] == *message_id);
    let receipts = message.expect("a message")["receipts"].as_array().expect("a list");
    receipts.iter().map(|receipt| receipt["status"].clone()).collect()
}

/// The receipts about a message, once there are some.
async fn receipts_of(world: &World, customer: &Customer, message_id: &Value) -> Vec<Value> {
    let there = |truth: &Value| !receipts(truth, message_id).is_empty();
    receipts(&world.conversation(customer, there).await, message_id)
}

async fn answer(world: &World, conversation: &Value, text: &str) -> Value {
    let done = world.act(conversation, json!({"action": "answer", "text": text})).await;
    done["message_id"].clone()
}

/// A program says something in the conversation, agent or not.
async fn agentless(world: &World, conversation: &Value, text: &str) -> Value {
    let done = world.act(conversation, json!({"action": "agentless", "text": text})).await;
    done["message_id"].clone()
}

#[tokio::test]
async fn a_message_that_an_open_socket_showed_is_delivered() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    for text in ["One", "Two"] {
        let message_id = answer(&world, &conversation, text).await;
        customer.hears(text).await;
        assert_eq!(receipts_of(&world, &customer, &message_id).await, ["Delivered"]);
    }
}

#[tokio::test]
async fn a_message_is_delivered_when_a_replay_shows_it_and_not_before() {
    for by_cursor in [false, true] {
        let world = World::start().await;
        let (mut customer, conversation) = world.served_customer().await;
        let last = customer.says_last("Just a moment").await;
        customer.socket.close().await;
        let unread = answer(&world, &conversation, "Are you there?").await;
        // Another customer's receipt comes meanwhile, and this one's does not.
        let (mut other, others) = world.served_customer().await;
        let read = answer(&world, &others, "And you?").await;
        other.hears("And you?").await;
        receipts_of(&world, &other, &read).await;
        assert_eq!(receipts(&world.truth(&conversation).await, &unread), [] as [Value; 0]);

        if by_cursor {
            customer.reconnect_after(&last).await;
            customer.hears("Are you there?").await;
        } else {
            customer.reconnect().await;
            customer.socket.events_until(|event| text_of(event) == "Are you there?").await;
        }
        assert_eq!(receipts_of(&world, &customer, &unread).await, ["Delivered"]);
    }
}

#[tokio::test]
async fn a_message_to_a_session_that_has_ended_has_failed() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "LIVE_AGENT_LEFT", "SESSION_END"]).await;
    world.conversation(&customer, is_over).await;
    let message_id = agentless(&world, &conversation, "Your parcel").await;
    assert_eq!(receipts_of(&world, &customer, &message_id).await, ["Failed"]);
    // What becomes of a message that only seems to be late is the same.
    let message_id = agentless(&world, &conversation, "Your other parcel").await;
    assert_eq!(receipts_of(&world, &customer, &message_id).await, ["Failed"]);
}

#[tokio::test]
async fn a_message_while_no_handoff_is_open_has_failed_unless_it_is_to_be_shown() {
    for (stray, status) in [("refuse", "Failed"), ("show", "Delivered")] {
        let handoff = format!("{FIRST_MESSAGE}\nafter = 'keep_open'\nstray_messages = '{stray}'");
        let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
        let (mut customer, conversation) = world.served_customer().await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START"]).await;
        let message_id = agentless(&world, &conversation, "Your parcel").await;
        if status == "Delivered" {
            customer.hears("Your parcel").await;
        }
        assert_eq!(receipts_of(&world, &customer, &message_id).await, [status]);
        customer.say("What about it?").await;
        customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF"]).await;
    }
}

#[tokio::test]
async fn a_message_to_nobody_has_failed() {
    let world = World::start().await;
    let order = json!({"shape": "text-agent", "to": "nobody-we-know", "message_id": "aa11"});
    world.genesys.send(order).await;
    let stray = until("a receipt", async || {
        let strays = world.genesys.get("/control/v1/receipts").await;
        strays.as_array().and_then(|strays| strays.first().cloned())
    });
    let stray = stray.await;
    assert_eq!((&stray["id"], &stray["status"]), (&json!("aa11"), &json!("Failed")));
}

#[tokio::test]
async fn no_receipt_answers_a_receipt() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    customer.says("Genesys confirms what the user says").await;
    for shape in [
        "receipt-inbound-sent",
        "receipt-inbound-delivered",
        "receipt-inbound-failed",
        "receipt-outbound-failed",
        "receipt-outbound-delivered",
        "receipt-read",
        "receipt-published",
    ] {
        for to in [&*customer.end_user_id, "nobody-we-know"] {
            world.genesys.send(json!({"shape": shape, "to": to})).await;
        }
    }
    let message_id = answer(&world, &conversation, "And this is the last").await;
    customer.hears("And this is the last").await;
    assert_eq!(receipts_of(&world, &customer, &message_id).await, ["Delivered"]);
    assert_eq!(world.calls(RECEIPT).await, 1);
}

#[tokio::test]
async fn a_receipt_that_genesys_refuses_for_now_is_sent_again() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"answer": {"status": 503}});
    world.faults(json!({"requests": [{"fault": fault, "matching": RECEIPT, "next": 1}]})).await;
    let message_id = answer(&world, &conversation, "Hello").await;
    customer.hears("Hello").await;
    assert_eq!(receipts_of(&world, &customer, &message_id).await, ["Delivered"]);
}

#[tokio::test]
async fn a_receipt_survives_a_restart() {
    let mut world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"answer": {"status": 503}});
    let plan = json!([{"fault": fault, "matching": RECEIPT, "probability": 1.0}]);
    world.faults(json!({"requests": plan})).await;
    let message_id = answer(&world, &conversation, "Hello").await;
    customer.hears("Hello").await;
    until("a receipt", async || (world.calls(RECEIPT).await > 0).then_some(())).await;
    world.stop_sidecar().await;
    world.faults(json!({})).await;
    world.start_sidecar_again().await;
    assert_eq!(receipts_of(&world, &customer, &message_id).await, ["Delivered"]);
}
