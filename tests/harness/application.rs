//! An application with a chat of its own: it asks, it follows events, and it takes webhooks.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::http1::{self, Answer, PATIENCE};

/// Where the project's part of the API is.
const PROJECT: &str = "/v1/acme/support";

/// An application of the project `acme/support`.
#[derive(Clone, Debug)]
pub struct Application {
    /// Where the API is.
    pub address: SocketAddr,
    /// What it shows.
    pub key: String,
}

impl Application {
    /// What the API answers to a request below the project's path.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("x-api-key".to_owned(), self.key.clone())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let path = format!("{PROJECT}/{path}");
        http1::exchange(self.address, &http1::request(method, &path, &headers, body.as_bytes()))
            .await
    }

    /// Posts something that has to be answered with this status, and returns the body.
    pub async fn posts(&self, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.ask("POST", path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Opens a session, and returns its id.
    pub async fn opens(&self, body: &Value) -> String {
        let opened = self.posts("sessions", body, 201).await;
        opened["session_id"].as_str().expect("an id").to_owned()
    }

    /// Reads all events of a session after this sequence, page by page.
    pub async fn events(&self, session_id: &str, mut after: u64) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let path = format!("sessions/{session_id}/events?after={after}");
            let answer = self.ask("GET", &path, &Value::Null).await;
            assert_eq!(answer.status, 200);
            let mut page: Value = serde_json::from_slice(&answer.body).expect("JSON");
            after = page["next_after"].as_u64().expect("a sequence");
            let Value::Array(more) = page["events"].take() else { panic!("a list") };
            events.extend(more);
            if page["more"] == false {
                return events;
            }
        }
    }

    /// Follows a session after this sequence.
    pub async fn follows(&self, session_id: &str, after: Option<u64>) -> EventSource {
        EventSource::open(self, session_id, after).await
    }
}

/// A stream of Server-Sent Events.
#[derive(Debug)]
pub struct EventSource {
    /// The status with which it was answered.
    pub status: u16,
    stream: BufReader<TcpStream>,
    text: String,
    waiting: VecDeque<Event>,
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id, if it has one.
    pub id: Option<u64>,
    /// What it holds.
    pub data: Value,
}

impl EventSource {
    async fn open(application: &Application, session_id: &str, after: Option<u64>) -> Self {
        let stream = TcpStream::connect(application.address).await.expect("the API listens");
        let mut stream = BufReader::new(stream);
        let last = after.map(|after| format!("last-event-id: {after}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {PROJECT}/sessions/{session_id}/events HTTP/1.1\r\nhost: baton.example\r\n\
             authorization: Bearer {}\r\naccept: text/event-stream\r\n{last}\r\n",
            application.key
        );
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut status = None;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a head");
            status = status.or_else(|| line.split(' ').nth(1)?.parse().ok());
            if line.trim().is_empty() {
                break;
            }
        }
        let status = status.expect("a status");
        Self { status, stream, text: String::new(), waiting: VecDeque::new() }
    }

    /// The next event; `None` once the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        timeout(PATIENCE, self.read_next()).await.expect("an event in time")
    }

    async fn read_next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let chunk = self.chunk().await?;
            self.text += &chunk;
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                self.waiting.extend(event(block));
                self.text = rest.to_owned();
            }
        }
    }

    /// The types of all events that are in the log, to the end of the stream; a type is given
    /// without `EVENT_TYPE_`.
    pub async fn kinds_to_the_end(&mut self) -> Vec<String> {
        let mut kinds = Vec::new();
        while let Some(event) = self.next().await {
            if event.id.is_some() {
                kinds.push(kind_of(&event.data));
            }
        }
        kinds
    }

    /// The next event of this type, whatever comes before it.
    pub async fn waits_for(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("{kind} before the end"));
            if kind_of(&event.data) == kind {
                return event;
            }
        }
    }

    async fn chunk(&mut self) -> Option<String> {
        let mut length = String::new();
        self.stream.read_line(&mut length).await.ok()?;
        let length = usize::from_str_radix(length.trim(), 16).ok().filter(|length| *length > 0)?;
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).await.ok()?;
        bytes.truncate(length);
        String::from_utf8(bytes).ok()
    }
}

/// The event of a block of lines; none if it is a comment.
fn event(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let lines = block.lines();
        lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).next()
    };
    let data = serde_json::from_str(field("data")?).expect("JSON");
    Some(Event { id: field("id").map(|id| id.parse().expect("a number")), data })
}

/// The type of an event, without `EVENT_TYPE_`.
pub fn kind_of(event: &Value) -> String {
    let kind = event["type"].as_str().expect("a type");
    kind.strip_prefix("EVENT_TYPE_").expect("a type").to_owned()
}

/// A webhook as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Received {
    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).expect("the header")
    }

    /// What it tells.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// An endpoint that takes webhooks as the test has it, and remembers all that came. It is gone
/// when it is dropped.
#[derive(Debug)]
pub struct WebhookReceiver {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    received: Vec<Received>,
    /// The statuses with which the next ones are answered; 204 after them.
    statuses: VecDeque<u16>,
    /// The session of which none is taken, and the status with which it is answered.
    refused: Option<(String, u16)>,
}

impl WebhookReceiver {
    /// One that answers the first webhooks with these statuses.
    pub async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let statuses = statuses.iter().copied().collect();
        let shared = Arc::new(Mutex::new(Shared { statuses, ..Shared::default() }));
        let router = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self { address, shared, serving }
    }

    /// The section of the tenant's configuration by which it is found, with these further lines.
    pub fn section(&self, lines: &str) -> String {
        format!(
            "[[tenants.webhooks]]\nurl = 'http://{}/hook'\nallow_private = true\n\
             secret = {{ env = 'WEBHOOK_SECRET' }}\n{lines}\n",
            self.address
        )
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared).received.clone()
    }

    /// Answers the next webhooks with these statuses.
    pub fn answer(&self, statuses: &[u16]) {
        lock(&self.shared).statuses = statuses.iter().copied().collect();
    }

    /// Answers every webhook about this session with this status.
    pub fn refuse(&self, session: &str, status: u16) {
        lock(&self.shared).refused = Some((session.to_owned(), status));
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut shared = lock(&shared);
    let received = Received { headers, body: body.to_vec() };
    let session = received.json()["data"]["session"]["id"].clone();
    shared.received.push(received);
    let refused = shared.refused.as_ref().filter(|(refused, _)| session == refused.as_str());
    let status = refused.map(|(_, status)| *status).or_else(|| shared.statuses.pop_front());
    StatusCode::from_u16(status.unwrap_or(204)).expect("a status")
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
