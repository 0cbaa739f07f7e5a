//! The internal listener: deliveries from the edge, and what operators ask.

mod backup;
mod context_links;
mod dead_letter_filter;
mod dead_letters;
mod deliveries;
mod documentation;
mod genesys_secret;
mod handoffs;
mod look_up;
mod metrics;
mod state;
mod stored_tenants;
mod tokens;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use baton_chat::{Limits, SecretDigest};
use baton_core::tenant::TenantKey;
use baton_metrics::Metrics;
use baton_problem::{Problem, ProblemBody};
use baton_process::Clock;
use baton_store::{NewSession, Session, StoreError};
use baton_traces::Traces;
use serde::Serialize;
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};
use utoipa::ToSchema;

use crate::{
    cause::Chain, directory::Directory, intake, link::Links, orphans::Counterparts,
    registry::Registry, tenant_book::TenantOrders, tenant_edges::TenantEdges,
};

pub(crate) use documentation::TenantNamed;

pub(crate) use metrics::text as metrics_text;

/// For how long an operator's question to the store may take.
const QUESTION: Duration = Duration::from_secs(2);

/// How many deliveries are taken in at a time; more wait their turn, unread.
const INTAKES: usize = 64;

/// What the internal listener works with.
pub(crate) struct Internal {
    pub(crate) directory: Arc<Directory>,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) delivery_credentials: Vec<SecretDigest>,
    pub(crate) admin_credentials: Vec<SecretDigest>,
    pub(crate) look_up_credentials: Vec<SecretDigest>,
    /// By what the tenants' webhooks are known.
    pub(crate) edges: Arc<TenantEdges>,
    /// Changes the tenants that stand in the store.
    pub(crate) tenant_orders: TenantOrders,
    /// Tells the dispatcher that there is something new in the inbox.
    pub(crate) arrived: Arc<Notify>,
    pub(crate) intakes: Semaphore,
    /// The tenants' ways to Genesys.
    pub(crate) links: Links,
    /// With whom this process speaks for them.
    pub(crate) counterparts: Counterparts,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Whether spans are collected.
    pub(crate) traces: Traces,
}

/// The places for deliveries that are being taken in.
pub(crate) fn intakes() -> Semaphore {
    Semaphore::new(INTAKES)
}

impl Internal {
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/internal/v1/deliveries", post(intake::deliver))
            .route("/internal/v1/deliveries/{delivery_id}", get(deliveries::standing))
            .route("/internal/v1/dead_letters", get(dead_letters::list))
            .route("/internal/v1/dead_letters/replay", post(dead_letters::replay_all))
            .route("/internal/v1/dead_letters/discard", post(dead_letters::discard_all))
            .route(
                "/internal/v1/dead_letters/{id}",
                get(dead_letters::show).delete(dead_letters::discard),
            )
            .route("/internal/v1/dead_letters/{id}/replay", post(dead_letters::replay))
            .route("/internal/v1/sessions/{session_id}", get(session))
            .route("/internal/v1/sessions/{session_id}/handoffs", post(handoffs::begin))
            .route(
                "/internal/v1/sessions/{session_id}/context_links",
                delete(context_links::revoke),
            )
            .route(
                "/internal/v1/tenants/{account_id}/{project_id}/{client_env}/token",
                post(tokens::lend),
            )
            .route(
                "/internal/v1/tenants/{account_id}/{project_id}/{client_env}/edge",
                get(look_up::look_up),
            )
            .route("/internal/v1/tenants", get(state::tenants))
            .route("/internal/v1/stored_tenants", get(stored_tenants::list))
            .route(
                "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}",
                get(stored_tenants::show).put(stored_tenants::put).delete(stored_tenants::remove),
            )
            .route(
                "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}/rotation",
                post(stored_tenants::begin_rotation).delete(stored_tenants::end_rotation),
            )
            .route(
                "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}/rotation/apply",
                post(genesys_secret::apply),
            )
            .route("/internal/v1/store/backup", post(backup::back_up))
            .route("/internal/v1/openapi.json", get(documentation::show))
            .fallback(async || Problem::new(StatusCode::NOT_FOUND, "there is nothing here"))
            .method_not_allowed_fallback(async || {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the path does not take this method")
            })
            .with_state(self)
    }
}

/// Checks that the request shows one of the credentials.
pub(crate) fn authorize(credentials: &[SecretDigest], headers: &HeaderMap) -> Result<(), Problem> {
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.as_bytes().split_at_checked(7))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .map(|(_, credential)| SecretDigest::of(credential.trim_ascii()));
    match shown {
        Some(shown) if shown.is_one_of(credentials) => Ok(()),
        _ => Err(no_credential()),
    }
}

impl Internal {
    async fn find_session(&self, session_id: &str) -> Result<Option<Session>, Problem> {
        let found = timeout(QUESTION, self.directory.store.session(session_id)).await;
        match found.map_err(|_| slow())? {
            Ok(session) => Ok(session),
            Err(StoreError::UnknownSession) => Ok(None),
            Err(error) => {
                let error = Chain(&error);
                tracing::error!(session_id, %error, "a session could not be looked up");
                Err(Problem::try_again("the store cannot be read; see the log"))
            }
        }
    }
}

/// The credential is missing or wrong.
fn no_credential() -> Problem {
    Problem::unauthorized("show the credential: authorization: Bearer …")
}

fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no session of this id")
}

/// What an operator learns of a session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionShown {
    session_id: String,
    #[schema(value_type = TenantNamed)]
    tenant: TenantKey<'static>,
    genesys: GenesysShown,
    ended: bool,
}

/// Under which ids Genesys knows the session.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionInGenesys)]
struct GenesysShown {
    integration_id: String,
    end_user_id: String,
}

/// Look at a session
#[utoipa::path(
    get, tag = "Sessions", path = "/internal/v1/sessions/{session_id}",
    params(("session_id" = String, Path, description = "The session.")),
    responses(
        (status = 200, body = SessionShown),
        (status = 404, description = "There is no such session.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
async fn session(
    State(internal): State<Arc<Internal>>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let session = internal.find_session(&session_id).await?.ok_or_else(no_session)?;
    let NewSession { session_id, tenant, integration_id, end_user_id, .. } = session.details;
    let genesys = GenesysShown { integration_id, end_user_id };
    let ended = session.ended;
    Ok(Json(SessionShown { session_id, tenant, genesys, ended }).into_response())
}

fn slow() -> Problem {
    Problem::try_again("the store took too long to answer")
}
