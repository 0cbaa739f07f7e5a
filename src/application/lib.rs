//! The API for applications that have a chat of their own, and the webhooks to them.
//!
//! An application opens a session, says in it what its user says, hands it over to a human with
//! what was said before, and reads what happens: page by page, as Server-Sent Events, or by
//! webhooks. Whoever takes a chat over asks here what was handed over, or looks at it by a link.
//!
//! This package speaks with applications, and reads the session log from the store; everything
//! else it asks of whoever implements [`ApplicationSessions`].

mod admission;
mod attached;
mod chat_actions;
mod context_link;
mod context_link_actions;
mod context_page;
mod context_standing;
mod context_transcript;
mod documentation;
mod door;
mod event_stream;
mod events;
mod frame_ancestor;
mod handoff;
mod handoff_state;
mod markup;
mod reading;
mod refusals;
mod request_path;
mod session_request;
mod sessions;
mod webhook;
mod webhook_pace;
mod webhook_secret;
mod webhook_sender;
mod webhook_turns;

#[cfg(test)]
mod context_page_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use baton_chat::Limits;
use baton_problem::Problem;
use baton_process::{Clock, Shutdown};
use baton_store::Store;

pub use admission::{Admission, Allowance};
pub use context_link::{ContextLink, ContextLinks};
pub use door::Door;
pub use frame_ancestor::{FrameAncestor, FrameAncestorProblem};
pub use sessions::{
    ApplicationSessions, HandoffOrder, NO_TOKEN, NotHandedOver, Opened, is_of_application,
};
pub use webhook::Webhook;
pub use webhook_pace::WebhookPace;
pub use webhook_secret::{WebhookSecret, WebhookSecretProblem};
pub use webhook_sender::WebhookSender;

use documentation::OPENAPI;

/// The most bytes of a request's body.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// What the API works with.
#[derive(Debug)]
pub struct Application<S> {
    /// By which keys the tenants' applications come in.
    pub doors: Vec<Door>,
    /// Who keeps the sessions.
    pub sessions: S,
    /// Where the session logs and the contexts are read.
    pub store: Store,
    /// Makes the links to contexts, and knows them again; absent where nobody is given any.
    pub context_links: Option<ContextLinks>,
    /// Whose pages may show a context in a frame; nobody's where there is none.
    pub frame_ancestors: Vec<FrameAncestor>,
    /// The time.
    pub clock: Clock,
    /// Keeps applications from asking too much.
    pub admission: Admission,
    /// For how long things may take.
    pub limits: Limits,
    /// Ends every stream of events when it begins.
    pub shutdown: Shutdown,
}

impl<S: ApplicationSessions> Application<S> {
    /// The API, as `src/application/openapi.json` describes it.
    pub fn router(self) -> Router {
        let sessions = "/v1/{account_id}/{project_id}/sessions";
        let session = |rest: &str| format!("{sessions}/{{session_id}}/{rest}");
        Router::new()
            .route(sessions, post(session_request::open_session::<S>))
            .route(&session("messages"), post(chat_actions::post_message::<S>))
            .route(&session("typing"), post(chat_actions::post_typing::<S>))
            .route(&session("end"), post(chat_actions::end_session::<S>))
            .route(&session("handoff"), post(handoff::begin_handoff::<S>))
            .route(&session("events"), get(events::read_events::<S>))
            .route(
                "/v1/{account_id}/{project_id}/handoff_state",
                get(handoff_state::read_handoff_state::<S>),
            )
            .route(
                &session("context_links"),
                post(context_link_actions::make_link::<S>)
                    .delete(context_link_actions::revoke_links::<S>),
            )
            .route(
                "/context/{session_id}",
                get(context_page::show_context::<S>).fallback(context_page::refuse_method::<S>),
            )
            .route("/openapi.json", get(documentation))
            .fallback(async || Problem::new(StatusCode::NOT_FOUND, "there is nothing here"))
            .method_not_allowed_fallback(async || {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "the path does not take this method")
            })
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::new(self))
    }
}

async fn documentation() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, json)], OPENAPI.as_str()).into_response()
}
