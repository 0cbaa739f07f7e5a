//! The scripted client itself: it does to a bad server what the SDKs would do (Messaging API, 5
//! to 11). What holds for this client would be missed without that.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use baton_tests::{
    chat::Session,
    sdk::{ANDROID, Delivery, IOS, PROFILES, Profile, Sdk, Status},
    wait::until,
    world::TIME_SCALE,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::CloseFrame,
    },
};

/// How a server treats a connection.
#[derive(Clone)]
enum Treatment {
    /// It refuses the upgrade with this status.
    Refuse(u16),
    /// It sends these frames, and then closes with this code.
    Close(Vec<Value>, u16),
    /// It sends these frames, and then only listens.
    Listen(Vec<Value>),
}

/// What clients asked of a server, and what they sent it.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }

    fn with(&self, part: &str) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|one| one.contains(part)).cloned().collect()
    }
}

/// A server that treats its connections one after the other in these ways, and all further ones
/// in the last.
async fn server(treatments: Vec<Treatment>) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let heard = Heard::default();
    let noted = heard.clone();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.expect("a connection");
            let treatment = treatments[number.min(treatments.len() - 1)].clone();
            let noted = noted.clone();
            tokio::spawn(treat(stream, treatment, noted));
        }
    });
    (address, heard)
}

async fn treat(stream: tokio::net::TcpStream, treatment: Treatment, heard: Heard) {
    #[allow(clippy::result_large_err, reason = "the library has it so")]
    let answer = |request: &Request, response: Response| {
        heard.note(request.uri().to_string());
        match treatment {
            Treatment::Refuse(status) => {
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = status.try_into().expect("a status");
                Err(refusal)
            }
            _ => Ok(response),
        }
    };
    let Ok(mut socket) = accept_hdr_async(stream, answer).await else { return };
    let (frames, code) = match treatment {
        Treatment::Refuse(_) => return,
        Treatment::Close(frames, code) => (frames, Some(code)),
        Treatment::Listen(frames) => (frames, None),
    };
    for frame in frames {
        let _ = socket.send(Message::text(frame.to_string())).await;
    }
    if let Some(code) = code {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        let _ = socket.close(Some(frame)).await;
    }
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            heard.note(text.as_str());
        }
    }
}

fn event(sequence: u64, kind: &str) -> Value {
    json!({
        "id": format!("event-{sequence}"), "sequence": sequence,
        "timestamp": "2026-05-07T12:00:00Z", "type": format!("EVENT_TYPE_{kind}"),
        "payload": {"text": "Hi", "message_id": format!("message-{sequence}")},
    })
}

fn batch(events: impl IntoIterator<Item = Value>) -> Value {
    let events: Vec<Value> = events.into_iter().collect();
    json!({"type": "EVENT_TYPE_EVENT_BATCH", "payload": {"events": events}})
}

fn begun() -> Vec<Value> {
    vec![batch([event(1, "SESSION_START"), event(2, "POLY_AGENT_JOINED")])]
}

fn client(profile: Profile, server: SocketAddr, pace: f64) -> Sdk {
    Sdk::resume(profile, server, Session::known("a-session", "a-token"), pace)
}

async fn comes_to(client: &Sdk, wanted: impl Fn(&Status) -> bool) {
    let look = async || wanted(&client.screen().status).then_some(());
    until("a status", look).await;
}

#[tokio::test]
async fn a_refused_upgrade_and_4001_lose_the_chat() {
    for treatment in [401, 404, 429, 503].map(Treatment::Refuse) {
        for profile in PROFILES {
            let (server, _) = server(vec![treatment.clone()]).await;
            let client = client(profile, server, TIME_SCALE);
            comes_to(&client, |status| matches!(status, Status::Lost(_))).await;
        }
    }
    let (server, _) = server(vec![Treatment::Close(begun(), 4001)]).await;
    let client = client(IOS, server, TIME_SCALE);
    comes_to(&client, |status| matches!(status, Status::Lost(_))).await;
}

#[tokio::test]
async fn after_1000_it_does_not_come_again_and_after_every_other_code_it_does_with_its_cursor() {
    let (address, heard) = server(vec![Treatment::Close(begun(), 1000)]).await;
    let done = client(ANDROID, address, TIME_SCALE);
    comes_to(&done, |status| *status == Status::Closed).await;
    assert_eq!(heard.with("/ws?").len(), 1);
    for code in [1001, 1011, 1012, 1013, 4000] {
        let treatments = vec![Treatment::Close(begun(), code), Treatment::Listen(begun())];
        let (address, heard) = server(treatments).await;
        let client = client(IOS, address, 0.005);
        client.sees("another socket", |screen| screen.opened == 2).await;
        client.sees("what is known", |screen| screen.repeated == 2).await;
        let first = "/ws?access_token=a-token&session_id=a-session";
        assert_eq!(heard.with("/ws?"), [first.to_owned(), format!("{first}&cursor=2")], "{code}");
    }
}

#[tokio::test]
async fn ios_sends_a_message_four_times_and_android_once_before_they_give_it_up() {
    for (profile, times) in [(IOS, 4), (ANDROID, 1)] {
        let (server, heard) = server(vec![Treatment::Listen(begun())]).await;
        let client = client(profile, server, 0.005);
        client.sees("a session", |screen| screen.log.len() == 2).await;
        let local_id = client.say("hello");
        let failed =
            client.sees("a failure", |screen| screen.said(&local_id).delivery == Delivery::Failed);
        assert_eq!(failed.await.bubbles.len(), 1);
        let sent = heard.with("hello");
        assert_eq!(sent.len(), times);
        assert!(sent.iter().all(|frame| *frame == sent[0]), "they are identical");
    }
}

#[tokio::test]
async fn it_joins_where_no_bot_has_joined_by_the_same_batch() {
    let apart = vec![batch([event(1, "SESSION_START")]), batch([event(2, "POLY_AGENT_JOINED")])];
    for (frames, joins) in [(apart, 1), (vec![event(1, "SESSION_START")], 1), (begun(), 0)] {
        let last = frames.len() + usize::from(joins == 0);
        let (server, heard) = server(vec![Treatment::Listen(frames)]).await;
        let client = client(IOS, server, TIME_SCALE);
        client.sees("the batches", |screen| screen.log.len() >= last.min(2)).await;
        client.send("EVENT_TYPE_DONE", &json!({}));
        until("all", async || (!heard.with("DONE").is_empty()).then_some(())).await;
        let joined = heard.with("REQUEST_POLY_AGENT_JOIN").len();
        assert_eq!(joined, joins);
    }
}

#[tokio::test]
async fn a_batch_of_a_thousand_events_is_too_much_for_android() {
    let (server, _) = server(vec![Treatment::Listen(vec![batch(
        (1..=1000).map(|sequence| event(sequence, "POLY_AGENT_MESSAGE")),
    )])])
    .await;
    let client = client(ANDROID, server, TIME_SCALE);
    client.sees("the last", |screen| screen.log.iter().any(|one| one.sequence == Some(1000))).await;
    assert_eq!(client.screen().overflowed, 1000 - 256);
}

#[tokio::test]
async fn heartbeats_alone_do_not_keep_a_session() {
    let (server, heard) = server(vec![Treatment::Listen(begun())]).await;
    let client = client(ANDROID, server, 0.000_5);
    comes_to(&client, |status| *status == Status::Lost("the client let the session expire".into()))
        .await;
    assert!(!heard.with("HEARTBEAT").is_empty());
}
