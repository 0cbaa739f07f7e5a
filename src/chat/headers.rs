//! Headers that every answer carries.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use crate::{Chat, cross_origin, sessions::Sessions};

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-polyai-correlation-id");

/// Adds the correlation id, the client's own or a fresh one (Messaging API, 2), what a browser
/// wants to see before it lets a page of another origin read the answer, and that the answer is
/// the last on its connection.
pub(crate) async fn add<S: Sessions>(
    State(chat): State<Arc<Chat<S>>>,
    request: Request,
    next: Next,
) -> Response {
    let correlation_id = match request.headers().get(CORRELATION_ID) {
        Some(given) if is_sane(given) => Some(given.clone()),
        _ => fresh(&chat),
    };
    let allowed_origin = cross_origin::allowed_origin(&chat.connectors, request.headers());
    let is_preflight =
        request.method() == Method::OPTIONS && request.uri().path().starts_with("/api/v1/");
    let mut response =
        if is_preflight { cross_origin::preflight() } else { next.run(request).await };
    let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    if !upgraded {
        // A connection that waited for its next request would have to be closed some time, and a
        // proxy might send the upgrade of a live session into it just then (invariant 14).
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(correlation_id) = correlation_id {
        headers.insert(CORRELATION_ID, correlation_id);
    }
    cross_origin::mark(headers, allowed_origin);
    response
}

fn is_sane(given: &HeaderValue) -> bool {
    (1..=128).contains(&given.len()) && given.as_bytes().iter().all(u8::is_ascii_graphic)
}

fn fresh<S>(chat: &Chat<S>) -> Option<HeaderValue> {
    let id = chat.random.uuid().ok()?;
    HeaderValue::from_str(&id.to_string()).ok()
}
