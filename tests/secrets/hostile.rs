//! Servers that hold what they get against whoever sent it: a Genesys, an application's endpoint, and
//! a collector of traces that only listens.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use baton_tests::wait::until;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

/// The token that it gives, where it gives one.
pub(crate) const HOSTILE_TOKEN: &str = "Jd7s-the-access-token-of-a-hostile-Genesys";

/// How it answers, and what it was sent.
#[derive(Default)]
struct Shared {
    refuses_tokens: bool,
    status: u16,
    asked: Vec<String>,
    bodies: Vec<u8>,
}

/// A server that answers with all that it was sent. It is gone when it is dropped.
pub(crate) struct Hostile {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

impl Hostile {
    /// One that gives tokens, and answers everything else with this status.
    pub(crate) async fn start(status: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared { status, ..Shared::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self { address, shared, serving }
    }

    /// From now on it answers with this status.
    pub(crate) fn answer(&self, status: u16) {
        self.with(|shared| shared.status = status);
    }

    /// From now on it gives no token.
    pub(crate) fn refuse_tokens(&self) {
        self.with(|shared| shared.refuses_tokens = true);
    }

    /// Waits until it was asked once more for a path that contains this.
    pub(crate) async fn is_asked_again(&self, path: &str) {
        let times =
            || self.with(|shared| shared.asked.iter().filter(|uri| uri.contains(path)).count());
        let before = times();
        until(path, async || (times() > before).then_some(())).await;
    }

    /// Waits until it was asked for a path that contains this.
    pub(crate) async fn is_asked(&self, path: &str) {
        until(path, async || self.was_asked(path).then_some(())).await;
    }

    /// Whether it was asked for a path that contains this.
    pub(crate) fn was_asked(&self, path: &str) -> bool {
        self.with(|shared| shared.asked.iter().any(|uri| uri.contains(path)))
    }

    /// All bodies that it was sent.
    pub(crate) fn bodies(&self) -> Vec<u8> {
        self.with(|shared| shared.bodies.clone())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Shared) -> T) -> T {
        use_it(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    shared.asked.push(format!("{method} {uri}"));
    shared.bodies.extend_from_slice(&body);
    let status = StatusCode::from_u16(shared.status).expect("a status");
    let said = format!("{uri} {headers:?} {}", String::from_utf8_lossy(&body));
    let echo = json!({
        "status": status.as_u16(),
        "message": said,
        "code": said,
        "error": said,
        "error_description": said,
        "description": said,
        "errors": [{"message": said}],
    });
    match uri.path() {
        "/oauth/token" if shared.refuses_tokens => {
            (StatusCode::BAD_REQUEST, Json(echo)).into_response()
        }
        "/oauth/token" => Json(json!({
            "access_token": HOSTILE_TOKEN, "token_type": "bearer", "expires_in": 86_400,
        }))
        .into_response(),
        "/hook" => {
            let elsewhere = [(header::LOCATION, format!("/elsewhere?{}", body.len()))];
            (StatusCode::FOUND, elsewhere, Json(echo)).into_response()
        }
        _ => (status, Json(echo)).into_response(),
    }
}
