//! Typing is shown and forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use baton_sidecar::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Running, Socket, message, text_of, typing};

async fn typing_state(socket: &mut Socket) -> (String, String) {
    let frame = socket.frame().await;
    assert_eq!(frame["type"], "EVENT_TYPE_LIVE_AGENT_TYPING");
    assert_eq!(frame["sequence"], Value::Null);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&frame["payload"]["state"]), text(&frame["id"]))
}

#[tokio::test]
async fn typing_is_shown_then_stopped_and_never_replayed() {
    let now = Arc::new(AtomicI64::new(1_778_155_200));
    let clock = Clock::new({
        let now = Arc::clone(&now);
        move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap()
    });
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let sidecar = Running::start_as(directory, |sidecar| sidecar.with_clock(clock)).await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    assert_eq!(sidecar.deliver(&typing(&chat.end_user_id, None, 60_000)).await, "transient");
    let (started, one_id) = typing_state(&mut socket).await;
    now.fetch_add(60, Ordering::SeqCst);
    // Whatever comes makes the session look at the clock.
    sidecar.deliver(&typing(&chat.end_user_id, None, 0)).await;
    let (stopped, other_id) = typing_state(&mut socket).await;
    assert_eq!((&*started, &*stopped), ("TYPING_STATE_STARTED", "TYPING_STATE_STOPPED"));
    assert_ne!(one_id, other_id);
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
}

#[tokio::test]
async fn whoever_watches_is_told_who_types() {
    let mut listener = None;
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let sidecar = Running::start_as(directory, |sidecar| {
        listener = Some(sidecar.passing().listen());
        sidecar
    });
    let sidecar = sidecar.await;
    let mut listener = listener.unwrap();
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    socket.send(json!({"type": "EVENT_TYPE_USER_TYPING", "payload": {}})).await;
    let told = listener.recv().await.unwrap();
    assert_eq!((told.kind, &told.session_id), ("EVENT_TYPE_USER_TYPING", &chat.session_id));
    sidecar.deliver(&typing(&chat.end_user_id, None, 60_000)).await;
    let shown = socket.frame().await;
    let told = listener.recv().await.unwrap();
    assert_eq!(told.kind, "EVENT_TYPE_LIVE_AGENT_TYPING");
    assert_eq!(serde_json::from_str::<Value>(&told.frame).unwrap(), shown);
}

#[tokio::test]
async fn typing_that_is_past_is_not_shown() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let past = typing(&chat.end_user_id, Some("2020-01-01T00:00:00Z"), 5_000);
    assert_eq!(sidecar.deliver(&past).await, "transient");
    sidecar.say(&chat, "next").await;
    assert_eq!(text_of(&socket.frame().await), "next");
}

#[tokio::test]
async fn a_message_of_the_agent_stops_the_typing_once() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let typing = typing(&chat.end_user_id, None, 60_000);
    sidecar.deliver(&typing).await;
    sidecar.deliver(&typing).await;
    assert_eq!(typing_state(&mut socket).await.0, "TYPING_STATE_STARTED");
    assert_eq!(typing_state(&mut socket).await.0, "TYPING_STATE_STARTED");
    sidecar.say(&chat, "one").await;
    let both = [socket.frame().await, socket.frame().await];
    let stops = both.iter().filter(|frame| frame["payload"]["state"] == "TYPING_STATE_STOPPED");
    assert_eq!(stops.count(), 1);
    assert!(both.iter().any(|frame| frame["payload"]["text"] == "one"));
    sidecar.say(&chat, "two").await;
    assert_eq!(text_of(&socket.frame().await), "two");
}

#[tokio::test]
async fn invariant_12_typing_of_another_integration_reaches_nobody() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let mut foreign = typing(&chat.end_user_id, None, 60_000);
    foreign["data"]["genesys"]["integration_id"] = "integration-other".into();
    assert_eq!(sidecar.deliver(&foreign).await, "transient");
    sidecar.say(&chat, "next").await;
    assert_eq!(text_of(&socket.frame().await), "next");
}

#[tokio::test]
async fn typing_beside_a_message_is_stored_with_it_and_only_the_message_is_logged() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let mut both = message(&chat.end_user_id, "Hi!");
    let started = typing(&chat.end_user_id, None, 60_000)["data"]["events"][0].clone();
    let said = both["data"]["events"][0].clone();
    both["data"]["events"] = json!([said, started]);
    assert_eq!(sidecar.deliver(&both).await, "stored");
    let frames = [socket.frame().await, socket.frame().await];
    assert!(frames.iter().any(|frame| frame["payload"]["text"] == "Hi!"));
    assert!(frames.iter().any(|frame| frame["payload"]["state"] == "TYPING_STATE_STARTED"));
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 2);
}
