//! Requests under a fault.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use thiserror::Error;

use crate::faults::RequestFault;
use crate::org::PostAnswer;
use crate::simulator::Simulator;

/// Carries out a request, or does not, as the fault that struck it demands. `refuse` makes the
/// answer for a status.
pub(crate) async fn under_fault(
    simulator: &Simulator,
    fault: Option<RequestFault>,
    refuse: impl FnOnce(u16) -> Response,
    carry_out: impl Future<Output = Response>,
) -> Response {
    match fault {
        None | Some(RequestFault::RevokeTokens) => carry_out.await,
        Some(RequestFault::Answer { status, milliseconds }) => {
            simulator.sleep(Duration::from_millis(milliseconds)).await;
            refuse(status)
        }
        Some(RequestFault::LoseAnswer { status }) => {
            let lost = carry_out.await;
            note(simulator, &lost, PostAnswer::Lost);
            status.map_or_else(no_answer, refuse)
        }
        Some(RequestFault::Slow { milliseconds }) => {
            let response = carry_out.await;
            note(simulator, &response, PostAnswer::Late { milliseconds });
            simulator.sleep(Duration::from_millis(milliseconds)).await;
            response
        }
    }
}

/// The message that a request brought in, in the extensions of its response.
#[derive(Clone)]
pub(crate) struct MessageTaken(pub(crate) String);

/// Writes down at the message that came in what became of the answer.
fn note(simulator: &Simulator, response: &Response, answer: PostAnswer) {
    if let Some(MessageTaken(id)) = response.extensions().get() {
        simulator.with_org(|org, _now| org.answer_befallen(id, answer));
    }
}

/// A response that never leaves: its body fails before the head is flushed, and the server
/// closes the connection.
pub(crate) fn no_answer() -> Response {
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(AnswerLost)])))
}

#[derive(Debug, Error)]
#[error("the answer is lost on command")]
struct AnswerLost;
