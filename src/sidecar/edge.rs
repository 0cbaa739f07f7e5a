//! The edge in this process, for those who have no proxy: the same gate as in every other, and the
//! intake behind it without a way between them.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use baton_core::exchange::{
    BodyProblem, DeliveryRequest, Host, LONGEST_BODY, LONGEST_DELIVERY, Outcome, Reply,
    Response as Answer, Trouble,
};
use baton_edge_http::{see_through, whole};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::{intake, internal::Internal};

/// What serves webhooks, of the tenants that the internal listener knows of.
pub(crate) fn router(internal: Arc<Internal>) -> Router {
    Router::new().fallback(serve).with_state(internal)
}

async fn serve(State(internal): State<Arc<Internal>>, request: Request) -> Response {
    let known = internal.edges.now();
    let host = |body| Process { internal: &internal, body: Some(body) };
    let outcome = see_through(&known.gate, request, host).await;
    internal.metrics.deliveries().judged(match &outcome {
        Outcome::NotOurs => "not_ours",
        Outcome::Taken(_) => "taken",
        Outcome::Refused(refusal) => refusal.label(),
    });
    if let Outcome::Refused(refusal) = &outcome {
        tracing::debug!(reason = refusal.label(), "a webhook was refused");
    }
    let Reply { status, headers, body } = outcome.reply();
    let mut answer = Response::new(Body::from(body.into_owned()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The calls of this process, for one request.
struct Process<'p> {
    internal: &'p Internal,
    /// Until it is read.
    body: Option<Body>,
}

impl Host for Process<'_> {
    /// Nothing is looked up, so that no time counts.
    fn now(&self) -> u64 {
        0
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let body = self.body.take().ok_or(BodyProblem::Broken)?;
        timeout(LONGEST_BODY, whole(body, most)).await.unwrap_or(Err(BodyProblem::Broken))
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Answer> {
        let taken = intake::take_in(self.internal, request);
        let answer = timeout(LONGEST_DELIVERY, taken).await.ok()?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes().into();
        Some(Answer { status: parts.status.as_u16(), body })
    }

    async fn look_up(&mut self, _: &str, _: &str) -> Option<Answer> {
        None
    }

    async fn kept(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }

    async fn keep(&mut self, _: &str, _: &[u8]) {}

    fn report(&mut self, trouble: &Trouble) {
        tracing::warn!(%trouble, "a webhook got 503");
    }
}
