//! An edge in this process: the core's gate behind an HTTP server, for tests that are about what
//! lies behind the edge.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use baton_core::{
    configuration::Configuration,
    gate::{Gate, Head, Verdict, refusal_of_upstream},
    refusal::Refusal,
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{configuration, environment, http1};

/// An edge that runs, until it is dropped.
#[derive(Debug)]
pub struct Edge {
    /// Where webhooks go.
    pub address: SocketAddr,
    running: JoinHandle<()>,
}

struct Serving {
    gate: Gate,
    upstream: SocketAddr,
}

impl Edge {
    /// Serves webhooks and hands their deliveries to this sidecar, which decides what becomes of
    /// what Genesys' bots say.
    pub fn start(listener: TcpListener, sidecar: SocketAddr) -> Self {
        let forwarding = ("bot_messages".to_owned(), "forward".into());
        let document = configuration(&serde_json::Map::from_iter([forwarding]));
        let parsed = Configuration::parse(document.as_bytes(), &environment);
        let serving = Serving { gate: Gate::new(parsed.expect("it is valid")), upstream: sidecar };
        let address = listener.local_addr().expect("bound");
        let router = Router::new().fallback(serve).with_state(Arc::new(serving));
        let running = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the edge runs");
        });
        Self { address, running }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn serve(State(serving): State<Arc<Serving>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let headers: Vec<_> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let (proof, tenant) = match serving.gate.head(
        head.method.as_str().as_bytes(),
        path.as_bytes(),
        headers.into_iter(),
    ) {
        Head::NeedBody(proof, tenant) => (proof, tenant),
        Head::Refuse(refusal) => return answer(refusal),
        Head::NotOurs | Head::NeedTenant(..) => return StatusCode::NOT_FOUND.into_response(),
    };
    let Ok(body) = to_bytes(body, serving.gate.max_body_bytes()).await else {
        return answer(Refusal::TooLarge);
    };
    match serving.gate.body(&body, &proof, tenant.as_deref()) {
        Verdict::Refuse(refusal) => answer(refusal),
        Verdict::Forward(forward) => deliver(&serving, &forward.delivery).await,
    }
}

async fn deliver(serving: &Serving, delivery: &[u8]) -> Response {
    let own = serving.gate.delivery_headers();
    let path = own.iter().find(|(name, _)| *name == ":path").map_or("/", |(_, path)| path);
    let headers: Vec<_> = own
        .iter()
        .filter(|(name, _)| !name.starts_with(':'))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let request = http1::request("POST", path, &headers, delivery);
    let status = http1::status_of(serving.upstream, &request).await.unwrap_or(503);
    match refusal_of_upstream(status) {
        Some(refusal) => answer(refusal),
        None => (StatusCode::OK, Bytes::new()).into_response(),
    }
}

fn answer(refusal: Refusal) -> Response {
    let answer = refusal.answer();
    let status = StatusCode::from_u16(answer.status).expect("a status");
    (status, answer.body).into_response()
}
