//! The Platform API: REST under `/api/v2` (Genesys reference 3, 4.1 and 6).
//!
//! Every request passes [`admission`] first: token, rate limit, faults, counters, log. A route then
//! asks the caller's permissions, the org or the channels, and answers.

mod admission;
mod body;
mod conversations;
pub(crate) mod counters;
mod directory;
mod error_body;
mod inbound;
mod integrations;
mod known_fields;
mod message_routing;
mod messaging_settings;
mod notifications;
mod paging;
mod permissions;
pub(crate) mod rate_limit;
pub(crate) mod request_faults;
pub(crate) mod request_log;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::any;

use crate::platform::error_body::PlatformError;
use crate::request_feed;
use crate::simulator::Simulator;

/// The routes of the API host.
pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new()
        .merge(inbound::routes())
        .merge(conversations::routes())
        .merge(integrations::routes())
        .merge(messaging_settings::routes())
        .merge(message_routing::routes())
        .merge(directory::routes())
        .merge(notifications::routes())
        .route("/api/v2/{*path}", any(async || PlatformError::not_found()))
        .method_not_allowed_fallback(async || PlatformError::method_not_allowed())
        .layer(from_fn_with_state(simulator.clone(), admission::admit))
        .layer(from_fn_with_state(simulator.clone(), request_feed::tell))
        .with_state(simulator)
}
