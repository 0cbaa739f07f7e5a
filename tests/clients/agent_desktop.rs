//! The screen before an agent: what Genesys tells its own client by a notification channel.

use baton_tests::{
    http1::{self, Answer, PATIENCE},
    world::{TOKEN_CREDENTIAL, World},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// The screen of one agent, which shows when a customer types.
pub(crate) struct AgentDesktop {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    topic: String,
}

impl AgentDesktop {
    /// Of the agent who attends to this conversation.
    pub(crate) async fn open(world: &World, conversation: &Value) -> Self {
        let participants = world.truth(conversation).await["participants"].take();
        let participants = participants.as_array().expect("a list").iter();
        let agent = participants.rev().find(|one| one["purpose"] == "agent").expect("an agent");
        let user = agent["user"]["id"].as_str().expect("an id");
        let topic = format!("v2.users.{user}.conversations.inbound.typing.event");
        let lent = json_of(&world.borrow_token("live", TOKEN_CREDENTIAL).await);
        let token = lent["access_token"].as_str().expect("a token");
        let channel = post(world, token, "", &json!({})).await;
        let id = channel["id"].as_str().expect("an id");
        post(world, token, &format!("/{id}/subscriptions"), &json!([{ "id": topic }])).await;
        let address = format!("ws://{}/channels/{id}", world.genesys.address());
        let (socket, _) = connect_async(address).await.expect("a socket");
        Self { socket, topic }
    }

    /// Waits until a customer types; what Genesys says of that.
    pub(crate) async fn sees_typing(&mut self) -> Value {
        let told = async {
            loop {
                let Some(Ok(message)) = self.socket.next().await else { panic!("it stays open") };
                let Message::Text(text) = message else { continue };
                let mut told: Value = serde_json::from_str(&text).expect("JSON");
                if told["topicName"] == self.topic {
                    break told["eventBody"].take();
                }
            }
        };
        timeout(PATIENCE, told).await.expect("the customer types")
    }
}

async fn post(world: &World, token: &str, path: &str, body: &Value) -> Value {
    let path = format!("/api/v2/notifications/channels{path}");
    let headers = [
        ("authorization".to_owned(), format!("Bearer {token}")),
        ("content-type".to_owned(), "application/json".to_owned()),
    ];
    let request = http1::request("POST", &path, &headers, body.to_string().as_bytes());
    let answer = http1::exchange(world.genesys.address(), &request).await;
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    json_of(&answer)
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}
