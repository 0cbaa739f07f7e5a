//! What the customer learns of an agent's name and picture.

use baton_tests::{
    customer::Customer,
    world::{FIRST_MESSAGE, Setting, World},
};
use serde_json::{Value, json};

/// The largest picture that the org has of Dana Reyes.
const PICTURE: &str = "https://pictures.example.org/dana/x400.jpg";

/// The route that looks a user up.
const USER: &str = "GET /api/v2/users/{userId}";

async fn world_with(lines: &str) -> World {
    let handoff = format!("{FIRST_MESSAGE}\n{lines}");
    World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await
}

/// The agent as the next event shows who joined.
async fn joined(customer: &mut Customer) -> Value {
    let mut event = customer.sees(&["LIVE_AGENT_JOINED"]).await.remove(0);
    let mut agent = event["payload"]["agent"].take();
    let id = agent.as_object_mut().expect("an agent").remove("id");
    assert!(id.is_some_and(|id| id.as_str().is_some_and(|id| !id.contains("aa11bb22"))));
    agent
}

#[tokio::test]
async fn an_agent_is_nameless_by_default_and_nobody_is_looked_up() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    assert_eq!(joined(&mut customer).await, json!({}));
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    let message = customer.hears("Hello").await;
    assert_eq!(message["payload"]["agent_name"], Value::Null);
    assert_eq!(world.calls(USER).await, 0);
}

#[tokio::test]
async fn an_agents_name_and_picture_are_shown_as_configured() {
    for (lines, shown) in [
        ("agent_name = 'full'", json!({"name": "Dana Reyes"})),
        ("agent_name = 'first'", json!({"name": "Dana"})),
        ("agent_name = 'preferred'", json!({"name": "Dana"})),
        ("agent_picture = true", json!({"avatar_url": PICTURE})),
        (
            "agent_name = 'full'\nagent_picture = true",
            json!({"name": "Dana Reyes", "avatar_url": PICTURE}),
        ),
    ] {
        let world = world_with(lines).await;
        let (mut customer, conversation) = world.waiting_customer().await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
        assert_eq!(joined(&mut customer).await, shown, "{lines}");
        world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
        let message = customer.hears("Hello").await;
        assert_eq!(message["payload"]["agent_name"], shown["name"], "{lines}");
        assert_eq!(message["payload"]["avatar_url"], shown["avatar_url"], "{lines}");
    }
}

#[tokio::test]
async fn invariant_13_a_message_waits_for_its_agents_joining_and_that_for_the_name() {
    let world = world_with("agent_name = 'full'").await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.faults(json!({"notifications": [{"fault": "lose", "probability": 1.0}]})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    assert_eq!(joined(&mut customer).await, json!({"name": "Dana Reyes"}));
    customer.hears("Hello").await;
}

#[tokio::test]
async fn an_agent_whose_name_is_not_to_be_had_joins_without() {
    let world = world_with("agent_name = 'full'").await;
    let (mut customer, conversation) = world.waiting_customer().await;
    let slow =
        json!({"fault": {"slow": {"milliseconds": 60_000}}, "matching": USER, "probability": 1.0});
    world.faults(json!({"requests": [slow]})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    assert_eq!(joined(&mut customer).await, json!({}));
    customer.hears("Hello").await;
}

#[tokio::test]
async fn each_agent_is_shown_by_their_own_name() {
    let world = world_with("agent_name = 'full'").await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    assert_eq!(joined(&mut customer).await["name"], "Dana Reyes");
    world.act(&conversation, json!({"action": "transfer_to_user", "to": "Jun Tanaka"})).await;
    world.act(&conversation, json!({"action": "accept"})).await;
    assert_eq!(joined(&mut customer).await["name"], "Jun Tanaka");
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    assert_eq!(customer.hears("Hello").await["payload"]["agent_name"], "Jun Tanaka");
}
