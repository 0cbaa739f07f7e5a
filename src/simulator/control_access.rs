//! Who may use the control API, where it has a token.
//!
//! A browser sends what any page asks it to, also to loopback. So beside the token the `Host`
//! has to be this listener's own, which undoes DNS rebinding, and an `Origin` has to be that of
//! this listener, which no page has.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::control::Refusal;
use crate::simulator::Simulator;

/// The names of loopback.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Lets a request to the control API through, or refuses it.
pub(crate) async fn admit(
    State(simulator): State<Simulator>,
    request: Request,
    next: Next,
) -> Response {
    match check(&simulator, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check(simulator: &Simulator, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(token) = &simulator.configuration.control_token else { return Ok(()) };
    let host = text(headers, HOST).unwrap_or_default();
    let address = simulator.address;
    let mut own = LOOPBACK.iter().map(|name| format!("{name}:{}", address.port()));
    // Under which names others reach it is not known here.
    if address.ip().is_loopback() && !own.any(|own| own == host) {
        return Err(refusal(
            StatusCode::MISDIRECTED_REQUEST,
            format!("the host {host:?} is not this one; ask http://{address}"),
        ));
    }
    if text(headers, ORIGIN).is_some_and(|origin| origin != format!("http://{host}")) {
        let error = "no page of another origin may use the control API";
        return Err(refusal(StatusCode::FORBIDDEN, error.to_owned()));
    }
    let shown = text(headers, AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    // Digests of equal length say nothing of the token by how long it takes to compare them.
    let is_right = shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(token));
    if is_right {
        Ok(())
    } else {
        let error = "show the control token: authorization: Bearer <token>";
        Err(refusal(StatusCode::UNAUTHORIZED, error.to_owned()))
    }
}

/// The text of a header. One that cannot be read is like a wrong one.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn refusal(status: StatusCode, error: String) -> Refusal {
    Refusal { status, error }
}
