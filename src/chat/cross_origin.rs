//! What a browser is told about pages of other origins (Fetch standard, CORS protocol).
//!
//! A page may read the answers if its host belongs to some tenant. Which tenant, a preflight
//! cannot tell: it carries no connector token. That is decided when the request itself comes.
//! No cookie is ever read, so credentials are never allowed.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{connector::Connector, host::Host};

/// What a page may send.
const ALLOWED_HEADERS: &str =
    "x-token, x-host, x-polyai-correlation-id, authorization, content-type";

/// What a page may read beside the body.
const EXPOSED_HEADERS: &str = "x-polyai-correlation-id, retry-after";

/// The origin of the request, if a page of it may read the answer.
pub(crate) fn allowed_origin(connectors: &[Connector], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let host = Host::parse(origin.to_str().ok()?)?;
    let allowed = connectors.iter().any(|connector| connector.takes(&host));
    allowed.then(|| origin.clone())
}

/// Tells the browser who may read the answer, and a cache that this depends on who asks.
pub(crate) fn mark(headers: &mut HeaderMap, allowed_origin: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed_origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// The answer to a browser that asks what a page may do.
pub(crate) fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
