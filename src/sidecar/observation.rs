//! The observation listener: what monitoring asks, without a credential. It only reads, and says
//! nothing of what people say.
//!
//! - `GET /healthz`: whether the process works. If not for long, it should be started again.
//! - `GET /readyz`: whether it should get traffic.
//! - `GET /metrics`: how things stand, for Prometheus.

use std::sync::{Arc, Weak};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
    routing::get,
};
use baton_problem::Problem;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::{
    internal::{Internal, metrics_text},
    vital_signs::VitalSigns,
};

/// What the listener answers with.
#[derive(Clone)]
pub(crate) struct Observation {
    signs: VitalSigns,
    /// Not held, so that everything else can end before this listener does.
    internal: Weak<Internal>,
    /// One place for those who want metrics. Anybody may ask for them, and the store has few
    /// threads that read: this leaves one of them to everything else.
    scrapes: Arc<Semaphore>,
}

/// An answer to a probe.
#[derive(Serialize)]
struct Verdict {
    /// `ok` or `unavailable`.
    status: &'static str,
    /// What is in the way, if anything is.
    reasons: Vec<&'static str>,
}

impl Observation {
    pub(crate) fn new(signs: VitalSigns, internal: Weak<Internal>) -> Self {
        Self { signs, internal, scrapes: Arc::new(Semaphore::new(1)) }
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(health))
            .route("/readyz", get(readiness))
            .route("/metrics", get(scrape))
            .fallback(async || Problem::new(StatusCode::NOT_FOUND, "there is nothing here"))
            .method_not_allowed_fallback(async || {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the path does not take this method")
            })
            .with_state(self)
    }
}

async fn health(State(observation): State<Observation>) -> Response {
    verdict(observation.signs.ailments())
}

async fn readiness(State(observation): State<Observation>) -> Response {
    verdict(observation.signs.obstacles())
}

async fn scrape(State(observation): State<Observation>) -> Result<Response, Problem> {
    let _place = observation.scrapes.acquire().await;
    let stops = || Problem::try_again("the process is about to end");
    let internal = observation.internal.upgrade().ok_or_else(stops)?;
    metrics_text(&internal, observation.signs.store_takes_writes()).await
}

fn verdict(reasons: Vec<&'static str>) -> Response {
    let (code, status) = match reasons.is_empty() {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    (code, [(CACHE_CONTROL, "no-store")], Json(Verdict { status, reasons })).into_response()
}
