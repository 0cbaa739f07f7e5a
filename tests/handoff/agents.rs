//! What agents do, and what the customer sees of it.

use baton_tests::{
    customer::Customer,
    world::{World, is_queued, said},
};
use serde_json::{Value, json};

/// The agent of the next event, which has to say that one joined.
async fn joined(customer: &mut Customer) -> Value {
    customer.sees(&["LIVE_AGENT_JOINED"]).await.remove(0)["payload"]["agent"].take()
}

#[tokio::test]
async fn an_agent_accepts_answers_and_ends() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    assert_eq!(conversation["messages"][0]["text"], "Hello, I need help");
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    let agent = joined(&mut customer).await;
    world.act(&conversation, json!({"action": "answer", "text": "Of course"})).await;
    let answer = customer.hears("Of course").await;
    assert_eq!(answer["payload"]["agent_id"], agent["id"]);
    customer.says("Thank you").await;
    // What comes after the end would bring the conversation back.
    let conversation = world.conversation(&customer, |truth| said(truth).len() == 2).await;
    world.act(&conversation, json!({"action": "end"})).await;
    let left = customer.sees_the_end().await;
    assert_eq!(left["payload"]["agent_id"], agent["id"]);
}

#[tokio::test]
async fn invariant_13_an_agent_whose_client_rings_has_not_joined() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    // The sidecar has looked several times while the client rang.
    world.act_seen(&conversation, json!({"action": "alert", "user": "Dana"}), 2).await;
    customer.says("Is anybody there?").await;
    world.act(&conversation, json!({"action": "accept"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn invariant_7_an_agent_who_lets_it_ring_does_not_end_the_handoff() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "alert", "user": "Dana"})).await;
    let rang = |truth: &Value| {
        let ends = truth["disconnects"].as_array().expect("a list");
        ends.iter().any(|end| end["disconnect_type"] == "NO_ANSWER_TRANSFER")
    };
    world.conversation(&customer, |truth| is_queued(truth) && rang(truth)).await;
    customer.says("Is anybody there?").await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn invariant_7_an_agent_who_declines_is_followed_by_the_one_who_accepts() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    for user in ["Dana", "Aisha"] {
        world.act_seen(&conversation, json!({"action": "alert", "user": user}), 1).await;
        world.act_seen(&conversation, json!({"action": "decline"}), 1).await;
    }
    customer.says("Is anybody there?").await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn invariant_7_a_transfer_to_a_queue_is_another_joining_and_no_leaving() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    let first = joined(&mut customer).await;
    world.act(&conversation, json!({"action": "transfer_to_queue", "queue": "Sales"})).await;
    customer.says("Are you still there?").await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    let second = joined(&mut customer).await;
    assert_ne!(first["id"], second["id"]);
    world.act(&conversation, json!({"action": "end"})).await;
    let left = customer.sees_the_end().await;
    assert_eq!(left["payload"]["agent_id"], second["id"]);
}

#[tokio::test]
async fn invariant_7_a_transfer_to_a_colleague_is_another_joining_and_no_leaving() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act_seen(&conversation, json!({"action": "transfer_to_user", "to": "Milan"}), 1).await;
    customer.says("Are you still there?").await;
    world.act(&conversation, json!({"action": "accept"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Milan here"})).await;
    customer.hears("Milan here").await;
}

#[tokio::test]
async fn invariant_7_a_colleague_who_declines_a_transfer_sends_it_to_the_queue() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "transfer_to_user", "to": "Milan"})).await;
    world.act_seen(&conversation, json!({"action": "decline"}), 1).await;
    customer.says("Are you still there?").await;
    world.act(&conversation, json!({"action": "accept", "user": "Aisha"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn invariant_13_an_agent_who_comes_back_through_the_queue_joins_again() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    let first = joined(&mut customer).await;
    world.act(&conversation, json!({"action": "transfer_to_queue", "queue": "Support"})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    let second = joined(&mut customer).await;
    assert_ne!(first["id"], second["id"]);
    world.act(&conversation, json!({"action": "answer", "text": "Me again"})).await;
    assert_eq!(customer.hears("Me again").await["payload"]["agent_id"], second["id"]);
}

#[tokio::test]
async fn invariant_7_a_consulted_colleague_who_declines_changes_nothing() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "consult", "with": "Milan"})).await;
    world.act_seen(&conversation, json!({"action": "decline", "user": "Milan"}), 1).await;
    world.act(&conversation, json!({"action": "answer", "text": "Still me"})).await;
    customer.hears("Still me").await;
}

#[tokio::test]
async fn invariant_7_a_consultation_that_ends_changes_nothing() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "consult", "with": "Milan"})).await;
    world.act_seen(&conversation, json!({"action": "accept", "user": "Milan"}), 1).await;
    customer.says("Take your time").await;
    world.act_seen(&conversation, json!({"action": "end_consult"}), 1).await;
    world.act(&conversation, json!({"action": "answer", "text": "Still me"})).await;
    customer.hears("Still me").await;
}

#[tokio::test]
async fn invariant_7_a_consulted_colleague_joins_on_taking_over() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    let first = joined(&mut customer).await;
    world.act(&conversation, json!({"action": "consult", "with": "Milan"})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    world.act(&conversation, json!({"action": "complete_consult"})).await;
    let second = joined(&mut customer).await;
    assert_ne!(first["id"], second["id"]);
    world.act(&conversation, json!({"action": "answer", "text": "Milan here"})).await;
    assert_eq!(customer.hears("Milan here").await["payload"]["agent_id"], second["id"]);
}

#[tokio::test]
async fn invariant_7_a_conversation_that_is_put_aside_goes_on() {
    for tells in [false, true] {
        let world = World::start().await;
        world.switch(json!({"parking_emits_user_end": tells})).await;
        let (mut customer, conversation) = world.served_customer().await;
        world.act_seen(&conversation, json!({"action": "park"}), u64::from(tells)).await;
        customer.says("I am waiting").await;
        world.act(&conversation, json!({"action": "resume"})).await;
        world.act(&conversation, json!({"action": "answer", "text": "Back again"})).await;
        customer.hears("Back again").await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees_the_end().await;
    }
}

#[tokio::test]
async fn invariant_13_an_agents_first_message_proves_the_acceptance_when_events_are_lost() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.faults(json!({"notifications": [{"fault": "lose", "probability": 1.0}]})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.says("Is anybody there?").await;
    world.act(&conversation, json!({"action": "answer", "text": "Here I am"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    customer.hears("Here I am").await;
}

#[tokio::test]
async fn what_bots_say_is_no_agents_joining() {
    let world = World::start().await;
    world
        .switch(json!({"flow_message": "One moment", "queue_message": "All agents are busy"}))
        .await;
    let (mut customer, conversation) = world.waiting_customer().await;
    customer.says("Is anybody there?").await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn a_flow_that_ends_the_conversation_is_a_handoff_that_failed() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "end_flow"})).await;
    customer.sees(&["HANDOFF_FAILED"]).await;
}
