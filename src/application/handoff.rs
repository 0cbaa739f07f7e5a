//! `POST /v1/{account_id}/{project_id}/sessions/{session_id}/handoff`: an application hands its
//! user over to a human.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
};
use baton_handoff::{RoutingHints, TranscriptEntry, TranscriptSpeaker, attributes::LONGEST_VALUE};
use baton_problem::{Problem, ProblemBody};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    Application,
    reading::id,
    refusals::SessionRefusals,
    request_path::SessionPath,
    sessions::{ApplicationSessions, HandoffOrder, NotHandedOver},
};

/// What an application asks of a handoff. Everything may be left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoffRequest {
    /// What the agent reads first; the configured note, if there is nothing better.
    #[schema(example = "I want to talk to a human.")]
    message: Option<String>,
    /// Why, in a word: the flow in Genesys gets it as `handoffReason`.
    #[schema(example = "billing_question")]
    reason: Option<String>,
    /// One of the project's destinations. Its own hints stand above `routing`.
    destination: Option<String>,
    /// By what Genesys routes: `queue` (an id or an exact name), `language`, `skills` (a list),
    /// `priority` (a number), `department`. Other members become participant data.
    #[serde(default)]
    #[schema(value_type = Object)]
    routing: Map<String, Value>,
    /// Participant data in Genesys: an object, or its text. Nested objects are flattened.
    #[serde(default)]
    #[schema(value_type = Value)]
    attributes: Value,
    /// What whoever takes over may ask for (`handoff_state`). It is not sent to Genesys.
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    /// The id under which other systems ask for `data`.
    #[schema(max_length = 200)]
    shared_id: Option<String>,
    /// What was said before this session, the oldest first. The agent reads it above what the
    /// session itself has.
    #[serde(default)]
    transcript: Vec<Line>,
}

/// Something that was said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TranscriptLine)]
pub(crate) struct Line {
    speaker: Speaker,
    /// The words.
    text: String,
    /// When it was (RFC 3339); like the line before it if left out, and at last the present.
    #[schema(format = DateTime)]
    at: Option<String>,
}

/// Whose words are in a transcript.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Speaker {
    /// The user.
    User,
    /// The virtual agent.
    Bot,
    /// A human before.
    Agent,
    /// Nobody: what the chat itself told.
    System,
}

impl HandoffRequest {
    fn order(self, now: Timestamp) -> Result<HandoffOrder, Problem> {
        let Self { message, reason, destination, mut routing, attributes, data, .. } = self;
        let shared_id = id("shared_id", self.shared_id)?;
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_VALUE) {
            let detail = format!("reason has to have at most {LONGEST_VALUE} characters");
            return Err(Problem::invalid(detail));
        }
        if !attributes.is_null() {
            routing.insert("attributes".to_owned(), attributes);
        }
        Ok(HandoffOrder {
            message: message.filter(|message| !message.trim().is_empty()),
            reason: reason.filter(|reason| !reason.trim().is_empty()),
            destination,
            routing: RoutingHints::read(&routing),
            data,
            shared_id,
            transcript: entries(self.transcript, now)?,
        })
    }
}

fn entries(lines: Vec<Line>, now: Timestamp) -> Result<Vec<TranscriptEntry>, Problem> {
    let mut last = None;
    let mut entries = Vec::new();
    for Line { speaker, text, at } in lines {
        let at = match at {
            Some(at) => at.parse().map_err(|_| {
                Problem::invalid("a transcript's at has to be a time such as 2026-05-07T12:00:00Z")
            })?,
            None => last.unwrap_or(now),
        };
        last = Some(at);
        entries.push(TranscriptEntry { speaker: speaker.into(), at, text });
    }
    Ok(entries)
}

impl From<Speaker> for TranscriptSpeaker {
    fn from(speaker: Speaker) -> Self {
        match speaker {
            Speaker::User => Self::User,
            Speaker::Bot => Self::Bot,
            Speaker::Agent => Self::Agent,
            Speaker::System => Self::System,
        }
    }
}

/// Hand the user over to a human
///
/// The answer says that the handoff has begun. How it goes is told by the session's events:
/// `EVENT_TYPE_HANDOFF_ACCEPTED`, `EVENT_TYPE_LIVE_AGENT_JOINED`, `EVENT_TYPE_HANDOFF_FAILED` and
/// so on.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/handoff",
    params(SessionPath),
    request_body = HandoffRequest,
    responses(
        SessionRefusals,
        (status = 202, description = "It has begun."),
        (status = 400, description = "The body is wrong, or nobody knows the destination.",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A handoff is going on, or the session has ended.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn begin_handoff<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let tenant = application.admit(&account_id, &project_id, request.headers())?;
    application.session_of(tenant, &session_id).await?;
    let order = application.read::<HandoffRequest>(request).await?;
    let order = order.order(application.clock.now())?;
    let begun = application.sessions.hand_over(tenant, &session_id, order);
    let begun = timeout(application.limits.call, begun).await;
    let begun = begun.unwrap_or(Err(NotHandedOver::Unavailable));
    begun.map(|()| StatusCode::ACCEPTED).map_err(|error| {
        let status = match error {
            NotHandedOver::UnknownDestination | NotHandedOver::RouteOfClient => {
                StatusCode::BAD_REQUEST
            }
            NotHandedOver::AlreadyOpen | NotHandedOver::SessionEnded | NotHandedOver::NoGenesys => {
                StatusCode::CONFLICT
            }
            NotHandedOver::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Problem::new(status, error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order(body: Value) -> Result<HandoffOrder, StatusCode> {
        let request: HandoffRequest = serde_json::from_value(body).unwrap();
        request.order(Timestamp::UNIX_EPOCH).map_err(|problem| problem.status)
    }

    #[test]
    fn hints_route_and_attributes_go_along_while_data_stay_here() {
        let order = order(json!({
            "routing": {"queue": "Sales", "skills": ["billing"], "priority": 7, "vip": true},
            "attributes": {"customer": {"id": 7}},
            "data": {"verified": true},
        }));
        let order = order.unwrap_or_else(|_| panic!("an order"));
        let sent = order.routing.attributes();
        let sent: Vec<(&str, &str)> =
            sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let find = |name: &str| sent.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        assert_eq!(find("queueName"), Some("Sales"));
        assert_eq!(find("mySkills"), Some("billing"));
        assert_eq!(find("vip"), Some("1"));
        assert!(sent.iter().any(|(_, value)| *value == "7"));
        assert_eq!(find("verified"), None);
        assert_eq!(Value::Object(order.data), json!({"verified": true}));
    }

    #[test]
    fn a_line_without_a_time_is_of_the_time_before_it() {
        let order = order(json!({"transcript": [
            {"speaker": "bot", "text": "a"},
            {"speaker": "user", "text": "b", "at": "2026-05-07T12:00:00Z"},
            {"speaker": "agent", "text": "c"},
        ]}));
        let order = order.unwrap_or_else(|_| panic!("an order"));
        let seconds: Vec<i64> = order.transcript.iter().map(|one| one.at.as_second()).collect();
        assert_eq!(seconds, [0, 1_778_155_200, 1_778_155_200]);
    }

    #[test]
    fn a_blank_message_counts_as_none_and_what_cannot_be_used_is_refused() {
        let blank = order(json!({"message": " ", "reason": ""}));
        let blank = blank.unwrap_or_else(|_| panic!("an order"));
        assert!(blank.message.is_none() && blank.reason.is_none());
        for body in [
            json!({"shared_id": ""}),
            json!({"reason": "x".repeat(LONGEST_VALUE + 1)}),
            json!({"transcript": [{"speaker": "user", "text": "a", "at": "yesterday"}]}),
        ] {
            assert_eq!(order(body).map(drop), Err(StatusCode::BAD_REQUEST));
        }
    }
}
