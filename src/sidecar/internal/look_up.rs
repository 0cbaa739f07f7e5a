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
use baton_problem::Problem;
use serde_json::{Value, json};

use super::{Internal, authorize};
use crate::configuration::TenantEdge;

/// Look up by what a tenant's webhooks are known
///
/// For edges.
#[utoipa::path(
    get, tag = "Tenants",
    path = "/internal/v1/tenants/{account_id}/{project_id}/{client_env}/edge",
    params(
        ("account_id" = String, Path, description = "The account."),
        ("project_id" = String, Path, description = "The project."),
        ("client_env" = String, Path, description = "The environment."),
    ),
    responses(
        (status = 200, description = "The tenant's key, `signature_secrets`, `api_keys` and \
            `bot_messages`.", body = Object),
        (status = 404, description = "The tenant's key, and `known`, which is false.",
            body = Object),
    ),
    security(("look_up" = [])),
)]
pub(super) async fn look_up(
    State(internal): State<Arc<Internal>>,
    Path((account_id, project_id, client_env)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.look_up_credentials, &headers)?;
    let key = TenantKey::new(account_id, project_id, client_env);
    let (status, body) = match internal.edges.now().tenants.get(&key) {
        Some(edge) => (StatusCode::OK, known(&key, edge)),
        None => (StatusCode::NOT_FOUND, unknown(&key)),
    };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((status, no_store, Json(body)).into_response())
}

// `baton_core::look_up` reads both.

fn known(key: &TenantKey<'_>, edge: &TenantEdge) -> Value {
    let secrets: Vec<&str> = edge.signature_secrets.iter().map(|secret| secret.expose()).collect();
    let api_keys: Vec<String> = edge.api_keys.iter().map(|digest| digest.to_hex()).collect();
    let mut body = json!({
        "account_id": key.account_id,
        "project_id": key.project_id,
        "client_env": key.client_env,
        "signature_secrets": secrets,
        "api_keys": api_keys,
    });
    if let (Some(members), Some(own)) = (body.as_object_mut(), edge.bot_messages) {
        members.insert("bot_messages".to_owned(), own.word().into());
    }
    body
}

/// It names the tenant, so that an edge takes nobody else's 404 for it.
fn unknown(key: &TenantKey<'_>) -> Value {
    json!({
        "account_id": key.account_id,
        "project_id": key.project_id,
        "client_env": key.client_env,
        "known": false,
        "detail": "there is no such tenant, or it has no section [tenants.edge]",
    })
}
