//! What an HTTP request is refused with, in the Messaging API's own words.

use std::time::Duration;

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// What the published clients know a session by that could not be created. The documentation has
/// another text for it (Messaging API, 4).
const SESSION_FAILED_TO_CLIENTS: &str = "Error creating session";

/// Why a request is refused (Messaging API, 4). Clients compare the texts exactly (3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `X-Token` or `X-Host` is missing, or the authorization is not `Bearer` and a token.
    MissingAuthentication,
    /// No connector has the token.
    UnknownConnector,
    /// The connector may not be used from the host.
    WrongHost,
    /// No host may use the connector.
    ConnectorWithoutHost,
    /// No access token could be made.
    AccessTokenFailed,
    /// There is no authorization.
    MissingAccessToken,
    /// The access token was not made here, or has expired.
    InvalidAccessToken,
    /// The body is not what it should be.
    Unparseable,
    /// The body did not arrive in time.
    TooSlow,
    /// The body is too large.
    TooLarge,
    /// No session could be created.
    SessionFailed,
    /// The parameters of the socket are missing or cannot be read.
    InvalidParameters,
    /// The access token is not good for the session.
    AuthenticationFailed,
    /// There is no such session.
    SessionNotFound,
    /// The request to open a socket is no WebSocket handshake.
    NoHandshake,
    /// The client's address asks too often.
    TooManyRequests {
        /// How long it has to wait.
        retry_after: Duration,
    },
    /// There is nothing under the path.
    NotFound,
    /// The path does not take the method.
    MethodNotAllowed,
    /// The binary was compiled before the web component was built.
    NotBuilt,
}

impl Refusal {
    fn status_and_text(self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::MissingAuthentication => (S::UNAUTHORIZED, "Missing authentication headers"),
            Self::UnknownConnector => (S::UNAUTHORIZED, "Connector token does not exist"),
            Self::WrongHost => (S::UNAUTHORIZED, "Failed to validate connector"),
            Self::ConnectorWithoutHost => (S::UNAUTHORIZED, "Connector missing host domain"),
            Self::AccessTokenFailed => (S::INTERNAL_SERVER_ERROR, "Failed to create access token"),
            Self::MissingAccessToken => (S::BAD_REQUEST, "Missing access token"),
            Self::InvalidAccessToken => (S::UNAUTHORIZED, "Invalid access token"),
            Self::Unparseable => (S::BAD_REQUEST, "Error parsing request"),
            Self::TooSlow => (S::REQUEST_TIMEOUT, "The request took too long to arrive"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "Error parsing request"),
            Self::SessionFailed => (S::INTERNAL_SERVER_ERROR, "Failed to create session"),
            Self::InvalidParameters => (S::BAD_REQUEST, "invalid connection parameters"),
            Self::AuthenticationFailed => (S::UNAUTHORIZED, "authentication failed"),
            Self::SessionNotFound => (S::NOT_FOUND, "session not found"),
            Self::NoHandshake => (S::UPGRADE_REQUIRED, "WebSocket handshake expected"),
            Self::TooManyRequests { .. } => (S::TOO_MANY_REQUESTS, "Too many requests"),
            Self::NotFound => (S::NOT_FOUND, "not found"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method not allowed"),
            Self::NotBuilt => (S::SERVICE_UNAVAILABLE, baton_web::NOT_BUILT),
        }
    }
}

/// The body of a refusal: clients read `message`, else `error` (Messaging API, 4). Where they know
/// another text than the documentation, `message` has theirs.
#[derive(Serialize)]
struct Body {
    error: &'static str,
    message: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = self.status_and_text();
        let message = match self {
            Self::SessionFailed => SESSION_FAILED_TO_CLIENTS,
            _ => text,
        };
        let body = Json(Body { error: text, message });
        match self {
            Self::TooManyRequests { retry_after } => {
                // Whole seconds: not a moment too early.
                let seconds = retry_after.as_secs().saturating_add(1).to_string();
                (status, [(RETRY_AFTER, seconds)], body).into_response()
            }
            _ => (status, body).into_response(),
        }
    }
}
