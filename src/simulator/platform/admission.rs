//! What every request passes before its route: token, rate limit and faults; and what every
//! answer gets: correlation id, rate headers and the written error body.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use crate::faults::RequestFault;
use crate::oauth::Caller;
use crate::platform::error_body::PlatformError;
use crate::platform::rate_limit::{REQUESTS_PER_WINDOW, Rate, WINDOW};
use crate::platform::request_faults::under_fault;
use crate::request_feed::Asked;
use crate::simulator::Simulator;

/// `request.bytes.max` (Genesys reference 3.3).
const BODY_LIMIT: usize = 512_000;

const CORRELATION_ID: HeaderName = HeaderName::from_static("inin-correlation-id");
const RATE_COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
const RATE_ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
const RATE_RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

/// Lets a request through to its route, or refuses it.
pub(crate) async fn admit(
    State(simulator): State<Simulator>,
    request: Request,
    next: Next,
) -> Response {
    let route = route(&request);
    simulator.counters.with(|counters| counters.request(&route));
    let context_id = Uuid::new_v4().to_string();
    let refuse = |error: PlatformError| error.written(&context_id);

    let mut rate = None;
    let mut asked = None;
    let mut response = match authenticate(&simulator, request, &mut rate) {
        Ok(request) => {
            let fault = simulator.strike_request(&route);
            if fault == Some(RequestFault::RevokeTokens) {
                revoke(&simulator, &request);
                refuse(PlatformError::bad_credentials())
            } else {
                let answer = async {
                    match received(&simulator, request, &mut asked).await {
                        Ok(request) => written(next.run(request).await, &context_id),
                        Err(error) => error.written(&context_id),
                    }
                };
                let refuse = |status| refuse(PlatformError::of_status(status));
                under_fault(&simulator, fault, refuse, answer).await
            }
        }
        Err(error) => refuse(error),
    };

    if let Some(asked) = asked {
        response.extensions_mut().insert(asked);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&context_id) {
        headers.insert(CORRELATION_ID, id);
    }
    if let Some(rate) = rate {
        headers.insert(RATE_COUNT, HeaderValue::from(rate.count));
        headers.insert(RATE_ALLOWED, HeaderValue::from(REQUESTS_PER_WINDOW));
        headers.insert(RATE_RESET, HeaderValue::from(rate.reset_seconds));
    }
    response
}

/// The method and the pattern of the path, such as `GET /api/v2/users/{userId}`.
fn route(request: &Request) -> String {
    let pattern = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    format!("{} {pattern}", request.method())
}

/// Puts the caller into the request and counts it, or refuses it.
fn authenticate(
    simulator: &Simulator,
    mut request: Request,
    rate: &mut Option<Rate>,
) -> Result<Request, PlatformError> {
    let value = bearer(request.headers()).ok_or_else(PlatformError::authentication_required)?;
    let now = Timestamp::now();
    let window = simulator.pace.scaled(WINDOW);
    let (caller, counted) = simulator
        .tokens
        .with(|tokens| Some((tokens.caller(now, value)?, tokens.count(now, value, window)?)))
        .ok_or_else(PlatformError::bad_credentials)?;
    *rate = Some(counted);
    if counted.is_exceeded() {
        simulator.counters.with(|counters| counters.rate_limited += 1);
        return Err(PlatformError::too_many_requests(counted));
    }
    request.extensions_mut().insert(caller);
    Ok(request)
}

/// The request with its whole body, which is noted.
async fn received(
    simulator: &Simulator,
    request: Request,
    asked: &mut Option<Asked>,
) -> Result<Request, PlatformError> {
    let too_large = || PlatformError::body_too_large(BODY_LIMIT as u64);
    // Nobody has to send all of a body that is refused for its length.
    if content_length(request.headers()).is_some_and(|length| length > BODY_LIMIT) {
        return Err(too_large());
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| too_large())?;
    simulator.requests.with(|requests| requests.add(&head.method, &head.uri, &body));
    let client_id = head.extensions.get::<Caller>().map(|caller| caller.client.id.clone());
    *asked = Some(Asked { client_id, body: body.clone() });
    Ok(Request::from_parts(head, Body::from(body)))
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(value.trim())
}

fn revoke(simulator: &Simulator, request: &Request) {
    if let Some(caller) = request.extensions().get::<Caller>() {
        simulator.revoke_tokens(Some(&caller.client.id));
    }
}

/// The response with the body of the error that a route answered, if it did.
fn written(mut response: Response, context_id: &str) -> Response {
    match response.extensions_mut().remove::<PlatformError>() {
        Some(error) => error.written(context_id),
        None => response,
    }
}
