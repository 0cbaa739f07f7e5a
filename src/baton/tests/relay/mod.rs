//! Passes calls on to a server, and says when one of them is reached.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use reqwest::Client;
use tokio::{net::TcpListener, sync::oneshot};

/// Longer than any call or answer of a test.
const MOST_BYTES: usize = 1 << 20;

/// Where to stop: the first call has the number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of the call.
    Before(usize),
    /// The server has answered it, and the caller never hears of that.
    After(usize),
}

/// A server before another one.
pub(crate) struct Relay {
    pub(crate) address: String,
    line: Arc<Line>,
}

struct Line {
    server: String,
    client: Client,
    order: Mutex<Order>,
}

/// How many calls came, and what is to happen at one of them.
#[derive(Default)]
struct Order {
    calls: usize,
    cut: Option<Cut>,
    tell: Option<oneshot::Sender<()>>,
}

impl Relay {
    pub(crate) async fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let line = Arc::new(Line {
            server: server.to_owned(),
            client: Client::builder().no_proxy().build().unwrap(),
            order: Mutex::default(),
        });
        let router = Router::new().fallback(pass_on).with_state(Arc::clone(&line));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, line }
    }

    /// Counts the calls from here on, and tells when the one is reached at which to stop. It never
    /// gets an answer.
    pub(crate) fn cut(&self, cut: Option<Cut>) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        *self.line.order.lock().unwrap() = Order { calls: 0, cut, tell: Some(tell) };
        told
    }
}

impl Line {
    /// Counts the call.
    fn next(&self) -> usize {
        let mut order = self.order.lock().unwrap();
        order.calls += 1;
        order.calls
    }

    async fn unless_cut(&self, here: Cut) {
        let tell = {
            let mut order = self.order.lock().unwrap();
            if order.cut != Some(here) {
                return;
            }
            order.tell.take()
        };
        let _ = tell.unwrap().send(());
        std::future::pending::<()>().await;
    }
}

async fn pass_on(State(line): State<Arc<Line>>, request: Request) -> Response {
    let call = line.next();
    line.unless_cut(Cut::Before(call)).await;
    let (head, body) = request.into_parts();
    let mut headers = head.headers;
    headers.remove("host");
    let passed = line
        .client
        .request(head.method, format!("{}{}", line.server, head.uri))
        .headers(headers)
        .body(to_bytes(body, MOST_BYTES).await.unwrap());
    let answer = passed.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    if let Some(kind) = answer.headers().get("content-type") {
        response = response.header("content-type", kind);
    }
    let body = answer.bytes().await.unwrap();
    line.unless_cut(Cut::After(call)).await;
    response.body(Body::from(body)).unwrap()
}
