//! The Messaging API server that chat clients connect to.
//!
//! A client asks for an access token, with it for a session, and with both for a socket. This
//! package speaks with the client, and reads the session log from the store; everything else it
//! asks of whoever implements [`Sessions`].

mod admission;
mod client_address;
mod client_frame;
mod component;
mod connection;
mod connector;
mod cross_origin;
mod digest;
mod frame;
mod headers;
mod host;
mod http;
mod limits;
mod metadata;
mod network;
mod passing;
mod places;
mod rate;
mod refusal;
mod session_request;
mod sessions;
mod timestamp;
mod token;
mod upgrade;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use baton_metrics::Metrics;
use baton_process::{Clock, Random, Shutdown};
use baton_store::Store;

pub use admission::{Admission, Allowance};
pub use connector::Connector;
pub use digest::SecretDigest;
pub use frame::{SESSION_END, logged as logged_frame, transient as transient_frame};
pub use host::Host;
pub use limits::{HEARTBEAT_SECONDS, Limits, MAX_CONNECTIONS_PER_SESSION, MAX_MESSAGE_BYTES};
pub use network::Network;
pub use passing::{Passing, PassingEvent};
pub use places::{NoPlace, Place, Places};
pub use rate::RateLimiter;
pub use sessions::{
    Attached, AttachedLink, Attachment, ClientAction, ClientEvent, CreateError, Refused,
    SessionFacts, Sessions,
};
pub use timestamp::timestamp_text;
pub use token::AccessTokens;

use refusal::Refusal;

/// What the chat API works with.
#[derive(Debug)]
pub struct Chat<S> {
    /// The tenants' doors.
    pub connectors: Vec<Connector>,
    /// Mints and checks access tokens.
    pub access_tokens: AccessTokens,
    /// Who keeps the sessions.
    pub sessions: S,
    /// Where the session logs are read.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// What bounds a connection.
    pub limits: Limits,
    /// Keeps clients from asking too much.
    pub admission: Admission,
    /// What counts the sockets.
    pub metrics: Metrics,
    /// Closes every socket (1012) when it begins; held until the last one is closed.
    pub shutdown: Shutdown,
}

impl<S: Sessions> Chat<S> {
    /// The chat API: `POST /api/v1/access-token`, `POST /api/v1/sessions`, `GET /ws`; and the web
    /// component that speaks it, `GET /baton-chat.js`.
    ///
    /// The server in front of it puts the peer's address into each request, as axum's
    /// `ConnectInfo<SocketAddr>`; the rate of requests is kept by it.
    pub fn router(self) -> Router {
        let chat = Arc::new(self);
        Router::new()
            .route("/api/v1/access-token", post(http::access_token::<S>))
            .route("/api/v1/sessions", post(http::create_session::<S>))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&chat), http::read_body::<S>))
            .route_layer(middleware::from_fn_with_state(
                Arc::clone(&chat),
                admission::keep_rate::<S>,
            ))
            .route("/ws", get(upgrade::connect::<S>))
            .route("/baton-chat.js", get(component::serve))
            .fallback(async || Refusal::NotFound)
            .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
            .layer(DefaultBodyLimit::max(http::MAX_BODY_BYTES))
            .layer(middleware::from_fn_with_state(Arc::clone(&chat), headers::add::<S>))
            .with_state(chat)
    }
}
