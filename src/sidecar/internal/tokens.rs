//! `POST /internal/v1/tenants/{account_id}/{project_id}/{client_env}/token`: lends a token of the
//! tenant's OAuth client to a program that shows a credential of that tenant.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, HeaderValue},
    },
    response::{IntoResponse, Response},
};
use baton_core::tenant::TenantKey;
use baton_problem::{Problem, ProblemBody};
use serde_json::json;

use super::{Internal, authorize, no_credential};
use crate::cause::Chain;

/// Borrow a token of the tenant's OAuth client
#[utoipa::path(
    post, tag = "Tenants",
    path = "/internal/v1/tenants/{account_id}/{project_id}/{client_env}/token",
    params(
        ("account_id" = String, Path, description = "The account."),
        ("project_id" = String, Path, description = "The project."),
        ("client_env" = String, Path, description = "The environment."),
    ),
    responses(
        (status = 200, description = "`access_token`, `token_type` and `expires_in`, in seconds.",
            body = Object),
        (status = 502, description = "Genesys gives none.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn lend(
    State(internal): State<Arc<Internal>>,
    Path((account_id, project_id, client_env)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = TenantKey::new(account_id, project_id, client_env);
    let link = internal.links.of(&tenant);
    // Of a tenant that is not there no credential is right: who asks learns nothing of it.
    authorize(link.map_or(&[], |link| &link.token_credentials), &headers)?;
    let link = link.ok_or_else(no_credential)?;
    match link.genesys.lend_token().await {
        Ok(lent) => {
            let body = json!({
                "access_token": lent.access_token.expose(),
                "token_type": "Bearer",
                "expires_in": lent.expires_in.as_secs(),
            });
            let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            Ok((no_store, Json(body)).into_response())
        }
        Err(error) => {
            tracing::error!(%tenant, error = %Chain(&error), "no token could be lent");
            let detail = format!("Genesys gave no token: {}", Chain(&error));
            Err(Problem::new(StatusCode::BAD_GATEWAY, detail))
        }
    }
}
