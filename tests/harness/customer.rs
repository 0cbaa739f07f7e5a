//! A customer at a chat window.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::{
    chat::{Session, Socket, text_of},
    sidecar::end_user_id,
};

/// What a customer sees of a message that begins a handoff.
pub const BEGUN: [&str; 3] = ["USER_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_ACCEPTED"];

/// A customer with a session, and a socket on it.
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
    /// One of the tenant with this connector token.
    pub async fn arrive(chat: SocketAddr, internal: SocketAddr, connector_token: &str) -> Self {
        Self::enter(chat, internal, Session::make_with(chat, connector_token).await).await
    }

    /// One with this session.
    pub async fn enter(chat: SocketAddr, internal: SocketAddr, session: Session) -> Self {
        let end_user_id = end_user_id(internal, &session.id).await;
        let socket = Socket::open(chat, &session).await;
        let mut customer = Self { chat, session, end_user_id, socket, said: 0 };
        customer.sees(&["SESSION_START"]).await;
        customer
    }

    /// Says something.
    pub async fn say(&mut self, text: &str) {
        self.said += 1;
        let local_id = format!("{}-{}", self.session.id, self.said);
        self.socket.say(text, &local_id).await;
    }

    /// Says something, and sees it next: nothing else has happened meanwhile.
    pub async fn says(&mut self, text: &str) {
        let echo = self.says_last(text).await;
        assert_eq!(text_of(&echo), text);
    }

    /// Asks for the bot, as a client does in a new session.
    pub async fn joins(&mut self) {
        self.socket.send("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", json!({}), None).await;
    }

    /// Types.
    pub async fn types(&mut self) {
        self.socket.send("EVENT_TYPE_USER_TYPING", json!({}), None).await;
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

    /// Is told that the agent has left, and then that this is the end; what tells of the agent.
    pub async fn sees_the_end(&mut self) -> Value {
        let mut end = self.sees(&["LIVE_AGENT_LEFT", "SESSION_END"]).await;
        assert_eq!(end[1]["payload"]["reason"], "REASON_NATURAL_END");
        end.remove(0)
    }

    /// The next event, which has to be an agent's message with this text.
    pub async fn hears(&mut self, text: &str) -> Value {
        let message = self.sees(&["LIVE_AGENT_MESSAGE"]).await.remove(0);
        assert_eq!(text_of(&message), text);
        message
    }

    /// Says something, and returns its echo: the last event that there is.
    pub async fn says_last(&mut self, text: &str) -> Value {
        self.say(text).await;
        self.sees(&["USER_MESSAGE"]).await.remove(0)
    }

    /// Closes the socket and opens another, which begins with the whole history.
    pub async fn reconnect(&mut self) {
        self.socket.close().await;
        self.socket = Socket::open(self.chat, &self.session).await;
    }

    /// Closes the socket and opens another, which goes on after this event.
    pub async fn reconnect_after(&mut self, event: &Value) {
        self.socket.close().await;
        let cursor = event["sequence"].as_u64();
        let opened = Socket::open_after(self.chat, &self.session, cursor).await;
        self.socket = opened.expect("a socket");
    }
}
