//! What Envoy delivers to and looks tenants up at. It counts, and keeps nothing.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    caller::Tally,
    kind::{Kind, MUST_NOT_ARRIVE},
};
use crate::{Result, plugin::DELIVERY_PATH, webhook::SECRET};

/// The one project that there is.
const PROJECT: &str = "known";

/// A sidecar of this process.
#[derive(Debug)]
pub(super) struct Sidecar {
    /// Where it listens.
    pub(super) address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    look_ups: AtomicU64,
    deliveries: AtomicU64,
    /// Deliveries of webhooks that should have been refused.
    wrong: AtomicU64,
}

impl Sidecar {
    /// Starts it on the runtime of the caller.
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let router = Router::new()
            .route("/internal/v1/tenants/{account}/{project}/{environment}/edge", get(look_up))
            .route(DELIVERY_PATH, post(deliver))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&counts));
        // It ends with the runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, counts })
    }

    /// Sees that what arrived is what was accepted.
    ///
    /// # Errors
    ///
    /// Something that was refused has arrived, or not everything that was accepted. A duplicate may
    /// arrive, and need not.
    pub(super) fn compare(&self, tally: &Tally) -> Result<()> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (deliveries, wrong) = (read(&self.counts.deliveries), read(&self.counts.wrong));
        println!("\n{deliveries} deliveries, {} look-ups", read(&self.counts.look_ups));
        let accepted = tally.count(Kind::is_delivered);
        let duplicates = tally.count(|kind| kind == Kind::Duplicate);
        if wrong > 0 {
            return Err(format!("{wrong} webhooks were delivered that had to be refused").into());
        }
        if !(accepted - duplicates..=accepted).contains(&deliveries) {
            return Err(format!(
                "{accepted} webhooks were accepted, {duplicates} of them duplicates, and \
                 {deliveries} delivered"
            )
            .into());
        }
        Ok(())
    }
}

async fn look_up(
    State(counts): State<Arc<Counts>>,
    Path((account, project, environment)): Path<(String, String, String)>,
) -> Response {
    counts.look_ups.fetch_add(1, Ordering::Relaxed);
    if project != PROJECT {
        let unknown = json!({
            "account_id": account,
            "project_id": project,
            "client_env": environment,
            "known": false,
        });
        return (StatusCode::NOT_FOUND, Json(unknown)).into_response();
    }
    Json(json!({
        "account_id": account,
        "project_id": project,
        "client_env": environment,
        "signature_secrets": [SECRET],
        "api_keys": [],
    }))
    .into_response()
}

async fn deliver(State(counts): State<Arc<Counts>>, delivery: Bytes) {
    counts.deliveries.fetch_add(1, Ordering::Relaxed);
    let mark = MUST_NOT_ARRIVE.as_bytes();
    if delivery.windows(mark.len()).any(|window| window == mark) {
        counts.wrong.fetch_add(1, Ordering::Relaxed);
    }
}
