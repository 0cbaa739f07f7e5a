//! Users and queues (Genesys reference 6.3).

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use crate::oauth::Caller;
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::paging::PageQuery;
use crate::simulator::Simulator;

const USERS: &str = "/api/v2/users";
const QUEUES: &str = "/api/v2/routing/queues";
const ESTIMATED_WAIT: &str =
    "/api/v2/routing/queues/{queueId}/mediatypes/{mediaType}/estimatedwaittime";
const VIEW_QUEUE: &str = "routing:queue:view";

/// The routes of the directory.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route(USERS, get(users))
        .route("/api/v2/users/{userId}", get(user))
        .route(QUEUES, get(queues).post(create_queue))
        .route("/api/v2/routing/queues/{queueId}", get(queue))
        .route(ESTIMATED_WAIT, get(estimated_wait))
}

type Answer = Result<Json<Value>, PlatformError>;

async fn users(State(simulator): State<Simulator>, Query(query): Query<PageQuery>) -> Answer {
    Ok(Json(query.page(USERS, simulator.ask_org(|org| org.users()))?))
}

async fn user(State(simulator): State<Simulator>, Path(id): Path<String>) -> Answer {
    Ok(Json(simulator.ask_org(|org| org.user(&id))?))
}

async fn queues(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    caller.must_have_any(&[VIEW_QUEUE])?;
    let mut queues = simulator.ask_org(|org| org.queues());
    query.retain_named(&mut queues);
    Ok(Json(query.page(QUEUES, queues)?))
}

async fn create_queue(
    State(simulator): State<Simulator>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have("routing:queue:add")?;
    Ok(Json(simulator.with_org(|org, _now| org.create_queue(&body))?))
}

async fn queue(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have_any(&[VIEW_QUEUE])?;
    Ok(Json(simulator.ask_org(|org| org.queue(&id))?))
}

async fn estimated_wait(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path((id, medium)): Path<(String, String)>,
) -> Answer {
    caller.must_have(VIEW_QUEUE)?;
    Ok(Json(simulator.ask_org(|org| org.estimated_wait(&id, &medium))?))
}
