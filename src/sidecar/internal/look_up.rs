//! `GET /internal/v1/tenants/{account_id}/{project_id}/{client_env}/edge`: tells an edge by what
//! the tenant's webhooks are known.

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
use serde_json::json;

use super::{Internal, authorize};
use crate::problem::Problem;

pub(super) async fn look_up(
    State(internal): State<Arc<Internal>>,
    Path((account_id, project_id, client_env)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.look_up_credentials, &headers)?;
    let key = TenantKey::new(account_id, project_id, client_env);
    let Some(edge) = internal.edges.get(&key) else {
        let detail = "there is no such tenant, or it has no section [tenants.edge]";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    };
    let secrets: Vec<&str> = edge.signature_secrets.iter().map(|secret| secret.expose()).collect();
    let api_keys: Vec<String> = edge.api_keys.iter().map(|digest| digest.to_hex()).collect();
    // What `baton_core::look_up` reads.
    let body = json!({
        "account_id": key.account_id,
        "project_id": key.project_id,
        "client_env": key.client_env,
        "signature_secrets": secrets,
        "api_keys": api_keys,
    });
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(body)).into_response())
}
