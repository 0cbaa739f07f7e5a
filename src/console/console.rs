//! The console's listener.

use std::{fmt, io, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use baton_process::Shutdown;
use serde::Serialize;
use thiserror::Error;
use tokio::{net::TcpListener, time::timeout};

use crate::{
    access::{self, Door, Token},
    feeds::Feeds,
    forward::{self, Control},
    pages,
    problem::Problem,
    record::Record,
    stream,
};

/// How long connections may still take once the process stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a console does not serve any more.
#[derive(Debug, Error)]
#[error("the console's listener stopped; start the demonstration again")]
pub struct ConsoleError(#[source] io::Error);

/// Which edge takes the webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The one in the process.
    InProcess,
    /// Envoy, or another one outside.
    Envoy,
}

/// What the pages have to know of the demonstration. All of it is made for one run and good for
/// nothing else.
///
/// The `Debug` form shows neither the connector token nor the webhook's secret.
#[derive(Clone, Serialize)]
pub struct Demonstration {
    /// Where chat clients connect.
    pub chat_url: String,
    /// What they show.
    pub connector_token: String,
    /// From where they say they come.
    pub host: String,
    /// The tenant: its three parts with slashes between.
    pub tenant: String,
    /// Which edge takes the webhooks.
    pub edge: EdgeKind,
    /// Where the webhooks go.
    pub webhook_url: String,
    /// What the webhooks are signed with, so that one can be looked at in the inspector.
    pub webhook_secret: String,
}

impl fmt::Debug for Demonstration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Demonstration")
            .field("chat_url", &self.chat_url)
            .field("host", &self.host)
            .field("tenant", &self.tenant)
            .field("edge", &self.edge)
            .field("webhook_url", &self.webhook_url)
            .finish_non_exhaustive()
    }
}

/// The console of one demonstration.
#[derive(Debug)]
pub struct Console {
    demonstration: Demonstration,
    control: Control,
    token: Token,
}

/// What every request shares.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) record: Record,
    pub(crate) control: Control,
    pub(crate) shutdown: Shutdown,
    demonstration: Demonstration,
}

impl Console {
    /// A console that drives the simulator through `control`, for whoever shows the token.
    pub fn new(demonstration: Demonstration, control: Control, token: Token) -> Self {
        Self { demonstration, control, token }
    }

    /// Serves until the process stops. The listener has to be on loopback.
    ///
    /// # Errors
    ///
    /// [`ConsoleError`] if the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        feeds: Feeds,
        mut shutdown: Shutdown,
    ) -> Result<(), ConsoleError> {
        let address = listener.local_addr().map_err(ConsoleError)?;
        let record = Record::new();
        let written = tokio::spawn(feeds.run(record.clone(), shutdown.clone()));
        let served = Served {
            record,
            control: self.control,
            shutdown: shutdown.clone(),
            demonstration: self.demonstration,
        };
        let router = router(served, Door::new(address, self.token));
        let mut stopping = shutdown.clone();
        let stop = async move { stopping.begun().await };
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop).into_future();
        let mut serving = std::pin::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = shutdown.begun() => timeout(FAREWELL, serving).await.unwrap_or(Ok(())),
        };
        written.abort();
        ended.map_err(ConsoleError)
    }
}

fn router(served: Served, door: Door) -> Router {
    let api = Router::new()
        .route("/api/demo", get(demonstration))
        .route("/api/timeline", get(stream::changes))
        .route("/api/timeline/{number}", get(entry))
        .route("/api/genesys/{*rest}", any(forward::order))
        .route("/api/{*rest}", any(async || Problem::not_found()))
        .route_layer(from_fn_with_state(door.clone(), access::check_token));
    Router::new()
        .merge(api)
        .route("/", get(pages::handoff))
        .route("/inspector", get(pages::inspector))
        .route("/assets/{name}", get(pages::asset))
        .route("/baton-chat.js", get(pages::chat))
        .fallback(async || Problem::not_found())
        .layer(from_fn_with_state(door, access::check_place))
        .layer(from_fn(pages::keep_safe))
        .with_state(served)
}

async fn demonstration(State(served): State<Served>) -> Json<Demonstration> {
    Json(served.demonstration)
}

/// `GET /api/timeline/{number}`: an entry with its payload.
async fn entry(State(served): State<Served>, Path(number): Path<String>) -> Response {
    let number = number.parse().ok();
    let entry = number.and_then(|number| served.record.read(|timeline| timeline.entry(number)));
    match entry.and_then(|entry| serde_json::to_string(&entry).ok()) {
        Some(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        None => {
            let detail = "no entry of this number is kept; GET /api/timeline lists those that are";
            Problem::new(StatusCode::NOT_FOUND, detail).into_response()
        }
    }
}
