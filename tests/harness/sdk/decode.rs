//! What PolyAI's client SDKs read of a frame (Messaging API, 6 and 8).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The types that both SDKs decode, without `EVENT_TYPE_`, and what they call them.
const KNOWN: [(&str, &str); 24] = [
    ("SESSION_START", "SessionStart"),
    ("SESSION_END", "SessionEnd"),
    ("SESSION_IDLE_WARNING", "SessionIdleWarning"),
    ("SYSTEM_MESSAGE", "SystemMessage"),
    ("HEARTBEAT", "Heartbeat"),
    ("POLY_AGENT_JOINED", "AgentJoined"),
    ("POLY_AGENT_THINKING", "AgentThinking"),
    ("POLY_AGENT_MESSAGE", "AgentMessage"),
    ("POLY_AGENT_MESSAGE_CHUNK", "AgentMessageChunk"),
    ("POLY_AGENT_LEFT", "AgentLeft"),
    ("POLY_AGENT_TRIGGERED_HANDOFF", "AgentTriggeredHandoff"),
    ("HANDOFF_ACCEPTED", "HandoffAccepted"),
    ("HANDOFF_QUEUE_STATUS", "HandoffQueueStatus"),
    ("HANDOFF_FAILED", "HandoffFailed"),
    ("HANDOFF_TIMEOUT", "HandoffTimeout"),
    ("CLIENT_HANDOFF_REQUIRED", "ClientHandoffRequired"),
    ("LIVE_AGENT_JOINED", "LiveAgentJoined"),
    ("LIVE_AGENT_TYPING", "LiveAgentTyping"),
    ("LIVE_AGENT_MESSAGE", "LiveAgentMessage"),
    ("LIVE_AGENT_LEFT", "LiveAgentLeft"),
    ("USER_MESSAGE", "UserMessage"),
    ("USER_TYPING", "UserTyping"),
    ("USER_END_SESSION", "UserEndSession"),
    ("REQUEST_POLY_AGENT_JOIN", "RequestPolyAgentJoin"),
];

/// An event that was decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// What the SDKs call it, such as `LiveAgentMessage`.
    pub name: &'static str,
    /// The id; it may be empty.
    pub id: String,
    /// Its place in the session; `None` if it is shown and forgotten.
    pub sequence: Option<u64>,
    /// Milliseconds since 1970; `None` if they cannot be read.
    pub at: Option<i64>,
    /// The payload, an object.
    pub payload: Value,
    /// The texts of `metadata.custom`: all of them or none.
    pub custom: Option<Map<String, Value>>,
}

impl Decoded {
    /// The text of a message.
    pub fn text(&self) -> &str {
        self.payload["text"].as_str().unwrap_or_default()
    }

    /// By what the client knows its own message again.
    pub fn local_id(&self) -> Option<&str> {
        self.custom.as_ref()?.get("local_id")?.as_str()
    }

    /// What an application gets to see of it, in the words of the samples' `expect`.
    pub fn reading(&self) -> Value {
        let of = |key: &str| self.payload[key].clone();
        let either = |one: &str, other: &str| match of(one) {
            Value::Null => of(other),
            found => found,
        };
        let agent = |flat: &str, nested: &str| match of(flat) {
            Value::Null => self.payload["agent"][nested].clone(),
            found => found,
        };
        let mut reading = match self.name {
            "SessionStart" => {
                let capabilities = &self.payload["capabilities"];
                json!({
                    "streaming": capabilities["streaming"],
                    "max": capabilities["max_message_size_bytes"],
                    "hb": capabilities["heartbeat_interval_seconds"],
                    "maxReconnect": capabilities["max_reconnect_attempts"],
                })
            }
            "AgentJoined" => json!({
                "name": of("agent_name"),
                "avatar": either("agent_avatar_url", "avatar_url"),
            }),
            "AgentMessage" | "AgentMessageChunk" | "LiveAgentMessage" => json!({
                "message_id": of("message_id"),
                "agent_id": of("agent_id"),
                "name": of("agent_name"),
                "avatar": of("avatar_url"),
                "attachments": objects(&of("attachments"), attachment),
                "suggestions": objects(&of("response_suggestions"), |one| json!({
                    "text": one["message_text"], "payload": one["payload"],
                })),
                "calls": objects(&of("chat_call_actions"), |one| json!({
                    "title": one["title"], "number": one["contact_number"],
                })),
                "end": of("end_conversation"),
                "idx": of("chunk_index"),
                "complete": of("is_complete"),
            }),
            "HandoffQueueStatus" => json!({
                "pos": either("position_in_queue", "position"),
                "wait": of("estimated_wait_seconds"),
                "queue": of("queue_name"),
                "display": of("display_message"),
            }),
            "LiveAgentJoined" => json!({
                "agent_id": agent("agent_id", "id"),
                "name": agent("agent_name", "name"),
                "avatar": agent("avatar_url", "avatar_url"),
            }),
            "LiveAgentTyping" => json!({"state": match of("state").as_str() {
                Some("TYPING_STATE_STOPPED") => "STOPPED",
                _ => "STARTED",
            }}),
            "SystemMessage" => json!({"level": match of("level").as_str() {
                Some("SYSTEM_MESSAGE_LEVEL_ERROR") => "ERROR",
                Some("SYSTEM_MESSAGE_LEVEL_WARNING") => "WARNING",
                _ => "INFO",
            }}),
            _ => json!({
                "message_id": of("message_id"),
                "reason": of("reason"),
                "queue": of("queue_name"),
                "route": of("route"),
            }),
        };
        reading["ev"] = self.name.into();
        reading["id"] = self.id.as_str().into();
        reading["seq"] = self.sequence.into();
        reading["ts"] = self.at.into();
        reading["meta"] = json!({"custom": self.custom});
        reading
    }
}

/// A list, which is empty if one of its elements is no object.
fn objects(list: &Value, read: impl Fn(&Value) -> Value) -> Value {
    let list = list.as_array().filter(|list| list.iter().all(Value::is_object));
    list.into_iter().flatten().map(read).collect()
}

fn attachment(attachment: &Value) -> Value {
    let kind = attachment["content_type"].as_str().unwrap_or_default();
    let kind = kind.strip_prefix("ATTACHMENT_CONTENT_TYPE_");
    json!({
        "type": kind.filter(|kind| ["IMAGE", "URL"].contains(kind)).unwrap_or("UNKNOWN"),
        "cta": attachment["call_to_action_text"],
        "url": attachment["content_url"],
    })
}

/// What a frame brings: one event, the events of a batch in order, or nothing.
pub fn decode(frame: &str) -> Vec<Decoded> {
    let Ok(frame) = serde_json::from_str::<Value>(frame) else { return Vec::new() };
    if frame["type"] != "EVENT_TYPE_EVENT_BATCH" {
        return decode_one(&frame).into_iter().collect();
    }
    let events = frame["payload"]["events"].as_array();
    // One element that is no object costs the whole batch.
    let Some(events) = events.filter(|events| events.iter().all(Value::is_object)) else {
        return Vec::new();
    };
    let mut decoded: Vec<Decoded> = events.iter().filter_map(decode_of_batch).collect();
    decoded.sort_by_key(|event| event.sequence.unwrap_or(u64::MAX));
    decoded
}

/// Within a batch a payload may stand under the name of its type.
fn decode_of_batch(event: &Value) -> Option<Decoded> {
    let mut event = event.clone();
    if event["payload"].is_null() {
        let key = event["type"].as_str()?.strip_prefix("EVENT_TYPE_")?.to_lowercase();
        event["payload"] = event[&key].take();
    }
    decode_one(&event)
}

fn decode_one(event: &Value) -> Option<Decoded> {
    let kind = event["type"].as_str()?.strip_prefix("EVENT_TYPE_")?;
    let (_, name) = KNOWN.into_iter().find(|(known, _)| *known == kind)?;
    let required = |key: &str| match (event[key].as_str(), name) {
        (None, "Heartbeat") => Some(""),
        (found, _) => found,
    };
    let payload = Some(&event["payload"]).filter(|payload| payload.is_object());
    let custom = event["metadata"]["custom"].as_object();
    Some(Decoded {
        name,
        id: required("id")?.to_owned(),
        sequence: event["sequence"].as_u64(),
        at: required("timestamp")?.parse().ok().map(Timestamp::as_millisecond),
        payload: payload.cloned().unwrap_or_else(|| json!({})),
        custom: custom.filter(|custom| custom.values().all(Value::is_string)).cloned(),
    })
}
