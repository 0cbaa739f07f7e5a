//! What a client is sent: the envelopes of the Messaging API, section 6.

use axum::extract::ws::Utf8Bytes;
use baton_store::LoggedEvent;
use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::timestamp::timestamp_text;

/// The event that ends a session.
pub const SESSION_END: &str = "EVENT_TYPE_SESSION_END";

/// An event as a client gets it.
#[derive(Serialize)]
struct Envelope<'a> {
    id: &'a str,
    sequence: Option<u64>,
    timestamp: &'a str,
    r#type: &'a str,
    #[serde(serialize_with = "object")]
    payload: &'a str,
    #[serde(serialize_with = "optional_object", skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
}

impl<'a> From<&'a LoggedEvent> for Envelope<'a> {
    fn from(event: &'a LoggedEvent) -> Self {
        Self {
            id: &event.id,
            sequence: Some(event.sequence),
            timestamp: &event.timestamp,
            r#type: &event.kind,
            payload: &event.payload,
            metadata: event.metadata.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Batch<'a> {
    r#type: &'static str,
    payload: BatchPayload<'a>,
}

#[derive(Serialize)]
struct BatchPayload<'a> {
    events: Vec<Envelope<'a>>,
}

#[derive(Serialize)]
struct SystemMessage<'a> {
    level: &'static str,
    message: &'a str,
}

/// An event of the session log, as a frame of its own.
pub fn logged(event: &LoggedEvent) -> Utf8Bytes {
    text(&Envelope::from(event))
}

/// Events of the session log, as one `EVENT_BATCH`.
pub(crate) fn batch(events: &[LoggedEvent]) -> Utf8Bytes {
    let events = events.iter().map(Envelope::from).collect();
    text(&Batch { r#type: "EVENT_TYPE_EVENT_BATCH", payload: BatchPayload { events } })
}

/// An event that is in no log and has no sequence. `payload` and `metadata` are the texts of
/// JSON objects.
pub fn transient(
    id: Uuid,
    timestamp: Timestamp,
    kind: &str,
    payload: &str,
    metadata: Option<&str>,
) -> Utf8Bytes {
    text(&Envelope {
        id: &id.to_string(),
        sequence: None,
        timestamp: &timestamp_text(timestamp),
        r#type: kind,
        payload,
        metadata,
    })
}

/// A `SYSTEM_MESSAGE` that tells of an error (Messaging API, 8.4).
pub(crate) fn system_error(
    id: Uuid,
    timestamp: Timestamp,
    message: &str,
    metadata: Option<&str>,
) -> Utf8Bytes {
    let payload = text(&SystemMessage { level: "SYSTEM_MESSAGE_LEVEL_ERROR", message });
    transient(id, timestamp, "EVENT_TYPE_SYSTEM_MESSAGE", payload.as_str(), metadata)
}

/// The text of a frame. Strings, numbers and checked JSON always have one.
fn text(value: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned()).into()
}

/// Writes the text of a JSON object as it is, anything else as an empty object: one payload
/// that is no object would cost the client the whole batch (Messaging API, 6).
fn object<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(value) if value.get().starts_with('{') => value.serialize(serializer),
        _ => serializer.serialize_map(Some(0))?.end(),
    }
}

fn optional_object<S: Serializer>(text: &Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    object(text.unwrap_or_default(), serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(payload: &str, metadata: Option<&str>) -> LoggedEvent {
        LoggedEvent {
            sequence: 7,
            id: "an-id".to_owned(),
            timestamp: "2026-05-07T12:00:00Z".to_owned(),
            kind: "EVENT_TYPE_LIVE_AGENT_MESSAGE".to_owned(),
            payload: payload.to_owned(),
            metadata: metadata.map(str::to_owned),
        }
    }

    fn json(frame: &Utf8Bytes) -> Value {
        serde_json::from_str(frame.as_str()).unwrap()
    }

    #[test]
    fn an_event_carries_its_sequence_as_a_number_and_metadata_only_if_there_is_some() {
        let expected = json!({
            "id": "an-id",
            "sequence": 7,
            "timestamp": "2026-05-07T12:00:00Z",
            "type": "EVENT_TYPE_LIVE_AGENT_MESSAGE",
            "payload": {"text": "Hi!"},
        });
        assert_eq!(json(&logged(&event(r#"{"text":"Hi!"}"#, None))), expected);
        let with = json(&logged(&event("{}", Some(r#"{"custom":{"local_id":"x"}}"#))));
        assert_eq!(with["metadata"], json!({"custom": {"local_id": "x"}}));
    }

    #[test]
    fn a_payload_that_is_no_object_becomes_an_empty_one() {
        for payload in ["", "[]", "1", "{", "{} {}", "null"] {
            assert_eq!(json(&logged(&event(payload, None)))["payload"], json!({}), "{payload}");
        }
    }

    #[test]
    fn invariant_5_an_event_is_the_same_in_a_batch_and_alone() {
        let event = event(r#"{"text":"Hi!"}"#, None);
        let batch = json(&batch(std::slice::from_ref(&event)));
        assert_eq!(batch["payload"]["events"][0], json(&logged(&event)));
    }

    #[test]
    fn an_empty_batch_has_an_empty_list() {
        let expected = json!({"type": "EVENT_TYPE_EVENT_BATCH", "payload": {"events": []}});
        assert_eq!(json(&batch(&[])), expected);
    }

    #[test]
    fn a_transient_event_has_a_null_sequence() {
        let frame = json(&transient(Uuid::nil(), Timestamp::UNIX_EPOCH, "T", "{}", None));
        assert_eq!(frame["sequence"], Value::Null);
        assert_eq!(frame["timestamp"], "1970-01-01T00:00:00.000Z");
    }
}
