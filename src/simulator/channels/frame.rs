//! What the notification service writes to a socket (Genesys reference 4.3).

use serde_json::{Value, json};
use uuid::Uuid;

/// An event of a topic.
pub(crate) fn event(topic: &str, body: &Value, correlation_id: &str) -> String {
    json!({
        "topicName": topic,
        "version": "2",
        "eventBody": body,
        "metadata": { "CorrelationId": correlation_id },
    })
    .to_string()
}

/// The sign of life every 30 s.
pub(crate) fn heartbeat() -> String {
    channel_metadata("WebSocket Heartbeat")
}

/// The answer to a ping.
pub(crate) fn pong() -> String {
    channel_metadata("pong")
}

fn channel_metadata(message: &str) -> String {
    json!({ "topicName": "channel.metadata", "eventBody": { "message": message } }).to_string()
}

/// The announcement of a close for maintenance.
pub(crate) fn socket_closing() -> String {
    json!({
        "topicName": "v2.system.socket_closing",
        "eventBody": { "message": "Socket closing for maintenance" },
        "version": "2",
        "metadata": { "CorrelationId": Uuid::new_v4().to_string() },
    })
    .to_string()
}

/// The last words to a socket whose channel was opened by another one.
pub(crate) fn no_longer_subscribed(channel_id: &str) -> String {
    json!({
        "topicName": format!("v2.system.no_longer_subscribed.{channel_id}"),
        "eventBody": {
            "channelId": channel_id,
            "systemTopicType": "no_longer_subscribed",
            "reason": "another_channel_subscribed",
            "correlationId": Uuid::new_v4().to_string(),
        },
    })
    .to_string()
}

/// The last words to a socket whose channel's token was revoked.
pub(crate) fn token_revoked(channel_id: &str, client_id: &str) -> String {
    json!({
        "topicName": "v2.system.token_revoked",
        "eventBody": {
            "channelId": channel_id,
            "systemTopicType": "token_revoked",
            "reason": "user_tokens_revoked",
            "oauthClientId": client_id,
            "message": "token revoked",
        },
    })
    .to_string()
}

/// The answer to an in-band command.
pub(crate) enum Reply<'a> {
    /// The topics are subscribed to.
    Subscribed,
    /// They are not, for this reason.
    Failed(&'a str),
    /// The channel is gone, or its token is.
    ChannelNotFound,
}

/// The answer to the in-band command of this correlation id. `result` is a text.
pub(crate) fn reply(reply: &Reply<'_>, correlation_id: Option<&Value>) -> String {
    let mut frame = match reply {
        Reply::Subscribed => json!({ "result": "200", "status": "subscribed" }),
        Reply::Failed(message) => {
            json!({ "result": "400", "status": "failure", "message": message })
        }
        Reply::ChannelNotFound => json!({ "result": "404", "message": "channel not found" }),
    };
    if let (Some(fields), Some(id)) = (frame.as_object_mut(), correlation_id) {
        fields.insert("correlationId".into(), id.clone());
    }
    frame.to_string()
}

/// The topic of a frame, if it has one.
pub(crate) fn topic(frame: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(frame).ok()?;
    Some(frame.get("topicName")?.as_str()?.to_owned())
}
