//! The internal listener: deliveries from the edge, and what operators ask.

mod context_links;
mod handoffs;
mod look_up;
mod state;
mod tokens;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use baton_chat::{Limits, SecretDigest};
use baton_core::tenant::TenantKey;
use baton_process::Clock;
use baton_store::{NewSession, Session, StoreError};
use serde::Serialize;
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};

use crate::{
    cause::Chain, configuration::TenantEdge, directory::Directory, intake, link::Links,
    problem::Problem, registry::Registry,
};

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
    pub(crate) edges: HashMap<TenantKey<'static>, TenantEdge>,
    /// Tells the dispatcher that there is something new in the inbox.
    pub(crate) arrived: Arc<Notify>,
    pub(crate) intakes: Semaphore,
    /// The tenants' ways to Genesys.
    pub(crate) links: Links,
}

/// The places for deliveries that are being taken in.
pub(crate) fn intakes() -> Semaphore {
    Semaphore::new(INTAKES)
}

impl Internal {
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/internal/v1/deliveries", post(intake::deliver))
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
            .route("/internal/v1/metrics", get(state::metrics))
            .route("/internal/v1/health", get(health))
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
        _ => Err(Problem::unauthorized()),
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

fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no session of this id")
}

/// What an operator learns of a session.
#[derive(Serialize)]
struct SessionShown {
    session_id: String,
    tenant: TenantKey<'static>,
    genesys: GenesysShown,
    ended: bool,
}

/// Under which ids Genesys knows the session.
#[derive(Serialize)]
struct GenesysShown {
    integration_id: String,
    end_user_id: String,
}

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

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn health(State(internal): State<Arc<Internal>>) -> Result<Response, Problem> {
    // Whatever the answer: that there is one is what counts.
    match timeout(QUESTION, internal.directory.store.session("")).await.map_err(|_| slow())? {
        Ok(_) | Err(StoreError::UnknownSession) => {
            Ok(Json(Health { status: "ok" }).into_response())
        }
        Err(error) => {
            tracing::error!(error = %Chain(&error), "the store does not answer");
            Err(Problem::try_again("the store does not answer; see the log"))
        }
    }
}

fn slow() -> Problem {
    Problem::try_again("the store took too long to answer")
}
