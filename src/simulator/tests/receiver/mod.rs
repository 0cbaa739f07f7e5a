//! A webhook receiver on a loopback port that answers by a script.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;

/// What the receiver does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// Answers with this status code, and with a `location` for those that redirect.
    Status(u16),
    /// Never answers.
    Silence,
}

/// A request as it came in.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    /// The value of a header, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The receiver. It stops with the runtime of its test.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// A receiver that gives each request the next reply of `script`, and the last one for ever.
    pub(crate) async fn answering(script: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new()
            .route("/events", post(receive))
            .with_state((Arc::from(script), received.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, received }
    }

    /// Every request so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

type Script = (Arc<[Reply]>, Arc<Mutex<Vec<Received>>>);

async fn receive(
    State((script, received)): State<Script>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let position = {
        let mut received = received.lock().unwrap();
        received.push(Received { headers, body });
        received.len() - 1
    };
    let status = match script.get(position).or(script.last()).unwrap() {
        Reply::Status(status) => StatusCode::from_u16(*status).unwrap(),
        Reply::Silence => std::future::pending().await,
    };
    (status, [("location", "/events")])
}
