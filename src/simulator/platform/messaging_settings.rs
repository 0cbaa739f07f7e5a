//! Messaging settings and profiles of supported content. The permissions are those that the
//! documentation of Genesys' SDKs gives.

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use crate::oauth::Caller;
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::known_fields;
use crate::platform::paging::PageQuery;
use crate::simulator::Simulator;

const SETTINGS: &str = "/api/v2/conversations/messaging/settings";
const CONTENT: &str = "/api/v2/conversations/messaging/supportedcontent";

/// The routes of messaging settings and of supported content.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route(SETTINGS, get(list).post(create))
        .route(
            "/api/v2/conversations/messaging/settings/{messageSettingId}",
            get(read).patch(change),
        )
        .route(CONTENT, get(list_content).post(create_content))
        .route(
            "/api/v2/conversations/messaging/supportedcontent/{supportedContentId}",
            get(read_content),
        )
}

type Answer = Result<Json<Value>, PlatformError>;

async fn list(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    caller.must_have_any(&["messaging:setting:view"])?;
    Ok(Json(query.page(SETTINGS, simulator.ask_org(|org| org.messaging_settings()))?))
}

async fn read(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have_any(&["messaging:setting:view"])?;
    Ok(Json(simulator.ask_org(|org| org.messaging_setting(&id))?))
}

async fn create(
    State(simulator): State<Simulator>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have_any(&["messaging:setting:add"])?;
    simulator.count_unknown_fields(&body, known_fields::MESSAGING_SETTING);
    Ok(Json(simulator.with_org(|org, now| org.create_messaging_setting(now, &body))?))
}

async fn change(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have_any(&["messaging:setting:edit"])?;
    simulator.count_unknown_fields(&body, known_fields::MESSAGING_SETTING);
    Ok(Json(simulator.with_org(|org, now| org.change_messaging_setting(now, &id, &body))?))
}

async fn list_content(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    caller.must_have_any(&["messaging:supportedContent:view"])?;
    Ok(Json(query.page(CONTENT, simulator.ask_org(|org| org.supported_contents()))?))
}

async fn read_content(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have_any(&["messaging:supportedContent:view"])?;
    Ok(Json(simulator.ask_org(|org| org.supported_content(&id))?))
}

async fn create_content(
    State(simulator): State<Simulator>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have_any(&["messaging:supportedContent:add"])?;
    simulator.count_unknown_fields(&body, known_fields::SUPPORTED_CONTENT);
    Ok(Json(simulator.with_org(|org, now| org.create_supported_content(now, &body))?))
}
