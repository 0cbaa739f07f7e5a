//! `/v1/{account_id}/{project_id}/sessions/{session_id}/context_links`: an application makes a
//! link to a session's context, or revokes all that there are.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use baton_chat::timestamp_text;
use baton_problem::{Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Application, ContextLink, refusals::SessionRefusals, request_path::SessionPath,
    sessions::ApplicationSessions,
};

/// A link to the page with a session's context.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContextLinkMade {
    /// Its address. Whoever has it may look.
    #[schema(example = "https://baton.example.com/context/…?expires=1778241600&signature=…")]
    url: String,
    /// When it is good no more.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Make a link to the session's context
///
/// It leads to a page with what was said and handed over, for whoever takes over. It is good for
/// as long as the operator has configured (`application.context_link_hours`), unless it is
/// revoked.
#[utoipa::path(
    post,
    tag = "Context links",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/context_links",
    params(SessionPath),
    responses(
        SessionRefusals,
        (status = 201, description = "The link.", body = ContextLinkMade),
        (status = 409, description = "Links have no address: the operator has to add one.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn make_link<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = application.admit(&account_id, &project_id, &headers)?;
    let session = application.session_of(tenant, &session_id).await?;
    let links = application.context_links.as_ref();
    let link = links.and_then(|links| links.link(&session, application.clock.now()));
    let ContextLink { url, expires } = link.ok_or_else(|| {
        Problem::conflict("links have no address; the operator has to set application.public_url")
    })?;
    let made = ContextLinkMade { url, expires_at: timestamp_text(expires) };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(made)).into_response())
}

/// Revoke the links to the session's context
///
/// Every link that was made until now is good no more, also one that an agent has at Genesys. A
/// handoff that begins later takes a new one along.
#[utoipa::path(
    delete,
    tag = "Context links",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/context_links",
    params(SessionPath),
    responses(
        SessionRefusals,
        (status = 204, description = "They are revoked, for good."),
    ),
)]
pub(crate) async fn revoke_links<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let tenant = application.admit(&account_id, &project_id, &headers)?;
    application.session_of(tenant, &session_id).await?;
    application.asked(application.store.revoke_context_links(&session_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
