//! The way to the simulator's control API, for whoever has the console's token.

use std::{fmt, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use reqwest::{Client, Url, redirect::Policy};
use thiserror::Error;

use crate::{console::Served, problem::Problem};

/// What the path of a request begins with here, and there.
const HERE: &str = "/api/genesys/";
const THERE: &str = "/control/v1/";

/// The largest order that is passed on, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// An order may wait until a webhook has failed for good: six times ten seconds, and five pauses.
const PATIENCE: Duration = Duration::from_secs(120);

/// The simulator's control API. The `Debug` form does not show its token.
#[derive(Clone)]
pub struct Control {
    client: Client,
    origin: String,
    token: String,
}

/// Why the control API cannot be used.
#[derive(Debug, Error)]
#[error("the HTTP client for the simulator's control API cannot be built")]
pub struct ControlError(#[from] reqwest::Error);

impl Control {
    /// The control API at this origin, such as `http://127.0.0.1:8090`, with its token.
    ///
    /// # Errors
    ///
    /// [`ControlError`] if no HTTP client can be built.
    pub fn new(origin: String, token: String) -> Result<Self, ControlError> {
        // The simulator redirects nowhere, and its token goes nowhere else.
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
        let client = client.build()?;
        Ok(Self { client, origin, token })
    }

    /// Where an order goes; none if it would leave the control API.
    fn url(&self, path_and_query: &str) -> Option<Url> {
        let rest = path_and_query.strip_prefix(HERE)?;
        let url = Url::parse(&format!("{}{THERE}{rest}", self.origin)).ok()?;
        url.path().starts_with(THERE).then_some(url)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Control").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Passes an order on, and the answer back.
pub(crate) async fn order(State(served): State<Served>, request: Request) -> Response {
    match pass_on(&served.control, request).await {
        Ok(answer) => answer,
        Err(problem) => problem.into_response(),
    }
}

async fn pass_on(control: &Control, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let url = control.url(path).ok_or_else(Problem::not_found)?;
    let body = read(body).await?;
    let mut order = control.client.request(head.method, url).bearer_auth(&control.token).body(body);
    if let Some(kind) = head.headers.get(CONTENT_TYPE) {
        order = order.header(CONTENT_TYPE, kind);
    }
    let answer = order.send().await.map_err(unanswered)?;
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let body = answer.bytes().await.map_err(unanswered)?;
    let mut response = (status, body).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    Ok(response)
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let too_large = |_| {
        let detail = "the order is larger than 16 MiB, or broke off; send a smaller one";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    axum::body::to_bytes(body, MOST_BYTES).await.map_err(too_large)
}

fn unanswered(_: reqwest::Error) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, "the simulator did not answer; is it still running?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_order_leaves_the_control_api() {
        let control = Control::new("http://127.0.0.1:1".to_owned(), "token".to_owned()).unwrap();
        let there = |path: &str| control.url(path).map(|url| url.as_str().to_owned());
        assert_eq!(
            there("/api/genesys/org?a=b").as_deref(),
            Some("http://127.0.0.1:1/control/v1/org?a=b")
        );
        for path in ["/api/genesys/../../oauth/token", "/api/genesys/%2e%2e/x", "/api/other"] {
            assert_eq!(there(path), None, "{path}");
        }
    }
}
