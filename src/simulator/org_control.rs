//! The control routes that drive the people of the org, and show what truly happened in it.
//!
//! | call | answer |
//! |---|---|
//! | `GET /control/v1/org` | the switches as they stand |
//! | `PUT /control/v1/org` | the switches, replaced: one that is left out has its default |
//! | `POST /control/v1/integrations` | a further integration with its own webhook URL and secret |
//! | `GET /control/v1/conversations?end_user=…` | the conversations in short, of all or of one end user |
//! | `GET /control/v1/conversations/{id}` | everything about one of them, doubles included |
//! | `POST /control/v1/conversations/{id}/actions` | does an [`Action`] in it |
//! | `GET /control/v1/receipts` | the receipts about messages that the org never sent |
//!
//! An action answers `{"conversation": {…}}` in short and, if somebody said something, the
//! `message_id`.

use std::collections::BTreeMap;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::control::Refusal;
use crate::emissions::WebhookTarget;
use crate::org::{Action, Integration, OrgRefusal, Switches};
use crate::simulator::{LONGEST_REFUSED_SECRET, Simulator};

/// The routes that drive the org.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/control/v1/org", get(show_switches).put(replace_switches))
        .route("/control/v1/integrations", post(add_integration))
        .route("/control/v1/conversations", get(list_conversations))
        .route("/control/v1/conversations/{id}", get(show_conversation))
        .route("/control/v1/conversations/{id}/actions", post(act))
        .route("/control/v1/receipts", get(list_stray_receipts))
}

/// The order to add an integration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntegrationOrder {
    /// A UUID; a fresh one without it.
    id: Option<String>,
    /// What end users see as the sender's nickname.
    name: String,
    /// Where its webhooks go. Only `http`.
    webhook_url: String,
    /// What they are signed with: longer than 15 characters.
    signature_secret: String,
    /// What is sent with each of them.
    #[serde(default)]
    webhook_headers: BTreeMap<String, String>,
}

impl IntegrationOrder {
    fn check(&self) -> Result<(), Refusal> {
        let length = self.signature_secret.chars().count();
        if length <= LONGEST_REFUSED_SECRET {
            return Err(Refusal::bad_order(format!(
                "the signature_secret has {length} characters; Genesys takes none below 16"
            )));
        }
        match &self.id {
            Some(id) if Uuid::try_parse(id).is_err() => {
                Err(Refusal::bad_order(format!("the id {id:?} is no UUID; leave it out for one")))
            }
            _ => Ok(()),
        }
    }
}

/// Which conversations to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConversationFilter {
    /// Only those of this end user.
    end_user: Option<String>,
}

async fn show_switches(State(simulator): State<Simulator>) -> Json<Switches> {
    Json(simulator.ask_org(|org| org.switches().clone()))
}

async fn replace_switches(
    State(simulator): State<Simulator>,
    order: Result<Json<Switches>, JsonRejection>,
) -> Result<Json<Switches>, Refusal> {
    let Json(switches) = order.map_err(|rejection| {
        let example = json!({ "autopilot": { "accept_after_milliseconds": 100 } });
        unreadable(&rejection, "GET /control/v1/org shows every switch", &example)
    })?;
    simulator.with_org(|org, _now| org.set_switches(switches.clone()))?;
    Ok(Json(switches))
}

async fn add_integration(
    State(simulator): State<Simulator>,
    order: Result<Json<IntegrationOrder>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let Json(order) = order.map_err(|rejection| {
        let example = json!({
            "name": "Second", "webhook_url": "http://127.0.0.1:8080/webhooks",
            "signature_secret": "<at least 16 characters>",
        });
        unreadable(&rejection, "send a new integration", &example)
    })?;
    order.check()?;
    let sender = simulator
        .sender_to(&order.webhook_url, &order.webhook_headers)
        .map_err(|error| Refusal::bad_order(error.to_string()))?;
    let id = order.id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let headers = order.webhook_headers;
    let header_names = headers.keys().cloned().collect();
    let target = WebhookTarget { sender, headers, secret: order.signature_secret };
    let integration = Integration {
        webhook_header_names: header_names,
        ..Integration::new(id, order.name, order.webhook_url, Timestamp::now())
    };
    let added = simulator.put_integration(integration, target)?;
    Ok((StatusCode::CREATED, Json(added)))
}

async fn list_conversations(
    State(simulator): State<Simulator>,
    filter: Result<Query<ConversationFilter>, QueryRejection>,
) -> Result<Json<Vec<Value>>, Refusal> {
    let Query(filter) = filter.map_err(|rejection| {
        Refusal::bad_order(format!(
            "{}; list all conversations, or those of one with ?end_user=<id>",
            rejection.body_text()
        ))
    })?;
    Ok(Json(simulator.ask_org(|org| org.summaries(filter.end_user.as_deref()))))
}

async fn show_conversation(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(simulator.ask_org(|org| org.truth(&id))?))
}

async fn act(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    order: Result<Json<Action>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(action) = order.map_err(|rejection| {
        let example = json!({ "action": "accept", "user": "Dana" });
        unreadable(&rejection, "send one action", &example)
    })?;
    let done = simulator.with_org(|org, now| {
        let message_id = org.act(now, &id, action)?;
        Ok::<_, OrgRefusal>(json!({
            "conversation": org.summary(&id)?, "message_id": message_id,
        }))
    })?;
    Ok(Json(done))
}

async fn list_stray_receipts(State(simulator): State<Simulator>) -> Json<Vec<Value>> {
    Json(simulator.ask_org(|org| org.stray_receipts().to_vec()))
}

impl From<OrgRefusal> for Refusal {
    fn from(refusal: OrgRefusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        let thing = refusal.entity_name.zip(refusal.entity_id.as_deref());
        let error = match thing {
            Some((name, id)) => format!("there is no {name} {id:?} in the org"),
            None => refusal.message,
        };
        Self { status, error }
    }
}

fn unreadable(rejection: &JsonRejection, hint: &str, example: &Value) -> Refusal {
    Refusal::bad_order(format!(
        "{}; {hint} as a JSON object with content-type application/json, for example {example}",
        rejection.body_text()
    ))
}
