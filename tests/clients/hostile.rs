//! Bad input, while somebody else chats on.

use baton_tests::{
    chat::Session,
    sdk::{IOS, Sdk, Speaker},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

use crate::stage::{Stage, Way, greeted};

const MALFORMED: &str = "Unknown event type or invalid message format";

/// What a bad frame is answered with.
enum Answer {
    /// A `SYSTEM_MESSAGE` with this text, and the socket stays open.
    Told(&'static str),
    /// The echo of a message with this metadata.
    Echoed(Value),
    /// The socket is closed with this code.
    Closed(u16),
}

/// Who sends bad frames, on a session of its own.
struct Attacker(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Attacker {
    async fn enter(stage: &Stage) -> Self {
        let session = Session::make(stage.address()).await;
        let query = format!("?access_token={}&session_id={}", session.access_token(), session.id);
        let Ok(mut attacker) = upgrade(stage, &query).await else { panic!("a socket") };
        assert_eq!(attacker.next().await["payload"]["events"][0]["sequence"], 1);
        attacker
    }

    /// The next text frame, but for the bot's thinking, or what the socket was closed with.
    async fn next(&mut self) -> Value {
        loop {
            let next = timeout(baton_tests::http1::PATIENCE, self.0.next());
            match next.await.expect("an answer in time") {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    if frame["type"] != "EVENT_TYPE_POLY_AGENT_THINKING" {
                        break frame;
                    }
                }
                Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code).into(),
                Some(Ok(_)) => {}
                broken => panic!("the socket broke: {broken:?}"),
            }
        }
    }
}

/// Opens a socket, or says the status and the body with which that was refused.
async fn upgrade(stage: &Stage, query: &str) -> Result<Attacker, (u16, Value)> {
    match connect_async(format!("ws://{}/ws{query}", stage.address())).await {
        Ok((stream, _)) => Ok(Attacker(stream)),
        Err(Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            Err((answer.status().as_u16(), serde_json::from_slice(body).expect("JSON")))
        }
        Err(error) => panic!("{error}"),
    }
}

/// The neighbour says something and is answered, on the socket of the beginning.
async fn chats_on(neighbour: &Sdk, number: usize) {
    let text = neighbour.gets_across(&format!("number {number}")).await;
    let screen = neighbour.hears(Speaker::Bot, &format!("You said {text}")).await;
    assert_eq!((screen.opened, screen.closes.len()), (1, 0));
}

fn message(text: &str, metadata: Value) -> Message {
    let kind = "EVENT_TYPE_USER_MESSAGE";
    Message::text(
        json!({"type": kind, "payload": {"text": text}, "metadata": metadata}).to_string(),
    )
}

/// Every kind of bad frame, and its answer.
fn bad_frames() -> Vec<(&'static str, Message, Answer)> {
    let typed = |kind: &str| Message::text(json!({"type": kind, "payload": {}}).to_string());
    let deep = format!(
        r#"{{"type":"EVENT_TYPE_USER_MESSAGE","payload":{{"text":"deep"}},
            "metadata":{{"custom":{{"deep":{}{},"local_id":"7"}}}}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000),
    );
    let many: serde_json::Map<String, Value> =
        (0..5_000).map(|number| (format!("key {number}"), json!("x"))).collect();
    let mixed = json!({"custom": {"local_id": "8", "number": 7, "list": [], "nothing": null}});
    vec![
        (
            "an unknown type",
            typed("EVENT_TYPE_FUTURE_THING"),
            Answer::Told("Event type not allowed: EVENT_TYPE_FUTURE_THING"),
        ),
        (
            "a type of the server's",
            typed("EVENT_TYPE_LIVE_AGENT_MESSAGE"),
            Answer::Told("Event type not allowed: EVENT_TYPE_LIVE_AGENT_MESSAGE"),
        ),
        (
            "a join with a greeting",
            typed("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN_WITH_GREETING_MESSAGE"),
            Answer::Told(
                "Event type not allowed: EVENT_TYPE_REQUEST_POLY_AGENT_JOIN_WITH_GREETING_MESSAGE",
            ),
        ),
        ("no JSON", Message::text("{\"type\":"), Answer::Told(MALFORMED)),
        ("no object", Message::text("[1]"), Answer::Told(MALFORMED)),
        ("no type", Message::text("{\"payload\":{}}"), Answer::Told(MALFORMED)),
        ("a type that is a number", Message::text("{\"type\":7}"), Answer::Told(MALFORMED)),
        ("deep nesting", Message::text("[".repeat(100_000)), Answer::Told(MALFORMED)),
        ("a binary frame", Message::binary(b"\x00\xff".to_vec()), Answer::Told(MALFORMED)),
        (
            "a text over the advertised size",
            message(&"x".repeat(131_072), json!({})),
            Answer::Told("Message too large"),
        ),
        (
            "metadata of all kinds",
            message("mixed", mixed),
            Answer::Echoed(json!({"local_id": "8"})),
        ),
        ("deep metadata", Message::text(deep), Answer::Echoed(json!({"local_id": "7"}))),
        ("metadata that is a text", message("text", json!("custom")), Answer::Echoed(Value::Null)),
        (
            "metadata that goes on and on",
            message("many", json!({"custom": many})),
            Answer::Echoed(json!({"key 0": "x"})),
        ),
        (
            "a text frame that is too large",
            Message::text("x".repeat(256 * 1024 + 1)),
            Answer::Closed(1009),
        ),
        (
            "a binary frame that is too large",
            Message::binary(vec![0; 256 * 1024 + 1]),
            Answer::Closed(1009),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_11_a_bad_frame_gets_its_answer_and_disturbs_nobody() {
    let stage = Stage::set(Way::Direct).await;
    let neighbour = greeted(IOS, stage.address()).await;
    for (number, (what, frame, answer)) in bad_frames().into_iter().enumerate() {
        let mut attacker = Attacker::enter(&stage).await;
        attacker.0.send(frame).await.expect("it is sent");
        let answered = attacker.next().await;
        match answer {
            Answer::Told(text) => {
                assert_eq!(answered["type"], "EVENT_TYPE_SYSTEM_MESSAGE", "{what}");
                assert_eq!(answered["payload"]["level"], "SYSTEM_MESSAGE_LEVEL_ERROR", "{what}");
                assert_eq!(answered["payload"]["message"], text, "{what}");
            }
            Answer::Echoed(custom) => {
                assert_eq!(answered["type"], "EVENT_TYPE_USER_MESSAGE", "{what}");
                for (key, value) in custom.as_object().into_iter().flatten() {
                    assert_eq!(answered["metadata"]["custom"][key], *value, "{what}");
                }
                let custom = answered["metadata"]["custom"].as_object();
                let texts =
                    |custom: &serde_json::Map<_, Value>| custom.values().all(Value::is_string);
                assert!(custom.is_none_or(texts), "{what}: {answered}");
                assert!(answered.to_string().len() < 10_000, "{what}: the echo is bounded");
            }
            Answer::Closed(code) => assert_eq!(answered, code, "{what}"),
        }
        if !answered.is_u64() {
            let again = message("still open?", json!({}));
            attacker.0.send(again).await.expect("it is sent");
            while attacker.next().await["payload"]["text"] != "still open?" {}
        }
        chats_on(&neighbour, number).await;
    }
    neighbour.assert_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_12_a_socket_is_for_the_token_that_made_its_session_and_nobody_is_disturbed() {
    let stage = Stage::set(Way::Direct).await;
    let neighbour = greeted(IOS, stage.address()).await;
    let other = Session::make(stage.address()).await;
    let (id, token) = (&neighbour.session().id, neighbour.session().access_token());
    let (head, rest) = token.split_once('.').expect("three parts");
    let (payload, signature) = rest.split_once('.').expect("three parts");
    let unknown = "00000000-0000-4000-8000-000000000000";
    let wrong = "authentication failed";
    for (number, (query, status, text)) in [
        (String::new(), 400, "invalid connection parameters"),
        (format!("?session_id={id}"), 400, "invalid connection parameters"),
        (format!("?access_token=x&session_id={id}"), 401, wrong),
        (format!("?access_token={}&session_id={id}", other.access_token()), 401, wrong),
        (format!("?access_token={head}.{payload}.{payload}&session_id={id}"), 401, wrong),
        (format!("?access_token={payload}.{payload}.{signature}&session_id={id}"), 401, wrong),
        (format!("?access_token={token}&session_id={unknown}"), 404, "session not found"),
        (format!("?access_token={token}&session_id=%ff%00'"), 404, "session not found"),
    ]
    .into_iter()
    .enumerate()
    {
        let Err((refused, body)) = upgrade(&stage, &query).await else { panic!("{query}") };
        assert_eq!((refused, &body["message"]), (status, &text.into()), "{query}");
        chats_on(&neighbour, number).await;
    }
    neighbour.assert_whole().await;
}
