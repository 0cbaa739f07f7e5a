//! The control API: who calls it decides what the simulated Genesys sends.
//!
//! | call | answer |
//! |---|---|
//! | `GET /control/v1/health` | `{"status":"ok"}` |
//! | `GET /control/v1/shapes` | every shape: name and description |
//! | `POST /control/v1/webhooks` | the record of a new sending of a shape |
//! | `POST /control/v1/raw` | the record of a new sending of exactly these bytes |
//! | `GET /control/v1/sendings` | the records of the newest 10,000 sendings, newest last |
//! | `GET /control/v1/sendings/{id}` | one record |
//!
//! The routes that drive the people of the org are in [`org_control`], those for faults in
//! `fault_control`.
//!
//! A new sending is answered with 202 at once or, with `wait`, with 200 when it is settled. Every
//! refusal is `{"error": "..."}` and says what to do.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::control_access;
use crate::delivery::SignedBody;
use crate::departure::Started;
use crate::org_control;
use crate::sending::{KEPT, Sending, State as SendingState};
use crate::signature::Kind;
use crate::simulator::Simulator;
use crate::webhook::{self, Parameters, Shape, shapes};

/// The largest order taken, in bytes: far over what a receiver has to refuse (512,000 bytes),
/// so that its refusal can be tested.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
/// The most copies that one order may ask for.
const MOST_COPIES: u32 = 1000;

/// The routes of the control API.
pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/control/v1/health", get(health))
        .route("/control/v1/shapes", get(list_shapes))
        .route("/control/v1/webhooks", post(send_webhook))
        .route("/control/v1/raw", post(send_raw))
        .route("/control/v1/sendings", get(list_sendings))
        .route("/control/v1/sendings/{id}", get(show_sending))
        .merge(org_control::routes())
        .route_layer(from_fn_with_state(simulator.clone(), control_access::admit))
        .fallback(unknown_path)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(simulator)
}

/// The order to send a shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookOrder {
    /// The name of the shape.
    shape: String,
    /// The end user's id.
    to: String,
    /// A text in the place of the shape's own.
    text: Option<String>,
    /// The conversation's id. Without it, shapes that usually carry one get that of the end
    /// user's conversation in the org or, if there is none, one that is always the same.
    conversation_id: Option<String>,
    /// Leaves the conversation's id out.
    #[serde(default)]
    omit_conversation_id: bool,
    /// Genesys' id of the message. Without it, a fresh one.
    message_id: Option<String>,
    /// How many copies of the same bytes to send at once.
    #[serde(default = "one")]
    repeat: u32,
    /// Whether to answer only when every copy is settled.
    #[serde(default)]
    wait: bool,
    /// The signature to send it with.
    #[serde(default)]
    signature: Kind,
}

/// The order to send exactly these bytes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrder {
    body: String,
    #[serde(default)]
    wait: bool,
    #[serde(default)]
    signature: Kind,
}

/// The record of a new sending, and of its further copies if there are any.
#[derive(Debug, Serialize)]
struct Acknowledgement {
    #[serde(flatten)]
    sending: Sending,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<Sending>,
}

/// An order that is not carried out.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
}

impl Refusal {
    /// 400: the order cannot be carried out as it is.
    pub(crate) fn bad_order(error: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error }
    }
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn list_shapes() -> Json<Vec<&'static Shape>> {
    Json(shapes().collect())
}

async fn send_webhook(
    State(simulator): State<Simulator>,
    order: Result<Json<WebhookOrder>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(order) = order?;
    let shape = Shape::named(&order.shape).ok_or_else(|| unknown_shape(&order.shape))?;
    order.check(shape)?;
    let (copies, wait, signature) = (order.repeat, order.wait, order.signature);
    let parameters = order.parameters(shape, &simulator);
    let signed = sign(&simulator, simulator.pictures.told_in(shape.body(&parameters)), signature);
    let send = || simulator.send(shape.name(), Some(parameters.message_id.clone()), signed.clone());
    let first = send();
    let copies = (1..copies).map(|_| send()).collect();
    Ok(answer(first, copies, wait).await)
}

async fn send_raw(
    State(simulator): State<Simulator>,
    order: Result<Json<RawOrder>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(order) = order?;
    let signed = sign(&simulator, order.body, order.signature);
    Ok(answer(simulator.send("raw", None, signed), Vec::new(), order.wait).await)
}

async fn list_sendings(State(simulator): State<Simulator>) -> Json<Vec<Sending>> {
    Json(simulator.ledger.all())
}

async fn show_sending(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Sending>, Refusal> {
    let sending = id.parse().ok().and_then(|id| simulator.ledger.get(id));
    sending.map(Json).ok_or_else(|| Refusal {
        status: StatusCode::NOT_FOUND,
        error: format!(
            "no sending {id:?} is kept; GET /control/v1/sendings lists the newest {KEPT}"
        ),
    })
}

async fn unknown_path() -> Refusal {
    Refusal {
        status: StatusCode::NOT_FOUND,
        error: "no such path; there are /control/v1/health, /control/v1/shapes, \
                /control/v1/webhooks, /control/v1/raw, /control/v1/sendings, /control/v1/org, \
                /control/v1/integrations, /control/v1/conversations, /control/v1/receipts, \
                /control/v1/faults, /control/v1/counters and /control/v1/requests"
            .into(),
    }
}

impl WebhookOrder {
    fn check(&self, shape: &Shape) -> Result<(), Refusal> {
        if self.text.is_some() && !shape.takes_text() {
            return Err(Refusal::bad_order(format!(
                "{} has no text; leave text out",
                shape.name()
            )));
        }
        if self.omit_conversation_id && self.conversation_id.is_some() {
            return Err(Refusal::bad_order(
                "give either conversation_id or omit_conversation_id".into(),
            ));
        }
        if !(1..=MOST_COPIES).contains(&self.repeat) {
            return Err(Refusal::bad_order(format!("give a repeat from 1 to {MOST_COPIES}")));
        }
        Ok(())
    }

    fn parameters(self, shape: &Shape, simulator: &Simulator) -> Parameters {
        let integration_id = &simulator.configuration.integration_id;
        let now = Timestamp::now();
        let usual_conversation_id = || {
            let carried = shape.carries_conversation_id() && !self.omit_conversation_id;
            let thread = simulator.ask_org(|org| org.thread(now, integration_id, &self.to));
            carried.then(|| {
                thread.unwrap_or_else(|| webhook::conversation_id(integration_id, &self.to))
            })
        };
        Parameters {
            conversation_id: self.conversation_id.or_else(usual_conversation_id),
            integration_id: integration_id.clone(),
            integration_name: simulator.configuration.integration_name.clone(),
            end_user_id: self.to,
            message_id: self.message_id.unwrap_or_else(webhook::message_id),
            time: now,
            text: self.text,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error }))).into_response()
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::bad_order(format!(
            "{}; send a JSON object with content-type application/json: for a shape \
             {{\"shape\": \"text-agent\", \"to\": \"<end user id>\"}}, for raw bytes \
             {{\"body\": \"<text>\"}}",
            rejection.body_text()
        ))
    }
}

fn unknown_shape(name: &str) -> Refusal {
    let names: Vec<&str> = shapes().map(Shape::name).collect();
    Refusal::bad_order(format!("no shape is called {name:?}; give one of: {}", names.join(", ")))
}

fn sign(simulator: &Simulator, body: String, signature: Kind) -> SignedBody {
    let signature = signature.value(&simulator.configuration.signature_secret, body.as_bytes());
    SignedBody { body: Bytes::from(body), signature }
}

async fn answer(first: Started, copies: Vec<Started>, wait: bool) -> Response {
    let sending = record(first, wait).await;
    let mut acknowledgement = Acknowledgement { sending, copies: Vec::with_capacity(copies.len()) };
    for copy in copies {
        acknowledgement.copies.push(record(copy, wait).await);
    }
    let pending = acknowledgement
        .copies
        .iter()
        .chain([&acknowledgement.sending])
        .any(|sending| sending.state == SendingState::Pending);
    let status = if pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, Json(acknowledgement)).into_response()
}

/// The record as it began or, with `wait`, as it ends.
async fn record(started: Started, wait: bool) -> Sending {
    let Started { sending, settled } = started;
    if wait { settled.await.unwrap_or(sending) } else { sending }
}

fn one() -> u32 {
    1
}
