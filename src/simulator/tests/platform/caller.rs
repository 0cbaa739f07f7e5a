//! A running simulator, and who calls its Platform API and listens on its sockets.

use std::time::Duration;

use baton_simulator::{
    Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, SimulatorError, serve,
};
use futures_util::{SinkExt, StreamExt};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A simulator on a free port. It stops with the runtime of its test.
pub(crate) struct Simulator {
    pub(crate) host: String,
    pub(crate) integration: String,
    client: Client,
    _stop: oneshot::Sender<()>,
    _served: JoinHandle<Result<(), SimulatorError>>,
}

/// An answer of the Platform API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The value of a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Simulator {
    /// One whose webhooks go nowhere, configured further by `configure`.
    pub(crate) async fn with(configure: impl FnOnce(&mut Configuration)) -> Self {
        let mut configuration =
            Configuration::new("http://127.0.0.1:9/events", "at-least-16-chars-long");
        configure(&mut configuration);
        let integration = configuration.integration_id.clone();
        let listener = configuration.bind().await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let served = tokio::spawn(serve(listener, configuration, shutdown));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { host, integration, client, _stop: stop, _served: served }
    }

    /// One at Genesys' pace.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// One at this pace.
    pub(crate) async fn at_pace(time_scale: f64) -> Self {
        Self::with(|configuration| configuration.time_scale = time_scale).await
    }

    /// A new token of the default client.
    pub(crate) async fn token(&self) -> String {
        self.token_of(DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET).await
    }

    /// A new token of this client.
    pub(crate) async fn token_of(&self, id: &str, secret: &str) -> String {
        let answer = self.ask_for_token(Some((id, secret)), "grant_type=client_credentials").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    /// A token request with these Basic credentials and this form.
    pub(crate) async fn ask_for_token(&self, basic: Option<(&str, &str)>, form: &str) -> Answer {
        let request = self
            .client
            .post(format!("http://{}/oauth/token", self.host))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        let request = match basic {
            Some((id, secret)) => request.basic_auth(id, Some(secret)),
            None => request,
        };
        read(request.send().await.unwrap()).await
    }

    /// A call of the Platform API under `/api/v2/`. A body of `null` is none.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
    ) -> Answer {
        self.try_to_call(method, path, token, body).await.unwrap()
    }

    /// The same, which may get no answer.
    pub(crate) async fn try_to_call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
    ) -> reqwest::Result<Answer> {
        let url = format!("http://{}/api/v2/{path}", self.host);
        let request = self.client.request(method, url).bearer_auth(token);
        let request = if body.is_null() { request } else { request.json(&body) };
        Ok(read(request.send().await?).await)
    }

    /// An end user's first message.
    pub(crate) async fn send_message(&self, token: &str, text: &str) -> Answer {
        self.call(Method::POST, &self.message_path(), token, message(text)).await
    }

    /// The path of the inbound message route.
    pub(crate) fn message_path(&self) -> String {
        let integration = &self.integration;
        format!(
            "conversations/messages/{integration}/inbound/open/message?prefetchConversationId=true"
        )
    }

    /// A new channel.
    pub(crate) async fn channel(&self, token: &str) -> String {
        let answer = self.call(Method::POST, "notifications/channels", token, json!({})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Subscribes a channel to topics.
    pub(crate) async fn subscribe(&self, token: &str, channel: &str, topics: &[String]) -> Answer {
        let topics: Vec<Value> = topics.iter().map(|topic| json!({ "id": topic })).collect();
        let path = format!("notifications/channels/{channel}/subscriptions");
        self.call(Method::POST, &path, token, json!(topics)).await
    }

    /// Whether the channel is alive.
    pub(crate) async fn is_alive(&self, token: &str, channel: &str) -> bool {
        let path = format!("notifications/channels/{channel}");
        self.call(Method::HEAD, &path, token, Value::Null).await.status == 200
    }

    /// A socket of the channel.
    pub(crate) async fn connect(&self, channel: &str) -> Socket {
        self.try_to_connect(channel).await.unwrap()
    }

    /// A socket of the channel, or the status with which it was refused.
    pub(crate) async fn try_to_connect(&self, channel: &str) -> Result<Socket, u16> {
        use tokio_tungstenite::tungstenite::Error;
        match connect_async(format!("ws://{}/channels/{channel}", self.host)).await {
            Ok((stream, _)) => Ok(Socket(stream)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A call of the control API: its body, which has to be a success.
    pub(crate) async fn control(&self, method: Method, path: &str, order: Value) -> Value {
        let answer = self.try_to_control(method, path, order).await;
        assert!(answer.status < 300, "{answer:?}");
        answer.body
    }

    /// A call of the control API, which may be refused.
    pub(crate) async fn try_to_control(&self, method: Method, path: &str, order: Value) -> Answer {
        let url = format!("http://{}/control/v1/{path}", self.host);
        let request = self.client.request(method, url);
        let request = if order.is_null() { request } else { request.json(&order) };
        read(request.send().await.unwrap()).await
    }

    /// Sets the faults.
    pub(crate) async fn set_faults(&self, plan: Value) {
        self.control(Method::PUT, "faults", plan).await;
    }

    /// Lets a fault strike at once: how many it struck.
    pub(crate) async fn strike(&self, strike: Value) -> Value {
        self.control(Method::POST, "faults/now", strike).await["struck"].clone()
    }

    /// The counters.
    pub(crate) async fn counters(&self) -> Value {
        self.control(Method::GET, "counters", Value::Null).await
    }
}

/// A conversation in which something can be made to happen.
pub(crate) struct Conversation {
    pub(crate) id: String,
    customer: String,
}

impl Conversation {
    /// A conversation that a message began.
    pub(crate) async fn begin(simulator: &Simulator, token: &str) -> Self {
        let sent = simulator.send_message(token, "hi").await;
        assert_eq!(sent.status, 202, "{sent:?}");
        let id = sent.body["conversationId"].as_str().unwrap().to_owned();
        let path = format!("conversations/messages/{id}");
        let read = simulator.call(Method::GET, &path, token, Value::Null).await;
        let customer = read.body["participants"][0]["id"].as_str().unwrap().to_owned();
        Self { id, customer }
    }

    /// The topic of the events that [`Conversation::happen`] leads to.
    pub(crate) fn topic(&self) -> String {
        format!("v2.detail.events.conversation.{}.attributes", self.id)
    }

    /// Lets one event happen that carries this number.
    pub(crate) async fn happen(&self, simulator: &Simulator, token: &str, number: u32) {
        self.happen_with(simulator, token, number, "").await;
    }

    /// The same, with more to carry.
    pub(crate) async fn happen_with(
        &self,
        simulator: &Simulator,
        token: &str,
        number: u32,
        load: &str,
    ) {
        let path = format!("conversations/{}/participants/{}/attributes", self.id, self.customer);
        let body = json!({ "attributes": { "number": number.to_string(), "load": load } });
        let answer = simulator.call(Method::PATCH, &path, token, body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    /// The number that an event carries.
    pub(crate) fn number(event: &Value) -> u32 {
        let number = &event["eventBody"]["attributes"]["number"];
        number.as_str().unwrap_or_else(|| panic!("{event}")).parse().unwrap()
    }
}

/// The body of an end user's message.
pub(crate) fn message(text: &str) -> Value {
    json!({
        "channel": {
            "from": { "id": "end-user-1", "idType": "Opaque" },
            "time": "2026-05-04T09:15:01.000Z",
            "messageId": "gw-0001",
        },
        "text": text,
    })
}

/// The topics of the end of the agents' legs of so many conversations.
pub(crate) fn topics(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| {
            format!("v2.detail.events.conversation.c1a7e0f2-3b4d-4e5f-8a9b-{number:012}.user.end")
        })
        .collect()
}

async fn read(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap_or_default();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

/// The client's end of a notification socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Sends a frame.
    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame, signs of life included.
    pub(crate) async fn next(&mut self) -> Value {
        self.next_or_close().await.unwrap_or_else(|code| panic!("closed with {code:?}"))
    }

    /// The next frame that is no sign of life.
    pub(crate) async fn next_event(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            if frame["eventBody"]["message"] != "WebSocket Heartbeat" {
                return frame;
            }
        }
    }

    /// The close code with which the socket ends, after any frames. None for no word.
    pub(crate) async fn end(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.next_or_close().await {
                return code;
            }
        }
    }

    async fn next_or_close(&mut self) -> Result<Value, Option<u16>> {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came");
        match next {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => Err(frame.map(|frame| frame.code.into())),
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(_)) | None => Err(None),
        }
    }
}
