//! What a client sends (Messaging API, 7 and 8.4).

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Running, message, text_of};

#[tokio::test]
async fn a_heartbeat_is_echoed_without_a_sequence() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let metadata = json!({"custom": {"local_id": "7"}});
    socket.send(json!({"type": "EVENT_TYPE_HEARTBEAT", "payload": {}, "metadata": metadata})).await;
    let echo = socket.frame().await;
    assert_eq!(echo["type"], "EVENT_TYPE_HEARTBEAT");
    assert_eq!(echo["sequence"], Value::Null);
    assert_eq!(echo["metadata"], metadata);
}

#[tokio::test]
async fn invariant_11_of_hostile_metadata_the_harmless_part_is_echoed() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let huge = format!(r#""{}""#, "x".repeat(200_000));
    for (metadata, echoed) in [
        (format!(r#"{{"custom":{{"deep":{deep},"local_id":"1"}}}}"#), json!({"local_id": "1"})),
        (format!(r#"{{"custom":{{"a":{huge},"local_id":"2"}}}}"#), json!({"local_id": "2"})),
        (r#"{"custom":{"a":1,"b":null,"local_id":"3"}}"#.to_owned(), json!({"local_id": "3"})),
        (r#"{"custom":{"local_id":"0","local_id":"4"}}"#.to_owned(), json!({"local_id": "4"})),
        (format!(r#"{{"custom":{deep}}}"#), Value::Null),
        (deep.clone(), Value::Null),
        (huge.clone(), Value::Null),
    ] {
        let frame = format!(r#"{{"type":"EVENT_TYPE_HEARTBEAT","metadata":{metadata}}}"#);
        socket.send_message(Message::text(frame)).await;
        assert_eq!(socket.frame().await["metadata"]["custom"], echoed);
    }
}

#[tokio::test]
async fn the_request_to_join_is_logged_once_and_echoed_however_often_it_comes() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let join = json!({"type": "EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", "payload": {}});
    socket.send(join.clone()).await;
    let echo = socket.frame().await;
    assert_eq!(echo["type"], "EVENT_TYPE_REQUEST_POLY_AGENT_JOIN");
    assert_eq!(echo["sequence"], 2);
    assert_eq!(echo.get("metadata"), None);
    // The same echo again, on every connection.
    socket.send(join.clone()).await;
    assert_eq!(socket.frame().await, echo);
    sidecar.live_socket(&chat).await.send(join).await;
    assert_eq!(socket.frame().await, echo);
    sidecar.say(&chat, "next").await;
    assert_eq!(text_of(&socket.frame().await), "next");
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 3);
}

#[tokio::test]
async fn invariant_6_a_user_message_is_not_echoed_as_long_as_nothing_passes_it_on() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let metadata = json!({"custom": {"local_id": "7"}});
    socket
        .send(json!({
            "type": "EVENT_TYPE_USER_MESSAGE",
            "payload": {"text": "Hello?"},
            "metadata": metadata,
        }))
        .await;
    let refused = ("Sorry, I encountered an error. Please try again.".to_owned(), metadata);
    assert_eq!(socket.system_error().await, refused);
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
}

#[tokio::test]
async fn a_text_without_words_is_no_message() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let metadata = json!({"custom": {"local_id": "7"}});
    for text in ["", " \n\t", "\u{0}\u{7}", "\u{200b}\u{feff}"] {
        let kind = "EVENT_TYPE_USER_MESSAGE";
        let payload = json!({ "text": text });
        socket.send(json!({"type": kind, "payload": payload, "metadata": metadata})).await;
        let malformed = "Unknown event type or invalid message format".to_owned();
        assert_eq!(socket.system_error().await, (malformed, metadata.clone()), "{text:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_answered_and_the_socket_stays_open() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let malformed = "Unknown event type or invalid message format";
    for (frame, answer) in [
        (Message::text("{"), malformed),
        (Message::text(""), malformed),
        (Message::binary(vec![0, 159, 146, 150]), malformed),
        (
            Message::text(r#"{"type":"EVENT_TYPE_LINK_TO_WEBRTC_CONVERSATION"}"#),
            "Event type not allowed: EVENT_TYPE_LINK_TO_WEBRTC_CONVERSATION",
        ),
        (Message::text(r#"{"type":"EVENT_TYPE_FUTURE_THING"}"#), malformed),
    ] {
        socket.send_message(frame).await;
        assert_eq!(socket.system_error().await, (answer.to_owned(), Value::Null));
    }
    socket.send(json!({"type": "EVENT_TYPE_USER_TYPING", "payload": {}})).await;
    socket.send_message(Message::Ping(b"alive?".to_vec().into())).await;
    assert_eq!(socket.receive().await, Message::Pong(b"alive?".to_vec().into()));
}

#[tokio::test]
async fn the_user_ends_the_session_and_every_connection_is_closed_with_1000() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut one = sidecar.live_socket(&chat).await;
    let mut other = sidecar.live_socket(&chat).await;
    one.send(json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}})).await;
    for socket in [&mut one, &mut other] {
        let (echo, end) = (socket.frame().await, socket.frame().await);
        assert_eq!(
            (&echo["type"], &echo["sequence"]),
            (&"EVENT_TYPE_USER_END_SESSION".into(), &2.into())
        );
        assert_eq!((&end["type"], &end["sequence"]), (&"EVENT_TYPE_SESSION_END".into(), &3.into()));
        assert_eq!(end["payload"]["reason"], "REASON_USER_END");
        assert_eq!(socket.close_code().await, 1000);
    }

    // Whoever comes later is told the same, and a delivery that comes later is settled.
    let delivered = sidecar.deliver(&message(&chat.end_user_id, "too late")).await;
    assert_eq!(delivered, "stored");
    for cursor in ["", "3"] {
        let mut late = sidecar.socket_after(&chat, cursor).await;
        assert_eq!(late.batch().await.len(), if cursor.is_empty() { 3 } else { 0 });
        assert_eq!(late.close_code().await, 1000);
    }
    let shown = sidecar.admin(&chat.session_id, crate::harness::ADMIN_CREDENTIAL).await;
    assert_eq!(crate::harness::ok(shown).await["ended"], true);
}
