//! Bad frames, while others chat on: with the bot, with an agent, and on another socket of the very
//! session on which the bad ones come.

use std::cell::Cell;

use baton_tests::sdk::{IOS, Sdk, Status};
use futures_util::{SinkExt, StreamExt, future::join_all};
use serde_json::{Value, json};
use tokio::{join, net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{
    neighbours::{Neighbours, assert_undisturbed, chats_with_bot},
    stage::{Stage, Way},
};

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

/// Who sends bad frames, on the session of somebody who does not.
struct Attacker(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Attacker {
    async fn enter(stage: &Stage, housemate: &Sdk) -> Self {
        let (id, token) = (&housemate.session().id, housemate.session().access_token());
        let url = format!("ws://{}/ws?access_token={token}&session_id={id}", stage.address());
        let (socket, _) = connect_async(url).await.expect("a socket");
        let mut attacker = Self(socket);
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
        ("an unknown type", typed("EVENT_TYPE_FUTURE_THING"), Answer::Told(MALFORMED)),
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
        ("a text without words", message(" \u{1}\u{200b}\n", json!({})), Answer::Told(MALFORMED)),
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

/// The attacker got this answer, and its socket is as that says.
async fn is_answered(attacker: &mut Attacker, what: &str, answer: Answer) {
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
            let texts = |custom: &serde_json::Map<_, Value>| custom.values().all(Value::is_string);
            assert!(custom.is_none_or(texts), "{what}: {answered}");
            assert!(answered.to_string().len() < 10_000, "{what}: the echo is bounded");
        }
        Answer::Closed(code) => return assert_eq!(answered, code, "{what}"),
    }
    attacker.0.send(message("still open?", json!({}))).await.expect("it is sent");
    while attacker.next().await["payload"]["text"] != "still open?" {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_11_a_bad_frame_gets_its_answer_and_disturbs_nobody() {
    let stage = Stage::set(Way::Direct).await;
    let neighbours = Neighbours::move_in(&stage).await;
    for (number, (what, frame, answer)) in bad_frames().into_iter().enumerate() {
        let housemate = stage.greeted_client(IOS).await;
        let mut attacker = Attacker::enter(&stage, &housemate).await;
        attacker.0.send(frame).await.expect("it is sent");
        is_answered(&mut attacker, what, answer).await;
        join!(neighbours.chat_on(&stage, number), chats_with_bot(&housemate, number));
        housemate.assert_whole().await;
    }
    neighbours.assert_whole().await;
}

/// How many clients flood the server, how often each of them comes, and how often it sends every
/// bad frame then: more in all than a session may send in a minute.
const ATTACKERS: usize = 4;
const VISITS: usize = 3;
const ROUNDS: usize = 10;

/// Sends every bad frame again and again and reads no answer; those that cost the socket come last.
async fn floods(stage: &Stage, housemate: &Sdk) {
    let (last, frames): (Vec<_>, Vec<_>) =
        bad_frames().into_iter().partition(|(_, _, answer)| matches!(answer, Answer::Closed(_)));
    for _ in 0..VISITS {
        let mut attacker = Attacker::enter(stage, housemate).await;
        let frames = std::iter::repeat_n(&frames, ROUNDS).flatten().chain(&last);
        for (_, frame, _) in frames {
            if attacker.0.send(frame.clone()).await.is_err() {
                // The last ones are not needed any more.
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_11_a_flood_of_bad_frames_disturbs_nobody() {
    let stage = Stage::set(Way::Direct).await;
    let neighbours = Neighbours::move_in(&stage).await;
    let housemates = join_all([(); ATTACKERS].map(|()| stage.greeted_client(IOS))).await;
    let flood = join_all(housemates.iter().map(|housemate| floods(&stage, housemate)));
    let (is_over, mut rounds) = (Cell::new(false), 0);
    let flood = async {
        flood.await;
        is_over.set(true);
    };
    let chat = async {
        while !is_over.get() {
            neighbours.chat_on(&stage, rounds).await;
            rounds += 1;
        }
    };
    join!(flood, chat);
    assert_ne!(rounds, 0);
    for housemate in &housemates {
        // What it says itself may have to wait, since the session's frames are counted together.
        assert_undisturbed(housemate);
        housemate.sees("its socket", |screen| screen.status == Status::Open).await;
    }
    neighbours.chat_on(&stage, rounds).await;
    neighbours.assert_whole().await;
}
