//! The two requests that lead to a socket: for an access token, and for a session.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    Chat, connector,
    digest::SecretDigest,
    limits::Limits,
    refusal::Refusal,
    session_request,
    sessions::{CreateError, Sessions},
    token,
};

/// The most bytes of a request's body.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

/// Reads the body before anything is answered, whoever asks and whether it is wanted: a connection
/// that is closed with a part of it unread is reset, and a reset may overtake the answer.
pub(crate) async fn read_body<S: Sessions>(
    State(chat): State<Arc<Chat<S>>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let request = Request::from_parts(head.clone(), body);
    let body = timeout(chat.limits.request, Bytes::from_request(request, &chat)).await;
    let body =
        body.map_err(|_| Refusal::TooSlow)?.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
            _ => Refusal::Unparseable,
        })?;
    Ok(next.run(Request::from_parts(head, body.into())).await)
}

/// Reads the body of a request that is refused, for the same reason, and keeps nothing of it.
pub(crate) async fn discard_body(request: Request, limits: &Limits) {
    let mut body = Limited::new(request.into_body(), MAX_BODY_BYTES);
    let read = async { while let Some(Ok(_)) = body.frame().await {} };
    // A body that takes longer is cut off.
    let _ = timeout(limits.request, read).await;
}

#[derive(Serialize)]
struct AccessToken {
    access_token: String,
    expires_in: i64,
    token_type: &'static str,
}

/// `POST /api/v1/access-token` (Messaging API, 2).
pub(crate) async fn access_token<S: Sessions>(
    State(chat): State<Arc<Chat<S>>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (Some(token), Some(host)) = (headers.get("x-token"), headers.get("x-host")) else {
        return Err(Refusal::MissingAuthentication);
    };
    let origin = headers.get(ORIGIN).map(text).transpose()?;
    let tenant = connector::admit(&chat.connectors, token.as_bytes(), text(host)?, origin)?;
    let user = chat.random.uuid().map_err(|error| {
        tracing::error!(%tenant, %error, "no access token was made");
        Refusal::AccessTokenFailed
    })?;
    let access_token = chat
        .access_tokens
        .mint(user.to_string(), tenant, chat.clock.now())
        .ok_or(Refusal::AccessTokenFailed)?;
    let expires_in = token::LIFETIME_SECONDS;
    let body = AccessToken { access_token, expires_in, token_type: "Bearer" };
    Ok(([(CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// The text that names a host.
fn text(header: &HeaderValue) -> Result<&str, Refusal> {
    header.to_str().map_err(|_| Refusal::WrongHost)
}

#[derive(Serialize)]
struct SessionCreated {
    session_id: String,
}

/// `POST /api/v1/sessions` (Messaging API, 3).
pub(crate) async fn create_session<S: Sessions>(
    State(chat): State<Arc<Chat<S>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let authorization = headers.get(AUTHORIZATION).ok_or(Refusal::MissingAccessToken)?;
    let token = bearer(authorization.as_bytes()).ok_or(Refusal::MissingAuthentication)?;
    let tenant =
        chat.access_tokens.check(token, chat.clock.now()).ok_or(Refusal::InvalidAccessToken)?;
    let digest = *SecretDigest::of(token.as_bytes()).as_bytes();
    let facts = session_request::read(&body)?;
    let created = chat.sessions.create(tenant, digest, facts).await;
    let session_id = created.map_err(|error| match error {
        CreateError::UnknownTenant => Refusal::InvalidAccessToken,
        CreateError::NotReady | CreateError::Failed => Refusal::SessionFailed,
    })?;
    Ok(Json(SessionCreated { session_id }).into_response())
}

/// The token of `Bearer <token>`, the scheme in any case (RFC 9110, 11.1).
fn bearer(authorization: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(authorization).ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_and_a_token_is_an_authorization() {
        assert_eq!(bearer(b"Bearer abc"), Some("abc"));
        assert_eq!(bearer(b"bearer abc"), Some("abc"));
        for other in [&b""[..], b"Bearer", b"Bearer ", b"Basic abc", b"abc", b"\xff x"] {
            assert_eq!(bearer(other), None);
        }
    }
}
