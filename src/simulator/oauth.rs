//! Tokens for OAuth clients: `POST /oauth/token` (Genesys reference 3.5).
//!
//! Only the client-credentials grant exists. The credentials come as HTTP Basic or as the form
//! fields `client_id` and `client_secret`. Errors have the form of OAuth, not Genesys' error body.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::configuration::OauthClient;
use crate::pace::after;
use crate::platform::rate_limit::{Rate, RateWindow};
use crate::platform::request_faults::under_fault;
use crate::request_feed;
use crate::simulator::Simulator;

/// How long a token lives, at Genesys' pace.
pub(crate) const LIFE: Duration = Duration::from_secs(86_400);
/// How the occasion of a token request is called.
const ROUTE: &str = "POST /oauth/token";

/// The route of the login host.
pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/oauth/token", post(answer))
        .layer(from_fn_with_state(simulator.clone(), request_feed::tell))
        .with_state(simulator)
}

/// Which token it is, without being the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TokenId(u64);

/// Who makes a request, as the token proves.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: Arc<OauthClient>,
    pub(crate) token: TokenId,
}

/// The tokens that are good.
pub(crate) struct Tokens {
    life: Duration,
    last_id: u64,
    by_value: HashMap<String, Token>,
}

struct Token {
    id: TokenId,
    client: Arc<OauthClient>,
    expires: Timestamp,
    window: RateWindow,
}

impl Tokens {
    /// No tokens; each new one will live this long.
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, last_id: 0, by_value: HashMap::new() }
    }

    /// A new token for `client`: the value that its owner sends with each request.
    fn issue(&mut self, now: Timestamp, client: Arc<OauthClient>) -> String {
        self.last_id += 1;
        let value = URL_SAFE_NO_PAD
            .encode([Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat());
        let token = Token {
            id: TokenId(self.last_id),
            client,
            expires: after(now, self.life),
            window: RateWindow::unused(),
        };
        self.by_value.insert(value.clone(), token);
        value
    }

    /// Whose token this is, if it is good at `now`.
    pub(crate) fn caller(&self, now: Timestamp, value: &str) -> Option<Caller> {
        self.by_value
            .get(value)
            .filter(|token| token.expires > now)
            .map(|token| Caller { client: token.client.clone(), token: token.id })
    }

    /// Counts a request of the token.
    pub(crate) fn count(&mut self, now: Timestamp, value: &str, window: Duration) -> Option<Rate> {
        self.by_value.get_mut(value).map(|token| token.window.count(now, window))
    }

    /// Whose token has this id, if it is good at `now`.
    pub(crate) fn caller_of(&self, now: Timestamp, id: TokenId) -> Option<Caller> {
        self.by_value
            .values()
            .find(|token| token.id == id && token.expires > now)
            .map(|token| Caller { client: token.client.clone(), token: token.id })
    }

    /// Forgets the tokens of one client, or of all, and says which they were.
    pub(crate) fn revoke(&mut self, client_id: Option<&str>) -> Vec<TokenId> {
        self.take(|token| client_id.is_none_or(|client_id| token.client.id == client_id))
    }

    /// Forgets the tokens that have expired, and says which they were.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<TokenId> {
        self.take(|token| token.expires <= now)
    }

    fn take(&mut self, mut goes: impl FnMut(&Token) -> bool) -> Vec<TokenId> {
        let mut taken = Vec::new();
        self.by_value.retain(|_, token| {
            let goes = goes(token);
            if goes {
                taken.push(token.id);
            }
            !goes
        });
        taken
    }
}

#[derive(Deserialize)]
struct TokenForm {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// A refusal in the form of OAuth.
struct OauthError {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

impl OauthError {
    const fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self { status, error, description }
    }

    fn of_status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = match status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_exceeded",
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            _ => "server_error",
        };
        Self::new(status, error, "a fault on command")
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let body = json!({
            "error": self.error,
            "description": self.description,
            "error_description": self.description,
        });
        (self.status, Json(body)).into_response()
    }
}

async fn answer(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Response {
    simulator.counters.with(|counters| counters.request(ROUTE));
    let client = form
        .map_err(|_| {
            let description = "send a body of application/x-www-form-urlencoded";
            OauthError::new(StatusCode::BAD_REQUEST, "invalid_request", description)
        })
        .and_then(|Form(form)| authenticate(&simulator, &headers, form));
    let counted = client.as_ref().ok().map(|client| TokenRequest::begin(&simulator, &client.id));
    let fault = simulator.strike_request(ROUTE);
    let refuse = |status| OauthError::of_status(status).into_response();
    let response = under_fault(&simulator, fault, refuse, async {
        match client {
            Ok(client) => grant(&simulator, client),
            Err(error) => error.into_response(),
        }
    });
    let response = response.await;
    drop(counted);
    response
}

fn grant(simulator: &Simulator, client: Arc<OauthClient>) -> Response {
    let (value, life) =
        simulator.tokens.with(|tokens| (tokens.issue(Timestamp::now(), client), tokens.life));
    Json(json!({
        "access_token": value,
        "token_type": "bearer",
        "expires_in": life.as_secs(),
    }))
    .into_response()
}

fn authenticate(
    simulator: &Simulator,
    headers: &HeaderMap,
    form: TokenForm,
) -> Result<Arc<OauthClient>, OauthError> {
    if form.grant_type.as_deref() != Some("client_credentials") {
        let description = "the only grant_type is client_credentials";
        return Err(OauthError::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            description,
        ));
    }
    let (id, secret) =
        basic(headers).or_else(|| form.client_id.zip(form.client_secret)).ok_or_else(|| {
            let description = "send the client's credentials as HTTP Basic or as form fields";
            OauthError::new(StatusCode::BAD_REQUEST, "invalid_request", description)
        })?;
    let client =
        simulator.oauth_clients.iter().find(|client| client.id == id).ok_or_else(|| {
            let description = "client not found: invalid client_id";
            OauthError::new(StatusCode::BAD_REQUEST, "invalid_client", description)
        })?;
    if client.secret == secret {
        Ok(client.clone())
    } else {
        let description = "authentication failed";
        Err(OauthError::new(StatusCode::UNAUTHORIZED, "invalid_client", description))
    }
}

/// The user and the password of HTTP Basic authentication.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let credentials = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// A token request for as long as it is under way, also when whoever asked goes away.
struct TokenRequest {
    simulator: Simulator,
    client_id: String,
}

impl TokenRequest {
    fn begin(simulator: &Simulator, client_id: &str) -> Self {
        simulator.counters.with(|counters| counters.token_request_began(client_id));
        Self { simulator: simulator.clone(), client_id: client_id.to_owned() }
    }
}

impl Drop for TokenRequest {
    fn drop(&mut self) {
        self.simulator.counters.with(|counters| counters.token_request_ended(&self.client_id));
    }
}
