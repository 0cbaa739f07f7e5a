//! How long an endpoint is told again, and of which sessions beside each other.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{Router, http::HeaderMap as Headers, routing::post};
use baton_metrics::Metrics;
use baton_outbound::Reach;
use baton_process::{ShutdownTrigger, shutdown};
use baton_store::Step;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Barrier};

use super::*;
use crate::{
    WebhookSecret,
    testing::{create_session_named, event, store, tenant},
};

/// When the event of a fixture is three days old.
const JUST_TOO_OLD: &str = "2026-05-10T12:00:01Z";

/// When it will soon be that.
const JUST_YOUNG: &str = "2026-05-10T11:59:59Z";

/// A sender with two notifications of each session, whose endpoint answers each try as is given;
/// and so is the time.
struct Fixture {
    sender: WebhookSender,
    /// The id that came with each try.
    tries: Arc<Mutex<Vec<String>>>,
    store: Store,
    _stop: ShutdownTrigger,
    _folder: TempDir,
}

impl Fixture {
    /// One whose endpoint answers its n-th try with this.
    async fn new(now: &str, answer: impl Fn(usize) -> u16 + Clone + Send + Sync + 'static) -> Self {
        let tries = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&tries);
        let endpoint = move |headers: Headers| async move {
            let mut heard = heard.lock().unwrap();
            heard.push(headers["webhook-id"].to_str().unwrap().to_owned());
            StatusCode::from_u16(answer(heard.len())).unwrap()
        };
        Self { tries, ..Self::serving(now, 1, Router::new().route("/", post(endpoint))).await }
    }

    /// One with so many sessions, whose endpoint is this.
    async fn serving(now: &str, sessions: usize, router: Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let webhook = Webhook::new(tenant(), &url, Reach::PrivateToo, vec![secret], None).unwrap();
        let (store, folder) = store();
        let first = Step {
            events: vec![event(1, "SESSION_START", "{}"), event(2, "SESSION_END", "{}")],
            notify: vec![webhook.endpoint().to_owned()],
            ..Step::default()
        };
        for session in 1..=sessions {
            create_session_named(&store, &format!("session-{session}"), first.clone()).await;
        }
        let pace = WebhookPace {
            retry: Duration::from_millis(1),
            retry_cap: Duration::from_millis(1),
            ..WebhookPace::default()
        };
        let (stop, shutdown) = shutdown();
        let now: Timestamp = now.parse().unwrap();
        let sender = WebhookSender {
            webhook,
            store: store.clone(),
            client: GuardedClient::new(Reach::PrivateToo, Duration::from_secs(1)).unwrap(),
            clock: Clock::new(move || now),
            metrics: Metrics::new().applications().clone(),
            traces: Traces::Off,
            pace,
            queued: watch::channel(()).1,
            shutdown,
        };
        Self { sender, tries: Arc::default(), store, _stop: stop, _folder: folder }
    }

    /// Sends until nothing waits, and says how often each event was tried, in order.
    async fn tries_of_each(&self) -> Vec<u32> {
        self.sender.send_waiting().await.unwrap();
        assert_eq!(self.store.work_counts().await.unwrap().waiting_notifications, 0);
        let tries = self.tries.lock().unwrap();
        let of_one = tries.chunk_by(|one, next| one == next);
        of_one.map(|tries| u32::try_from(tries.len()).unwrap()).collect()
    }

    /// Sends until there were so many tries, and asserts that all of them were of the first event,
    /// and that it still waits.
    async fn goes_on_with_the_first(&mut self, enough: usize) {
        let Self { sender, tries, store, .. } = self;
        let endpoint = sender.webhook.endpoint().to_owned();
        tokio::select! {
            () = sender.send_all() => panic!("it goes on"),
            () = async {
                while tries.lock().unwrap().len() < enough {
                    sleep(Duration::from_millis(1)).await;
                }
            } => {}
        }
        let tries = tries.lock().unwrap().clone();
        assert!(tries.iter().all(|id| *id == tries[0]), "{tries:?}");
        let waits = store.next_notification(&endpoint, 1).await.unwrap().unwrap();
        assert_eq!(sender.webhook.id_of(&waits), tries[0]);
    }
}

#[tokio::test]
async fn an_event_of_three_days_ago_is_tried_three_times_and_then_given_up() {
    let fixture = Fixture::new(JUST_TOO_OLD, |_| 500).await;
    assert_eq!(fixture.tries_of_each().await, [FEWEST_TRIES, FEWEST_TRIES]);
}

#[tokio::test]
async fn an_old_event_that_is_taken_at_the_last_try_is_not_given_up() {
    let last = FEWEST_TRIES as usize;
    let fixture = Fixture::new(JUST_TOO_OLD, move |n| if n < last { 500 } else { 204 }).await;
    assert_eq!(fixture.tries_of_each().await, [FEWEST_TRIES, 1]);
}

#[tokio::test]
async fn until_then_it_is_tried_again_and_waits_in_the_store() {
    Fixture::new(JUST_YOUNG, |_| 500).await.goes_on_with_the_first(20).await;
}

#[tokio::test]
async fn an_event_that_the_endpoint_calls_wrong_soon_makes_way_for_the_next() {
    for status in [400, 413, 422] {
        let most = MOST_REFUSALS as usize;
        let answer = move |n| if n <= most { status } else { 200 };
        let fixture = Fixture::new(JUST_YOUNG, answer).await;
        assert_eq!(fixture.tries_of_each().await, [MOST_REFUSALS, 1], "{status}");
    }
}

#[tokio::test]
async fn what_may_be_of_the_way_there_or_of_the_moment_is_tried_again_for_days() {
    for status in [401, 403, 404, 408, 425, 429] {
        let mut fixture = Fixture::new(JUST_YOUNG, move |_| status).await;
        fixture.goes_on_with_the_first(3 * MOST_REFUSALS as usize).await;
    }
}

#[tokio::test]
async fn failures_on_the_way_do_not_count_as_refusals() {
    let answer = |n| match n {
        40 => 200,
        n if n % 8 == 0 => 400,
        _ => 503,
    };
    let fixture = Fixture::new(JUST_YOUNG, answer).await;
    assert_eq!(fixture.tries_of_each().await[0], 40);
}

/// The sequence number of an event that a webhook tells of, and its session.
fn event_of(body: &[u8]) -> (String, u64) {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    let session = body["data"]["session"]["id"].as_str().unwrap().to_owned();
    (session, body["data"]["event"]["sequence"].as_u64().unwrap())
}

#[tokio::test]
async fn sixteen_sessions_are_told_of_beside_each_other_and_each_in_its_order() {
    // It answers none before it has heard of all.
    let (barrier, told) = (Arc::new(Barrier::new(16)), Arc::<Mutex<Vec<_>>>::default());
    let heard = Arc::clone(&told);
    let endpoint = async move |body: Bytes| {
        heard.lock().unwrap().push(event_of(&body));
        barrier.wait().await;
    };
    let router = Router::new().route("/", post(endpoint));
    Fixture::serving(JUST_YOUNG, 16, router).await.sender.send_waiting().await.unwrap();
    let told = told.lock().unwrap();
    let sessions = |sequence| {
        let told = told.iter().filter(|(_, of)| *of == sequence);
        told.map(|(session, _)| session).collect::<BTreeSet<_>>()
    };
    assert_eq!((told.len(), sessions(1).len(), sessions(2).len()), (32, 16, 16));
    assert!(told[..16].iter().all(|(_, sequence)| *sequence == 1), "{told:?}");
}

#[tokio::test]
async fn a_session_whose_event_is_not_taken_does_not_hold_up_the_others() {
    for status in [404, 500] {
        let told = Arc::<Mutex<Vec<_>>>::default();
        let heard = Arc::clone(&told);
        let endpoint = async move |body: Bytes| {
            let event = event_of(&body);
            let answer = if event.0 == "session-1" { status } else { 204 };
            heard.lock().unwrap().push(event);
            StatusCode::from_u16(answer).unwrap()
        };
        let router = Router::new().route("/", post(endpoint));
        let mut fixture = Fixture::serving(JUST_YOUNG, 3, router).await;
        fixture.sender.pace.retry_cap = Duration::from_hours(1);
        let left = async || fixture.store.work_counts().await.unwrap().waiting_notifications;
        tokio::select! {
            _ = fixture.sender.send_waiting() => panic!("some wait"),
            () = async { while left().await > 2 { sleep(Duration::from_millis(1)).await } } => {}
        }
        let told = told.lock().unwrap().clone();
        for session in ["session-2", "session-3"] {
            let of = told.iter().filter(|(of, _)| of == session);
            assert_eq!(of.map(|(_, sequence)| *sequence).collect::<Vec<_>>(), [1, 2]);
        }
        assert!(!told.contains(&("session-1".to_owned(), 2)), "{told:?}");
    }
}
