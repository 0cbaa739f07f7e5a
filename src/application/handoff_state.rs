//! `GET /v1/{account_id}/{project_id}/handoff_state`: what was handed over, for whoever takes over
//! (Messaging API, 13: the Handoff API).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use baton_core::tenant::TenantKey;
use baton_problem::{Problem, add_hints};
use baton_store::{ContextBy, FoundContext};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{Application, request_path::ProjectPath, sessions::ApplicationSessions};

/// By what the context is asked for.
#[derive(Deserialize)]
pub(crate) struct By {
    id: Option<String>,
    shared_id: Option<String>,
}

/// What was handed over, as it was when the handoff began.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandoffState {
    /// The session.
    id: String,
    /// The id of that in other systems.
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_id: Option<String>,
    /// What the bot or the application gave along.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

/// Why there is no answer.
#[derive(Serialize, ToSchema)]
#[schema(as = HandoffStateError)]
pub(crate) struct Error {
    /// In one line.
    error_message: String,
}

/// The same refusals as elsewhere, in the shape of the Handoff API.
#[derive(Debug)]
pub(crate) struct Refusal(Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Problem { status, detail } = self.0;
        let mut response = (status, Json(Error { error_message: detail })).into_response();
        add_hints(status, response.headers_mut());
        response
    }
}

/// Ask what was handed over
///
/// With both ids, the shared one counts. The answer is of the newest handoff that has it.
#[utoipa::path(
    get,
    tag = "Handoff state",
    path = "/v1/{account_id}/{project_id}/handoff_state",
    params(
        ProjectPath,
        ("id" = Option<String>, Query, description = "The session."),
        ("shared_id" = Option<String>, Query, description = "The id in other systems."),
    ),
    responses(
        (status = 200, description = "What was handed over.", body = HandoffState),
        (status = 400, description = "Neither id is given.", body = Error),
        (status = 401, description = "The key is missing or wrong.", body = Error),
        (status = 404, description = "Nothing was handed over under this id.", body = Error),
        (status = 429, description = "The project's applications ask too often.", body = Error),
        (status = 503, description = "Try again.", body = Error),
    ),
)]
pub(crate) async fn read_handoff_state<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(ProjectPath { account_id, project_id }): Path<ProjectPath>,
    Query(By { id, shared_id }): Query<By>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let tenant = application.admit(&account_id, &project_id, &headers)?;
    let given = |id: Option<String>| id.filter(|id| !id.is_empty());
    let by = match (given(shared_id), given(id)) {
        (Some(shared_id), _) => ContextBy::SharedId(shared_id),
        (None, Some(id)) => ContextBy::Id(id),
        (None, None) => return Err(Problem::invalid("give id or shared_id").into()),
    };
    let FoundContext { session_id, context } = find(&application, tenant, by).await?;
    let state = HandoffState {
        id: session_id,
        shared_id: context.shared_id,
        data: serde_json::from_str(&context.body).unwrap_or_default(),
    };
    Ok((StatusCode::OK, [(CACHE_CONTROL, "no-store")], Json(state)).into_response())
}

async fn find<S>(
    application: &Application<S>,
    tenant: &TenantKey<'static>,
    by: ContextBy,
) -> Result<FoundContext, Problem> {
    let found = application.asked(application.store.handoff_context(tenant, by)).await?;
    found
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "nothing was handed over under this id"))
}
