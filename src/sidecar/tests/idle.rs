//! How a session ends that nobody uses any more, and how it is forgotten (Messaging API, 5.3 and 9).

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use baton_application::NO_TOKEN;
use baton_core::tenant::TenantKey;
use baton_sidecar::{Clock, Limits, Pacing};
use baton_store::NewSession;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Chat, Running, TOKEN, within};

/// When the test's clock begins.
const START: i64 = 1_778_155_200;

const DAY: i64 = 24 * 60 * 60;

/// A clock that a test sets.
#[derive(Clone)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// A sidecar that goes by this clock, and looks after its sessions all the time.
    async fn start(&self, directory: Arc<TempDir>) -> Running {
        self.start_with(directory, Limits::default()).await
    }

    async fn start_with(&self, directory: Arc<TempDir>, limits: Limits) -> Running {
        let second = Arc::clone(&self.0);
        let clock =
            Clock::new(move || Timestamp::from_second(second.load(Ordering::Relaxed)).unwrap());
        let sidecar = Running::start_as(directory, |sidecar| {
            sidecar.with_clock(clock).with_pacing(Pacing::scaled(0.001)).with_limits(limits)
        })
        .await;
        // It has looked at the clock once it serves.
        sidecar.access_token(TOKEN, "www.example.com").await;
        sidecar
    }

    async fn start_empty(&self) -> Running {
        self.start(Arc::new(tempfile::tempdir().unwrap())).await
    }
}

async fn has_ended(sidecar: &Running, session_id: &str) -> bool {
    sidecar.store.session(session_id).await.unwrap().unwrap().ended
}

async fn sees_end(sidecar: &Running, session_id: &str) {
    within(async {
        while !has_ended(sidecar, session_id).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// The type and the payload of the last event in the log of a session.
async fn last_event(sidecar: &Running, chat: &Chat) -> (String, Value) {
    let page = sidecar.store.events_after(&chat.session_id, 0, 100, 1_000_000).await.unwrap();
    let last = page.events.last().unwrap();
    (last.kind.clone(), serde_json::from_str(&last.payload).unwrap())
}

#[tokio::test]
async fn a_session_that_nobody_is_connected_to_ends_as_abandoned_after_ten_minutes() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    let early = sidecar.session().await;
    clock.advance(30);
    let late = sidecar.session().await;
    clock.advance(580);
    sees_end(&sidecar, &early.session_id).await;
    let end = ("EVENT_TYPE_SESSION_END".to_owned(), json!({"reason": "REASON_USER_ABANDONED"}));
    assert_eq!(last_event(&sidecar, &early).await, end);
    assert!(!has_ended(&sidecar, &late.session_id).await);
    clock.advance(30);
    sees_end(&sidecar, &late.session_id).await;
    assert_eq!(last_event(&sidecar, &late).await, end);
}

#[tokio::test]
async fn a_client_that_is_connected_keeps_its_session_for_two_hours_by_its_heartbeats_alone() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    let (chat, other) = (sidecar.session().await, sidecar.session().await);
    let mut socket = sidecar.live_socket(&chat).await;
    clock.advance(3600);
    sees_end(&sidecar, &other.session_id).await;
    let heartbeat = json!({"type": "EVENT_TYPE_HEARTBEAT", "payload": {}});
    socket.send(heartbeat.clone()).await;
    assert_eq!(socket.frame().await["type"], "EVENT_TYPE_HEARTBEAT");

    // An event begins the time again.
    sidecar.say(&chat, "Are you there?").await;
    assert_eq!(socket.frame().await["type"], "EVENT_TYPE_LIVE_AGENT_MESSAGE");
    let other = sidecar.session().await;
    clock.advance(3700);
    sees_end(&sidecar, &other.session_id).await;
    socket.send(heartbeat).await;
    assert_eq!(socket.frame().await["type"], "EVENT_TYPE_HEARTBEAT");
    clock.advance(3600);
    let end = socket.frame().await;
    assert_eq!(end["type"], "EVENT_TYPE_SESSION_END");
    assert_eq!(end["payload"]["reason"], "REASON_USER_ABANDONED");
    assert_eq!(socket.close_code().await, 1000);
}

#[tokio::test]
async fn a_client_that_went_after_a_long_silence_has_ten_minutes_to_come_again() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    let chat = sidecar.session().await;
    let socket = sidecar.live_socket(&chat).await;
    clock.advance(3600);
    let other = sidecar.session().await;
    drop(socket);
    clock.advance(300);
    let later = sidecar.session().await;
    clock.advance(310);
    // Of one who never came, and was last active when the client went.
    sees_end(&sidecar, &other.session_id).await;
    assert!(!has_ended(&sidecar, &later.session_id).await);
    if !has_ended(&sidecar, &chat.session_id).await {
        sidecar.live_socket(&chat).await;
    }
    within(async {
        while !has_ended(&sidecar, &chat.session_id).await {
            clock.advance(60);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_fell_silent_has_been_gone_ever_since() {
    let clock = TestClock::new();
    let client_silence = Duration::from_secs(1);
    let limits = Limits { client_silence, ..Limits::default() };
    let sidecar = clock.start_with(Arc::new(tempfile::tempdir().unwrap()), limits).await;
    let chat = sidecar.session().await;
    let mut silent = sidecar.live_socket(&chat).await;
    clock.advance(599);
    let other = sidecar.session().await;
    let mut leaving = sidecar.live_socket(&other).await;
    leaving.send_message(Message::Close(None)).await;
    assert_eq!(silent.close_code().await, 1001);
    // Ten minutes after the silence began, and less than that after the other client left.
    clock.advance(599);
    sees_end(&sidecar, &chat.session_id).await;
    assert!(!has_ended(&sidecar, &other.session_id).await);
}

#[tokio::test]
async fn after_a_restart_clients_have_the_whole_time_to_come_again() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    let (chat, other) = (sidecar.session().await, sidecar.session().await);
    let directory = sidecar.stop().await;
    clock.advance(3600);
    let sidecar = clock.start(directory).await;
    let marker = sidecar.session().await;
    clock.advance(590);
    let mut socket = sidecar.live_socket(&chat).await;
    clock.advance(15);
    sees_end(&sidecar, &marker.session_id).await;
    sees_end(&sidecar, &other.session_id).await;
    socket.send(json!({"type": "EVENT_TYPE_HEARTBEAT", "payload": {}})).await;
    assert_eq!(socket.frame().await["type"], "EVENT_TYPE_HEARTBEAT");
    assert!(!has_ended(&sidecar, &chat.session_id).await);
}

#[tokio::test]
async fn many_abandoned_sessions_all_end() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    for number in 0..300 {
        create(&sidecar, number, [7; 32]).await;
    }
    clock.advance(601);
    for number in 0..300 {
        sees_end(&sidecar, &format!("session-{number}")).await;
    }
}

/// Creates a session that this token opens.
async fn create(sidecar: &Running, number: usize, token_digest: [u8; 32]) -> String {
    let session_id = format!("session-{number}");
    let session = NewSession {
        session_id: session_id.clone(),
        tenant: TenantKey::new("acme", "support", "live"),
        integration_id: "integration-acme".to_owned(),
        end_user_id: format!("user-{number}"),
        external_id: None,
        token_digest,
        created_at_ms: START * 1000,
        platform: None,
        custom: None,
    };
    sidecar.store.create_session(session, Vec::new()).await.unwrap();
    session_id
}

#[tokio::test]
async fn an_application_keeps_its_session_for_two_hours_though_no_client_is_connected() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    let applications = create(&sidecar, 0, NO_TOKEN).await;
    let clients = create(&sidecar, 1, [7; 32]).await;
    clock.advance(7100);
    sees_end(&sidecar, &clients).await;
    assert!(!has_ended(&sidecar, &applications).await);
    clock.advance(200);
    sees_end(&sidecar, &applications).await;
}

#[tokio::test]
async fn a_session_is_forgotten_thirty_days_after_its_end() {
    let clock = TestClock::new();
    let sidecar = clock.start_empty().await;
    let (first, second) = (sidecar.session().await, sidecar.session().await);
    let end = json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}});
    let ends = async |chat: &Chat| {
        let mut socket = sidecar.live_socket(chat).await;
        socket.send(end.clone()).await;
        assert_eq!(socket.close_code().await, 1000);
    };
    ends(&first).await;
    clock.advance(60);
    ends(&second).await;
    clock.advance(30 * DAY - 30);
    within(async {
        while sidecar.store.session(&first.session_id).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(has_ended(&sidecar, &second.session_id).await);
}
