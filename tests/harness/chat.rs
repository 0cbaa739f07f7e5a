//! A chat client: access token, session, socket.

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{
    http1::{self, PATIENCE},
    sidecar::{CONNECTOR_TOKEN, HOST},
};

/// A session, with what opens it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: String,
    access_token: String,
}

impl Session {
    /// Makes one of the tenant `acme/support/live`.
    pub async fn make(chat: SocketAddr) -> Self {
        Self::make_with(chat, CONNECTOR_TOKEN).await
    }

    /// Makes one of the tenant with this connector token.
    pub async fn make_with(chat: SocketAddr, connector_token: &str) -> Self {
        Self::make_of(chat, connector_token, &json!({})).await
    }

    /// Makes one of the tenant with this connector token, and says this of it.
    pub async fn make_of(chat: SocketAddr, connector_token: &str, facts: &Value) -> Self {
        let headers = [("x-token", connector_token), ("x-host", HOST)];
        let nothing = json!({});
        let access_token =
            post(chat, "/api/v1/access-token", &headers, &nothing, "access_token").await;
        let bearer = format!("Bearer {access_token}");
        let headers = [("authorization", &*bearer)];
        let id = post(chat, "/api/v1/sessions", &headers, facts, "session_id").await;
        Self { id, access_token }
    }

    /// One that is there already.
    pub fn known(id: &str, access_token: &str) -> Self {
        Self { id: id.to_owned(), access_token: access_token.to_owned() }
    }

    /// What the client shows to use it.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }
}

/// Posts an object, and returns one member of the answer.
async fn post(
    chat: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
    member: &str,
) -> String {
    let mut headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.push(("content-type".into(), "application/json".into()));
    let request = http1::request("POST", path, &headers, body.to_string().as_bytes());
    let answer = http1::exchange(chat, &request).await;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{path}: {body}");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    body[member].as_str().unwrap_or_else(|| panic!("{member} is missing: {body}")).to_owned()
}

/// A socket on a session.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The events of a batch that were not asked for yet.
    waiting: VecDeque<Value>,
    /// The code with which it was closed.
    closed_with: Option<u16>,
}

impl Socket {
    /// Opens one that begins with the whole history.
    pub async fn open(chat: SocketAddr, session: &Session) -> Self {
        Self::open_after(chat, session, None).await.expect("a socket")
    }

    /// Opens one that begins after this sequence; `None` if it is not to be had.
    pub async fn open_after(
        chat: SocketAddr,
        session: &Session,
        cursor: Option<u64>,
    ) -> Option<Self> {
        let Session { id, access_token } = session;
        let mut url = format!("ws://{chat}/ws?access_token={access_token}&session_id={id}");
        if let Some(cursor) = cursor {
            url += &format!("&cursor={cursor}");
        }
        let opened = timeout(PATIENCE, connect_async(url)).await.expect("an answer in time");
        let (stream, _) = opened.ok()?;
        Some(Self { stream, waiting: VecDeque::new(), closed_with: None })
    }

    /// The next event, alone or out of a batch, however long that takes; `None` once the socket
    /// is closed or broken.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            match self.stream.next().await?.ok()? {
                Message::Text(text) => self.take(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => {
                    self.closed_with = frame.map(|frame| frame.code.into());
                    return None;
                }
                _ => {}
            }
        }
    }

    /// The code with which the sidecar closed it; `None` while it is open, and when it broke.
    pub const fn closed_with(&self) -> Option<u16> {
        self.closed_with
    }

    /// The next event, which has to come.
    pub async fn event(&mut self) -> Value {
        let event = timeout(PATIENCE, self.next()).await.expect("an event in time");
        event.expect("the socket stays open")
    }

    /// The events up to the first that is what is wanted, that one included.
    pub async fn events_until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut events = vec![self.event().await];
        while !events.last().is_some_and(&wanted) {
            events.push(self.event().await);
        }
        events
    }

    /// Says something, with an id of the client's own by which its echo is known.
    pub async fn say(&mut self, text: &str, local_id: &str) {
        let metadata = json!({"custom": {"local_id": local_id}});
        self.send("EVENT_TYPE_USER_MESSAGE", json!({"text": text}), Some(metadata)).await;
    }

    /// Sends an event.
    pub async fn send(&mut self, kind: &str, payload: Value, metadata: Option<Value>) {
        let mut frame = json!({"type": kind, "payload": payload});
        if let Some(metadata) = metadata {
            frame["metadata"] = metadata;
        }
        // A socket that breaks meanwhile shows that when it is read.
        let _ = self.stream.send(Message::text(frame.to_string())).await;
    }

    /// Sends a sign of life, which the sidecar answers.
    pub async fn send_heartbeat(&mut self) {
        let frame = json!({"type": "EVENT_TYPE_HEARTBEAT", "payload": {}}).to_string();
        self.stream.send(Message::text(frame)).await.expect("the socket takes it");
    }

    /// Closes it.
    pub async fn close(&mut self) {
        // One that is broken is closed as well.
        let _ = self.stream.close(None).await;
        while self.next().await.is_some() {}
    }

    fn take(&mut self, mut frame: Value) {
        if frame["type"] == "EVENT_TYPE_EVENT_BATCH" {
            let Value::Array(events) = frame["payload"]["events"].take() else {
                panic!("a batch has a list of events");
            };
            self.waiting.extend(events);
        } else {
            self.waiting.push_back(frame);
        }
    }
}

/// The text of a message.
pub fn text_of(event: &Value) -> &str {
    event["payload"]["text"].as_str().unwrap_or_default()
}

/// The place of an event in its session; `None` if it is shown and forgotten.
pub fn sequence_of(event: &Value) -> Option<u64> {
    event["sequence"].as_u64()
}
