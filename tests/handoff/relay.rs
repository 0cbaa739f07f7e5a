//! What the user says, on its way to Genesys.

use baton_tests::{
    chat::text_of,
    customer::Customer,
    wait::until,
    world::{POST, Setting, World, is_queued, posted, said},
};
use serde_json::{Value, json};

/// The route by which typing comes in.
const EVENT: &str = "POST /api/v2/conversations/messages/{integrationId}/inbound/open/event";

/// What the customer said, as Genesys has it, each message once.
fn said_once(conversation: &Value) -> Vec<&str> {
    let mut all = posted(conversation);
    all.dedup();
    all.into_iter().map(|one| one.text).collect()
}

/// Says ten things, and waits until Genesys has the last of them.
async fn say_ten(world: &World, customer: &mut Customer) -> Value {
    for number in 0..10 {
        customer.says(&format!("Number {number}")).await;
    }
    let last = |truth: &Value| said(truth).last() == Some(&"Number 9");
    world.conversation(customer, last).await
}

fn ten() -> Vec<String> {
    let first = "Hello, I need help".to_owned();
    [first].into_iter().chain((0..10).map(|number| format!("Number {number}"))).collect()
}

/// A plan with this fault for messages.
fn plan(fault: Value, next: u64, probability: f64) -> Value {
    json!({"seed": 11, "requests": [{
        "fault": fault, "matching": POST, "next": next, "probability": probability,
    }]})
}

#[tokio::test]
async fn invariant_6_what_genesys_refuses_for_now_arrives_once_and_in_order() {
    for status in [401, 403, 404, 408, 429, 500, 502, 503, 504] {
        let world = World::start().await;
        let (mut customer, _) = world.served_customer().await;
        world.faults(plan(json!({"answer": {"status": status}}), 2, 0.2)).await;
        let conversation = say_ten(&world, &mut customer).await;
        assert_eq!(said(&conversation), ten(), "{status}");
    }
}

#[tokio::test]
async fn invariant_6_a_double_is_a_post_whose_answer_was_lost() {
    for fault in [json!({"lose_answer": {}}), json!({"lose_answer": {"status": 503}})] {
        let world = World::start().await;
        let (mut customer, _) = world.served_customer().await;
        world.faults(plan(fault, 1, 0.2)).await;
        let conversation = say_ten(&world, &mut customer).await;
        assert_eq!(said_once(&conversation), ten());
        // What was lost last may have been posted again meanwhile.
        let struck = world.genesys.get("/control/v1/faults").await["requests"][0]["struck"].take();
        let doubles = said(&conversation).len() - ten().len();
        assert!(doubles as u64 <= struck.as_u64().expect("a number"));
        assert!(doubles >= 1);
    }
}

#[tokio::test]
async fn invariant_6_what_is_said_under_a_token_that_expires_arrives() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    world.faults(plan(json!("revoke_tokens"), 1, 0.3)).await;
    let conversation = say_ten(&world, &mut customer).await;
    assert_eq!(said_once(&conversation), ten());
    assert_eq!(said(&conversation).len(), ten().len());
}

#[tokio::test]
async fn what_genesys_takes_never_is_given_up_and_the_user_is_told() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    world.faults(plan(json!({"answer": {"status": 400}}), 1, 0.0)).await;
    customer.says("This is not taken").await;
    let told = customer.sees(&["SYSTEM_MESSAGE"]).await;
    assert_eq!(told[0]["payload"]["level"], "SYSTEM_MESSAGE_LEVEL_ERROR");
    customer.says("This is").await;
    let last = |truth: &Value| said(truth).len() == 2;
    let conversation = world.conversation(&customer, last).await;
    assert_eq!(said_once(&conversation), ["Hello, I need help", "This is"]);
}

#[tokio::test]
async fn a_first_message_that_genesys_takes_never_is_a_handoff_that_failed() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    world.faults(plan(json!({"answer": {"status": 400}}), 1, 0.0)).await;
    customer.say("This is not taken").await;
    let begun = ["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF"];
    customer.sees(&begun).await;
    customer.sees(&["SYSTEM_MESSAGE", "HANDOFF_FAILED"]).await;
    customer.say("This begins another one").await;
    customer.sees(&begun).await;
    customer.sees(&["HANDOFF_ACCEPTED"]).await;
    let conversation = world.conversation(&customer, is_queued).await;
    assert_eq!(said_once(&conversation), ["This begins another one"]);
}

#[tokio::test]
async fn invariant_6_a_message_that_the_client_repeats_is_posted_once() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    for _ in 0..3 {
        customer.socket.say("Only once", "the-same-id").await;
    }
    customer.sees(&["USER_MESSAGE"]).await;
    // The repetitions are answered with the same echo.
    let first = customer.sees(&["USER_MESSAGE", "USER_MESSAGE"]).await;
    assert_eq!(first[0]["sequence"], first[1]["sequence"]);
    customer.says("The last").await;
    let last = |truth: &Value| said(truth).last() == Some(&"The last");
    let conversation = world.conversation(&customer, last).await;
    assert_eq!(said(&conversation), ["Hello, I need help", "Only once", "The last"]);
}

#[tokio::test]
async fn a_long_text_arrives_in_parts_that_genesys_takes_in_order() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    let sentence =
        |number: usize| format!("This is sentence number {number}, and it is quite long.");
    let text = (0..120).map(sentence).collect::<Vec<_>>().join(" ");
    assert!(text.chars().count() > 2 * 2000);
    customer.says(&text).await;
    customer.says("That was it").await;
    let last = |truth: &Value| said(truth).last() == Some(&"That was it");
    let conversation = world.conversation(&customer, last).await;
    let all = said(&conversation);
    let parts = &all[1..all.len() - 1];
    assert!(parts.len() > 2);
    assert!(parts.iter().all(|part| part.chars().count() <= 2000));
    assert!(parts.iter().all(|part| part.ends_with("long.")));
    assert_eq!(parts.join(" "), text);
}

#[tokio::test]
async fn what_a_bot_knows_comes_with_the_first_message() {
    let world = World::start_with(
        Setting { handoff: "start = 'on_request'".to_owned(), ..Setting::default() },
        |_| {},
    )
    .await;
    let mut customer = world.customer().await;
    let order = json!({
        "message": "The customer asks about invoice 7",
        "attributes": {"queueId": "Sales", "invoice": {"number": 7, "paid": false}, "tags": ["a", "b"]},
    });
    assert_eq!(world.request_handoff(&customer, order.clone()).await.status, 202);
    customer.sees(&["POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"]).await;
    let conversation = world.conversation(&customer, is_queued).await;
    assert_eq!(said_once(&conversation), ["The customer asks about invoice 7"]);
    let participants = conversation["participants"].as_array().expect("a list");
    let the_customer = participants.iter().find(|one| one["purpose"] == "customer");
    let attributes = &the_customer.expect("a customer")["attributes"];
    let flat = json!({
        "queueId": "Sales", "invoice.number": "7", "invoice.paid": "0", "tags": "a,b",
        "sessionId": customer.session.id,
    });
    assert_eq!(*attributes, flat);
    // The flow knew them in time.
    let sales = "11223344-5566-4778-899a-abbccddeeff0";
    assert_eq!(conversation["queue_id"], sales);
    assert_eq!(world.request_handoff(&customer, order).await.status, 409);
}

#[tokio::test]
async fn a_handoff_without_a_message_begins_with_the_configured_note() {
    let handoff = "joined_note = 'Somebody wants to talk'".to_owned();
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let mut customer = world.customer().await;
    assert_eq!(world.request_handoff(&customer, json!({})).await.status, 202);
    customer.sees(&["POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"]).await;
    let conversation = world.conversation(&customer, is_queued).await;
    assert_eq!(said_once(&conversation), ["Somebody wants to talk"]);
    customer.says("It is me").await;
}

#[tokio::test]
async fn an_agent_is_told_of_typing_at_most_every_five_seconds() {
    // At Genesys' own pace, so that all of it happens in one of them.
    let world = World::start_with(Setting { time_scale: 1.0, ..Setting::default() }, |_| {}).await;
    world.switch(json!({"typing_inbound": true})).await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    for _ in 0..20 {
        customer.types().await;
    }
    customer.says("There it is").await;
    until("word of typing", async || (world.calls(EVENT).await > 0).then_some(())).await;
    let last = |truth: &Value| said(truth).last() == Some(&"There it is");
    world.conversation(&customer, last).await;
    assert_eq!(world.calls(EVENT).await, 1);
}

#[tokio::test]
async fn an_agent_is_told_of_typing_again_later() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    let typing = async |customer: &mut Customer, count: u64| {
        until("word of typing", async || {
            customer.types().await;
            (world.calls(EVENT).await >= count).then_some(())
        })
        .await;
    };
    typing(&mut customer, 1).await;
    typing(&mut customer, 3).await;
}

#[tokio::test]
async fn typing_before_the_handoff_reaches_nobody() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    customer.types().await;
    customer.say("Hello").await;
    let echo = customer.event().await;
    assert_eq!(text_of(&echo), "Hello");
    world.conversation(&customer, is_queued).await;
    assert_eq!(world.calls(EVENT).await, 0);
}

#[tokio::test]
async fn the_user_sees_the_agent_type_until_the_message() {
    let world = World::start().await;
    world.switch(json!({"typing_outbound": true})).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "type"})).await;
    let typing = customer.socket.event().await;
    assert_eq!(typing["payload"]["state"], "TYPING_STATE_STARTED");
    world.act(&conversation, json!({"action": "answer", "text": "Here"})).await;
    // Which of the two is shown first does not matter.
    let is_either = |event: &Value| {
        text_of(event) == "Here" || event["payload"]["state"] == "TYPING_STATE_STOPPED"
    };
    let (one, other) = (customer.socket.event().await, customer.socket.event().await);
    assert!(is_either(&one) && is_either(&other) && one["type"] != other["type"]);
}

#[tokio::test]
async fn nothing_that_is_sent_has_a_field_that_genesys_does_not_know() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    customer.types().await;
    customer.says("Hello").await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    customer.hears("Hello").await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "LIVE_AGENT_LEFT", "SESSION_END"]).await;
    let counters = world.genesys.get("/control/v1/counters").await;
    assert_eq!(counters["unknown_fields"], json!({}));
}
