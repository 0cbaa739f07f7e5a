//! What agents do, and what the customer sees of it.

use baton_tests::{chat::text_of, world::World};
use serde_json::{Value, json};

/// What a customer sees of a message that begins a handoff.
pub(crate) const BEGUN: [&str; 3] =
    ["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"];

fn is_queued(conversation: &Value) -> bool {
    conversation["state"] == "queued"
}

#[tokio::test]
async fn an_agent_accepts_answers_and_ends() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    customer.say("Hello, I need help").await;
    customer.sees(&BEGUN).await;
    let conversation = world.conversation(&customer.end_user_id, is_queued).await;
    assert_eq!(conversation["messages"][0]["text"], "Hello, I need help");

    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Of course"})).await;
    let answer = customer.sees(&["LIVE_AGENT_MESSAGE"]).await;
    assert_eq!(text_of(&answer[0]), "Of course");
    world.act(&conversation, json!({"action": "end"})).await;
    let end = customer.sees(&["LIVE_AGENT_LEFT", "SESSION_END"]).await;
    assert_eq!(end[1]["payload"]["reason"], "REASON_NATURAL_END");
}
