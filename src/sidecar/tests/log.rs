//! What the log of the process holds, and what it never does.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::harness::{
    ADMIN_CREDENTIAL, DELIVERY_CREDENTIAL, OTHER_TOKEN, Running, TOKEN, delivery, message, text_of,
    typing, within,
};

/// In every text that nobody may find in the log.
const SECRET: &str = "hunter2";

/// A log in memory. Clones share it.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what every thread of this process logs, the other tests' too.
fn record() -> Memory {
    let memory = Memory::default();
    let writer = memory.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    memory
}

#[tokio::test]
async fn invariant_10_the_log_names_place_and_cause_and_no_text_token_or_secret() {
    let log = record();
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let user = &chat.end_user_id;

    // What passes.
    sidecar.say(&chat, SECRET).await;
    assert_eq!(text_of(&socket.frame().await), SECRET);
    sidecar.deliver(&typing(user, None, 60_000)).await;
    socket.frame().await;
    let metadata = json!({"custom": {"local_id": SECRET}});
    let said = json!({
        "type": "EVENT_TYPE_USER_MESSAGE",
        "payload": {"text": SECRET},
        "metadata": metadata,
    });
    socket.send(said).await;
    socket.system_error().await;

    // What is refused.
    for frame in [json!({"type": SECRET}), json!({"text": SECRET}), json!(SECRET)] {
        socket.send(frame).await;
        socket.system_error().await;
    }
    for body in [SECRET.to_owned(), json!({"id": SECRET}).to_string()] {
        sidecar.deliver_as(DELIVERY_CREDENTIAL, body.clone()).await;
        sidecar.deliver_as(SECRET, body).await;
    }
    sidecar.admin(&chat.session_id, SECRET).await;
    let request = sidecar.access_token_request().header("x-token", SECRET);
    request.header("x-host", "www.example.com").send().await.unwrap();
    sidecar.sessions_request().bearer_auth(SECRET).send().await.unwrap();
    let query = format!("?access_token={SECRET}&session_id={}", chat.session_id);
    assert!(sidecar.upgrade(&query).await.is_err());

    // What reaches nobody, or in part.
    let mut not_configured = message(user, &format!("{SECRET} of another"));
    not_configured["data"]["tenant"]["account_id"] = "nobody".into();
    sidecar.deliver(&not_configured).await;
    sidecar.deliver(&message("baton-nobody", &format!("{SECRET} of a stranger"))).await;
    let known = message(user, "known")["data"]["events"][0].clone();
    let unknown = json!({"payload": {"text": SECRET}});
    sidecar.deliver(&delivery(user, "partly", json!([unknown, SECRET, known]))).await;
    socket.frame().await;
    socket.frame().await;

    // What fails at first.
    sidecar.tamper(
        "CREATE TRIGGER blocked BEFORE INSERT ON event
         BEGIN SELECT RAISE(ABORT, 'blocked by a test'); END",
    );
    let text = format!("{SECRET} at last");
    let late = message(user, &text);
    sidecar.deliver(&late).await;
    let Value::String(late_id) = &late["id"] else { panic!("an id is a text") };
    let told = async {
        while !log.text().contains(late_id) {
            tokio::task::yield_now().await;
        }
    };
    within(told).await;
    sidecar.tamper("DROP TRIGGER blocked");
    assert_eq!(text_of(&socket.frame().await), text);
    sidecar.stop().await;

    let log = log.text();
    let failure = log.lines().find(|line| line.contains(late_id)).unwrap();
    assert!(failure.contains(&chat.session_id), "{failure}");
    assert!(failure.contains("blocked by a test"), "{failure}");
    assert!(log.contains("a part of a delivery is skipped"));
    assert!(log.contains("tenant is not configured"));
    let secrets =
        [SECRET, TOKEN, OTHER_TOKEN, DELIVERY_CREDENTIAL, ADMIN_CREDENTIAL, &chat.access_token];
    for line in log.lines() {
        let found = secrets.iter().find(|secret| line.contains(**secret));
        assert!(found.is_none(), "{line}");
    }
}
