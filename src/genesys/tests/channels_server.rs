//! A Genesys on loopback that has notification channels and nothing else, and does with them
//! what a test tells it to.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
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
    routing::{any, get, post},
};
use baton_genesys::{
    ChannelMemory, ChannelNotice, ChannelState, ChannelStatus, Channels, Pace, Watch,
};
use baton_process::{ShutdownTrigger, shutdown};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, time::sleep};

use crate::scripted::client_of;

/// Longer than anything takes here; nothing waits for it but what fails.
const PATIENCE: Duration = Duration::from_secs(20);

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
    upgrades_fail: bool,
    /// Whether each socket is closed as soon as it is open, as by a second owner.
    rival: bool,
    answers_pings: bool,
    refused: Option<String>,
}

/// The server. Clones are the same.
#[derive(Clone)]
pub(crate) struct Server {
    address: String,
    world: Arc<Mutex<World>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let world = World { answers_pings: true, ..World::default() };
        let server = Self { address, world: Arc::new(Mutex::new(world)) };
        let app = Router::new()
            .route("/oauth/token", post(token))
            .route("/api/v2/notifications/channels", get(list).post(create))
            .route("/api/v2/notifications/channels/{id}/subscriptions", any(subscriptions))
            .route("/channels/{id}", get(upgrade))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    /// A client's channels, fast, with no more heartbeats than there are here: none.
    pub(crate) fn client(&self, memory: &Memory, most: usize) -> Client {
        self.client_at(patient_pace(), memory, most)
    }

    pub(crate) fn client_at(&self, pace: Pace, memory: &Memory, most: usize) -> Client {
        let genesys = client_of(&format!("http://{}", self.address), pace);
        let (stop, shutdown) = shutdown();
        let channels = Channels::start(genesys, memory.clone(), most, shutdown);
        Client { channels, stop }
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

    pub(crate) fn fail_upgrades(&self, fail: bool) {
        self.world().upgrades_fail = fail;
    }

    pub(crate) fn be_a_rival(&self, rival: bool) {
        self.world().rival = rival;
    }

    pub(crate) fn ignore_pings(&self) {
        self.world().answers_pings = false;
    }

    /// Has no topics of this conversation.
    pub(crate) fn refuse(&self, conversation: &str) {
        self.world().refused = Some(conversation.to_owned());
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

    /// Evicts a channel: its socket is closed, and it is no more.
    pub(crate) fn evict(&self, channel: &str) {
        self.world().channels.remove(channel);
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

/// One process with its channels.
pub(crate) struct Client {
    channels: Channels,
    stop: ShutdownTrigger,
}

impl Client {
    pub(crate) fn watch(&self, conversation: &str) -> Watch {
        self.channels.watch(conversation)
    }

    /// Watches a conversation and waits until its topics are in place.
    pub(crate) async fn watched(&self, conversation: &str) -> Watch {
        let mut watch = self.watch(conversation);
        assert_eq!(next(&mut watch).await, ChannelNotice::Reconcile);
        watch
    }

    /// Waits for a state of the channels.
    pub(crate) async fn until(
        &self,
        what: &str,
        is_so: impl FnMut(&Vec<ChannelStatus>) -> bool,
    ) -> Vec<ChannelStatus> {
        let mut states = self.channels.states();
        within(what, async { states.wait_for(is_so).await.unwrap().clone() }).await
    }

    /// Waits for a state of the first channel.
    pub(crate) async fn until_first(
        &self,
        what: &str,
        is_so: impl Fn(ChannelState) -> bool,
    ) -> ChannelStatus {
        let is_so = |all: &Vec<ChannelStatus>| all.first().is_some_and(|one| is_so(one.state));
        self.until(what, is_so).await.remove(0)
    }

    pub(crate) fn statuses(&self) -> Vec<ChannelStatus> {
        self.channels.states().borrow().clone()
    }

    /// Stops the process, and waits until its sockets are closed.
    pub(crate) async fn stop(self) {
        self.stop.begin();
        drop(self.channels);
        within("the shutdown", self.stop.finished()).await;
    }
}

/// Remembers in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeSet<String>>>);

impl Memory {
    pub(crate) fn of(ids: &[&str]) -> Self {
        let memory = Self::default();
        memory.0.lock().unwrap().extend(ids.iter().map(|id| (*id).to_owned()));
        memory
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().cloned().collect()
    }
}

impl ChannelMemory for Memory {
    async fn load(&self) -> Vec<String> {
        self.all()
    }

    async fn remember(&self, channel_id: &str) {
        self.0.lock().unwrap().insert(channel_id.to_owned());
    }

    async fn forget(&self, channel_id: &str) {
        self.0.lock().unwrap().remove(channel_id);
    }
}

/// A pace a thousand times as fast, but patient with silence.
pub(crate) fn patient_pace() -> Pace {
    let real = Pace::default();
    Pace {
        heartbeat_silence: real.heartbeat_silence,
        pong_wait: real.pong_wait,
        channel_renewal: real.channel_renewal,
        ..Pace::scaled(0.001)
    }
}

/// The next notice of a watch.
pub(crate) async fn next(watch: &mut Watch) -> ChannelNotice {
    within("a notice", watch.next()).await
}

/// The next event of a watch, whatever is to be compared before; and whether something was.
pub(crate) async fn next_event(watch: &mut Watch) -> bool {
    let mut compared = false;
    while next(watch).await == ChannelNotice::Reconcile {
        compared = true;
    }
    compared
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, future).await;
    outcome.unwrap_or_else(|_| panic!("{what} did not come"))
}

async fn token() -> Json<Value> {
    Json(json!({ "access_token": "token", "token_type": "bearer", "expires_in": 86_399 }))
}

fn channel_body(server: &Server, id: &str) -> Value {
    let connect_uri = format!("ws://{}/channels/{id}", server.address);
    json!({ "connectUri": connect_uri, "id": id, "expires": "2026-05-05T09:00:00.000Z" })
}

async fn create(State(server): State<Server>) -> Json<Value> {
    let mut world = server.world();
    world.made += 1;
    let id = format!("made-{}", world.made);
    world.channels.insert(id.clone(), BTreeSet::new());
    world.most_at_once = world.most_at_once.max(world.channels.len());
    Json(channel_body(&server, &id))
}

async fn list(State(server): State<Server>) -> Json<Value> {
    server.world().listed += 1;
    let all: Vec<Value> = server.channels().iter().map(|id| channel_body(&server, id)).collect();
    Json(json!({ "entities": all }))
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
        if world.upgrades_fail {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
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
