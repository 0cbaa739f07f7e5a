//! The control routes for faults, and for what was asked.
//!
//! | call | answer |
//! |---|---|
//! | `GET /control/v1/faults` | the plan as it stands: what is left of each `next`, and how often each rule struck |
//! | `PUT /control/v1/faults` | replaces the plan; an empty object ends all faults |
//! | `POST /control/v1/faults/now` | one of `close_sockets`, `announce_maintenance`, `evict_channel`, `revoke_tokens`, at once: how many it struck |
//! | `GET /control/v1/counters` | what was counted |
//! | `GET /control/v1/requests` | the newest 1000 requests to the Platform API that were let in, oldest first |

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::control_access;
use crate::faults::{FaultPlan, check_close_code};
use crate::feed::{FaultStruck, Occurrence};
use crate::platform::counters::Counters;
use crate::platform::request_log::RecordedRequest;
use crate::simulator::Simulator;

/// The routes for faults, counters and requests.
pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/control/v1/faults", get(show).put(replace))
        .route("/control/v1/faults/now", post(strike_now))
        .route("/control/v1/counters", get(counters))
        .route("/control/v1/requests", get(requests))
        .route_layer(from_fn_with_state(simulator.clone(), control_access::admit))
        .with_state(simulator)
}

/// A fault that strikes at once.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
enum Strike {
    /// Closes the socket of one channel, or all, with this code or without a word.
    CloseSockets {
        #[serde(skip_serializing)]
        channel: Option<String>,
        code: Option<u16>,
    },
    /// Announces maintenance to one channel, or all.
    AnnounceMaintenance {
        #[serde(skip_serializing)]
        channel: Option<String>,
    },
    /// Ends a channel.
    EvictChannel {
        #[serde(skip_serializing)]
        channel: String,
    },
    /// Revokes the tokens of one OAuth client, or all, and ends their channels.
    RevokeTokens { client: Option<String> },
}

async fn show(State(simulator): State<Simulator>) -> Json<FaultPlan> {
    Json(simulator.faults.with(|faults| faults.clone()))
}

async fn replace(
    State(simulator): State<Simulator>,
    plan: Result<Json<FaultPlan>, JsonRejection>,
) -> Response {
    let Json(plan) = match plan {
        Ok(plan) => plan,
        Err(rejection) => return refusal(&rejection.body_text()),
    };
    if let Err(error) = plan.check() {
        return refusal(&error.to_string());
    }
    simulator.faults.with(|faults| faults.clone_from(&plan));
    Json(plan).into_response()
}

async fn strike_now(
    State(simulator): State<Simulator>,
    strike: Result<Json<Strike>, JsonRejection>,
) -> Response {
    let strike = match strike {
        Ok(Json(strike)) => strike,
        Err(rejection) => return refusal(&rejection.body_text()),
    };
    if let Strike::CloseSockets { code, .. } = strike
        && let Err(error) = check_close_code(code)
    {
        return refusal(&error.to_string());
    }
    simulator.configuration.feed.tell(|| {
        let fault = json!(strike);
        Occurrence::FaultStruck(FaultStruck { occasion: "now", name: String::new(), fault })
    });
    let struck = match strike {
        Strike::CloseSockets { channel, code } => {
            simulator.channels.with(|c| c.close_sockets(channel.as_deref(), code))
        }
        Strike::AnnounceMaintenance { channel } => simulator.begin_maintenance(channel.as_deref()),
        Strike::EvictChannel { channel } => {
            usize::from(simulator.channels.with(|channels| channels.evict(&channel)))
        }
        Strike::RevokeTokens { client } => simulator.revoke_tokens(client.as_deref()),
    };
    Json(json!({ "struck": struck })).into_response()
}

async fn counters(State(simulator): State<Simulator>) -> Json<Counters> {
    let mut counters = simulator.counters.with(|counters| counters.clone());
    let (channels, sockets, did_not_read, evictions) =
        simulator.channels.with(|channels| channels.counted());
    counters.channels = channels;
    counters.sockets = sockets;
    counters.sockets_that_did_not_read = did_not_read;
    counters.evictions = evictions;
    Json(counters)
}

async fn requests(State(simulator): State<Simulator>) -> Json<Vec<RecordedRequest>> {
    Json(simulator.requests.with(|requests| requests.all()))
}

fn refusal(why: &str) -> Response {
    let error: Value = json!({ "error": format!(
        "{why}; the README of the simulator shows every fault, for example \
         {{\"webhooks\": [{{\"fault\": \"duplicate\", \"next\": 1}}]}}"
    ) });
    (StatusCode::BAD_REQUEST, Json(error)).into_response()
}
