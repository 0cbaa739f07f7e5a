//! What is of an earlier handoff of the session, and comes late, or again because somebody has it
//! replayed, while the next one begins.

use baton_simulator::signature;
use baton_tests::{
    API_KEY, SECRET, WEBHOOK_PATH,
    customer::{BEGUN, Customer},
    http1,
    sidecar::INTEGRATION,
    wait::until,
    world::{FIRST_MESSAGE, POST, Setting, World, is_queued},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Between which an agent's words are of the handoff that is over.
const LONG_AGO: SignedDuration = SignedDuration::from_mins(1);

/// A world in which a session goes on after a handoff, and a customer who has had one, with the
/// conversation.
async fn after_a_handoff() -> (World, Customer, Value) {
    let handoff = format!("{FIRST_MESSAGE}\nafter = 'keep_open'");
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START"]).await;
    (world, customer, conversation)
}

/// From now on Genesys answers what the customer writes with this status.
async fn posts_are_answered(world: &World, status: u16) {
    let answer = json!({"answer": {"status": status}});
    let fault = json!({"fault": answer, "matching": POST, "probability": 1.0});
    world.faults(json!({ "requests": [fault] })).await;
}

/// The next handoff is requested, and Genesys has taken nothing of it.
async fn asks_again(world: &World, customer: &mut Customer) {
    let posts = world.calls(POST).await;
    customer.say("One more thing").await;
    customer.sees(&BEGUN[..2]).await;
    until("a post", async || (world.calls(POST).await > posts).then_some(())).await;
}

/// The edge takes an agent's message of the conversation, sent then.
async fn agent_wrote(world: &World, customer: &Customer, conversation: &Value, at: Timestamp) {
    let message = json!({
        "id": "c4ca4238a0b923820dcc509a6f75849b",
        "channel": {
            "id": INTEGRATION,
            "platform": "Open",
            "type": "Private",
            "to": {"id": customer.end_user_id, "idType": "Opaque"},
            "from": {"id": INTEGRATION, "idType": "Opaque"},
            "time": at.to_string(),
            "messageId": "c4ca4238a0b923820dcc509a6f75849b",
        },
        "type": "Text",
        "text": "Before",
        "originatingEntity": "Human",
        "direction": "Outbound",
        "conversationId": conversation["id"],
    });
    let body = message.to_string();
    let proof = signature::base64(SECRET, body.as_bytes());
    takes(world, WEBHOOK_PATH, ("x-hub-signature-256".to_owned(), proof), &body).await;
}

/// The edge takes the end of the customer's leg from EventBridge, as it was then.
async fn customer_left(world: &World, customer: &Customer, conversation: &Value, at: Timestamp) {
    let event = json!({
        "detail": {
            "topicName": "v2.detail.events.conversation.id.customer.end",
            "eventBody": {
                "eventTime": at.as_millisecond(),
                "conversationId": conversation["id"],
                "sessionId": "leg",
                "mediaType": "MESSAGE",
                "messageType": "OPEN",
                "addressTo": INTEGRATION,
                "addressFrom": customer.end_user_id,
                "disconnectType": "PEER",
            },
        },
    });
    let path = WEBHOOK_PATH.replace("/events", "/eventbridge");
    takes(world, &path, ("x-api-key".to_owned(), API_KEY.to_owned()), &event.to_string()).await;
}

async fn takes(world: &World, path: &str, proof: (String, String), body: &str) {
    let request = http1::request("POST", path, &[proof], body.as_bytes());
    assert_eq!(http1::exchange(world.edge(), &request).await.status, 200);
}

/// Whatever reached nobody, once there is something.
async fn dead_letter(world: &World) -> Value {
    until("a dead letter", async || {
        let answer = world.operate("GET", "/internal/v1/dead_letters", "").await;
        let page: Value = serde_json::from_slice(&answer.body).expect("JSON");
        page["dead_letters"].get(0).cloned()
    })
    .await
}

/// Genesys takes the handoff's first message, and an agent accepts it.
async fn goes_on(world: &World, customer: &mut Customer) {
    world.faults(json!({})).await;
    customer.sees(&BEGUN[2..]).await;
    let conversation = world.conversation(customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Milan here"})).await;
    customer.hears("Milan here").await;
}

#[tokio::test]
async fn invariant_13_a_replayed_message_of_an_earlier_handoff_does_not_accept_the_next_one() {
    let (world, mut customer, conversation) = after_a_handoff().await;
    // Its time is no help: Genesys' clock is ahead of ours.
    let later = Timestamp::now() + SignedDuration::from_mins(10);
    agent_wrote(&world, &customer, &conversation, later).await;
    let letter = dead_letter(&world).await;
    assert_eq!(letter["reason"], "no_handoff");
    posts_are_answered(&world, 503).await;
    asks_again(&world, &mut customer).await;
    let replay = format!("/internal/v1/dead_letters/{}/replay", letter["id"]);
    assert_eq!(world.operate("POST", &replay, "").await.status, 204);
    let message = customer.hears("Before").await;
    assert_eq!(message["payload"].get("agent_id"), None, "it is nobody's of this handoff");
    goes_on(&world, &mut customer).await;
}

#[tokio::test]
async fn invariant_13_a_late_message_of_an_earlier_handoff_does_not_accept_the_next_one() {
    let (world, mut customer, conversation) = after_a_handoff().await;
    posts_are_answered(&world, 503).await;
    asks_again(&world, &mut customer).await;
    agent_wrote(&world, &customer, &conversation, Timestamp::now() - LONG_AGO).await;
    customer.hears("Before").await;
    goes_on(&world, &mut customer).await;
}

#[tokio::test]
async fn invariant_7_a_late_end_of_an_earlier_handoff_neither_accepts_nor_ends_the_next_one() {
    let (world, mut customer, conversation) = after_a_handoff().await;
    posts_are_answered(&world, 503).await;
    asks_again(&world, &mut customer).await;
    // Also one of just now, as far as clocks can tell.
    for at in [Timestamp::now() - LONG_AGO, Timestamp::now()] {
        customer_left(&world, &customer, &conversation, at).await;
    }
    agent_wrote(&world, &customer, &conversation, Timestamp::now() - LONG_AGO).await;
    customer.hears("Before").await;
    goes_on(&world, &mut customer).await;
}

#[tokio::test]
async fn a_handoff_that_genesys_refuses_has_failed_whatever_comes_late_of_an_earlier_one() {
    let (world, mut customer, conversation) = after_a_handoff().await;
    posts_are_answered(&world, 503).await;
    asks_again(&world, &mut customer).await;
    agent_wrote(&world, &customer, &conversation, Timestamp::now() - LONG_AGO).await;
    customer.hears("Before").await;
    posts_are_answered(&world, 400).await;
    customer.sees(&["SYSTEM_MESSAGE", "HANDOFF_FAILED"]).await;
}

#[tokio::test]
async fn the_first_word_of_an_agent_makes_a_conversation_known_however_far_the_clocks_are_apart() {
    for apart in [SignedDuration::from_hours(-1), SignedDuration::from_hours(1)] {
        let world = World::start().await;
        // Neither does the answer to a message name its conversation, nor is it told when asked.
        world.switch(json!({ "answers_name_conversation": false })).await;
        let refused = json!({"answer": {"status": 403}});
        let fault = json!({"fault": refused, "matching": "/details", "probability": 1.0});
        world.faults(json!({ "requests": [fault] })).await;
        let mut customer = world.customer().await;
        customer.say("Hello").await;
        customer.sees(&BEGUN[..2]).await;
        let conversation = world.conversation(&customer, is_queued).await;
        agent_wrote(&world, &customer, &conversation, Timestamp::now() + apart).await;
        customer.sees(&["HANDOFF_ACCEPTED", "LIVE_AGENT_JOINED"]).await;
        customer.hears("Before").await;
    }
}
