//! Who may use the console: whoever has the token of this run, from a page of the console's own.
//!
//! A browser sends what any page asks it to, also to loopback. So the `Host` has to be the
//! console's own, which undoes DNS rebinding, and so has an `Origin`, if there is one.

use std::{fmt, net::SocketAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{AUTHORIZATION, HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;

use crate::problem::Problem;

/// The names of loopback.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What opens the API of this run. The `Debug` form does not show it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// This one: 32 random bytes in letters and digits, made for one run.
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The address of the console at this place, with the token in its fragment, which no browser
    /// sends anywhere.
    pub fn url(&self, address: SocketAddr) -> String {
        format!("http://{address}/#token={}", self.0)
    }

    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let shown =
            only_text(headers, AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        shown.is_some_and(|shown| shown.as_bytes().ct_eq(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token([redacted])")
    }
}

/// What is known at the door.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    hosts: Arc<[String]>,
    token: Token,
}

impl Door {
    /// The door of a console that listens here.
    pub(crate) fn new(address: SocketAddr, token: Token) -> Self {
        let names = LOOPBACK.iter().map(|name| format!("{name}:{}", address.port()));
        Self { hosts: names.chain([address.to_string()]).collect(), token }
    }

    fn check_place(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let host = only_text(headers, HOST).unwrap_or_default();
        if !self.hosts.iter().any(|own| own == host) {
            let detail = "this is the console of another address; open the one that was printed";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail));
        }
        let is_own = |origin: &str| origin.strip_prefix("http://") == Some(host);
        match only_text(headers, ORIGIN) {
            Some(origin) if !is_own(origin) => {
                let detail = "only the console's own pages may ask";
                Err(Problem::new(StatusCode::FORBIDDEN, detail))
            }
            _ => Ok(()),
        }
    }
}

/// Lets through what is meant for this console, and asked by no page of another.
pub(crate) async fn check_place(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Response {
    match door.check_place(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets through whoever shows the token.
pub(crate) async fn check_token(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Response {
    if door.token.is_shown(request.headers()) {
        return next.run(request).await;
    }
    let detail = "show the token of this run: authorization: Bearer <token>; the address that was \
                  printed holds it";
    Problem::new(StatusCode::UNAUTHORIZED, detail).into_response()
}

/// The text of a header. One that cannot be read, or comes twice, is like a wrong one.
fn only_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    Some(if values.next().is_none() { value.to_str().unwrap_or("?") } else { "?" })
}
