//! `DELETE /internal/v1/sessions/{session_id}/context_links`: an operator revokes the links to a
//! session's context.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use baton_problem::{Problem, ProblemBody};
use baton_store::StoreError;
use tokio::time::timeout;

use super::{Internal, QUESTION, authorize, no_session, slow};
use crate::cause::Chain;

/// Revoke the links to a session's context
///
/// Whoever opens one of them sees nothing any more.
#[utoipa::path(
    delete, tag = "Sessions", path = "/internal/v1/sessions/{session_id}/context_links",
    params(("session_id" = String, Path, description = "The session.")),
    responses(
        (status = 204, description = "They are revoked."),
        (status = 404, description = "There is no such session.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn revoke(
    State(internal): State<Arc<Internal>>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let revoked = internal.directory.store.revoke_context_links(&session_id);
    match timeout(QUESTION, revoked).await.map_err(|_| slow())? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(StoreError::UnknownSession) => Err(no_session()),
        Err(error) => {
            tracing::error!(session_id, error = %Chain(&error), "no link was revoked");
            Err(Problem::try_again("the store cannot be written; see the log"))
        }
    }
}
