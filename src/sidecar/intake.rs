//! Takes deliveries from the edge: each is stored, then answered 200 (invariant 3).

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use baton_core::{exchange::DeliveryRequest, id::Id};
use baton_metrics::DeliveryResult;
use baton_problem::{Problem, ProblemBody};
use baton_store::{Acceptance, Arrived, StoreError};
use baton_traces::TraceContext;
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::error::Category;
use tokio::{sync::SemaphorePermit, time::timeout};
use tracing::{Instrument, Span, field::Empty};
use utoipa::ToSchema;

use crate::{
    actor::ActorMessage,
    cause::Chain,
    delivery::{Data, Delivery},
    directory::{NoIntegration, Recipient},
    internal::{Internal, authorize},
};

/// The header that names the trace of a delivery (W3C Trace Context, 3.2).
const TRACEPARENT: &str = "traceparent";

/// The most bytes of a delivery.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes that are read of a delivery that is too large, so that its sender gets to
/// read the answer.
const MAX_DISCARDED_BYTES: usize = 4 * MAX_BODY_BYTES;

#[derive(Serialize, ToSchema)]
#[schema(as = TakenDelivery)]
pub(crate) struct Taken {
    /// `stored`, `duplicate` or `transient`.
    status: &'static str,
}

/// What became of a delivery that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Stored,
    Duplicate,
    Transient,
}

impl Outcome {
    /// As what it is counted, and what the edge is told.
    fn shown(self) -> (DeliveryResult, &'static str) {
        match self {
            Self::Stored => (DeliveryResult::New, "stored"),
            Self::Duplicate => (DeliveryResult::Duplicate, "duplicate"),
            Self::Transient => (DeliveryResult::Transient, "transient"),
        }
    }
}

/// A delivery that was not taken.
struct NotTaken {
    /// As what it is counted.
    result: DeliveryResult,
    /// What the edge is told.
    problem: Problem,
}

impl From<Problem> for NotTaken {
    fn from(problem: Problem) -> Self {
        let may_pass = problem.may_pass();
        let result = if may_pass { DeliveryResult::Failed } else { DeliveryResult::Refused };
        Self { result, problem }
    }
}

/// Deliver what the edge verified
///
/// The answer comes once it would survive a crash.
#[utoipa::path(
    post, tag = "Deliveries", path = "/internal/v1/deliveries",
    request_body(content = Object, content_type = "application/cloudevents+json",
        description = "A delivery as `tests/delivery.schema.json` describes it: 4 MiB at most."),
    responses(
        (status = 200, body = Taken),
        (status = 400, description = "It is no delivery.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 413, description = "It is too large.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "It is not stored; deliver it again.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("deliver" = [])),
)]
pub(crate) async fn deliver(
    State(internal): State<Arc<Internal>>,
    request: Request,
) -> Result<Response, Problem> {
    authorize(&internal.delivery_credentials, request.headers()).inspect_err(|_| {
        internal.metrics.deliveries().taken_in(DeliveryResult::Refused);
    })?;
    let traceparents = request.headers().get_all(TRACEPARENT).iter().map(HeaderValue::as_bytes);
    let span = span(&internal, traceparents);
    let work = async {
        let _place = place(&internal).await?;
        take(&internal, read(request.into_body()).await?).await
    };
    settle(&internal, work).instrument(span).await
}

/// Takes a delivery of the edge in this process.
pub(crate) async fn take_in(internal: &Internal, request: DeliveryRequest<'_>) -> Response {
    let traceparents = request.headers.iter().filter(|(name, _)| *name == TRACEPARENT);
    let span = span(internal, traceparents.map(|(_, value)| *value));
    let body = request.body.to_vec();
    let work = async {
        let _place = place(internal).await?;
        take(internal, body).await
    };
    settle(internal, work).instrument(span).await.into_response()
}

/// The span of an intake: it goes on with the trace that the edge names, if it names one.
fn span<'v>(internal: &Internal, mut traceparents: impl Iterator<Item = &'v [u8]>) -> Span {
    let edge = match (traceparents.next(), traceparents.next()) {
        (Some(traceparent), None) => TraceContext::parse(traceparent),
        _ => None,
    };
    baton_traces::span!(
        internal.traces,
        edge.as_ref(),
        "intake",
        "server",
        delivery.id = Empty,
        tenant = Empty,
        result = Empty,
    )
}

async fn settle(
    internal: &Internal,
    work: impl Future<Output = Result<Outcome, NotTaken>>,
) -> Result<Response, Problem> {
    let taken = timeout(internal.limits.call, work).await;
    // A delivery whose storing took too long may be stored all the same.
    internal.arrived.notify_one();
    let taken = taken.unwrap_or_else(|_| {
        tracing::error!("a delivery could not be stored in time");
        Err(Problem::try_again("the delivery could not be stored in time").into())
    });
    let (result, answer) = match taken {
        Ok(outcome) => {
            let (result, status) = outcome.shown();
            (result, Ok(Json(Taken { status }).into_response()))
        }
        Err(NotTaken { result, problem }) => (result, Err(problem)),
    };
    internal.metrics.deliveries().taken_in(result);
    Span::current().record("result", result.word());
    answer
}

/// A place among the deliveries that are being taken in.
async fn place(internal: &Internal) -> Result<SemaphorePermit<'_>, NotTaken> {
    internal.intakes.acquire().await.map_err(|_| Problem::try_again("the sidecar stops").into())
}

async fn take(internal: &Internal, body: Vec<u8>) -> Result<Outcome, NotTaken> {
    let delivery = parse(&body)?;
    let span = Span::current();
    span.record("tenant", tracing::field::display(&delivery.data.tenant));
    span.record("delivery.id", tracing::field::display(&delivery.id));
    if delivery.is_transient() {
        show(internal, &delivery).await;
        return Ok(Outcome::Transient);
    }
    let received_at_ms = internal.clock.now().as_millisecond();
    let delivery_id = if delivery.is_nameless_hint() {
        Id::of_parts(&[delivery.id.to_string().as_bytes(), &received_at_ms.to_be_bytes()])
    } else {
        delivery.id
    };
    let arrived = Arrived {
        delivery_id,
        end_user_id: delivery.subject.as_deref().map(str::to_owned),
        integration_id: integration_of(internal, &delivery)?,
        tenant: delivery.data.tenant.into_owned(),
        received_at_ms,
        body,
        traceparent: TraceContext::of(&span).map(|context| context.to_string()),
    };
    match internal.directory.store.accept(arrived).await {
        Ok(Acceptance::New) => Ok(Outcome::Stored),
        Ok(Acceptance::Duplicate) => Ok(Outcome::Duplicate),
        Err(StoreError::Overloaded) => Err(NotTaken {
            result: DeliveryResult::Overloaded,
            problem: Problem::try_again("too much waits to be stored; deliver it again"),
        }),
        Err(error) => {
            tracing::error!(%delivery_id, error = %Chain(&error), "a delivery could not be stored");
            let problem = "the delivery could not be stored; see the sidecar's log";
            Err(Problem::try_again(problem).into())
        }
    }
}

/// The integration that a delivery is for: the one that it names, or the tenant's own.
fn integration_of(internal: &Internal, delivery: &Delivery<'_>) -> Result<Option<String>, Problem> {
    let Data { genesys, tenant, .. } = &delivery.data;
    if !delivery.leaves_integration_out() {
        return Ok(genesys.integration_id.as_deref().map(str::to_owned));
    }
    match internal.directory.integration(tenant) {
        Ok(own) => Ok(Some(own.to_owned())),
        Err(NoIntegration::NotConfigured) => Ok(None),
        Err(NoIntegration::NotFoundYet) => {
            Err(Problem::try_again("the tenant's integration is not known yet; deliver it again"))
        }
    }
}

/// Reads the body up to the limit.
async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut read = Vec::new();
    let mut length = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "the body ended before it was complete")
        })?;
        length += chunk.len();
        if length > MAX_DISCARDED_BYTES {
            break;
        } else if length > MAX_BODY_BYTES {
            read = Vec::new();
        } else {
            read.extend_from_slice(&chunk);
        }
    }
    if length > MAX_BODY_BYTES {
        let detail = format!("a delivery has {MAX_BODY_BYTES} bytes at most");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(read)
}

/// Reads a delivery. The refusal says where the body is wrong and repeats nothing of it.
fn parse(body: &[u8]) -> Result<Delivery<'_>, Problem> {
    let delivery: Delivery<'_> = serde_json::from_slice(body).map_err(|error| {
        let problem = match error.classify() {
            Category::Data => "is JSON, but no delivery",
            Category::Eof => "ends too early",
            Category::Syntax | Category::Io => "is not JSON",
        };
        let (line, column) = (error.line(), error.column());
        let detail = format!("the body {problem} (line {line}, column {column})");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    if delivery.specversion != "1.0" {
        let detail = "the body is no CloudEvents object of version 1.0";
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    Ok(delivery)
}

/// Shows a transient delivery to whoever is connected to its session now. Whatever fails here
/// loses nothing that was promised.
async fn show(internal: &Internal, delivery: &Delivery<'_>) {
    let Delivery { id: delivery_id, subject, data, .. } = delivery;
    let (Some(integration_id), Some(end_user_id)) =
        (data.genesys.integration_id.as_deref(), subject.as_deref())
    else {
        return;
    };
    let directory = &internal.directory;
    let found = directory.store.session_of_end_user(&data.tenant, integration_id, end_user_id);
    let recipient = |session| directory.recipient(&data.tenant, Some(integration_id), session);
    match found.await.map(recipient) {
        Ok(Some(Recipient::Session(session_id))) => {
            if let Some(actor) = internal.registry.running(&session_id) {
                let events = delivery.events(internal.clock.now()).events;
                actor.send_or_drop(ActorMessage::Transient(events));
            }
        }
        Ok(Some(Recipient::Nobody(_)) | None) => {}
        Err(error) => {
            let error = Chain(&error);
            tracing::warn!(%delivery_id, %error, "a transient delivery reached nobody");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_10_a_refusal_repeats_nothing_of_the_body() {
        for body in
            [r#"{"specversion":7,"id":"secret"}"#, r#"{"id":"secret"}"#, "secret", "\"secret"]
        {
            let problem = format!("{:?}", parse(body.as_bytes()).map(drop).unwrap_err());
            assert!(!problem.contains("secret"), "{problem}");
            assert!(!problem.contains('\n'), "{problem}");
        }
    }

    #[tokio::test]
    async fn invariant_11_a_body_over_the_limit_is_refused_and_one_at_it_is_read() {
        let at_limit = vec![b' '; MAX_BODY_BYTES];
        assert_eq!(read(Body::from(at_limit.clone())).await.unwrap().len(), MAX_BODY_BYTES);
        let over = [at_limit, vec![b' ']].concat();
        assert!(read(Body::from(over)).await.is_err());
    }
}
