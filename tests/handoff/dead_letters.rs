//! A user's message that Genesys refused for good, and what an operator can do about it.

use baton_tests::{
    customer::Customer,
    world::{POST, World, posted, said},
};
use serde_json::{Value, json};

/// The dead letters that there are.
async fn letters(world: &World) -> Vec<Value> {
    let answer = world.operate("GET", "/internal/v1/dead_letters", "").await;
    assert_eq!(answer.status, 200);
    let page: Value = serde_json::from_slice(&answer.body).expect("JSON");
    page["dead_letters"].as_array().expect("a list").clone()
}

async fn replay(world: &World, letter: &Value) -> u16 {
    let path = format!("/internal/v1/dead_letters/{}/replay", letter["id"]);
    world.operate("POST", &path, "").await.status
}

/// A customer with an agent, whose message Genesys refused for good.
async fn refused_message(world: &World) -> (Customer, Value, Value) {
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({
        "fault": {"answer": {"status": 400}}, "matching": POST, "next": 1, "probability": 0.0,
    });
    world.faults(json!({"seed": 1, "requests": [fault]})).await;
    customer.says("Refused once").await;
    customer.sees(&["SYSTEM_MESSAGE"]).await;
    let letter = letters(world).await.remove(0);
    (customer, conversation, letter)
}

#[tokio::test]
async fn invariant_6_a_replayed_message_reaches_the_agent_once() {
    let world = World::start().await;
    let (mut customer, _, letter) = refused_message(&world).await;
    assert_eq!(
        (&letter["kind"], &letter["session_id"]),
        (&json!("message"), &json!(customer.session.id))
    );
    assert!(!letter.to_string().contains("Refused once"), "{letter}");
    assert_eq!(replay(&world, &letter).await, 204);
    customer.says("The last").await;
    let last = |truth: &Value| said(truth).len() == 3;
    let conversation = world.conversation(&customer, last).await;
    assert_eq!(said(&conversation), ["Hello, I need help", "Refused once", "The last"]);
    assert_eq!(posted(&conversation).len(), 3);
    assert_eq!(letters(&world).await, [] as [Value; 0]);
    assert_eq!(replay(&world, &letter).await, 404);
}

#[tokio::test]
async fn a_message_is_not_replayed_once_its_handoff_is_over() {
    let world = World::start().await;
    let (mut customer, conversation, letter) = refused_message(&world).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
    assert_eq!(replay(&world, &letter).await, 409);
    assert_eq!(letters(&world).await.len(), 1, "it stays for an operator to read");
}
