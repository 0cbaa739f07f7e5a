//! A Genesys on loopback that has notification channels and nothing else, and does with them
//! what a test tells it to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get, head, post},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    time::sleep,
};

use crate::channels_client::within;

/// What a test does to a socket.
enum Act {
    Say(String),
    Close(u16),
    /// Ends the connection without a word.
    Cut,
}

#[derive(Default)]
struct World {
    /// The topics of each channel.
    channels: BTreeMap<String, BTreeSet<String>>,
    made: usize,
    most_at_once: usize,
    sockets: BTreeMap<String, mpsc::UnboundedSender<Act>>,
    /// How often each channel was connected to.
    connections: Vec<String>,
    /// Method, channel and number of topics of each request for topics.
    requests: Vec<(Method, String, usize)>,
    pings: usize,
    /// How often the channels were listed.
    listed: usize,
    /// How every upgrade is answered, whatever the channel.
    upgrades: Option<StatusCode>,
    /// How often it was asked whether a channel exists.
    verified: usize,
    /// How the channels are listed, if they are not.
    listings: Option<StatusCode>,
    /// Whether channels are said to be where none can be connected to.
    misleads: bool,
    /// Whether every new socket is told at once that it will close.
    closing: bool,
    /// Whether each socket is closed as soon as it is open, as by a second owner.
    rival: bool,
    answers_pings: bool,
    /// What the topics that are refused contain.
    refused: Option<String>,
}

/// The server. Clones are the same.
#[derive(Clone)]
pub(crate) struct Server {
    address: String,
    world: Arc<Mutex<World>>,
    /// Whether listings are answered.
    lists: watch::Sender<bool>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let world = World { answers_pings: true, ..World::default() };
        let (lists, _) = watch::channel(true);
        let server = Self { address, world: Arc::new(Mutex::new(world)), lists };
        let app = Router::new()
            .route("/oauth/token", post(token))
            .route("/api/v2/notifications/channels", get(list).post(create))
            .route("/api/v2/notifications/channels/{id}", head(verify))
            .route("/api/v2/notifications/channels/{id}/subscriptions", any(subscriptions))
            .route("/channels/{id}", get(upgrade))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    /// Where it is, as a client is told.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A channel that somebody made before.
    pub(crate) fn add_channel(&self, id: &str) {
        self.world().channels.insert(id.to_owned(), BTreeSet::new());
    }

    pub(crate) fn channels(&self) -> Vec<String> {
        self.world().channels.keys().cloned().collect()
    }

    /// How many channels were made.
    pub(crate) fn made(&self) -> usize {
        self.world().made
    }

    /// The most channels that there were at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.world().most_at_once
    }

    pub(crate) fn listed(&self) -> usize {
        self.world().listed
    }

    pub(crate) fn topics(&self, channel: &str) -> BTreeSet<String> {
        self.world().channels.get(channel).cloned().unwrap_or_default()
    }

    pub(crate) fn connections(&self) -> Vec<String> {
        self.world().connections.clone()
    }

    pub(crate) fn requests(&self) -> Vec<(Method, String, usize)> {
        self.world().requests.clone()
    }

    pub(crate) fn pings(&self) -> usize {
        self.world().pings
    }

    /// Answers every upgrade with this status, or as it should be answered.
    pub(crate) fn answer_upgrades(&self, status: Option<u16>) {
        self.world().upgrades = status.map(|status| StatusCode::from_u16(status).unwrap());
    }

    /// Answers every listing of the channels with this status.
    pub(crate) fn refuse_listings(&self, status: u16) {
        self.world().listings = Some(StatusCode::from_u16(status).unwrap());
    }

    /// Answers listings now or only once it is told to.
    pub(crate) fn answer_listings(&self, answer: bool) {
        self.lists.send_replace(answer);
    }

    /// Says of every channel that it is where none can be connected to, or where it is.
    pub(crate) fn mislead(&self, mislead: bool) {
        self.world().misleads = mislead;
    }

    /// How often it was asked whether a channel exists.
    pub(crate) fn verified(&self) -> usize {
        self.world().verified
    }

    /// Tells every new socket at once that it will close.
    pub(crate) fn close_for_maintenance(&self) {
        self.world().closing = true;
    }

    pub(crate) fn be_a_rival(&self, rival: bool) {
        self.world().rival = rival;
    }

    pub(crate) fn ignore_pings(&self) {
        self.world().answers_pings = false;
    }

    /// Has none of the topics that contain this.
    pub(crate) fn refuse(&self, part: &str) {
        self.world().refused = Some(part.to_owned());
    }

    /// Says the event to whichever channel has its topic, if one has.
    pub(crate) fn emit(&self, conversation: &str, step: &str) {
        let topic = format!("v2.detail.events.conversation.{conversation}.{step}");
        let frame = json!({
            "topicName": topic,
            "version": "2",
            "eventBody": { "conversationId": conversation, "userId": "agent" },
        });
        let world = self.world();
        for (channel, _) in world.channels.iter().filter(|(_, topics)| topics.contains(&topic)) {
            if let Some(socket) = world.sockets.get(channel) {
                let _ = socket.send(Act::Say(frame.to_string()));
            }
        }
    }

    /// Says a frame over the channel's socket.
    pub(crate) fn say(&self, channel: &str, frame: &Value) {
        self.act(channel, Act::Say(frame.to_string()));
    }

    pub(crate) fn cut(&self, channel: &str) {
        self.act(channel, Act::Cut);
    }

    pub(crate) fn close(&self, channel: &str, code: u16) {
        self.act(channel, Act::Close(code));
    }

    /// The channel is no more; its socket stays.
    pub(crate) fn remove(&self, channel: &str) {
        self.world().channels.remove(channel);
    }

    /// Evicts a channel: its socket is closed, and it is no more.
    pub(crate) fn evict(&self, channel: &str) {
        self.remove(channel);
        self.close(channel, 1001);
    }

    fn act(&self, channel: &str, act: Act) {
        let world = self.world();
        let _ = world.sockets[channel].send(act);
    }

    /// Waits until this is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        within(what, async {
            while !is_so(self) {
                sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
}

async fn token() -> Json<Value> {
    Json(json!({ "access_token": "token", "token_type": "bearer", "expires_in": 86_399 }))
}

fn channel_body(address: &str, misleads: bool, id: &str) -> Value {
    let scheme = if misleads { "https" } else { "ws" };
    let connect_uri = format!("{scheme}://{address}/channels/{id}");
    json!({ "connectUri": connect_uri, "id": id, "expires": "2026-05-05T09:00:00.000Z" })
}

async fn create(State(server): State<Server>) -> Json<Value> {
    let mut world = server.world();
    world.made += 1;
    let id = format!("made-{}", world.made);
    world.channels.insert(id.clone(), BTreeSet::new());
    world.most_at_once = world.most_at_once.max(world.channels.len());
    Json(channel_body(&server.address, world.misleads, &id))
}

async fn list(State(server): State<Server>) -> Response {
    server.world().listed += 1;
    let _ = server.lists.subscribe().wait_for(|answer| *answer).await;
    let world = server.world();
    if let Some(status) = world.listings {
        return status.into_response();
    }
    let listed = |id: &String| channel_body(&server.address, world.misleads, id);
    let all: Vec<Value> = world.channels.keys().map(listed).collect();
    Json(json!({ "entities": all })).into_response()
}

async fn verify(State(server): State<Server>, Path(id): Path<String>) -> StatusCode {
    let mut world = server.world();
    world.verified += 1;
    if world.channels.contains_key(&id) { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

async fn subscriptions(
    State(server): State<Server>,
    Path(id): Path<String>,
    method: Method,
    body: Option<Json<Value>>,
) -> Response {
    let mut world = server.world();
    let asked = match &body {
        Some(Json(Value::Array(topics))) => topics.clone(),
        _ => Vec::new(),
    };
    world.requests.push((method.clone(), id.clone(), asked.len()));
    let refused = world.refused.clone();
    let Some(topics) = world.channels.get_mut(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if method != Method::POST {
        topics.clear();
    }
    let mut entities = Vec::new();
    for topic in asked.iter().filter_map(|topic| topic["id"].as_str()) {
        if refused.as_ref().is_some_and(|refused| topic.contains(refused.as_str())) {
            let missing = ["analytics:conversationDetail:view"];
            entities
                .push(json!({ "id": topic, "state": "Rejected", "missingPermissions": missing }));
        } else {
            topics.insert(topic.to_owned());
            entities.push(json!({ "id": topic, "state": "Permitted" }));
        }
    }
    if topics.len() > 1000 {
        return StatusCode::BAD_REQUEST.into_response();
    }
    Json(json!({ "entities": entities })).into_response()
}

async fn upgrade(
    State(server): State<Server>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    {
        let world = server.world();
        if let Some(status) = world.upgrades {
            return status.into_response();
        }
        if !world.channels.contains_key(&id) {
            return StatusCode::NOT_FOUND.into_response();
        }
    }
    upgrade.on_upgrade(move |socket| serve(server, id, socket))
}

/// Serves a socket. A second one to the same channel kicks the first.
async fn serve(server: Server, id: String, mut socket: WebSocket) {
    let (acts, mut todo) = mpsc::unbounded_channel();
    {
        let mut world = server.world();
        world.connections.push(id.clone());
        if world.rival {
            let _ = acts.send(Act::Close(1000));
        }
        if world.closing {
            let frame = json!({ "topicName": "v2.system.socket_closing", "eventBody": {} });
            let _ = acts.send(Act::Say(frame.to_string()));
        }
        if let Some(first) = world.sockets.insert(id, acts) {
            let _ = first.send(Act::Close(1000));
        }
    }
    loop {
        tokio::select! {
            act = todo.recv() => match act {
                Some(Act::Say(text)) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Act::Close(code)) => {
                    let frame = CloseFrame { code, reason: "".into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    while let Some(Ok(_)) = socket.recv().await {}
                    return;
                }
                Some(Act::Cut) | None => return,
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) if text.contains("ping") => {
                    let answers = {
                        let mut world = server.world();
                        world.pings += 1;
                        world.answers_pings
                    };
                    let pong = json!({
                        "topicName": "channel.metadata",
                        "eventBody": { "message": "pong" },
                    });
                    if answers && socket.send(Message::text(pong.to_string())).await.is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                _ => return,
            },
        }
    }
}
