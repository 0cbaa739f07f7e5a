//! `/internal/v1/dead_letters`: what reached nobody, for an operator to look at, send again or
//! throw away.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
};
use baton_core::tenant::TenantKey;
use baton_problem::{Problem, ProblemBody};
use baton_store::{
    DeadLetter, DeadLetterContent, DeadLetterFilter, DeadLetterKind, Replayed, Store, StoreError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{
    Internal, QUESTION, authorize,
    dead_letter_filter::{FilterRequest, filter},
    deliveries::time,
    documentation::TenantNamed,
    slow,
};
use crate::{actor::ActorMessage, cause::Chain};

/// How many are on a page, unless the request says otherwise.
const PAGE: usize = 100;

/// The most on a page.
const LONGEST_PAGE: usize = 1000;

/// How many are replayed or thrown away in one transaction.
const AT_ONCE: usize = 100;

/// A dead letter without what it holds.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub(super) struct DeadLetterShown {
    /// Its place in the order in which they were given up.
    id: u64,
    /// `delivery`, `message` or `notification`.
    kind: &'static str,
    #[schema(value_type = TenantNamed)]
    tenant: TenantKey<'static>,
    /// Its session; absent for a delivery that belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    /// The delivery's or the message's id, or the name of the notification's endpoint.
    about: String,
    /// Why it reached nobody.
    reason: String,
    /// When a delivery was received, and when anything else was given up.
    #[schema(format = DateTime)]
    at: String,
}

impl From<DeadLetter> for DeadLetterShown {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { number, kind, tenant, session_id, about, reason, at_ms } = letter;
        let kind = kind.word();
        Self { id: number, kind, tenant, session_id, about, reason, at: time(at_ms) }
    }
}

/// A dead letter with what it holds.
#[derive(Serialize, ToSchema)]
#[schema(as = WholeDeadLetter)]
pub(super) struct DeadLetterOpened {
    #[serde(flatten)]
    letter: DeadLetterShown,
    /// What people wrote is in here.
    body: Value,
}

/// A page of dead letters, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = DeadLetters)]
pub(super) struct Page {
    dead_letters: Vec<DeadLetterShown>,
    /// The `after` of the next page; absent when this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<u64>,
}

/// Which dead letters are listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Those with a higher id only.
    #[serde(default)]
    after: u64,
    /// How many at most: 100 unless it is said, 1000 at most.
    limit: Option<usize>,
    /// Those of this kind only: `delivery`, `message` or `notification`.
    kind: Option<String>,
    /// Those of this tenant only: `account/project/environment`.
    tenant: Option<String>,
    /// Those of this time or later only (RFC 3339).
    since: Option<String>,
}

/// What came of replaying dead letters.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = ReplayedDeadLetters)]
pub(super) struct ReplayedShown {
    /// How many wait again where they waited before they were given up.
    replayed: u64,
    /// How many stay dead letters, by why.
    refused: BTreeMap<String, u64>,
}

/// How many were thrown away.
#[derive(Serialize, ToSchema)]
#[schema(as = DiscardedDeadLetters)]
pub(super) struct DiscardedShown {
    discarded: u64,
}

/// List what reached nobody
///
/// Nothing of what people wrote is in the list.
#[utoipa::path(
    get, tag = "Dead letters", path = "/internal/v1/dead_letters", params(ListQuery),
    responses(
        (status = 200, body = Page),
        (status = 400, description = "The query is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn list(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let Query(ListQuery { after, limit, kind, tenant, since }) = query.map_err(|_| {
        let detail = "the query takes after, limit, kind, tenant and since, and nothing else";
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let filter = filter(FilterRequest { kind, tenant, since })?;
    let limit = limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE);
    let letters = within(store(&internal).dead_letters(filter, after, limit + 1)).await?;
    let next_after = letters.get(limit.saturating_sub(1)).map(|last| last.number);
    let next_after = next_after.filter(|_| letters.len() > limit);
    let dead_letters = letters.into_iter().take(limit).map(Into::into).collect();
    Ok(Json(Page { dead_letters, next_after }))
}

/// Show a dead letter with what it holds
#[utoipa::path(
    get, tag = "Dead letters", path = "/internal/v1/dead_letters/{id}",
    params(("id" = u64, Path, description = "Its id in the list.")),
    responses(
        (status = 200, body = DeadLetterOpened),
        (status = 404, description = "There is none.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn show(
    State(internal): State<Arc<Internal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<DeadLetterOpened>, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let found = within(store(&internal).dead_letter(number(&id)?)).await?;
    let (letter, content) = found.ok_or_else(no_letter)?;
    Ok(Json(DeadLetterOpened { letter: letter.into(), body: readable(content) }))
}

/// Throw a dead letter away
#[utoipa::path(
    delete, tag = "Dead letters", path = "/internal/v1/dead_letters/{id}",
    params(("id" = u64, Path, description = "Its id in the list.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn discard(
    State(internal): State<Arc<Internal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let was_there = within(store(&internal).discard_dead_letter(number(&id)?)).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(no_letter()) }
}

/// Send a dead letter on its way again
///
/// A delivery is given to its session again, a notification to its endpoint, a message to Genesys
/// as long as its handoff goes on. What stands in a session already does not enter it again.
#[utoipa::path(
    post, tag = "Dead letters", path = "/internal/v1/dead_letters/{id}/replay",
    params(("id" = u64, Path, description = "Its id in the list.")),
    responses(
        (status = 204, description = "It waits where it waited before it was given up."),
        (status = 404, description = "There is none.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "It cannot be sent any more, and stays.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn replay(
    State(internal): State<Arc<Internal>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let id = number(&id)?;
    let replayed = carried_out(async move {
        let replayed = store(&internal).replay_dead_letter(id).await?;
        set_going(&internal, replayed.as_slice()).await;
        Ok(replayed)
    });
    let Replayed { outcome, .. } = replayed.await?.ok_or_else(no_letter)?;
    outcome.map_err(|refused| Problem::new(StatusCode::CONFLICT, refused.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send all that are meant on their way again
///
/// An object without members means all of them.
#[utoipa::path(
    post, tag = "Dead letters", path = "/internal/v1/dead_letters/replay",
    request_body = FilterRequest,
    responses(
        (status = 200, body = ReplayedShown),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn replay_all(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Json<ReplayedShown>, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let filter = filter(FilterRequest::read(&body)?)?;
    // What becomes a dead letter meanwhile, perhaps once more, is not meant.
    let through = within(store(&internal).newest_dead_letter()).await?;
    let mut shown = ReplayedShown::default();
    let mut after = 0;
    loop {
        let meant = next_meant(&internal, &filter, after, through).await?;
        let Some(last) = meant.last() else { return Ok(Json(shown)) };
        after = *last;
        let internal = Arc::clone(&internal);
        let replayed = carried_out(async move {
            let replayed = store(&internal).replay_dead_letters(meant).await?;
            set_going(&internal, &replayed).await;
            Ok(replayed)
        });
        for Replayed { outcome, .. } in replayed.await? {
            match outcome {
                Ok(()) => shown.replayed += 1,
                Err(refused) => *shown.refused.entry(refused.to_string()).or_default() += 1,
            }
        }
    }
}

/// Throw all away that are meant
///
/// An object without members means all of them.
#[utoipa::path(
    post, tag = "Dead letters", path = "/internal/v1/dead_letters/discard",
    request_body = FilterRequest,
    responses(
        (status = 200, body = DiscardedShown),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn discard_all(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Json<DiscardedShown>, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let filter = filter(FilterRequest::read(&body)?)?;
    let through = within(store(&internal).newest_dead_letter()).await?;
    let (mut discarded, mut after) = (0, 0);
    loop {
        let meant = next_meant(&internal, &filter, after, through).await?;
        let Some(last) = meant.last() else { return Ok(Json(DiscardedShown { discarded })) };
        after = *last;
        discarded += within(store(&internal).discard_dead_letters(meant)).await?;
    }
}

/// The numbers of the next that are meant: those above `after`, and not above `through`. They are
/// looked for where nobody waits to write.
async fn next_meant(
    internal: &Internal,
    filter: &DeadLetterFilter,
    after: u64,
    through: u64,
) -> Result<Vec<u64>, Problem> {
    let meant = within(store(internal).dead_letters(filter.clone(), after, AT_ONCE)).await?;
    Ok(meant.into_iter().map(|letter| letter.number).filter(|number| *number <= through).collect())
}

/// Tells whoever takes them next that they wait again.
async fn set_going(internal: &Internal, replayed: &[Replayed]) {
    for Replayed { letter, .. } in replayed.iter().filter(|one| one.outcome.is_ok()) {
        tell(internal, letter).await;
    }
}

async fn tell(internal: &Internal, letter: &DeadLetter) {
    match (letter.kind, &letter.session_id) {
        (DeadLetterKind::Delivery, Some(session_id)) => {
            if let Some(actor) = internal.registry.actor(session_id) {
                actor.wake();
            }
        }
        (DeadLetterKind::Message, Some(session_id)) => {
            if let Some(actor) = internal.registry.actor(session_id) {
                // One that is gone reads the outbox when it comes again.
                let _ = actor.send(ActorMessage::OutboxFilled).await;
            }
        }
        (DeadLetterKind::Notification, _) => internal.registry.tell_endpoints(&letter.tenant),
        (DeadLetterKind::Delivery | DeadLetterKind::Message, None) => {}
    }
}

fn readable(content: DeadLetterContent) -> Value {
    match content {
        DeadLetterContent::Body(body) => serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned())),
        DeadLetterContent::Event(event) => json!({
            "sequence": event.sequence,
            "id": event.id,
            "type": event.kind,
            "timestamp": event.timestamp,
            "payload": json_or_text(&event.payload),
            "metadata": event.metadata.as_deref().map(json_or_text),
        }),
    }
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn store(internal: &Internal) -> &Store {
    &internal.directory.store
}

fn number(id: &str) -> Result<u64, Problem> {
    id.parse().map_err(|_| no_letter())
}

fn no_letter() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no dead letter of this id")
}

/// Goes on to the end also if whoever asked has gone: nobody else says what goes on its way again.
async fn carried_out<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, Problem> {
    let work = tokio::spawn(work);
    within(async { work.await.unwrap_or(Err(StoreError::Closed)) }).await
}

async fn within<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, Problem> {
    timeout(QUESTION, asked).await.map_err(|_| slow())?.map_err(|error| {
        tracing::error!(error = %Chain(&error), "the dead letters are not to be had");
        Problem::try_again("the store does not answer; see the log")
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_begun_is_carried_out_though_whoever_asked_has_gone() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let asked = carried_out(async move {
            tokio::time::sleep(QUESTION * 2).await;
            tell.send("set going").unwrap();
            Ok(())
        });
        assert!(timeout(Duration::from_secs(1), asked).await.is_err());
        assert_eq!(told.await, Ok("set going"));
    }
}
