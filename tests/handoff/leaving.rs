//! How users leave: at Genesys nothing of them is left, and nobody is alerted for them.

use baton_tests::{
    chat::text_of,
    customer::Customer,
    world::{FIRST_MESSAGE, POST, READ, Setting, World, is_over, said},
};
use serde_json::{Value, json};

/// A plan in which this route is always refused.
fn refused(route: &str) -> Value {
    json!({"requests": [{
        "fault": {"answer": {"status": 503}}, "matching": route, "probability": 1.0,
    }]})
}

/// The customer is told that the session has ended, for this reason.
async fn sees_the_session_end(customer: &mut Customer, reason: &str) {
    let end = customer.sees(&["SESSION_END"]).await;
    assert_eq!(end[0]["payload"]["reason"], reason);
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_while_waiting_leaves_no_ghost() {
    let world = World::start().await;
    let (mut customer, _) = world.waiting_customer().await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    let conversation = world.conversation(&customer, is_over).await;
    assert_eq!(said(&conversation), ["Hello, I need help", "User left the conversation"]);
}

#[tokio::test]
async fn a_user_who_ends_it_again_while_that_is_under_way_gets_the_same_echo() {
    let world = World::start().await;
    let (mut customer, _) = world.waiting_customer().await;
    world.faults(refused("PATCH")).await;
    customer.end().await;
    let echo = customer.sees(&["USER_END_SESSION"]).await.remove(0);
    customer.end().await;
    assert_eq!(customer.sees(&["USER_END_SESSION"]).await, [echo]);
    world.faults(json!({})).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_while_a_client_rings_leaves_nobody_alerted() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "alert", "user": "Dana"})).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_with_an_agent_there_sees_the_agent_leave() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    customer.says("That is all, thank you").await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "LIVE_AGENT_LEFT"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    let conversation = world.conversation(&customer, is_over).await;
    let last = ["That is all, thank you", "User left the conversation"];
    assert_eq!(said(&conversation)[1..], last);
}

#[tokio::test]
async fn invariant_7_the_end_is_told_once_genesys_has_confirmed_it() {
    // At Genesys' own pace, so that the confirmation comes in time on any machine.
    let world = World::start_with(Setting { time_scale: 1.0, ..Setting::default() }, |_| {}).await;
    let (mut customer, conversation) = world.waiting_customer().await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    assert!(is_over(&world.truth(&conversation).await));
}

#[tokio::test]
async fn a_user_who_leaves_silently_does_so_if_the_note_is_empty() {
    let handoff = format!("{FIRST_MESSAGE}\nleft_note = ''");
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let (mut customer, _) = world.served_customer().await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "LIVE_AGENT_LEFT", "SESSION_END"]).await;
    let conversation = world.conversation(&customer, is_over).await;
    assert_eq!(said(&conversation), ["Hello, I need help"]);
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_before_genesys_took_anything_is_told_and_never_arrives() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    world.faults(refused(POST)).await;
    customer.say("Hello, I need help").await;
    customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF"]).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    world.faults(json!({})).await;
    // Another customer's conversation comes about; this one's does not.
    world.served_customer().await;
    assert_eq!(world.conversations(&customer).await, [] as [Value; 0]);
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_while_the_first_answer_is_under_way_leaves_no_ghost() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    let slow = json!({"slow": {"milliseconds": 1000}});
    world.faults(json!({"requests": [{"fault": slow, "matching": POST, "next": 1}]})).await;
    customer.say("Hello, I need help").await;
    customer.sees(&["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF"]).await;
    world.conversation(&customer, |truth| truth["state"] == "queued").await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_while_the_first_answer_was_lost_leaves_no_ghost() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    let fault = json!({"lose_answer": {}});
    world.faults(json!({"requests": [{"fault": fault, "matching": POST, "next": 1}]})).await;
    customer.say("Hello, I need help").await;
    customer.end().await;
    let seen =
        customer.socket.events_until(|event| event["type"] == "EVENT_TYPE_SESSION_END").await;
    assert_eq!(seen.last().expect("the end")["payload"]["reason"], "REASON_USER_END");
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_while_the_agent_does_leaves_no_ghost() {
    let world = World::start().await;
    world.switch(json!({"customer_leg_outlives_agent": true})).await;
    let (mut customer, conversation) = world.served_customer().await;
    // The agent's end is not seen yet when the user's comes.
    world.faults(refused(READ)).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    world.faults(json!({})).await;
    customer.sees(&["LIVE_AGENT_LEFT"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_in_the_agents_wrap_up_leaves_no_ghost() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    // The end waits for the agent's last message, and the user does not.
    world.faults(json!({"webhooks": [{"fault": "lose", "probability": 1.0}]})).await;
    world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.end().await;
    let seen =
        customer.socket.events_until(|event| event["type"] == "EVENT_TYPE_SESSION_END").await;
    let left = |event: &&Value| event["type"] == "EVENT_TYPE_LIVE_AGENT_LEFT";
    assert_eq!(seen.iter().filter(left).count(), 1);
    // The note that the user left may have opened it again: that is over as well.
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn invariant_7_a_user_is_let_go_before_genesys_confirms_it_and_disconnected_afterwards() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    world.faults(refused(READ)).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "LIVE_AGENT_LEFT"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    world.faults(json!({})).await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn invariant_7_a_user_who_ends_it_is_disconnected_though_genesys_refuses_at_first() {
    let world = World::start().await;
    let (mut customer, _) = world.waiting_customer().await;
    let fault = json!({"answer": {"status": 503}});
    world.faults(json!({"requests": [{"fault": fault, "matching": "PATCH", "next": 3}]})).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    sees_the_session_end(&mut customer, "REASON_USER_END").await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn what_the_user_said_last_goes_out_before_the_end() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    let slow = json!({"slow": {"milliseconds": 200}});
    world
        .faults(json!({"requests": [{"fault": slow, "matching": POST, "probability": 1.0}]}))
        .await;
    customer.say("One").await;
    customer.say("Two").await;
    customer.end().await;
    customer.sees(&["USER_MESSAGE", "USER_MESSAGE", "USER_END_SESSION"]).await;
    let conversation = world.conversation(&customer, is_over).await;
    let all = ["Hello, I need help", "One", "Two", "User left the conversation"];
    assert_eq!(said(&conversation), all);
}

#[tokio::test]
async fn a_user_who_waits_without_a_socket_counts_as_gone() {
    let handoff = format!("{FIRST_MESSAGE}\nabandon_after_seconds = 1");
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let (mut customer, _) = world.waiting_customer().await;
    customer.socket.close().await;
    let conversation = world.conversation(&customer, is_over).await;
    assert_eq!(said(&conversation), ["Hello, I need help", "User left the conversation"]);
    customer.reconnect().await;
    let seen =
        customer.socket.events_until(|event| event["type"] == "EVENT_TYPE_SESSION_END").await;
    assert_eq!(seen.last().expect("the end")["payload"]["reason"], "REASON_USER_ABANDONED");
}

#[tokio::test]
async fn a_user_who_talks_with_an_agent_may_be_without_a_socket() {
    let handoff = format!("{FIRST_MESSAGE}\nabandon_after_seconds = 1");
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let (mut customer, conversation) = world.served_customer().await;
    customer.socket.close().await;
    // Another user waits without a socket meanwhile, and counts as gone.
    let (mut other, _) = world.waiting_customer().await;
    other.socket.close().await;
    world.conversation(&other, is_over).await;
    world.act(&conversation, json!({"action": "answer", "text": "Are you there?"})).await;
    customer.reconnect().await;
    customer.socket.events_until(|event| text_of(event) == "Are you there?").await;
    customer.says("I am back").await;
}
