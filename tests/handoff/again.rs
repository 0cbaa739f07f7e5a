//! Several handoffs of one session, which Genesys threads into one conversation.

use baton_tests::{
    customer::{BEGUN, Customer},
    world::{FIRST_MESSAGE, Setting, World, is_over, is_queued},
};
use serde_json::{Value, json};

/// A world in which a session goes on after a handoff.
async fn world() -> World {
    let handoff = format!("{FIRST_MESSAGE}\nafter = 'keep_open'");
    World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await
}

/// The handoff is over, and the session goes on.
async fn sees_the_agent_leave(customer: &mut Customer) {
    customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START"]).await;
}

/// The participants' ids for a purpose, each once.
fn participants(conversation: &Value, purpose: &str) -> Vec<String> {
    let all = conversation["participants"].as_array().expect("a list").iter();
    let ids = all.filter(|one| one["purpose"] == purpose).map(|one| one["id"].to_string());
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids.dedup();
    ids
}

#[tokio::test]
async fn a_second_handoff_runs_in_the_same_conversation_with_the_same_participants() {
    let world = world().await;
    let (mut customer, first) = world.served_customer().await;
    world.act(&first, json!({"action": "answer", "text": "Hello"})).await;
    let before = customer.hears("Hello").await;
    world.act(&first, json!({"action": "end"})).await;
    sees_the_agent_leave(&mut customer).await;
    world.conversation(&customer, is_over).await;

    customer.say("One more thing").await;
    customer.sees(&BEGUN).await;
    let second = world.conversation(&customer, is_queued).await;
    assert_eq!(first["id"], second["id"]);
    world.act(&second, json!({"action": "accept", "user": "Dana Reyes"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&second, json!({"action": "answer", "text": "Hello again"})).await;
    let after = customer.hears("Hello again").await;
    assert_ne!(before["payload"]["agent_id"], after["payload"]["agent_id"]);
    let truth = world.truth(&second).await;
    for purpose in ["customer", "agent"] {
        assert_eq!(participants(&truth, purpose).len(), 1, "{purpose}");
    }
    world.act(&second, json!({"action": "end"})).await;
    sees_the_agent_leave(&mut customer).await;
}

#[tokio::test]
async fn many_handoffs_follow_each_other_without_a_word_too_much() {
    let world = world().await;
    let mut customer = world.customer().await;
    for round in 0..5 {
        customer.say(&format!("Question {round}")).await;
        customer.sees(&BEGUN).await;
        let conversation = world.conversation(&customer, is_queued).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        let answer = format!("Answer {round}");
        world.act(&conversation, json!({"action": "answer", "text": answer})).await;
        customer.hears(&answer).await;
        world.act(&conversation, json!({"action": "end"})).await;
        sees_the_agent_leave(&mut customer).await;
    }
}

#[tokio::test]
async fn invariant_7_the_late_end_of_a_handoff_does_not_end_the_next_one() {
    let world = world().await;
    let (mut customer, conversation) = world.served_customer().await;
    // Both ends of the first handoff come in the second.
    let late = |kind: &str| json!({"fault": {"delay": {"milliseconds": 700}}, "matching": kind, "next": 1});
    world.faults(json!({"notifications": [late("customer.end"), late("user.end")]})).await;
    world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
    customer.hears("Goodbye").await;
    world.act(&conversation, json!({"action": "end"})).await;
    // Somebody else sees the end for us.
    world.strike(json!({"fault": "close_sockets"})).await;
    sees_the_agent_leave(&mut customer).await;
    customer.say("One more thing").await;
    customer.sees(&BEGUN).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Milan here"})).await;
    customer.hears("Milan here").await;
    world
        .act_seen(&conversation, json!({"action": "transfer_to_queue", "queue": "Sales"}), 1)
        .await;
    customer.says("Are you still there?").await;
}

#[tokio::test]
async fn a_session_that_is_kept_open_ends_at_once_when_the_user_wants_it() {
    let world = world().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "end"})).await;
    sees_the_agent_leave(&mut customer).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn a_handoff_may_follow_one_that_failed() {
    let world = world().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "end_flow"})).await;
    customer.sees(&["HANDOFF_FAILED"]).await;
    customer.say("Is really nobody there?").await;
    customer.sees(&BEGUN).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}
