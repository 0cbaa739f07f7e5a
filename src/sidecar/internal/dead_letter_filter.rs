//! Which dead letters an operator means.

use axum::http::StatusCode;
use baton_core::tenant::TenantKey;
use baton_problem::Problem;
use baton_store::{DeadLetterFilter, DeadLetterKind};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// Which dead letters are meant: all of them, but for what is said.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DeadLetterFilter)]
pub(super) struct FilterRequest {
    /// Those of this kind only: `delivery`, `message` or `notification`.
    #[serde(deserialize_with = "given")]
    pub(super) kind: Option<String>,
    /// Those of this tenant only: `account/project/environment`.
    #[serde(deserialize_with = "given")]
    pub(super) tenant: Option<String>,
    /// Those of this time or later only (RFC 3339).
    #[serde(deserialize_with = "given")]
    pub(super) since: Option<String>,
}

impl FilterRequest {
    /// What a request's body holds. An empty one is wrong: so are requests that forgot it, and those
    /// would mean all.
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            invalid(format!(
                "the body has to be a JSON object with no more than kind, tenant and since (texts); \
                 see line {line}, column {column}"
            ))
        })
    }
}

/// A member that is there has to be a text: a null in its place would mean more than is meant.
fn given<'de, D: Deserializer<'de>>(member: D) -> Result<Option<String>, D::Error> {
    String::deserialize(member).map(Some)
}

/// What the request means.
pub(super) fn filter(request: FilterRequest) -> Result<DeadLetterFilter, Problem> {
    let FilterRequest { kind, tenant, since } = request;
    let kind = kind.as_deref().map(|word| {
        DeadLetterKind::of_word(word)
            .ok_or_else(|| invalid("kind has to be delivery, message or notification"))
    });
    let since = since.as_deref().map(|since| {
        let since = since.parse::<Timestamp>();
        since.map_err(|_| invalid("since has to be a time such as 2026-05-07T12:00:00Z"))
    });
    Ok(DeadLetterFilter {
        kind: kind.transpose()?,
        tenant: tenant.as_deref().map(tenant_of).transpose()?,
        since_ms: since.transpose()?.map(Timestamp::as_millisecond),
    })
}

fn tenant_of(text: &str) -> Result<TenantKey<'static>, Problem> {
    let mut parts = text.split('/').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(account_id), Some(project_id), Some(client_env), None) => {
            Ok(TenantKey::new(account_id, project_id, client_env))
        }
        _ => Err(invalid("tenant has to be account/project/environment")),
    }
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
