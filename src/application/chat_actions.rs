//! What a user does in a session: write, type, end the chat.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
};
use baton_chat::{AttachedLink, ClientAction, ClientEvent, MAX_MESSAGE_BYTES, Refused};
use baton_core::tenant::TenantKey;
use baton_problem::{Problem, ProblemBody};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    Application, attached::Attached, reading::id, refusals::SessionRefusals,
    request_path::SessionPath, sessions::ApplicationSessions,
};

/// The most attachments of a message.
const MAX_ATTACHMENTS: usize = 20;

/// A user's message: a text, attachments, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    /// What the user wrote.
    #[serde(default)]
    #[schema(example = "Where is my parcel?")]
    text: String,
    /// The application's id of the message. The same id again changes nothing.
    #[schema(max_length = 200)]
    message_id: Option<String>,
    /// What the user attached, at most 20. The agent gets each as a file, which Genesys fetches:
    /// so its address has to be of https and of the Internet, and its type has to be known. Any
    /// other is a line of the text, with its title and its address, as they all are for the bot.
    #[serde(default)]
    #[schema(max_items = 20)]
    attachments: Vec<Attached>,
}

impl Message {
    fn event(self) -> Result<ClientEvent, Problem> {
        let key = id("message_id", self.message_id)?;
        if self.attachments.len() > MAX_ATTACHMENTS {
            return Err(Problem::invalid("there are more than 20 attachments"));
        }
        let attached = self.attachments.into_iter().map(Attached::link);
        let attached = attached.collect::<Result<Vec<_>, _>>()?;
        let whole = AttachedLink::below(&self.text, &attached);
        if whole.is_empty() {
            return Err(Problem::invalid("the message has neither a text nor an attachment"));
        }
        if whole.len() > MAX_MESSAGE_BYTES {
            let detail = format!("the message is longer than {MAX_MESSAGE_BYTES} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        // By this a session knows a repeated message (Messaging API, 7.1).
        let metadata = key.map(|key| json!({ "custom": { "client_event_id": key } }).to_string());
        let action = ClientAction::UserMessage { text: self.text, attached };
        Ok(ClientEvent { action, metadata })
    }
}

/// Say what the user said
///
/// It goes to whoever has the chat: the project's bot, or the human of a handoff.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/messages",
    params(SessionPath),
    request_body = Message,
    responses(
        SessionRefusals,
        (status = 204, description = "It is kept, and on its way."),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "The session has ended, or nobody has the chat.",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The message is too long.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_message<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let tenant = application.admit(&account_id, &project_id, request.headers())?;
    let event = application.read::<Message>(request).await?.event()?;
    act(&application, tenant, &session_id, event).await
}

/// Tell that the user types
///
/// It is shown to the agent for a moment, and forgotten.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/typing",
    params(SessionPath),
    responses(
        SessionRefusals,
        (status = 204, description = "It was passed on, if there is an agent."),
        (status = 409, description = "The session has ended.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_typing<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let tenant = application.admit(&account_id, &project_id, &headers)?;
    let event = ClientEvent { action: ClientAction::UserTyping, metadata: None };
    act(&application, tenant, &session_id, event).await
}

/// End the session
///
/// A handoff that goes on is brought to its end first: `EVENT_TYPE_SESSION_END` tells when the
/// session is over.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/end",
    params(SessionPath),
    responses(
        SessionRefusals,
        (status = 204, description = "It ends."),
        (status = 409, description = "The session has ended.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn end_session<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(SessionPath { account_id, project_id, session_id }): Path<SessionPath>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let tenant = application.admit(&account_id, &project_id, &headers)?;
    let event = ClientEvent { action: ClientAction::UserEndSession, metadata: None };
    act(&application, tenant, &session_id, event).await
}

/// Has the session do what its user does.
async fn act<S: ApplicationSessions>(
    application: &Application<S>,
    tenant: &TenantKey<'static>,
    session_id: &str,
    event: ClientEvent,
) -> Result<StatusCode, Problem> {
    let session = application.session_of(tenant, session_id).await?;
    if session.ended {
        return Err(Problem::conflict("the session has ended"));
    }
    let done = application.sessions.client_event(session_id, event);
    let done = timeout(application.limits.call, done).await;
    match done.unwrap_or(Err(Refused::Unavailable)) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Refused::Blank) => Err(Problem::invalid("the message has no words")),
        Err(Refused::NobodyListens) => Err(Problem::conflict(
            "nobody has the chat: begin a handoff, or have a bot added to the project",
        )),
        Err(Refused::Unavailable) => {
            Err(Problem::try_again("the session could not be changed; try again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Result<String, StatusCode> {
        let message: Message = serde_json::from_str(body).unwrap();
        match message.event() {
            Ok(ClientEvent { action: ClientAction::UserMessage { text, attached }, .. }) => {
                Ok(AttachedLink::below(&text, &attached))
            }
            Ok(_) => panic!("a message"),
            Err(problem) => Err(problem.status),
        }
    }

    #[test]
    fn an_attachment_is_a_line_with_its_title_and_its_address() {
        let body = r#"{"text": "See:", "attachments": [
            {"url": "https://example.com/a.pdf", "title": "The \n receipt"},
            {"url": "HTTP://example.com/b"}
        ]}"#;
        let lines = "See:\nThe receipt: https://example.com/a.pdf\nHTTP://example.com/b";
        assert_eq!(text(body).as_deref(), Ok(lines));
        let alone = r#"{"attachments": [{"url": "https://example.com/"}]}"#;
        assert_eq!(text(alone).as_deref(), Ok("https://example.com/"));
    }

    #[test]
    fn a_message_without_words_is_none_and_one_that_is_too_long_is_refused() {
        for body in ["{}", r#"{"text": " \n"}"#, r#"{"text": "a", "message_id": ""}"#] {
            assert_eq!(text(body), Err(StatusCode::BAD_REQUEST), "{body}");
        }
        let long = json!({"text": "x".repeat(MAX_MESSAGE_BYTES + 1)}).to_string();
        assert_eq!(text(&long), Err(StatusCode::PAYLOAD_TOO_LARGE));
    }
}
