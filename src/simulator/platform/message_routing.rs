//! The message routing: recipients and the flows that take what comes in there. The permissions
//! are those that the documentation of Genesys' SDKs gives.

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::oauth::Caller;
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::known_fields;
use crate::platform::paging::PageQuery;
use crate::simulator::Simulator;

const RECIPIENTS: &str = "/api/v2/routing/message/recipients";
const FLOWS: &str = "/api/v2/flows";
const MANAGE: &str = "routing:message:manage";

/// The routes of recipients and flows.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route(RECIPIENTS, get(list))
        .route("/api/v2/routing/message/recipients/{recipientId}", get(read).put(route))
        .route(FLOWS, get(flows))
}

type Answer = Result<Json<Value>, PlatformError>;

/// Which flows are asked for.
#[derive(Deserialize)]
struct FlowQuery {
    #[serde(rename = "type")]
    kind: Option<String>,
}

async fn list(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    caller.must_have(MANAGE)?;
    Ok(Json(query.page(RECIPIENTS, simulator.ask_org(|org| org.recipients()))?))
}

async fn read(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have(MANAGE)?;
    Ok(Json(simulator.ask_org(|org| org.recipient(&id))?))
}

async fn route(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have(MANAGE)?;
    simulator.count_unknown_fields(&body, known_fields::RECIPIENT);
    Ok(Json(simulator.with_org(|org, _now| org.route_messages(&id, &body))?))
}

async fn flows(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
    Query(flows): Query<FlowQuery>,
) -> Answer {
    caller.must_have_any(&["architect:flow:view"])?;
    let mut found = simulator.ask_org(|org| org.flows(flows.kind.as_deref()));
    query.retain_named(&mut found);
    Ok(Json(query.page(FLOWS, found)?))
}
