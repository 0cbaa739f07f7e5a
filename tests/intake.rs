//! What a process of the sidecar makes of the deliveries it gets, as whoever delivers, chats or
//! reads its log sees it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use baton_core::id::Id;
use baton_tests::{
    CREDENTIAL,
    chat::{Session, Socket, text_of},
    http1::{self, Answer, Connection},
    process::{Home, Process},
    sidecar::{INTEGRATION, end_user_id},
};
use rusqlite::Connection as Database;
use serde_json::{Value, json};

#[path = "flaws/intake.rs"]
mod flaws;

/// On how many connections a delivery comes at once.
const AT_ONCE: usize = 20;

/// A process with a session.
struct Stage {
    home: Home,
    process: Process,
    session: Session,
    end_user_id: String,
}

impl Stage {
    async fn set() -> Self {
        Self::set_with(&[]).await
    }

    /// The same, with these variables in the environment of the process.
    async fn set_with(environment: &[(&str, String)]) -> Self {
        let mut home = Home::new();
        let process = home.try_start(environment).await.expect("it starts");
        let session = Session::make(process.place.chat).await;
        let end_user_id = end_user_id(process.place.internal, &session.id).await;
        Self { home, process, session, end_user_id }
    }

    /// The request that delivers this.
    fn request(&self, delivery: &Value) -> Vec<u8> {
        let headers = [("authorization".to_owned(), format!("Bearer {CREDENTIAL}"))];
        let body = delivery.to_string().into_bytes();
        http1::request("POST", "/internal/v1/deliveries", &headers, &body)
    }

    async fn deliver(&self, delivery: &Value) -> Answer {
        http1::exchange(self.process.place.internal, &self.request(delivery)).await
    }

    /// Delivers the same on many connections; on each, all but the last byte is there already.
    async fn deliver_at_once(&self, delivery: &Value) -> Vec<Answer> {
        let request = self.request(delivery);
        let (last, others) = request.split_last().expect("a request");
        let mut connections = Vec::new();
        for _ in 0..AT_ONCE {
            let mut connection = Connection::open(self.process.place.internal).await;
            connection.send(others).await;
            connections.push(connection);
        }
        for connection in &mut connections {
            connection.send(&[*last]).await;
        }
        let mut answers = Vec::new();
        for connection in &mut connections {
            answers.push(connection.answer().await);
        }
        answers
    }

    /// The texts in the session's log, up to this one.
    async fn texts_until(&self, last: &str) -> Vec<String> {
        let mut socket = Socket::open(self.process.place.chat, &self.session).await;
        let events = socket.events_until(|event| text_of(event) == last).await;
        events.iter().map(text_of).filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// What an agent says.
    fn message(&self, text: &str) -> Value {
        self.delivery(
            text,
            json!({
                "type": "EVENT_TYPE_LIVE_AGENT_MESSAGE",
                "payload": {"text": text, "attachments": [], "response_suggestions": []},
            }),
        )
    }

    fn delivery(&self, name: &str, mut event: Value) -> Value {
        let id = Id::of_parts(&[self.end_user_id.as_bytes(), name.as_bytes()]);
        event["id"] = id.child(0).to_string().into();
        json!({
            "specversion": "1.0",
            "id": id.to_string(),
            "source": "/webhooks/genesys/acme/support/live",
            "type": "baton.genesys.text",
            "subject": self.end_user_id,
            "data": {
                "tenant": {"account_id": "acme", "project_id": "support", "client_env": "live"},
                "genesys": {"message_id": name, "integration_id": INTEGRATION},
                "events": [event],
            },
        })
    }
}

/// How many of the answers say this of the delivery.
fn count(answers: &[Answer], status: &str) -> usize {
    let says = |answer: &&Answer| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        answer.status == 200 && body["status"] == status
    };
    answers.iter().filter(says).count()
}

#[tokio::test]
async fn invariant_4_a_delivery_that_is_repeated_is_in_the_log_once() {
    let stage = Stage::set().await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(stage.deliver(&stage.message("once")).await);
    }
    stage.deliver(&stage.message("afterwards")).await;
    assert_eq!(stage.texts_until("afterwards").await, ["once", "afterwards"], "each once");
    assert_eq!((count(&answers, "stored"), count(&answers, "duplicate")), (1, 2));
}

#[tokio::test]
async fn invariant_4_a_delivery_that_comes_20_times_at_once_is_in_the_log_once() {
    let stage = Stage::set().await;
    let answers = stage.deliver_at_once(&stage.message("once")).await;
    stage.deliver(&stage.message("afterwards")).await;
    assert_eq!(stage.texts_until("afterwards").await, ["once", "afterwards"], "each once");
    assert_eq!((count(&answers, "stored"), count(&answers, "duplicate")), (1, AT_ONCE - 1));
}

/// In every text that nobody may find in what a process says.
const SAID: &str = "the agent said this";

#[tokio::test]
async fn invariant_10_a_process_says_nothing_of_what_is_delivered_however_talkative_it_is() {
    let stage = Stage::set_with(&[("BATON_LOG", "trace".to_owned())]).await;

    // What passes.
    let message = stage.message(SAID);
    for _ in 0..2 {
        assert_eq!(stage.deliver(&message).await.status, 200);
    }
    let typing = json!({
        "type": "EVENT_TYPE_LIVE_AGENT_TYPING", "transient_for_ms": 60_000,
        "payload": {"state": "TYPING_STATE_STARTED", "text": SAID},
    });
    assert_eq!(stage.deliver(&stage.delivery("typing", typing)).await.status, 200);
    assert_eq!(stage.texts_until(SAID).await, [SAID]);

    // What reaches nobody, and what is refused.
    let mut to_nobody = stage.message(&format!("{SAID} to nobody"));
    to_nobody["subject"] = "nobody".into();
    assert_eq!(stage.deliver(&to_nobody).await.status, 200);
    let unreadable = json!({"type": SAID, "payload": {"text": SAID}});
    assert_eq!(stage.deliver(&stage.delivery("unreadable", unreadable)).await.status, 200);
    assert_eq!(stage.deliver(&json!({"id": SAID})).await.status, 400);
    assert_eq!(stage.deliver(&json!(SAID)).await.status, 400);

    // What cannot be stored.
    let store = Database::open(stage.home.disk().join("baton.db")).expect("the store");
    store
        .execute_batch(
            "CREATE TRIGGER blocked BEFORE INSERT ON inbox
             BEGIN SELECT RAISE(ABORT, 'blocked by a test'); END",
        )
        .expect("a trigger");
    let lost = stage.message(&format!("{SAID} in vain"));
    assert_eq!(stage.deliver(&lost).await.status, 503);

    let Stage { home, process, .. } = stage;
    let said = process.stop().await;
    let log = home.log();
    assert!(log.contains(" DEBUG "), "the log is a talkative one");
    assert!(log.contains("blocked by a test"), "the log tells of the failure");
    for (place, text) in [("output", said), ("log", log)] {
        let line = text.lines().find(|line| line.contains(SAID) || line.contains(CREDENTIAL));
        assert_eq!(line, None, "the {place} shows it");
    }
}
