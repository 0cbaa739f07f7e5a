//! What end users send in (Genesys reference 3.1 and 3.2).
//!
//! Which 2xx Genesys answers is not known: it is 202 here, and a caller has to take any.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::oauth::Caller;
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::known_fields;
use crate::platform::request_faults::MessageTaken;
use crate::simulator::Simulator;

const RECEIVE: &str = "conversation:message:receive";

/// The inbound routes of Open Messaging.
pub(crate) fn routes() -> Router<Simulator> {
    let path =
        |suffix| format!("/api/v2/conversations/messages/{{integrationId}}/inbound/open/{suffix}");
    Router::new()
        .route(&path("message"), post(message))
        .route(&path("event"), post(event))
        .route(&path("receipt"), post(receipt))
        .route(&path("structured/response"), post(structured_response))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageQuery {
    #[serde(default)]
    prefetch_conversation_id: bool,
}

type Accepted = Result<(StatusCode, Json<Value>), PlatformError>;
type TakenIn = Result<(StatusCode, Extension<MessageTaken>, Json<Value>), PlatformError>;

async fn message(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(integration_id): Path<String>,
    Query(query): Query<MessageQuery>,
    JsonBody(body): JsonBody,
) -> TakenIn {
    caller.must_have(RECEIVE)?;
    simulator.count_unknown_fields(&body, known_fields::MESSAGE);
    taken_in(simulator.with_org(|org, now| {
        org.receive_message(now, &integration_id, &body, query.prefetch_conversation_id)
    })?)
}

async fn event(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(integration_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Accepted {
    caller.must_have(RECEIVE)?;
    simulator.count_unknown_fields(&body, known_fields::EVENT);
    accepted(simulator.with_org(|org, now| org.receive_event(now, &integration_id, &body))?)
}

async fn receipt(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(integration_id): Path<String>,
    JsonBody(body): JsonBody,
) -> Accepted {
    caller.must_have(RECEIVE)?;
    simulator.count_unknown_fields(&body, known_fields::RECEIPT);
    accepted(simulator.with_org(|org, now| org.receive_receipt(now, &integration_id, &body))?)
}

async fn structured_response(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(integration_id): Path<String>,
    Query(query): Query<MessageQuery>,
    JsonBody(body): JsonBody,
) -> TakenIn {
    caller.must_have(RECEIVE)?;
    simulator.count_unknown_fields(&body, known_fields::STRUCTURED_RESPONSE);
    let prefetch = query.prefetch_conversation_id;
    taken_in(simulator.with_org(|org, now| {
        org.receive_structured_response(now, &integration_id, &body, prefetch)
    })?)
}

fn taken_in(body: Value) -> TakenIn {
    let message_id = body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((StatusCode::ACCEPTED, Extension(MessageTaken(message_id)), Json(body)))
}

fn accepted(body: Value) -> Accepted {
    Ok((StatusCode::ACCEPTED, Json(body)))
}
