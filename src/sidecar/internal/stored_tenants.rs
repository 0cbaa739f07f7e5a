//! `/internal/v1/stored_tenants`: an operator looks at the tenants that stand in the store, changes
//! them, and rotates their webhook secrets. No answer shows a secret, but for one that was made here
//! for the answer.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, HeaderValue},
    },
    response::{IntoResponse, Response},
};
use baton_core::tenant::TenantKey;
use baton_genesys::Secret;
use baton_problem::{Problem, ProblemBody};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{Internal, authorize, slow};
use crate::{
    cause::Chain,
    tenant_book::{
        RotationBegun, RotationEnded, RotationEnding, ShownTenant, StoredTenants, TenantBookError,
        TenantChange, TenantCommand,
    },
};

/// For how long a command may take, with those before it.
const COMMAND: Duration = Duration::from_secs(10);

/// The longest time that an edge may be said to use what it has looked up: 30 days.
const LONGEST_CACHE_SECONDS: u64 = 30 * 24 * 60 * 60;

/// A body, or why there is none.
type Body = Result<Bytes, BytesRejection>;

/// The tenant that a path names.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct TenantPath {
    account_id: String,
    project_id: String,
    client_env: String,
}

/// What puts a tenant into the store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutTenant)]
pub(super) struct Put {
    /// A piece of a configuration in TOML: its one section `[[tenants]]`, in which a secret is
    /// written as `{ value = "…" }`.
    document: String,
}

/// What begins a rotation; all of it may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BeginRotation)]
pub(super) struct Begin {
    /// The new secret; without it a fresh one is made, and answered.
    secret: Option<String>,
    /// For how long an edge may use what it has looked up, where its configuration differs from the
    /// default.
    edge_cache_seconds: Option<u64>,
}

/// How a rotation ends.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct End {
    /// Whether to do so before every edge has the new secret.
    force: bool,
    /// Whether the new secret goes instead of the older one.
    cancel: bool,
}

/// List the tenants in the store
#[utoipa::path(
    get, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants",
    responses(
        (status = 200, body = StoredTenants),
        (status = 409, description = "There is no master key.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn list(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    carry_out(&internal, &headers, || Ok(TenantCommand::List)).await
}

/// Show a tenant in the store
///
/// In the place of each secret stands since when it is there.
#[utoipa::path(
    get, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}",
    params(TenantPath),
    responses(
        (status = 200, body = ShownTenant),
        (status = 404, description = "There is none in the store.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "There is no master key.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn show(
    State(internal): State<Arc<Internal>>,
    Path(tenant): Path<TenantPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    carry_out(&internal, &headers, || Ok(TenantCommand::Show(tenant.key()))).await
}

/// Put a tenant into the store
///
/// It is served from the next start of the sidecar on.
#[utoipa::path(
    put, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}",
    params(TenantPath),
    request_body(content = Put, content_type = "application/json"),
    responses(
        (status = 200, body = TenantChange),
        (status = 400, description = "The body is wrong, or names another tenant.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "There is no master key, or a rotation of its webhook secret \
            goes on.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The document is too long.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "With the tenant the whole makes no configuration.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn put(
    State(internal): State<Arc<Internal>>,
    Path(tenant): Path<TenantPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    carry_out(&internal, &headers, || {
        let Put { document } = read(&whole(body)?, "document (a text)")?;
        Ok(TenantCommand::Put { key: tenant.key(), document: Secret::new(document) })
    })
    .await
}

/// Take a tenant out of the store
///
/// It is served until the next start of the sidecar.
#[utoipa::path(
    delete, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}",
    params(TenantPath),
    responses(
        (status = 200, body = TenantChange),
        (status = 404, description = "There is none in the store.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "There is no master key.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn remove(
    State(internal): State<Arc<Internal>>,
    Path(tenant): Path<TenantPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    carry_out(&internal, &headers, || Ok(TenantCommand::Remove(tenant.key()))).await
}

/// Begin to rotate a webhook secret
///
/// Both secrets are taken from now on, until the rotation ends. Genesys may be switched to the
/// new one from the time on that the answer names.
#[utoipa::path(
    post, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}/rotation",
    params(TenantPath),
    request_body(content = Begin, content_type = "application/json"),
    responses(
        (status = 200, body = RotationBegun),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is none in the store.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "It cannot begin now; the detail says why.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "The secret cannot be used.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn begin_rotation(
    State(internal): State<Arc<Internal>>,
    Path(tenant): Path<TenantPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    carry_out(&internal, &headers, || {
        let body = whole(body)?;
        let begin = if body.is_empty() {
            Begin::default()
        } else {
            read(&body, "secret (a text) and edge_cache_seconds (a whole number)")?
        };
        let seconds = begin.edge_cache_seconds;
        if seconds.is_some_and(|seconds| seconds > LONGEST_CACHE_SECONDS) {
            let detail = format!("edge_cache_seconds has to be {LONGEST_CACHE_SECONDS} at most");
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
        }
        Ok(TenantCommand::BeginRotation {
            key: tenant.key(),
            secret: begin.secret.map(Secret::new),
            edge_cache: seconds.map(Duration::from_secs),
        })
    })
    .await
}

/// End the rotation of a webhook secret
///
/// The older secret is taken no more; where it is cancelled, the new one. Cancel it when the new
/// secret was lost, or Genesys does not take it, and only as long as Genesys signs with the older one.
#[utoipa::path(
    delete, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}/rotation",
    params(
        TenantPath,
        ("force" = Option<bool>, Query, description = "Before every edge has the new secret too."),
        ("cancel" = Option<bool>, Query, description = "The new secret goes instead of the older one."),
    ),
    responses(
        (status = 200, body = RotationEnded),
        (status = 404, description = "There is none in the store.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "Not every edge has the new secret yet, or no rotation goes on.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn end_rotation(
    State(internal): State<Arc<Internal>>,
    Path(tenant): Path<TenantPath>,
    end: Result<Query<End>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    carry_out(&internal, &headers, || {
        let detail = "the query may hold force=true or cancel=true, and nothing else";
        let wrong = || Problem::new(StatusCode::BAD_REQUEST, detail);
        let Query(end) = end.map_err(|_| wrong())?;
        let ending = match end {
            End { force: false, cancel: false } => RotationEnding::Finished,
            End { force: true, cancel: false } => RotationEnding::Forced,
            End { force: false, cancel: true } => RotationEnding::Cancelled,
            End { force: true, cancel: true } => return Err(wrong()),
        };
        Ok(TenantCommand::EndRotation { key: tenant.key(), ending })
    })
    .await
}

impl TenantPath {
    /// Its key.
    pub(super) fn key(self) -> TenantKey<'static> {
        TenantKey::new(self.account_id, self.project_id, self.client_env)
    }
}

/// The body, if it came and is not too long.
fn whole(body: Body) -> Result<Bytes, Problem> {
    body.map_err(|rejection| {
        let detail = "the body broke off, or is too long; send a shorter one";
        Problem::new(rejection.status(), detail)
    })
}

fn read<Members: DeserializeOwned>(body: &[u8], members: &str) -> Result<Members, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!(
            "the body has to be a JSON object with no more than {members}; see line {line}, \
             column {column}"
        );
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })
}

/// Carries out what the request asks for, which is read once it has shown its right.
async fn carry_out(
    internal: &Internal,
    headers: &HeaderMap,
    command: impl FnOnce() -> Result<TenantCommand, Problem>,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, headers)?;
    let done = timeout(COMMAND, internal.tenant_orders.carry_out(command()?)).await;
    let answer = done.map_err(|_| slow())?.map_err(refused)?;
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(answer)).into_response())
}

pub(super) fn refused(error: TenantBookError) -> Problem {
    use TenantBookError as Error;
    let status = match &error {
        Error::Unknown { .. } => StatusCode::NOT_FOUND,
        Error::AnotherTenant { .. } | Error::Document(_) => StatusCode::BAD_REQUEST,
        Error::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Configuration(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NoMasterKey
        | Error::NoMasterKeyFor { .. }
        | Error::InFile { .. }
        | Error::ChangeWaits { .. }
        | Error::NoWebhookSecret { .. }
        | Error::TwoSecrets { .. }
        | Error::RotationGoesOn { .. }
        | Error::SameSecret { .. }
        | Error::NoRotation { .. }
        | Error::TooEarly { .. } => StatusCode::CONFLICT,
        Error::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        Error::Store(_) | Error::Random(_) | Error::Unreadable | Error::Unwritable => {
            tracing::error!(error = %Chain(&error), "a tenant in the store was not changed");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    Problem::new(status, error.to_string())
}
