//! The customer of the script: a chat client.

use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};
use uuid::Uuid;

use super::{
    failure::DemoFailure,
    place::{HOST, Place},
};
use crate::{chat_api::ChatApi, failure::Failure};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A customer in a session of their own.
pub(crate) struct Customer {
    pub(crate) session_id: String,
    socket: SplitSink<Socket, Message>,
}

/// The types of the events that the customer's client is shown, as they come.
pub(crate) type Shown = mpsc::UnboundedReceiver<String>;

impl Customer {
    /// Opens a chat, as an app would, and asks for the bot.
    pub(crate) async fn arrive(place: &Place) -> Result<(Self, Shown), Failure> {
        let lost = |_| Failure::from(DemoFailure::Customer);
        let url = Url::parse(&place.chat_url).map_err(|_| DemoFailure::Customer)?;
        let api = ChatApi::new(&url)?;
        let access_token = api.access_token(&place.secrets.connector_token, HOST).await?;
        let session_id = api.create_session(&access_token).await?;
        let origin = place.chat_url.trim_start_matches("http");
        let url = format!("ws{origin}/ws?access_token={access_token}&session_id={session_id}");
        let (socket, _) = connect_async(url).await.map_err(lost)?;
        let (socket, incoming) = socket.split();
        let (sender, shown) = mpsc::unbounded_channel();
        tokio::spawn(read(incoming, sender));
        let mut customer = Self { session_id, socket };
        customer.send("REQUEST_POLY_AGENT_JOIN", json!({}), json!({})).await?;
        Ok((customer, shown))
    }

    /// Writes a message.
    pub(crate) async fn says(&mut self, text: &str) -> Result<(), DemoFailure> {
        let local_id = json!({ "local_id": Uuid::new_v4().to_string() });
        self.send("USER_MESSAGE", json!({ "text": text }), local_id).await
    }

    async fn send(&mut self, kind: &str, payload: Value, custom: Value) -> Result<(), DemoFailure> {
        let frame = json!({
            "type": format!("EVENT_TYPE_{kind}"), "payload": payload,
            "metadata": { "custom": custom },
        });
        let sent = self.socket.send(Message::text(frame.to_string())).await;
        sent.map_err(|_| DemoFailure::Customer)
    }
}

/// Reads until the socket ends, or nobody is interested any more.
async fn read(mut incoming: SplitStream<Socket>, shown: mpsc::UnboundedSender<String>) {
    while let Some(Ok(message)) = incoming.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(frame) = serde_json::from_str::<Value>(text.as_str()) else { continue };
        let batch = frame.pointer("/payload/events").and_then(Value::as_array);
        let events = batch.map_or(std::slice::from_ref(&frame), Vec::as_slice);
        for event in events {
            let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
            let kind = kind.trim_start_matches("EVENT_TYPE_").to_owned();
            if shown.send(kind).is_err() {
                return;
            }
        }
    }
}
