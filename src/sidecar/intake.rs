//! Takes deliveries from the edge: each is stored, then answered 200 (invariant 3).

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use baton_core::id::Id;
use baton_store::{Acceptance, Arrived, StoreError};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::error::Category;
use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{
    actor::ActorMessage,
    cause::Chain,
    delivery::{Data, Delivery},
    directory::{NoIntegration, Recipient},
    internal::{Internal, authorize},
    problem::Problem,
};

/// The most bytes of a delivery.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes that are read of a delivery that is too large, so that its sender gets to
/// read the answer.
const MAX_DISCARDED_BYTES: usize = 4 * MAX_BODY_BYTES;

#[derive(Serialize)]
struct Taken {
    /// `stored`, `duplicate` or `transient`.
    status: &'static str,
}

/// `POST /internal/v1/deliveries`.
pub(crate) async fn deliver(
    State(internal): State<Arc<Internal>>,
    request: Request,
) -> Result<Response, Problem> {
    authorize(&internal.delivery_credentials, request.headers())?;
    settle(&internal, async {
        let _place = place(&internal).await?;
        take(&internal, read(request.into_body()).await?).await
    })
    .await
}

/// Takes a delivery of the edge in this process.
pub(crate) async fn take_in(internal: &Internal, body: Vec<u8>) -> Response {
    let taken = settle(internal, async {
        let _place = place(internal).await?;
        take(internal, body).await
    });
    taken.await.into_response()
}

async fn settle(
    internal: &Internal,
    work: impl Future<Output = Result<&'static str, Problem>>,
) -> Result<Response, Problem> {
    let taken = timeout(internal.limits.call, work).await;
    // A delivery whose storing took too long may be stored all the same.
    internal.arrived.notify_one();
    match taken {
        Ok(Ok(status)) => Ok(Json(Taken { status }).into_response()),
        Ok(Err(problem)) => Err(problem),
        Err(_) => {
            tracing::error!("a delivery could not be stored in time");
            Err(Problem::try_again("the delivery could not be stored in time"))
        }
    }
}

/// A place among the deliveries that are being taken in.
async fn place(internal: &Internal) -> Result<SemaphorePermit<'_>, Problem> {
    internal.intakes.acquire().await.map_err(|_| Problem::try_again("the sidecar stops"))
}

async fn take(internal: &Internal, body: Vec<u8>) -> Result<&'static str, Problem> {
    let delivery = parse(&body)?;
    if delivery.is_transient() {
        show(internal, &delivery).await;
        return Ok("transient");
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
    };
    match internal.directory.store.accept(arrived).await {
        Ok(Acceptance::New) => Ok("stored"),
        Ok(Acceptance::Duplicate) => Ok("duplicate"),
        Err(StoreError::Overloaded) => {
            Err(Problem::try_again("too much waits to be stored; deliver it again"))
        }
        Err(error) => {
            tracing::error!(%delivery_id, error = %Chain(&error), "a delivery could not be stored");
            Err(Problem::try_again("the delivery could not be stored; see the sidecar's log"))
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
