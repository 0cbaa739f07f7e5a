//! A sidecar on loopback ports of its own, a chat client, and an edge.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use baton_core::id::Id;
use baton_sidecar::{Configuration, Limits, RunError, Sidecar, Store, bind};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message, client::IntoClientRequest, handshake::client::Request,
        protocol::frame::coding::CloseCode,
    },
};

pub(crate) const TOKEN: &str = "connector-token-of-acme-0123456789";
pub(crate) const OTHER_TOKEN: &str = "connector-token-of-other-0123456789";
pub(crate) const DELIVERY_CREDENTIAL: &str = "delivery-credential-0123456789abcdef";
pub(crate) const ADMIN_CREDENTIAL: &str = "admin-credential-0123456789abcdef";

const CONFIGURATION: &str = r#"
[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "integration-acme"
connector_tokens = [{ env = "TOKEN" }]
hosts = ["www.example.com"]

[[tenants]]
account_id = "other"
project_id = "support"
client_env = "live"
integration_id = "integration-other"
connector_tokens = [{ env = "OTHER_TOKEN" }]
hosts = ["other.example"]
"#;

/// What is awaited takes no longer than this, or the test fails.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future).await.expect("it took longer than 10 s")
}

pub(crate) fn configuration() -> Configuration {
    configuration_with("")
}

/// The usual configuration, and these lines in its section `chat`.
pub(crate) fn configuration_with(chat: &str) -> Configuration {
    let environment = |name: &str| {
        let value = match name {
            "BATON_DELIVERY_CREDENTIAL" => DELIVERY_CREDENTIAL,
            "BATON_ADMIN_CREDENTIAL" => ADMIN_CREDENTIAL,
            "TOKEN" => TOKEN,
            "OTHER_TOKEN" => OTHER_TOKEN,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let text = format!("{CONFIGURATION}\n[chat]\n{chat}");
    Configuration::parse(&text, &environment).unwrap().0
}

/// A sidecar that runs.
pub(crate) struct Running {
    pub(crate) chat: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) store: Store,
    directory: Arc<TempDir>,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), RunError>>,
}

/// A session with the token that made it.
pub(crate) struct Chat {
    pub(crate) session_id: String,
    pub(crate) access_token: String,
    pub(crate) end_user_id: String,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    pub(crate) async fn start_with(limits: Limits) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), limits).await
    }

    pub(crate) async fn start_in(directory: Arc<TempDir>, limits: Limits) -> Self {
        Self::start_as(directory, |sidecar| sidecar.with_limits(limits)).await
    }

    /// Starts a sidecar with these lines in the section `chat` of its configuration.
    pub(crate) async fn start_configured(chat: &str) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        Self::start_from(directory, configuration_with(chat), |sidecar| sidecar).await
    }

    /// Starts a sidecar that is made different from the usual one.
    pub(crate) async fn start_as(
        directory: Arc<TempDir>,
        different: impl FnOnce(Sidecar) -> Sidecar,
    ) -> Self {
        Self::start_from(directory, configuration(), different).await
    }

    async fn start_from(
        directory: Arc<TempDir>,
        configuration: Configuration,
        different: impl FnOnce(Sidecar) -> Sidecar,
    ) -> Self {
        let store = Store::open(&store_path(&directory)).unwrap();
        Self::start_on(directory, store, configuration, different).await
    }

    /// Starts a sidecar on a store that is open already.
    pub(crate) async fn start_on(
        directory: Arc<TempDir>,
        store: Store,
        configuration: Configuration,
        different: impl FnOnce(Sidecar) -> Sidecar,
    ) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (chat, internal) = (bind(any).await.unwrap(), bind(any).await.unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let sidecar = different(Sidecar::new(configuration, store.clone()));
        let addresses = (chat.local_addr().unwrap(), internal.local_addr().unwrap());
        let running = tokio::spawn(async move {
            sidecar
                .run(chat, internal, async {
                    let _ = stopped.await;
                })
                .await
        });
        let http = reqwest::Client::new();
        Self { chat: addresses.0, internal: addresses.1, store, directory, http, stop, running }
    }

    /// Stops the sidecar; the directory with its store remains.
    pub(crate) async fn stop(self) -> Arc<TempDir> {
        self.stop.send(()).unwrap();
        within(self.running).await.unwrap().unwrap();
        self.directory
    }

    /// Stops the sidecar and looks into its store.
    pub(crate) async fn into_store(self) -> (Store, Arc<TempDir>) {
        let directory = self.stop().await;
        (Store::open(&store_path(&directory)).unwrap(), directory)
    }

    /// Waits until the sidecar ends by itself.
    pub(crate) async fn ended(self) -> Result<(), RunError> {
        within(self.running).await.unwrap()
    }

    /// Runs SQL on the store's file, behind the sidecar's back.
    pub(crate) fn tamper(&self, sql: &str) {
        tamper(&self.directory, sql);
    }

    pub(crate) fn access_token_request(&self) -> reqwest::RequestBuilder {
        self.http.post(format!("http://{}/api/v1/access-token", self.chat)).json(&json!({}))
    }

    pub(crate) fn sessions_request(&self) -> reqwest::RequestBuilder {
        self.http.post(format!("http://{}/api/v1/sessions", self.chat))
    }

    pub(crate) async fn access_token(&self, token: &str, host: &str) -> String {
        let request = self.access_token_request().header("x-token", token).header("x-host", host);
        let answer: Value = ok(request.send().await.unwrap()).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A session of the tenant `acme`.
    pub(crate) async fn session(&self) -> Chat {
        self.session_of(TOKEN, "https://www.example.com/").await
    }

    pub(crate) async fn session_of(&self, token: &str, host: &str) -> Chat {
        let access_token = self.access_token(token, host).await;
        let request = self.sessions_request().bearer_auth(&access_token);
        let answer: Value = ok(request.json(&json!({})).send().await.unwrap()).await;
        let session_id = answer["session_id"].as_str().unwrap().to_owned();
        let shown: Value = ok(self.admin(&session_id, ADMIN_CREDENTIAL).await).await;
        let end_user_id = shown["genesys"]["end_user_id"].as_str().unwrap().to_owned();
        Chat { session_id, access_token, end_user_id }
    }

    pub(crate) async fn admin(&self, session_id: &str, credential: &str) -> Response {
        let url = format!("http://{}/internal/v1/sessions/{session_id}", self.internal);
        self.http.get(url).bearer_auth(credential).send().await.unwrap()
    }

    pub(crate) async fn get_internal(&self, path: &str) -> Response {
        self.http.get(format!("http://{}{path}", self.internal)).send().await.unwrap()
    }

    /// What comes of a request for a socket, with this query.
    pub(crate) async fn upgrade(&self, query: &str) -> Result<Socket, (u16, Value)> {
        let request = format!("ws://{}/ws{query}", self.chat).into_client_request().unwrap();
        self.upgrade_by(request).await
    }

    async fn upgrade_by(&self, request: Request) -> Result<Socket, (u16, Value)> {
        match within(connect_async(request)).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(tungstenite::Error::Http(refused)) => {
                let body = refused.body().as_deref().unwrap_or_default();
                Err((refused.status().as_u16(), serde_json::from_slice(body).unwrap()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn socket(&self, chat: &Chat) -> Socket {
        self.socket_after(chat, "").await
    }

    /// A socket of a client at this address, behind a trusted proxy.
    pub(crate) async fn socket_from(&self, address: &str, chat: &Chat) -> Socket {
        self.upgrade_from(address, chat).await.unwrap()
    }

    /// A socket from this address, or the status with which it is refused.
    pub(crate) async fn upgrade_from(
        &self,
        address: &str,
        chat: &Chat,
    ) -> Result<Socket, (u16, Value)> {
        let Chat { session_id, access_token, .. } = chat;
        let query = format!("access_token={access_token}&session_id={session_id}");
        let url = format!("ws://{}/ws?{query}", self.chat);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
        self.upgrade_by(request).await
    }

    pub(crate) async fn socket_after(&self, chat: &Chat, cursor: &str) -> Socket {
        let Chat { session_id, access_token, .. } = chat;
        let query = format!("?access_token={access_token}&session_id={session_id}&cursor={cursor}");
        self.upgrade(&query).await.unwrap()
    }

    /// A socket that has read the history of its session.
    pub(crate) async fn live_socket(&self, chat: &Chat) -> Socket {
        let mut socket = self.socket(chat).await;
        let batch = socket.batch().await;
        assert!(batch.len() < 50, "a longer history comes in further batches");
        socket
    }

    pub(crate) async fn deliver_as(&self, credential: &str, body: impl Into<Vec<u8>>) -> Response {
        self.http
            .post(format!("http://{}/internal/v1/deliveries", self.internal))
            .bearer_auth(credential)
            .header("content-type", "application/cloudevents+json")
            .body(body.into())
            .send()
            .await
            .unwrap()
    }

    /// Delivers, and returns what became of it.
    pub(crate) async fn deliver(&self, delivery: &Value) -> String {
        let answer = self.deliver_as(DELIVERY_CREDENTIAL, delivery.to_string()).await;
        let answer: Value = ok(answer).await;
        answer["status"].as_str().unwrap().to_owned()
    }

    /// Delivers an agent's message that was not delivered before.
    pub(crate) async fn say(&self, chat: &Chat, text: &str) {
        assert_eq!(self.deliver(&message(&chat.end_user_id, text)).await, "stored");
    }
}

pub(crate) fn store_path(directory: &TempDir) -> PathBuf {
    directory.path().join("baton.db")
}

/// Runs SQL on the file of a store.
pub(crate) fn tamper(directory: &TempDir, sql: &str) {
    rusqlite::Connection::open(store_path(directory)).unwrap().execute_batch(sql).unwrap();
}

pub(crate) async fn ok(response: Response) -> Value {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// A delivery to the tenant `acme` with these chat events.
pub(crate) fn delivery(end_user_id: &str, name: &str, events: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": Id::of_parts(&[end_user_id.as_bytes(), name.as_bytes()]),
        "source": "/webhooks/genesys/acme/support/live",
        "type": "baton.genesys.text",
        "subject": end_user_id,
        "datacontenttype": "application/json",
        "data": {
            "tenant": {"account_id": "acme", "project_id": "support", "client_env": "live"},
            "genesys": {"message_id": name, "integration_id": "integration-acme"},
            "events": events,
            "receipts": [],
            "lifecycle": [],
            "unhandled": [],
        },
    })
}

/// A delivery with one message of an agent; the text names it.
pub(crate) fn message(end_user_id: &str, text: &str) -> Value {
    let event = json!({
        "id": Id::of_parts(&[end_user_id.as_bytes(), text.as_bytes(), b"event"]),
        "timestamp": "2026-05-07T12:00:00.123Z",
        "type": "EVENT_TYPE_LIVE_AGENT_MESSAGE",
        "payload": {"text": text, "attachments": [], "response_suggestions": []},
    });
    delivery(end_user_id, text, json!([event]))
}

/// A delivery that says that the agent types.
pub(crate) fn typing(end_user_id: &str, timestamp: Option<&str>, for_ms: u32) -> Value {
    let mut event = json!({
        "id": Id::of_parts(&[end_user_id.as_bytes(), b"typing"]),
        "transient_for_ms": for_ms,
        "type": "EVENT_TYPE_LIVE_AGENT_TYPING",
        "payload": {"state": "TYPING_STATE_STARTED"},
    });
    if let Some(timestamp) = timestamp {
        event["timestamp"] = timestamp.into();
    }
    delivery(end_user_id, "typing", json!([event]))
}

/// The socket of a chat client.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.send_message(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        within(self.stream.send(message)).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Message {
        within(self.stream.next()).await.expect("the socket is open").unwrap()
    }

    /// The connection below, for what no client sends.
    pub(crate) fn into_connection(self) -> MaybeTlsStream<TcpStream> {
        self.stream.into_inner()
    }

    /// The next text frame.
    pub(crate) async fn frame(&mut self) -> Value {
        match self.receive().await {
            Message::Text(text) => serde_json::from_str(text.as_str()).unwrap(),
            other => panic!("a text frame was expected, not {other:?}"),
        }
    }

    /// The events of the next frame, which has to be a batch.
    pub(crate) async fn batch(&mut self) -> Vec<Value> {
        let mut frame = self.frame().await;
        assert_eq!(frame["type"], "EVENT_TYPE_EVENT_BATCH");
        match frame["payload"]["events"].take() {
            Value::Array(events) => events,
            other => panic!("a batch has a list of events, not {other}"),
        }
    }

    /// The code with which the server closes the socket, whatever it sends before that.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.receive().await {
                return frame.map_or(CloseCode::Status, |frame| frame.code).into();
            }
        }
    }

    pub(crate) async fn system_error(&mut self) -> (String, Value) {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "EVENT_TYPE_SYSTEM_MESSAGE");
        assert_eq!(frame["sequence"], Value::Null);
        assert_eq!(frame["payload"]["level"], "SYSTEM_MESSAGE_LEVEL_ERROR");
        let message = frame["payload"]["message"].as_str().unwrap().to_owned();
        (message, frame["metadata"].clone())
    }
}

pub(crate) fn text_of(event: &Value) -> &str {
    event["payload"]["text"].as_str().unwrap()
}
