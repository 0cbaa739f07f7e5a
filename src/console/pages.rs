//! The pages and what belongs to them, from the binary.

use axum::{
    extract::{Path, Request},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

/// What a page may load, and whom it may ask: itself, and loopback for the chat, for pictures and
/// for the page with a chat's context.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
                      style-src 'self'; img-src 'self' data: http://127.0.0.1:*; \
                      connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*; \
                      frame-src http://127.0.0.1:*; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const SAFETY: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// The file without which there are no pages.
const HANDOFF: &str = "index.html";

pub(crate) async fn handoff() -> Response {
    file(HANDOFF)
}

pub(crate) async fn inspector() -> Response {
    file("inspector.html")
}

pub(crate) async fn chat() -> Response {
    file("baton-chat.js")
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    file(&name)
}

/// Puts on every answer what keeps a page to itself.
pub(crate) async fn keep_safe(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in SAFETY {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn file(name: &str) -> Response {
    match baton_web::asset(name) {
        Some(asset) => ([(CONTENT_TYPE, asset.content_type)], asset.bytes).into_response(),
        None if baton_web::asset(HANDOFF).is_some() => Problem::not_found().into_response(),
        None => Problem::new(StatusCode::SERVICE_UNAVAILABLE, baton_web::NOT_BUILT).into_response(),
    }
}
