//! `POST /internal/v1/sessions/{session_id}/handoffs`: an operator, or a program that shows a
//! credential of the session's tenant, asks for a human.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use baton_handoff::{Requester, RoutingHints, attributes};
use baton_problem::{Problem, ProblemBody};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::oneshot, time::timeout};
use utoipa::ToSchema;

use super::{Internal, authorize, no_credential, no_session, slow};
use crate::actor::{ActorMessage, HandoffRefused, HandoffRequest};

/// What a request may hold.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = OperatorsHandoff)]
pub(super) struct Body {
    /// What the agent reads first.
    message: Option<String>,
    /// Participant data: an object, or its text.
    #[schema(value_type = Value)]
    attributes: Value,
}

/// Ask for a human
#[utoipa::path(
    post, tag = "Sessions", path = "/internal/v1/sessions/{session_id}/handoffs",
    params(("session_id" = String, Path, description = "The session.")),
    request_body = Body,
    responses(
        (status = 202, description = "A handoff has begun."),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "A handoff is going on, the session has ended, or nobody \
            speaks with Genesys for its tenant.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = []), ("hand_over" = [])),
)]
pub(super) async fn begin(
    State(internal): State<Arc<Internal>>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if !headers.contains_key(AUTHORIZATION) {
        return Err(no_credential());
    }
    let session = internal.find_session(&session_id).await?;
    let link = session.as_ref().and_then(|session| internal.links.of(&session.details.tenant));
    let own = link.map_or(&[][..], |link| &link.handoff_credentials);
    // Only an operator learns that a session is not there.
    authorize(&[&internal.admin_credentials, own].concat(), &headers)?;
    session.ok_or_else(no_session)?;
    let request = Box::new(read(&body)?);
    let stops = || Problem::try_again("the sidecar stops");
    let actor = internal.registry.actor(&session_id).ok_or_else(stops)?;
    let (answer, outcome) = oneshot::channel();
    let asked = async {
        actor.send(ActorMessage::Handoff { request, answer }).await.map_err(|_| stops())?;
        outcome.await.map_err(|_| stops())
    };
    match timeout(internal.limits.call, asked).await.map_err(|_| slow())?? {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(json!({ "status": "begun" }))).into_response()),
        Err(refused) => {
            let status = match refused {
                HandoffRefused::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                HandoffRefused::AlreadyOpen
                | HandoffRefused::SessionEnded
                | HandoffRefused::NoGenesys => StatusCode::CONFLICT,
            };
            Err(Problem::new(status, refused.to_string()))
        }
    }
}

fn read(body: &[u8]) -> Result<HandoffRequest, Problem> {
    let body = if body.is_empty() { Ok(Body::default()) } else { serde_json::from_slice(body) };
    let Body { message, attributes } = body.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!(
            "the body has to be a JSON object with no more than message (a text) and attributes \
             (an object); see line {line}, column {column}"
        );
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let message = message.filter(|message| !message.trim().is_empty());
    let routing =
        RoutingHints { custom: attributes::flatten(&attributes), ..RoutingHints::default() };
    Ok(HandoffRequest { message, routing, ..HandoffRequest::by(Requester::Operator) })
}
