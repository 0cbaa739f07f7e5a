//! An upstream that records what reaches it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A request that was recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; empty if it broke off.
    pub body: Vec<u8>,
}

/// What the upstream answers.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// The status.
    pub status: u16,
    /// How long it takes.
    pub delay: Duration,
}

/// The upstream. It stops when it is dropped.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    /// How many heads of requests came in, complete requests or not.
    heads: Mutex<usize>,
    requests: Mutex<Vec<Recorded>>,
}

impl Upstream {
    /// An upstream that answers 200 at once, on a free port.
    pub async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    /// An upstream on this listener.
    pub fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(Behaviour { status: 200, delay: Duration::ZERO }),
            heads: Mutex::new(0),
            requests: Mutex::new(Vec::new()),
        });
        let router = Router::new().fallback(record).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the upstream serves");
        });
        Self { address, shared, server }
    }

    /// Answers like this from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *lock(&self.shared.behaviour) = behaviour;
    }

    /// How many requests began to come in, be it with their headers only.
    pub fn heads(&self) -> usize {
        *lock(&self.shared.heads)
    }

    /// The complete requests, and forgets them.
    pub fn take(&self) -> Vec<Recorded> {
        *lock(&self.shared.heads) = 0;
        std::mem::take(&mut lock(&self.shared.requests))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn record(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    *lock(&shared.heads) += 1;
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    lock(&shared.requests).push(Recorded {
        method: head.method.to_string(),
        path,
        headers: head.headers,
        body: body.to_vec(),
    });
    let behaviour = *lock(&shared.behaviour);
    tokio::time::sleep(behaviour.delay).await;
    let status = StatusCode::from_u16(behaviour.status).expect("a status");
    (status, [("x-upstream", "seen")], "the upstream's own words").into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panicked in here")
}
