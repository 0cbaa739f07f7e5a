//! How long an endpoint is told again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, http::HeaderMap as Headers, routing::post};
use baton_outbound::Reach;
use baton_process::{ShutdownTrigger, shutdown};
use baton_store::Step;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::{
    WebhookSecret,
    testing::{create_session, event, store, tenant},
};

/// A sender whose endpoint refuses everything, with one notification; the time is what is given.
struct Fixture {
    sender: WebhookSender,
    tries: Arc<AtomicUsize>,
    store: Store,
    _stop: ShutdownTrigger,
    _folder: TempDir,
}

async fn fixture(now: &str) -> Fixture {
    let tries = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let counted = Arc::clone(&tries);
    let refuse = move |_: Headers| async move {
        counted.fetch_add(1, Ordering::Relaxed);
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let router = Router::new().route("/", post(refuse));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let webhook = Webhook::new(tenant(), &url, Reach::PrivateToo, vec![secret], None).unwrap();
    let (store, folder) = store();
    let first = Step {
        events: vec![event(1, "SESSION_START", "{}")],
        notify: vec![webhook.endpoint().to_owned()],
        ..Step::default()
    };
    create_session(&store, first).await;
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
        pace,
        queued: watch::channel(()).1,
        shutdown,
    };
    Fixture { sender, tries, store, _stop: stop, _folder: folder }
}

#[tokio::test]
async fn an_event_is_given_up_after_three_days_and_tried_once_more_before() {
    let fixture = fixture("2026-05-10T12:00:01Z").await;
    let Fixture { sender, tries, store, .. } = &fixture;
    sender.send_waiting().await.unwrap();
    assert_eq!(tries.load(Ordering::Relaxed), 1);
    let left = store.next_notification(sender.webhook.endpoint()).await.unwrap();
    assert_eq!(left, None);
}

#[tokio::test]
async fn until_then_it_is_tried_again_and_waits_in_the_store() {
    let mut fixture = fixture("2026-05-10T11:59:59Z").await;
    let Fixture { sender, tries, store, .. } = &mut fixture;
    let endpoint = sender.webhook.endpoint().to_owned();
    tokio::select! {
        () = sender.send_all() => panic!("it goes on"),
        () = async {
            while tries.load(Ordering::Relaxed) < 3 {
                sleep(Duration::from_millis(1)).await;
            }
        } => {}
    }
    assert!(store.next_notification(&endpoint).await.unwrap().is_some());
}
