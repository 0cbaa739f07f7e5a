//! `GET /v1/{account_id}/{project_id}/sessions/{session_id}/events`: what happens in a session, a
//! page at a time, or as it happens.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CACHE_CONTROL},
    },
    response::{IntoResponse, Response},
};
use baton_chat::logged_frame;
use baton_problem::{Problem, ProblemBody};
use baton_store::{LogPage, LoggedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    Application, event_stream, refusals::SessionRefusals, request_path::SessionPath,
    sessions::ApplicationSessions,
};

/// The most events of a page.
pub(crate) const MAX_PAGE_EVENTS: usize = 100;

/// About the most bytes of a page; a single event may be larger.
pub(crate) const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Where to begin.
#[derive(Deserialize)]
pub(crate) struct From {
    after: Option<u64>,
}

/// A page of a session's events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events, in the form of the Messaging API, in order.
    #[schema(value_type = Vec<Event>)]
    events: Vec<Box<RawValue>>,
    /// The `after` with which the next page begins.
    next_after: u64,
    /// Whether there may be more already.
    more: bool,
    /// Whether the session has ended; with `more` false nothing follows any more.
    ended: bool,
}

/// Something that happened in a session, in the form of the Messaging API.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes what the session log writes")]
pub(crate) struct Event {
    /// Its id, the same wherever it is told of.
    id: String,
    /// Its place in the session: 1 for the first, then one more for each. Null for what is shown
    /// and forgotten, such as that the agent types; this comes over a stream only.
    sequence: Option<u64>,
    /// When it happened.
    #[schema(format = DateTime)]
    timestamp: String,
    /// What happened, such as `EVENT_TYPE_LIVE_AGENT_MESSAGE`. More of them may come.
    r#type: String,
    /// What there is to say of it, by its type.
    #[schema(value_type = Object)]
    payload: (),
    /// What came along with what it repeats.
    #[schema(value_type = Option<Object>)]
    metadata: (),
}

/// Read what happens
///
/// As JSON, a page of what there is. With `Accept: text/event-stream`, Server-Sent Events: all
/// there is after the given sequence, and then what happens, until the session has ended. Each
/// has its sequence as `id`, so that a client that lost its connection goes on where it was with
/// `Last-Event-ID`, which counts more than `after`. A stream of a session that has ended, and of
/// which there is nothing more to tell, is answered 204, which tells an `EventSource` to stay
/// away.
#[utoipa::path(
    get,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/events",
    params(
        SessionPath,
        ("after" = Option<u64>, Query, description = "The sequence after which to begin; 0 for \
            the beginning."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same, of a stream."),
    ),
    responses(
        SessionRefusals,
        (status = 200, description = "What happens.", content(
            (EventPage = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 204, description = "The session has ended, and a stream would be empty."),
        (status = 400, description = "The sequence is no number.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 429, description = "The project's applications ask too often, or it, or the \
            session, has as many streams as it may have.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn read_events<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    query: Result<Query<From>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = application.admit(&account_id, &project_id, &headers)?;
    let session = application.session_of(tenant, &session_id).await?;
    let no_number = || Problem::invalid("after and Last-Event-ID have to be numbers");
    let Query(From { after }) = query.map_err(|_| no_number())?;
    if wants_stream(&headers) {
        let last = headers.get("last-event-id").filter(|last| !last.is_empty());
        let last = last.map(|last| last.to_str().ok().and_then(|last| last.parse().ok()));
        let after = match last {
            Some(last) => last.ok_or_else(no_number)?,
            None => after.unwrap_or(0),
        };
        return event_stream::open(application, session, after).await;
    }
    let after = after.unwrap_or(0);
    let LogPage { events, complete } = page(&application, &session_id, after).await?;
    let page = EventPage {
        next_after: events.last().map_or(after, |last| last.sequence),
        events: events.iter().map(frame).collect(),
        more: !complete,
        ended: session.ended,
    };
    Ok((StatusCode::OK, [(CACHE_CONTROL, "no-store")], Json(page)).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let mut kinds = accepted.flat_map(|accept| accept.split(','));
    kinds.any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/event-stream"))
}

/// The next events of the log.
pub(crate) async fn page<S>(
    application: &Application<S>,
    session_id: &str,
    after: u64,
) -> Result<LogPage, Problem> {
    let page = application.store.events_after(session_id, after, MAX_PAGE_EVENTS, MAX_PAGE_BYTES);
    Ok(application.asked(page).await?)
}

/// An event as a chat client gets it.
pub(crate) fn frame(event: &LoggedEvent) -> Box<RawValue> {
    // What is written as JSON can be read as JSON.
    RawValue::from_string(logged_frame(event).as_str().to_owned()).unwrap_or_default()
}
