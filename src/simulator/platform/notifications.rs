//! Notification channels over REST (Genesys reference 4.1). The channel operations themselves
//! need no permission; topics may.

use axum::extract::{Path, Query, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, head, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::channels::subscribe::{Entry, SubscribeRefusal};
use crate::channels::{Change, ChannelView, topic};
use crate::oauth::Caller;
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::simulator::Simulator;
use crate::webhook::written;

/// The routes of the notification service.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/api/v2/notifications/channels", post(open).get(list))
        .route("/api/v2/notifications/channels/{channelId}", head(verify))
        .route(
            "/api/v2/notifications/channels/{channelId}/subscriptions",
            get(subscriptions).post(add).put(replace).delete(clear),
        )
        .route("/api/v2/notifications/availabletopics", get(available_topics))
}

type Answer = Result<Json<Value>, PlatformError>;

#[derive(Deserialize)]
struct ListQuery {
    includechannels: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscribeQuery {
    #[serde(default)]
    ignore_errors: bool,
}

#[derive(Deserialize)]
struct Topic {
    id: String,
}

/// Any body will do, and none.
async fn open(
    State(simulator): State<Simulator>,
    caller: Caller,
    headers: HeaderMap,
) -> Json<Value> {
    let channel = simulator
        .channels
        .with(|channels| channels.open(Timestamp::now(), &caller.client.id, caller.token));
    Json(listed(&channel, &headers))
}

/// The channels of the caller's token or, with `includechannels=oauthclient`, of its client.
async fn list(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Answer {
    let token = match query.includechannels.as_deref() {
        None | Some("token") => Some(caller.token),
        Some("oauthclient") => None,
        Some(_) => {
            return Err(PlatformError::invalid_parameter(
                "includechannels",
                "token or oauthclient",
            ));
        }
    };
    let channels = simulator.channels.with(|channels| channels.list(&caller.client.id, token));
    let entities: Vec<Value> = channels.iter().map(|channel| listed(channel, &headers)).collect();
    Ok(Json(json!({ "entities": entities })))
}

async fn verify(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, PlatformError> {
    must_be_alive(&simulator, &caller, &id)?;
    Ok(StatusCode::OK)
}

async fn subscriptions(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    must_be_alive(&simulator, &caller, &id)?;
    let subscriptions = simulator.channels.with(|channels| channels.subscriptions(&id));
    let entries: Vec<Entry> = subscriptions.into_iter().map(Entry::permitted).collect();
    Ok(Json(entries_listed(&id, &entries)))
}

async fn add(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<SubscribeQuery>,
    JsonBody(topics): JsonBody,
) -> Answer {
    subscribe(&simulator, &caller, &id, topics, Change::Add, query.ignore_errors)
}

async fn replace(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<SubscribeQuery>,
    JsonBody(topics): JsonBody,
) -> Answer {
    subscribe(&simulator, &caller, &id, topics, Change::Replace, query.ignore_errors)
}

async fn clear(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, PlatformError> {
    simulator.subscribe(&caller, &id, &[], Change::Replace, false)?;
    Ok(StatusCode::OK)
}

async fn available_topics() -> Json<Value> {
    Json(json!({ "entities": topic::available() }))
}

fn subscribe(
    simulator: &Simulator,
    caller: &Caller,
    id: &str,
    topics: Value,
    change: Change,
    ignore_errors: bool,
) -> Answer {
    let topics: Vec<Topic> =
        serde_json::from_value(topics).map_err(|_| PlatformError::malformed())?;
    let ids: Vec<&str> = topics.iter().map(|topic| topic.id.as_str()).collect();
    let entries = simulator.subscribe(caller, id, &ids, change, ignore_errors)?;
    Ok(Json(entries_listed(id, &entries)))
}

fn must_be_alive(simulator: &Simulator, caller: &Caller, id: &str) -> Result<(), PlatformError> {
    let client = Some(caller.client.id.as_str());
    let alive = simulator.channels.with(|c| c.is_alive(Timestamp::now(), id, client));
    if alive { Ok(()) } else { Err(PlatformError::not_found()) }
}

fn entries_listed(channel_id: &str, entries: &[Entry]) -> Value {
    let entities: Vec<Value> = entries.iter().map(|entry| entry.listed(channel_id)).collect();
    json!({ "entities": entities })
}

/// A channel with the address of its socket: this simulator, as the caller reached it.
fn listed(channel: &ChannelView, headers: &HeaderMap) -> Value {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    json!({
        "connectUri": format!("ws://{host}/channels/{}", channel.id),
        "id": channel.id,
        "expires": written(channel.expires),
    })
}

impl From<SubscribeRefusal> for PlatformError {
    fn from(refusal: SubscribeRefusal) -> Self {
        match refusal {
            SubscribeRefusal::NoSuchChannel => Self::not_found(),
            SubscribeRefusal::InvalidTopic => Self::invalid_topic(),
            SubscribeRefusal::MissingPermissions(missing) => Self::missing_permissions(&missing),
            SubscribeRefusal::TooManyTopics => Self::topic_limit(),
        }
    }
}
