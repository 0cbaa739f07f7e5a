//! Reading requests: who asks, for which session, and with what.

use std::time::Instant;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use baton_core::tenant::TenantKey;
use baton_problem::Problem;
use baton_store::{Session, StoreError};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{Application, door};

/// The most characters of an id that an application gives.
const MAX_ID_CHARACTERS: usize = 200;

impl<S> Application<S> {
    /// The tenant whose key the request shows. The request is counted.
    pub(crate) fn admit(
        &self,
        account_id: &str,
        project_id: &str,
        headers: &HeaderMap,
    ) -> Result<&TenantKey<'static>, Problem> {
        let tenant = door::admit(&self.doors, account_id, project_id, headers);
        let tenant = tenant.ok_or_else(no_key)?;
        self.admission.admit_request(tenant, Instant::now())?;
        Ok(tenant)
    }

    /// The session of this id, if it is the tenant's.
    pub(crate) async fn session_of(
        &self,
        tenant: &TenantKey<'static>,
        session_id: &str,
    ) -> Result<Session, Problem> {
        let found = match self.asked(self.store.session(session_id)).await {
            Err(AskError::Store(StoreError::UnknownSession)) => None,
            found => found?,
        };
        let own = found.filter(|session| session.details.tenant == *tenant);
        own.ok_or_else(no_session)
    }

    /// What the store answers in time.
    pub(crate) async fn asked<T>(
        &self,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, AskError> {
        match timeout(self.limits.call, question).await {
            Ok(answer) => answer.map_err(AskError::Store),
            Err(_) => Err(AskError::Slow),
        }
    }

    /// The body of the request, as JSON. An empty one counts as an empty object.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, Problem> {
        let body = timeout(self.limits.request, Bytes::from_request(request, &())).await;
        let body = body.map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")
        })?;
        let body = body.map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 256 KiB")
            }
            _ => Problem::invalid("the body did not arrive whole"),
        })?;
        let text: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { &body };
        serde_json::from_slice(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let detail = format!(
                "the body is not the JSON object that /openapi.json describes; see line {line}, \
                 column {column}"
            );
            Problem::invalid(detail)
        })
    }
}

/// The key is missing or wrong.
fn no_key() -> Problem {
    let detail = "show an API key of the project: x-api-key: …, or authorization: Bearer …";
    Problem::unauthorized(detail)
}

/// There is no such session, or it is somebody else's.
fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no session of this id")
}

/// Why the store gave no answer.
#[derive(Debug)]
pub(crate) enum AskError {
    /// It said why.
    Store(StoreError),
    /// It took too long.
    Slow,
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Store(error) => {
                tracing::error!(%error, "an application was not answered");
                Self::try_again("the store cannot be read; try again")
            }
            AskError::Slow => Self::try_again("the store took too long to answer; try again"),
        }
    }
}

/// An id that an application gives for something of its own.
pub(crate) fn id(name: &str, id: Option<String>) -> Result<Option<String>, Problem> {
    let fits = |id: &String| (1..=MAX_ID_CHARACTERS).contains(&id.chars().count());
    match id {
        Some(id) if !fits(&id) => {
            let detail = format!("{name} has to have 1 to {MAX_ID_CHARACTERS} characters");
            Err(Problem::invalid(detail))
        }
        id => Ok(id),
    }
}
