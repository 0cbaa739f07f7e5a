//! `POST /v1/{account_id}/{project_id}/sessions`: a session is opened, or taken up again.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use baton_chat::{CreateError, SessionFacts};
use baton_problem::{Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    Application, Opened, reading::id, refusals::ProjectRefusals, request_path::ProjectPath,
    sessions::ApplicationSessions,
};

/// The most bytes of the custom data of a session, as JSON: as much as a chat client may give.
const MAX_CUSTOM_BYTES: usize = 8 * 1024;

/// The most characters of a platform's name.
const MAX_PLATFORM_CHARACTERS: usize = 32;

/// What an application says of a session. Everything may be left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRequest {
    /// The application's own id of the chat. Whoever asks with it again gets the same session.
    #[schema(max_length = 200, example = "chat-4711")]
    external_id: Option<String>,
    /// What the bot and the agent may know: at most 8 KiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    custom: Map<String, Value>,
    /// The kind of client: a word of at most 32 characters.
    #[schema(example = "whatsapp")]
    platform: Option<String>,
    /// Who the user is. It is kept as the member `user` of the custom data.
    user: Option<User>,
}

/// A user, as far as the application tells.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    /// The application's id of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The whole name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    /// What the user likes to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionOpened {
    /// Its id.
    session_id: String,
    /// Whether it is new; false for one that was taken up again.
    created: bool,
}

impl SessionRequest {
    /// The application's id, and what the session is to know.
    fn facts(self) -> Result<(Option<String>, SessionFacts), Problem> {
        let Self { external_id, mut custom, platform, user } = self;
        let external_id = id("external_id", external_id)?;
        if platform.as_deref().is_some_and(|platform| !is_word(platform)) {
            let detail = "platform has to be 1 to 32 characters of A-Z a-z 0-9 _ -";
            return Err(Problem::invalid(detail));
        }
        if let Some(user) = user {
            // Texts always have a JSON form.
            custom.insert("user".to_owned(), serde_json::to_value(user).unwrap_or_default());
        }
        let custom = (!custom.is_empty()).then(|| Value::Object(custom).to_string());
        if custom.as_ref().is_some_and(|custom| custom.len() > MAX_CUSTOM_BYTES) {
            return Err(Problem::invalid("custom and user are longer than 8 KiB"));
        }
        Ok((external_id, SessionFacts { platform, custom }))
    }
}

fn is_word(text: &str) -> bool {
    (1..=MAX_PLATFORM_CHARACTERS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Open a session, or take one up again
///
/// With an `external_id` that the project knows, the answer is the session that has it, as it
/// stands, be it that it has ended; what else the request says is left aside.
#[utoipa::path(
    post,
    tag = "Sessions",
    path = "/v1/{account_id}/{project_id}/sessions",
    params(ProjectPath),
    request_body = SessionRequest,
    responses(
        ProjectRefusals,
        (status = 200, description = "There was one.", body = SessionOpened),
        (status = 201, description = "It was opened.", body = SessionOpened),
        (status = 400, description = "The body is wrong.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn open_session<S: ApplicationSessions>(
    State(application): State<Arc<Application<S>>>,
    Path(ProjectPath { account_id, project_id }): Path<ProjectPath>,
    request: Request,
) -> Result<Response, Problem> {
    let tenant = application.admit(&account_id, &project_id, request.headers())?.clone();
    let (external_id, facts) = application.read::<SessionRequest>(request).await?.facts()?;
    let opened = application.sessions.open(tenant, external_id, facts);
    let opened = timeout(application.limits.call, opened).await;
    let opened = opened.map_err(|_| Problem::try_again("no session was opened in time"))?;
    let Opened { session_id, created } = opened.map_err(not_opened)?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(SessionOpened { session_id, created })).into_response())
}

fn not_opened(error: CreateError) -> Problem {
    match error {
        // A key leads to a tenant that is configured.
        CreateError::UnknownTenant | CreateError::Failed => {
            Problem::try_again("no session was opened; try again")
        }
        CreateError::NotReady => {
            Problem::try_again("the project's integration was not found at Genesys yet; try again")
        }
    }
}
