//! What a user does in a session: write, type, end the chat.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
};
use baton_chat::{ClientAction, ClientEvent, MAX_MESSAGE_BYTES, Refused};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    Application,
    problem::{Problem, ProblemBody},
    reading::id,
    sessions::ApplicationSessions,
};

/// The most attachments of a message.
const MAX_ATTACHMENTS: usize = 20;

/// The path of a request that is about a session.
pub(crate) type SessionPath = Path<(String, String, String)>;

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
    /// What the user attached, at most 20. The agent and the bot get each as a line of the text,
    /// with its title and its address: Genesys' inbound API takes no file from us.
    #[serde(default)]
    #[schema(max_items = 20)]
    attachments: Vec<Attached>,
}

/// Something that the user attached: a link to where it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attached {
    /// Its address, of https or http.
    #[schema(example = "https://files.example.com/receipt.pdf")]
    url: String,
    /// What it is.
    title: Option<String>,
}

impl Message {
    fn event(self) -> Result<ClientEvent, Problem> {
        let key = id("message_id", self.message_id)?;
        if self.attachments.len() > MAX_ATTACHMENTS {
            return Err(Problem::invalid("there are more than 20 attachments"));
        }
        let mut lines = Vec::new();
        if !self.text.trim().is_empty() {
            lines.push(self.text);
        }
        for attached in self.attachments {
            lines.push(attached.line()?);
        }
        let text = lines.join("\n");
        if text.is_empty() {
            return Err(Problem::invalid("the message has neither a text nor an attachment"));
        }
        if text.len() > MAX_MESSAGE_BYTES {
            let detail = format!("the message is longer than {MAX_MESSAGE_BYTES} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        // By this a session knows a repeated message (Messaging API, 7.1).
        let metadata = key.map(|key| json!({ "custom": { "client_event_id": key } }).to_string());
        Ok(ClientEvent { action: ClientAction::UserMessage { text }, metadata })
    }
}

impl Attached {
    fn line(self) -> Result<String, Problem> {
        let Self { url, title } = self;
        let is_link = ["https://", "http://"].iter().any(|scheme| {
            url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        if !is_link || url.chars().any(|character| character.is_control() || character == ' ') {
            return Err(Problem::invalid("an attachment's url has to be one of https or http"));
        }
        let title = title.unwrap_or_default();
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(if title.is_empty() { url } else { format!("{title}: {url}") })
    }
}

/// Say what the user said
///
/// It goes to whoever has the chat: the project's bot, or the human of a handoff.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/messages",
    params(
        ("account_id" = String, Path, description = "The account."),
        ("project_id" = String, Path, description = "The project."),
        ("session_id" = String, Path, description = "The session."),
    ),
    request_body = Message,
    responses(
        (status = 204, description = "It is kept, and on its way."),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 401, description = "The key is missing or wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "The session has ended, or nobody has the chat.",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The message is too long.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "Try again.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_message<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(path): SessionPath,
    request: Request,
) -> Result<StatusCode, Problem> {
    let headers = request.headers().clone();
    application.tenant(&path.0, &path.1, &headers)?;
    let event = application.read::<Message>(request).await?.event()?;
    act(&application, path, &headers, event).await
}

/// Tell that the user types
///
/// It is shown to the agent for a moment, and forgotten.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/typing",
    params(
        ("account_id" = String, Path, description = "The account."),
        ("project_id" = String, Path, description = "The project."),
        ("session_id" = String, Path, description = "The session."),
    ),
    responses(
        (status = 204, description = "It was passed on, if there is an agent."),
        (status = 401, description = "The key is missing or wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "The session has ended.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn post_typing<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(path): SessionPath,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let event = ClientEvent { action: ClientAction::UserTyping, metadata: None };
    act(&application, path, &headers, event).await
}

/// End the session
///
/// A handoff that goes on is brought to its end first: `EVENT_TYPE_SESSION_END` tells when the
/// session is over.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions/{session_id}/end",
    params(
        ("account_id" = String, Path, description = "The account."),
        ("project_id" = String, Path, description = "The project."),
        ("session_id" = String, Path, description = "The session."),
    ),
    responses(
        (status = 204, description = "It ends."),
        (status = 401, description = "The key is missing or wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "The session has ended.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "Try again.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn end_session<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(path): SessionPath,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let event = ClientEvent { action: ClientAction::UserEndSession, metadata: None };
    act(&application, path, &headers, event).await
}

/// Has the session do what its user does.
async fn act<S: ApplicationSessions>(
    application: &Application<S>,
    (account_id, project_id, session_id): (String, String, String),
    headers: &HeaderMap,
    event: ClientEvent,
) -> Result<StatusCode, Problem> {
    let tenant = application.tenant(&account_id, &project_id, headers)?;
    let session = application.session_of(tenant, &session_id).await?;
    if session.ended {
        return Err(Problem::conflict("the session has ended"));
    }
    let done = application.sessions.client_event(&session_id, event);
    let done = timeout(application.limits.call, done).await;
    match done.unwrap_or(Err(Refused::Unavailable)) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Refused::NotForwarded) => Err(Problem::conflict(
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
            Ok(ClientEvent { action: ClientAction::UserMessage { text }, .. }) => Ok(text),
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
    fn what_is_no_link_is_refused() {
        for url in ["javascript:alert(1)", "ftp://a/b", "https", "", "https://a/\\nb c", "héllo"] {
            let body = json!({"attachments": [{"url": url.replace("\\n", "\n")}]}).to_string();
            assert_eq!(text(&body), Err(StatusCode::BAD_REQUEST), "{url}");
        }
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
