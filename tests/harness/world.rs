//! A whole world on loopback: a simulated Genesys whose time runs faster, an edge, and a sidecar
//! that speaks with it.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use baton_sidecar::{Configuration, Pacing, RunError, Store, bind};
use baton_simulator::Configuration as Org;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    chat::{Session, Socket},
    edge::Edge,
    http1::PATIENCE,
    sidecar::{HOST, INTEGRATION, SIDECAR_ENVIRONMENT, end_user_id},
    simulator::{self, Simulator},
};

/// What part of its real length each duration at Genesys has here.
pub const TIME_SCALE: f64 = 0.05;

/// How a world differs from the usual one.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Lines of the tenant's `handoff` section.
    pub handoff: String,
    /// Lines of the tenant's `genesys` section.
    pub genesys: String,
    /// Of how many channels the OAuth client may make use.
    pub channels: u32,
    /// What part of its real length each duration has.
    pub time_scale: f64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            handoff: "start = 'first_message'".to_owned(),
            genesys: String::new(),
            channels: 20,
            time_scale: TIME_SCALE,
        }
    }
}

/// The world.
#[derive(Debug)]
pub struct World {
    /// Genesys.
    pub genesys: Simulator,
    /// Where chat clients connect.
    pub chat: SocketAddr,
    /// Where operators ask.
    pub internal: SocketAddr,
    setting: Setting,
    edge: Edge,
    folder: Arc<TempDir>,
    sidecar: Option<Sidecar>,
}

#[derive(Debug)]
struct Sidecar {
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), RunError>>,
}

impl World {
    /// The usual one: the first message begins a handoff.
    pub async fn start() -> Self {
        Self::start_with(Setting::default(), |_| {}).await
    }

    /// Shows what the processes of a test log, as `RUST_LOG` asks for it.
    fn show_log() {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        // Another test of the process may have begun already.
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
    }

    /// One that differs, with an org that differs too.
    pub async fn start_with(setting: Setting, org: impl FnOnce(&mut Org)) -> Self {
        Self::show_log();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (edge, chat, internal) = (listen(any).await, listen(any).await, listen(any).await);
        let address = |listener: &TcpListener| listener.local_addr().expect("bound");
        let mut configuration = simulator::configuration(address(&edge));
        configuration.time_scale = setting.time_scale;
        org(&mut configuration);
        let genesys = Simulator::start_with(configuration).await;
        let mut world = Self {
            genesys,
            chat: address(&chat),
            internal: address(&internal),
            setting,
            edge: Edge::start(edge, address(&internal)),
            folder: Arc::new(tempfile::tempdir().expect("a folder")),
            sidecar: None,
        };
        world.start_sidecar(chat, internal);
        world
    }

    /// Stops the sidecar and starts it again on the same store.
    pub async fn restart_sidecar(&mut self) {
        self.stop_sidecar().await;
        let (chat, internal) = (listen(self.chat).await, listen(self.internal).await);
        self.start_sidecar(chat, internal);
    }

    /// Stops the sidecar.
    pub async fn stop_sidecar(&mut self) {
        let Some(Sidecar { stop, running }) = self.sidecar.take() else { return };
        let _ = stop.send(());
        let ended = timeout(PATIENCE, running).await.expect("it stops in time");
        ended.expect("it does not panic").expect("it stops well");
    }

    fn start_sidecar(&mut self, chat: TcpListener, internal: TcpListener) {
        let path = self.folder.path().join("baton.db");
        let configuration = self.configuration(&path);
        let store = Store::open(&path).expect("the store opens");
        let pacing = Pacing::scaled(self.setting.time_scale);
        let sidecar = baton_sidecar::Sidecar::new(configuration, store).with_pacing(pacing);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(sidecar.run(chat, internal, stopped));
        self.sidecar = Some(Sidecar { stop, running });
    }

    fn configuration(&self, store: &PathBuf) -> Configuration {
        let Setting { handoff, genesys, channels, .. } = &self.setting;
        let text = format!(
            r#"
store.path = '{}'
genesys.channels_per_client = {channels}

[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "{INTEGRATION}"
connector_tokens = [{{ env = "CONNECTOR_TOKEN" }}]
hosts = ["{HOST}"]
[tenants.genesys]
base_url = "http://{}"
client_id = "{}"
client_secret = {{ env = "GENESYS_SECRET" }}
{genesys}
[tenants.genesys.handoff]
{handoff}
"#,
            store.display(),
            self.genesys.address(),
            baton_simulator::DEFAULT_CLIENT_ID,
        );
        let environment = |name: &str| {
            let own = [("GENESYS_SECRET", baton_simulator::DEFAULT_CLIENT_SECRET)];
            let mut known = SIDECAR_ENVIRONMENT.into_iter().chain(own);
            known.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        Configuration::parse(&text, &environment).expect("it is valid").0
    }

    /// Where webhooks go.
    pub fn edge(&self) -> SocketAddr {
        self.edge.address
    }

    /// A new session of the tenant, with a socket on it.
    pub async fn customer(&self) -> Customer {
        let session = Session::make(self.chat).await;
        let end_user_id = end_user_id(self.internal, &session.id).await;
        let mut socket = Socket::open(self.chat, &session).await;
        let start = socket.event().await;
        assert_eq!(start["type"], "EVENT_TYPE_SESSION_START");
        Customer { chat: self.chat, session, end_user_id, socket, said: 0 }
    }

    /// The conversation of an end user, once there is one that holds what is wanted.
    pub async fn conversation(&self, end_user_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let path = format!("/control/v1/conversations?end_user={end_user_id}");
        loop {
            let conversations = self.genesys.get(&path).await;
            let mut all = Value::Null;
            if let Some(newest) = conversations.as_array().and_then(|all| all.last()) {
                let id = newest["id"].as_str().expect("an id");
                all = self.genesys.get(&format!("/control/v1/conversations/{id}")).await;
                if wanted(&all) {
                    return all;
                }
            }
            assert!(Instant::now() < deadline, "it does not come: {all:#}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// What a person or a flow at the contact centre does in a conversation.
    pub async fn act(&self, conversation: &Value, action: Value) -> Value {
        let id = conversation["id"].as_str().expect("an id");
        self.genesys.post(&format!("/control/v1/conversations/{id}/actions"), &action).await
    }

    /// The faults that are at work from now on.
    pub async fn faults(&self, plan: Value) {
        self.genesys.put("/control/v1/faults", &plan).await;
    }

    /// A fault that strikes at once.
    pub async fn strike(&self, fault: Value) -> u64 {
        let struck = self.genesys.post("/control/v1/faults/now", &fault).await;
        struck["struck"].as_u64().expect("a number")
    }

    /// Changes how the org behaves.
    pub async fn switch(&self, switches: Value) {
        self.genesys.put("/control/v1/org", &switches).await;
    }
}

/// A customer at a chat window.
#[derive(Debug)]
pub struct Customer {
    chat: SocketAddr,
    /// The session.
    pub session: Session,
    /// As Genesys knows the customer.
    pub end_user_id: String,
    /// The socket.
    pub socket: Socket,
    said: u32,
}

impl Customer {
    /// Says something.
    pub async fn say(&mut self, text: &str) {
        self.said += 1;
        let local_id = format!("{}-{}", self.session.id, self.said);
        self.socket.say(text, &local_id).await;
    }

    /// Ends the session.
    pub async fn end(&mut self) {
        self.socket.send("EVENT_TYPE_USER_END_SESSION", json!({}), None).await;
    }

    /// The next event that has a place in the log.
    pub async fn event(&mut self) -> Value {
        loop {
            let event = self.socket.event().await;
            if event["sequence"].is_u64() {
                return event;
            }
        }
    }

    /// The next events of the log, which have to be of these types; a type is given without
    /// `EVENT_TYPE_`.
    pub async fn sees(&mut self, kinds: &[&str]) -> Vec<Value> {
        let mut events = Vec::new();
        for kind in kinds {
            let event = self.event().await;
            assert_eq!(event["type"], format!("EVENT_TYPE_{kind}"), "after {events:#?}: {event:#}");
            events.push(event);
        }
        events
    }

    /// Closes the socket and opens another, which begins with the whole history.
    pub async fn reconnect(&mut self) {
        self.socket = Socket::open(self.chat, &self.session).await;
    }
}

async fn listen(address: SocketAddr) -> TcpListener {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match bind(address).await {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        sleep(Duration::from_millis(10)).await;
    }
}
