//! Faults on command, each once, and what they leave behind.

use baton_simulator::{DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Conversation, Simulator, Socket, message};

const INBOUND: &str = "/inbound/open/message";

/// A simulator, a token, and a conversation whose events come on a socket.
async fn listening() -> (Simulator, String, Conversation, String, Socket) {
    listening_at_pace(1.0).await
}

async fn listening_at_pace(time_scale: f64) -> (Simulator, String, Conversation, String, Socket) {
    let simulator = Simulator::at_pace(time_scale).await;
    let token = simulator.token().await;
    let conversation = Conversation::begin(&simulator, &token).await;
    let channel = simulator.channel(&token).await;
    simulator.subscribe(&token, &channel, &[conversation.topic()]).await;
    let socket = simulator.connect(&channel).await;
    (simulator, token, conversation, channel, socket)
}

async fn numbers(socket: &mut Socket, count: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(Conversation::number(&socket.next_event().await));
    }
    numbers
}

/// How many of the end user's messages are in the conversation that the message began.
async fn messages_in(simulator: &Simulator) -> usize {
    let list = simulator.control(Method::GET, "conversations", Value::Null).await;
    let Some(id) = list[0]["id"].as_str() else { return 0 };
    let whole = simulator.control(Method::GET, &format!("conversations/{id}"), Value::Null).await;
    let messages = whole["messages"].as_array().unwrap();
    messages.iter().filter(|message| message["direction"] == "inbound").count()
}

#[tokio::test]
async fn the_next_requests_of_a_route_are_answered_with_a_status_and_have_no_effect() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    for (status, code) in [
        (429, "too.many.requests.retry.after"),
        (500, "internal.server.error"),
        (503, "service.unavailable"),
        (504, "request.timeout"),
    ] {
        let fault = json!({ "answer": { "status": status } });
        let rule = json!({ "fault": fault, "matching": INBOUND, "next": 1 });
        simulator.set_faults(json!({ "requests": [rule] })).await;
        let path = "routing/queues";
        let other = simulator.call(Method::GET, path, &token, Value::Null).await;
        assert_eq!(other.status, 200);
        let answer = simulator.send_message(&token, "hi").await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)));
        assert_eq!(answer.body["contextId"], answer.header("inin-correlation-id"));
        assert_eq!(answer.header("retry-after"), if status == 429 { "1" } else { "" });
    }
    assert_eq!(messages_in(&simulator).await, 0);
    assert_eq!(simulator.send_message(&token, "hi").await.status, 202);
}

#[tokio::test]
async fn an_answer_is_lost_after_the_message_came_in() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let fault = json!({ "lose_answer": { "status": 503 } });
    let rule = json!({ "fault": fault, "matching": INBOUND, "next": 1 });
    simulator.set_faults(json!({ "requests": [rule] })).await;
    assert_eq!(simulator.send_message(&token, "hi").await.status, 503);
    assert_eq!(messages_in(&simulator).await, 1);

    let rule = json!({ "fault": { "lose_answer": {} }, "matching": INBOUND, "next": 1 });
    simulator.set_faults(json!({ "requests": [rule] })).await;
    let path = simulator.message_path();
    let error = simulator.try_to_call(Method::POST, &path, &token, message("hi")).await;
    assert!(error.unwrap_err().is_request());
    assert_eq!(messages_in(&simulator).await, 2);
    let plan = simulator.control(Method::GET, "faults", Value::Null).await;
    assert_eq!(plan["requests"][0]["struck"], 1);
    assert_eq!(plan["requests"][0]["next"], 0);
}

#[tokio::test]
async fn the_truth_tells_which_answer_was_lost_or_late() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let rules =
        [json!({ "lose_answer": { "status": 503 } }), json!({ "slow": { "milliseconds": 5 } })]
            .map(|fault| json!({ "fault": fault, "matching": INBOUND, "next": 1 }));
    simulator.set_faults(json!({ "requests": rules })).await;
    for _ in 0..3 {
        simulator.send_message(&token, "hi").await;
    }
    let conversations = simulator.control(Method::GET, "conversations", Value::Null).await;
    let id = conversations[0]["id"].as_str().unwrap();
    let path = format!("conversations/{id}");
    let truth = simulator.control(Method::GET, &path, Value::Null).await;
    let messages = truth["messages"].as_array().unwrap();
    let answers: Vec<&Value> = messages.iter().map(|message| &message["answer"]).collect();
    let late = json!({ "late": { "milliseconds": 5 } });
    assert_eq!(answers, [&json!("lost"), &late, &json!("given")]);
}

#[tokio::test]
async fn slow_token_answers_show_how_many_were_in_flight() {
    let simulator = Simulator::start().await;
    let rule = json!({
        "fault": { "slow": { "milliseconds": 300 } }, "matching": "/oauth/token", "next": 3,
    });
    simulator.set_faults(json!({ "requests": [rule] })).await;
    tokio::join!(simulator.token(), simulator.token(), simulator.token());
    let counters = simulator.counters().await;
    assert_eq!(
        counters["token_requests"][DEFAULT_CLIENT_ID],
        json!({ "total": 3, "in_flight": 0, "most_in_flight": 3 })
    );
}

#[tokio::test]
async fn the_token_route_fails_in_the_form_of_oauth() {
    let simulator = Simulator::start().await;
    let rule = json!({
        "fault": { "answer": { "status": 503 } }, "matching": "/oauth/token", "next": 1,
    });
    simulator.set_faults(json!({ "requests": [rule] })).await;
    let credentials = Some((DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET));
    let answer = simulator.ask_for_token(credentials, "grant_type=client_credentials").await;
    assert_eq!((answer.status, &answer.body["error"]), (503, &json!("temporarily_unavailable")));
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_its_channels_die() {
    let (simulator, token, _, channel, mut socket) = listening().await;
    assert_eq!(simulator.strike(json!({ "fault": "revoke_tokens" })).await, 1);
    let last_words = socket.next_event().await;
    assert_eq!(last_words["topicName"], "v2.system.token_revoked");
    assert_eq!(last_words["eventBody"]["channelId"], channel);
    assert_eq!(last_words["eventBody"]["oauthClientId"], DEFAULT_CLIENT_ID);
    assert_eq!(socket.end().await, Some(1001));
    let answer = simulator.send_message(&token, "hi").await;
    assert_eq!((answer.status, &answer.body["code"]), (401, &json!("bad.credentials")));
    assert!(!simulator.is_alive(&simulator.token().await, &channel).await);
}

#[tokio::test]
async fn a_request_can_find_its_token_revoked() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let rule = json!({ "fault": "revoke_tokens", "matching": INBOUND, "next": 1 });
    simulator.set_faults(json!({ "requests": [rule] })).await;
    assert_eq!(simulator.send_message(&token, "hi").await.status, 401);
    assert_eq!(simulator.send_message(&token, "hi").await.status, 401);
    let token = simulator.token().await;
    assert_eq!(simulator.send_message(&token, "hi").await.status, 202);
}

#[tokio::test]
async fn sockets_close_at_once_with_a_code_or_without_a_word() {
    let (simulator, _, _, channel, mut socket) = listening().await;
    let strike = json!({ "fault": "close_sockets", "code": 1011 });
    assert_eq!(simulator.strike(strike).await, 1);
    assert_eq!(socket.end().await, Some(1011));
    let mut socket = simulator.connect(&channel).await;
    let strike = json!({ "fault": "close_sockets", "channel": channel });
    assert_eq!(simulator.strike(strike).await, 1);
    assert_eq!(socket.end().await, None);
    assert_eq!(simulator.strike(json!({ "fault": "close_sockets" })).await, 0);
}

#[tokio::test]
async fn maintenance_is_announced_and_closes_only_the_sockets_that_stayed() {
    let (simulator, _, _, channel, mut socket) = listening_at_pace(0.01).await;
    assert_eq!(simulator.strike(json!({ "fault": "announce_maintenance" })).await, 1);
    assert_eq!(socket.next_event().await["topicName"], "v2.system.socket_closing");
    let mut replacement = simulator.connect(&channel).await;
    replacement.say(json!({ "message": "ping" })).await;
    assert_eq!(replacement.next_event().await["eventBody"]["message"], "pong");
    assert_eq!(simulator.strike(json!({ "fault": "announce_maintenance" })).await, 1);
    assert_eq!(replacement.next_event().await["topicName"], "v2.system.socket_closing");
    assert_eq!(replacement.end().await, Some(1001));
}

#[tokio::test]
async fn an_evicted_channel_is_dead_with_the_status_that_was_chosen() {
    let (simulator, token, _, channel, mut socket) = listening().await;
    simulator.set_faults(json!({ "dead_channel_status": 403 })).await;
    let strike = json!({ "fault": "evict_channel", "channel": channel });
    assert_eq!(simulator.strike(strike).await, 1);
    assert_eq!(socket.end().await, Some(1001));
    assert!(!simulator.is_alive(&token, &channel).await);
    assert_eq!(simulator.try_to_connect(&channel).await.err(), Some(403));
}

#[tokio::test]
async fn events_are_lost_doubled_and_overtaken() {
    let (simulator, token, conversation, _, mut socket) = listening().await;
    let matching = conversation.topic();
    simulator
        .set_faults(json!({ "notifications": [
            { "fault": "lose", "matching": matching, "next": 1 },
        ] }))
        .await;
    conversation.happen(&simulator, &token, 1).await;
    conversation.happen(&simulator, &token, 2).await;
    assert_eq!(numbers(&mut socket, 1).await, [2]);
    simulator.set_faults(json!({ "notifications": [{ "fault": "duplicate", "next": 1 }] })).await;
    conversation.happen(&simulator, &token, 3).await;
    conversation.happen(&simulator, &token, 4).await;
    assert_eq!(numbers(&mut socket, 3).await, [3, 3, 4]);
    let delay = json!({ "delay": { "milliseconds": 500 } });
    simulator.set_faults(json!({ "notifications": [{ "fault": delay, "next": 1 }] })).await;
    conversation.happen(&simulator, &token, 5).await;
    conversation.happen(&simulator, &token, 6).await;
    assert_eq!(numbers(&mut socket, 2).await, [6, 5]);
}

#[tokio::test]
async fn an_event_can_find_its_socket_closed_or_its_channel_gone() {
    let (simulator, token, conversation, channel, mut socket) = listening().await;
    let rule = json!({ "fault": { "close_socket": { "code": 1012 } }, "next": 1 });
    simulator.set_faults(json!({ "notifications": [rule] })).await;
    conversation.happen(&simulator, &token, 1).await;
    assert_eq!(socket.end().await, Some(1012));
    let mut socket = simulator.connect(&channel).await;
    let rule = json!({ "fault": "evict_channel", "next": 1 });
    simulator.set_faults(json!({ "notifications": [rule] })).await;
    conversation.happen(&simulator, &token, 2).await;
    assert_eq!(socket.end().await, Some(1001));
    assert!(!simulator.is_alive(&token, &channel).await);
}

#[tokio::test]
async fn a_plan_that_cannot_be_carried_out_is_refused_with_what_to_do() {
    let simulator = Simulator::start().await;
    for plan in [json!({ "dead_channel_status": 500 }), json!({ "requests": [{ "next": 1 }] })] {
        let answer = simulator.try_to_control(Method::PUT, "faults", plan).await;
        assert!((400..=422).contains(&answer.status));
        assert!(answer.body["error"].as_str().unwrap().contains("README"));
    }
}
