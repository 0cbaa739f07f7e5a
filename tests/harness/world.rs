//! A whole world on loopback: a simulated Genesys whose time runs faster, an edge, and a sidecar
//! that speaks with it.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use baton_sidecar::{Clock, Pacing, restore_store};
use baton_simulator::{Configuration as Org, OauthClient};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    SANDBOX_SECRET,
    application::Application,
    chat::Session,
    customer::{BEGUN, Customer},
    edge::Edge,
    http1::{self, Answer},
    port::Port,
    running_sidecar::RunningSidecar,
    sidecar::{
        ADMIN_CREDENTIAL, CONNECTOR_TOKEN, SANDBOX_CONNECTOR_TOKEN, SANDBOX_INTEGRATION, ask,
    },
    simulator::{self, Simulator},
    wait::until,
};

pub use crate::{
    running_sidecar::Halt,
    setting::{
        APPLICATION_KEY, FIRST_MESSAGE, HANDOFF_CREDENTIAL, SANDBOX_APPLICATION_KEY,
        SANDBOX_HANDOFF_CREDENTIAL, SANDBOX_TOKEN_CREDENTIAL, Setting, TIME_SCALE,
        TOKEN_CREDENTIAL,
    },
};

/// The route that reads a conversation.
pub const READ: &str = "GET /api/v2/conversations/messages/{conversationId}";

/// The route by which messages come in.
pub const POST: &str = "POST /api/v2/conversations/messages/{integrationId}/inbound/open/message";

/// Where the webhooks of the second tenant go.
const SANDBOX_PATH: &str = "/webhooks/genesys/acme/support/sandbox/events";

/// The world.
#[derive(Debug)]
pub struct World {
    /// Genesys.
    pub genesys: Simulator,
    /// Where chat clients connect.
    pub chat: SocketAddr,
    /// Where operators ask.
    pub internal: SocketAddr,
    /// Where applications connect.
    pub application: SocketAddr,
    setting: Setting,
    /// Those of the sidecar, in the order of its listeners.
    ports: [Port; 4],
    /// How many seconds the sidecar's clock is ahead.
    ahead: Arc<AtomicI64>,
    edge: Edge,
    folder: Arc<TempDir>,
    sidecar: Option<RunningSidecar>,
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
        let ports = [(); 4].map(|()| Port::reserve());
        let [chat, internal, application, _] = ports.each_ref().map(Port::address);
        let edge = Edge::start(Port::reserve().listen().await, internal);
        let mut configuration = simulator::configuration(edge.address);
        configuration.time_scale = setting.time_scale;
        org(&mut configuration);
        let genesys = Simulator::start_with(configuration).await;
        let mut world = Self {
            genesys,
            chat,
            internal,
            application,
            setting,
            ports,
            ahead: Arc::default(),
            edge,
            folder: Arc::new(tempfile::tempdir().expect("a folder")),
            sidecar: None,
        };
        world.start_sidecar_again().await;
        world
    }

    /// Stops the sidecar and starts it again on the same store.
    pub async fn restart_sidecar(&mut self) {
        self.stop_sidecar().await;
        self.start_sidecar_again().await;
    }

    /// What the sidecar shows Genesys for the second tenant, from its next start on; without it
    /// there is no such tenant.
    pub fn configure_sandbox(&mut self, client: Option<OauthClient>) {
        self.setting.sandbox = client;
    }

    /// Starts the sidecar, on its ports and its store.
    pub async fn start_sidecar_again(&mut self) {
        let [chat, internal, application, observation] = &self.ports;
        let listeners = [
            chat.listen().await,
            internal.listen().await,
            application.listen().await,
            observation.listen().await,
        ];
        let store = self.store();
        let configuration = self.setting.configuration(&store, self.genesys.address());
        let pacing = Pacing::scaled(self.setting.time_scale);
        let started = RunningSidecar::start(configuration, &store, pacing, self.clock(), listeners);
        self.sidecar = Some(started.await);
    }

    /// A back-up of the sidecar's store.
    pub async fn back_up(&self) -> Vec<u8> {
        let answer = self.operate("POST", "/internal/v1/store/backup", "").await;
        assert_eq!(answer.status, 200);
        answer.body
    }

    /// Stops the sidecar and starts it again on a store that is made of this back-up.
    pub async fn restore(&mut self, backup: &[u8]) {
        self.stop_sidecar().await;
        self.folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let file = self.folder.path().join("backup");
        fs::write(&file, backup).expect("a file");
        restore_store(&file, &self.store()).expect("it is a back-up");
        self.start_sidecar_again().await;
    }

    /// Stops the sidecar.
    pub async fn stop_sidecar(&mut self) {
        self.halt_sidecar(Halt::Stop).await;
    }

    /// Ends the sidecar in this way.
    pub async fn halt_sidecar(&mut self, halt: Halt) {
        if let Some(sidecar) = self.sidecar.take() {
            sidecar.halt(halt).await;
        }
    }

    /// From now on the clock of the sidecar is so much later. What it measures without one takes
    /// its time as before.
    pub fn advance_clock(&self, by: SignedDuration) {
        self.ahead.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.ahead);
        let later = move || SignedDuration::from_secs(ahead.load(Ordering::Relaxed));
        Clock::new(move || Timestamp::now() + later())
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("baton.db")
    }

    /// From now on nothing can be added to a session's log; and an actor that has forgotten its
    /// session because of that cannot read it again.
    pub fn break_store(&self) {
        self.tamper(
            "ALTER TABLE handoff RENAME TO hidden;
            CREATE TRIGGER blocked BEFORE INSERT ON event
            BEGIN SELECT RAISE(ABORT, 'blocked by a test'); END",
        );
    }

    /// From now on nothing can be added to a session's log, and all else goes on.
    pub fn break_log(&self) {
        self.tamper(
            "CREATE TRIGGER blocked BEFORE INSERT ON event
            BEGIN SELECT RAISE(ABORT, 'blocked by a test'); END",
        );
    }

    /// Sessions' logs can be added to again.
    pub fn mend_log(&self) {
        self.tamper("DROP TRIGGER blocked");
    }

    /// The store works again. Nothing was lost in it.
    pub fn mend_store(&self) {
        self.tamper("DROP TRIGGER blocked; ALTER TABLE hidden RENAME TO handoff");
    }

    /// The key under which the sidecar signs access tokens now.
    pub fn token_key(&self) -> Vec<u8> {
        let newest = "SELECT bytes FROM signing_key WHERE name = 'access-token'
            ORDER BY number DESC LIMIT 1";
        self.file().query_row(newest, [], |row| row.get(0)).expect("a key")
    }

    /// Runs SQL on the store's file, behind the sidecar's back.
    fn tamper(&self, sql: &str) {
        self.file().execute_batch(sql).expect("it is not busy for long");
    }

    fn file(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.store()).expect("the store's file")
    }

    /// Where webhooks go.
    pub fn edge(&self) -> SocketAddr {
        self.edge.address
    }

    /// A customer of the tenant, who has said nothing yet.
    pub async fn customer(&self) -> Customer {
        Customer::arrive(self.chat, self.internal, CONNECTOR_TOKEN).await
    }

    /// A customer of the tenant, of whom this is known.
    pub async fn customer_of(&self, facts: Value) -> Customer {
        let session = Session::make_of(self.chat, CONNECTOR_TOKEN, &facts).await;
        Customer::enter(self.chat, self.internal, session).await
    }

    /// An application of the tenant.
    pub fn application(&self) -> Application {
        Application { address: self.application, key: APPLICATION_KEY.to_owned() }
    }

    /// A customer of the second tenant.
    pub async fn sandbox_customer(&self) -> Customer {
        Customer::arrive(self.chat, self.internal, SANDBOX_CONNECTOR_TOKEN).await
    }

    /// A customer who waits for an agent, and the conversation. Its topics are in place: that is
    /// when the sidecar looks at it first.
    pub async fn waiting_customer(&self) -> (Customer, Value) {
        let mut customer = self.customer().await;
        let looks = self.calls(READ).await;
        customer.say("Hello, I need help").await;
        customer.sees(&BEGUN).await;
        until("a look", async || (self.calls(READ).await > looks).then_some(())).await;
        let conversation = self.conversation(&customer, is_queued).await;
        (customer, conversation)
    }

    /// A customer whom Dana Reyes attends to, and the conversation.
    pub async fn served_customer(&self) -> (Customer, Value) {
        let (mut customer, conversation) = self.waiting_customer().await;
        self.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        (customer, conversation)
    }

    /// The newest conversation of a customer, once it is as it is wanted.
    pub async fn conversation(
        &self,
        customer: &Customer,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        self.conversation_of(&customer.end_user_id, wanted).await
    }

    /// The newest conversation of whoever Genesys knows by this id, once it is as it is wanted.
    pub async fn conversation_of(
        &self,
        end_user_id: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut last = Value::Null;
        let found = async || {
            let conversations = self.conversations_of(end_user_id).await;
            last = self.truth(conversations.last()?).await;
            wanted(&last).then(|| last.clone())
        };
        until("a conversation", found).await
    }

    /// The conversations of a customer in short, the newest at the end.
    pub async fn conversations(&self, customer: &Customer) -> Vec<Value> {
        self.conversations_of(&customer.end_user_id).await
    }

    async fn conversations_of(&self, end_user_id: &str) -> Vec<Value> {
        let path = format!("/control/v1/conversations?end_user={end_user_id}");
        let Value::Array(all) = self.genesys.get(&path).await else { panic!("a list") };
        all
    }

    /// All that Genesys knows of a conversation.
    pub async fn truth(&self, conversation: &Value) -> Value {
        let id = conversation["id"].as_str().expect("an id");
        self.genesys.get(&format!("/control/v1/conversations/{id}")).await
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

    /// How often a route of the Platform API was called.
    pub async fn calls(&self, route: &str) -> u64 {
        self.genesys.get("/control/v1/counters").await["requests"][route].as_u64().unwrap_or(0)
    }

    /// The same as [`World::act`], and waits until the sidecar has looked at the conversation so
    /// often since.
    pub async fn act_seen(&self, conversation: &Value, action: Value, looks: u64) {
        let enough = self.calls(READ).await + looks;
        self.act(conversation, action).await;
        until("a look", async || (self.calls(READ).await >= enough).then_some(())).await;
    }

    /// Makes the integration of the second tenant.
    pub async fn add_sandbox_integration(&self) {
        let order = json!({
            "id": SANDBOX_INTEGRATION,
            "name": "Sandbox",
            "webhook_url": format!("http://{}{SANDBOX_PATH}", self.edge.address),
            "signature_secret": SANDBOX_SECRET,
        });
        self.genesys.post("/control/v1/integrations", &order).await;
    }

    /// What the internal listener answers an operator.
    pub async fn operate(&self, method: &str, path: &str, body: &str) -> Answer {
        ask(self.internal, method, path, ADMIN_CREDENTIAL, body.as_bytes()).await
    }

    /// The metrics, as Prometheus reads them.
    pub async fn metrics(&self) -> String {
        let [.., observation] = &self.ports;
        let request = http1::request("GET", "/metrics", &[], b"");
        let answer = http1::exchange(observation.address(), &request).await;
        assert_eq!(answer.status, 200);
        String::from_utf8(answer.body.to_vec()).expect("a text")
    }

    /// Asks for a handoff of the customer's session, as an operator.
    pub async fn request_handoff(&self, customer: &Customer, body: Value) -> Answer {
        self.request_handoff_as(ADMIN_CREDENTIAL, customer, body).await
    }

    /// Asks for a handoff of the customer's session, as whoever shows this credential.
    pub async fn request_handoff_as(
        &self,
        credential: &str,
        customer: &Customer,
        body: Value,
    ) -> Answer {
        let path = format!("/internal/v1/sessions/{}/handoffs", customer.session.id);
        ask(self.internal, "POST", &path, credential, body.to_string().as_bytes()).await
    }

    /// Asks for a token of a tenant of `acme/support`.
    pub async fn borrow_token(&self, client_env: &str, credential: &str) -> Answer {
        let path = format!("/internal/v1/tenants/acme/support/{client_env}/token");
        ask(self.internal, "POST", &path, credential, b"").await
    }

    /// How a tenant of `acme/support` stands, once that is as it is wanted.
    pub async fn tenant_standing(
        &self,
        client_env: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let look = async || {
            let answer = self.operate("GET", "/internal/v1/tenants", "").await;
            let tenants: Vec<Value> = serde_json::from_slice(&answer.body).expect("JSON");
            let is_it = |shown: &Value| shown["tenant"]["client_env"] == client_env;
            tenants.into_iter().find(is_it).filter(&wanted)
        };
        until("how a tenant stands", look).await
    }
}

/// Something that a customer said, as Genesys has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted<'a> {
    /// The text; empty for a file alone.
    pub text: &'a str,
    /// The id under which it was posted.
    pub id: &'a str,
}

impl<'a> Posted<'a> {
    fn read(message: &'a Value) -> Self {
        Self {
            text: message["text"].as_str().unwrap_or_default(),
            id: message["sender_message_id"].as_str().expect("an id"),
        }
    }
}

/// What the customer said, as Genesys has it, in order.
pub fn posted(conversation: &Value) -> Vec<Posted<'_>> {
    let messages = conversation["messages"].as_array().expect("a list").iter();
    let inbound = messages.filter(|message| message["direction"] == "inbound");
    inbound.map(Posted::read).collect()
}

/// The texts of what the customer said, as Genesys has it, in order.
pub fn said(conversation: &Value) -> Vec<&str> {
    posted(conversation).into_iter().map(|one| one.text).collect()
}

/// Whether a conversation waits in a queue.
pub fn is_queued(conversation: &Value) -> bool {
    conversation["state"] == "queued"
}

/// Whether nobody takes part in a conversation any more.
pub fn is_over(conversation: &Value) -> bool {
    conversation["state"] == "ended"
}
