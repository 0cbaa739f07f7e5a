//! The bodies of the inbound endpoints, read and checked (Genesys reference 3.2).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::conversation::EndUser;
use super::refusal::OrgRefusal;
use crate::webhook::written;

const ID_TYPES: [&str; 3] = ["Email", "Phone", "Opaque"];
const BUTTONS: [&str; 3] = ["Button", "QuickReply", "DatePicker"];
const RECEIPT_STATUSES: [&str; 5] = ["Sent", "Delivered", "Failed", "Published", "Removed"];
/// How long a customer types, in milliseconds, if they do not say (Genesys reference 2.5).
const TYPING_MILLISECONDS: u64 = 5000;

/// What a customer sends: a message or the answer to a button.
pub(crate) struct InboundMessage {
    pub(crate) end_user: EndUser,
    pub(crate) sender_message_id: Option<String>,
    /// `channel.metadata.customAttributes`: data for the flow.
    pub(crate) attributes: BTreeMap<String, String>,
    /// `channel` as it is answered and kept, without ids of Genesys' own.
    pub(crate) channel: Map<String, Value>,
    /// `type` and all that follows it.
    pub(crate) rest: Map<String, Value>,
}

/// The customer types.
pub(crate) struct InboundEvent {
    pub(crate) end_user_id: String,
    pub(crate) channel: Map<String, Value>,
    pub(crate) rest: Map<String, Value>,
}

/// What became of a message that was sent out.
pub(crate) struct InboundReceipt {
    pub(crate) message_id: String,
    pub(crate) status: ReceiptStatus,
    /// The first reason, in words.
    pub(crate) reason: Option<String>,
    pub(crate) channel: Map<String, Value>,
    pub(crate) rest: Map<String, Value>,
}

/// The statuses that a receipt may have on its way in. There is no `Read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReceiptStatus {
    Sent,
    Delivered,
    Failed,
    Published,
    Removed,
}

impl InboundMessage {
    /// Reads the body of `…/message`.
    pub(crate) fn message(body: &Value) -> Result<Self, OrgRefusal> {
        let metadata = string_map(body.get("metadata"))?;
        let text = optional_string(body, "text")?.filter(|text| !text.is_empty());
        let content = content(body)?;
        if text.is_none() && content.is_none() {
            return Err(OrgRefusal::missing("text"));
        }
        let mut rest = object(json!({ "type": "Text", "text": text, "content": content }));
        if !metadata.is_empty() {
            rest.insert("metadata".into(), json!(metadata));
        }
        Self::with_rest(body, without_nulls(rest))
    }

    /// Reads the body of `…/structured/response`.
    pub(crate) fn structured_response(body: &Value) -> Result<Self, OrgRefusal> {
        let response =
            body.get("buttonResponse").ok_or_else(|| OrgRefusal::missing("buttonResponse"))?;
        one_of("type", &required_string(response, "type", "buttonResponse.type")?, &BUTTONS)?;
        required_string(response, "text", "buttonResponse.text")?;
        required_string(response, "payload", "buttonResponse.payload")?;
        required_string(body, "originatingMessageId", "originatingMessageId")?;
        let content = json!([{ "contentType": "ButtonResponse", "buttonResponse": response }]);
        let rest = json!({ "type": "Structured", "direction": "Inbound", "content": content });
        Self::with_rest(body, object(rest))
    }

    fn with_rest(body: &Value, rest: Map<String, Value>) -> Result<Self, OrgRefusal> {
        let channel = channel_of(body)?;
        let time = time(channel)?;
        let attributes = channel.get("metadata").and_then(|data| data.get("customAttributes"));
        let sender_message_id = optional_string(channel, "messageId")?;
        let from = channel.get("from").ok_or_else(|| OrgRefusal::missing("channel.from"))?;
        Ok(Self {
            end_user: end_user(from)?,
            attributes: string_map(attributes)?,
            channel: object(json!({ "messageId": sender_message_id, "from": from, "time": time })),
            sender_message_id,
            rest,
        })
    }
}

impl InboundEvent {
    /// Reads the body of `…/event`.
    pub(crate) fn read(body: &Value) -> Result<Self, OrgRefusal> {
        let channel = channel_of(body)?;
        let time = time(channel)?;
        let from = channel.get("from").ok_or_else(|| OrgRefusal::missing("channel.from"))?;
        let end_user_id = end_user(from)?.id;
        let events = body.get("events").and_then(Value::as_array);
        let events = events.filter(|events| !events.is_empty());
        let events = events.ok_or_else(|| OrgRefusal::missing("events"))?;
        for event in events {
            let kind = required_string(event, "eventType", "events.eventType")?;
            one_of("eventType", &kind, &["Typing"])?;
        }
        let typing = json!([{
            "eventType": "Typing", "typing": { "type": "On", "duration": TYPING_MILLISECONDS },
        }]);
        Ok(Self {
            end_user_id,
            channel: object(json!({ "from": from, "time": time })),
            rest: object(json!({ "type": "Event", "events": typing })),
        })
    }
}

impl InboundReceipt {
    /// Reads the body of `…/receipt`.
    pub(crate) fn read(body: &Value) -> Result<Self, OrgRefusal> {
        let message_id = required_string(body, "id", "id")?;
        let channel = channel_of(body)?;
        let time = time(channel)?;
        let to = channel.get("to").ok_or_else(|| OrgRefusal::missing("channel.to"))?;
        required_string(to, "id", "channel.to.id")?;
        if let Some(id_type) = optional_string(to, "idType")? {
            one_of("idType", &id_type, &ID_TYPES)?;
        }
        let name = required_string(body, "status", "status")?;
        let status = ReceiptStatus::named(&name)?;
        let reasons = body.get("reasons").filter(|reasons| !reasons.is_null());
        let final_receipt = body.get("isFinalReceipt").filter(|is_final| is_final.is_boolean());
        Ok(Self {
            message_id,
            status,
            reason: reasons.and_then(reason),
            channel: object(json!({ "to": to, "time": time })),
            rest: without_nulls(object(json!({
                "type": "Receipt", "status": name, "reasons": reasons,
                "isFinalReceipt": final_receipt, "direction": "Outbound",
            }))),
        })
    }
}

impl ReceiptStatus {
    fn named(name: &str) -> Result<Self, OrgRefusal> {
        match name {
            "Sent" => Ok(Self::Sent),
            "Delivered" => Ok(Self::Delivered),
            "Failed" => Ok(Self::Failed),
            "Published" => Ok(Self::Published),
            "Removed" => Ok(Self::Removed),
            _ => Err(OrgRefusal::invalid_value("status", name, &RECEIPT_STATUSES)),
        }
    }
}

/// A flat map of strings, or nothing. Genesys answers anything else without a word on what is
/// wrong (Genesys reference 3.2).
pub(crate) fn string_map(value: Option<&Value>) -> Result<BTreeMap<String, String>, OrgRefusal> {
    let fields = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(OrgRefusal::malformed()),
    };
    let pairs = fields.iter().map(|(key, value)| {
        let value = value.as_str().ok_or_else(OrgRefusal::malformed)?;
        Ok((key.clone(), value.to_owned()))
    });
    pairs.collect()
}

/// A string field, or `None` if it is not there.
pub(crate) fn optional_string(from: &Value, key: &str) -> Result<Option<String>, OrgRefusal> {
    match from.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => Ok(Some(value.clone())),
        Some(_) => Err(OrgRefusal::malformed()),
    }
}

/// A string field that must be there and not be empty. `path` names it in the refusal.
pub(crate) fn required_string(from: &Value, key: &str, path: &str) -> Result<String, OrgRefusal> {
    let value = optional_string(from, key)?.filter(|value| !value.is_empty());
    value.ok_or_else(|| OrgRefusal::missing(path))
}

/// Checks that a value is an allowed one.
pub(crate) fn one_of(field: &'static str, value: &str, allowed: &[&str]) -> Result<(), OrgRefusal> {
    if allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(value)) {
        Ok(())
    } else {
        Err(OrgRefusal::invalid_value(field, value, allowed))
    }
}

fn channel_of(body: &Value) -> Result<&Value, OrgRefusal> {
    if !body.is_object() {
        return Err(OrgRefusal::malformed());
    }
    let channel = body.get("channel").ok_or_else(|| OrgRefusal::missing("channel"))?;
    if channel.is_object() { Ok(channel) } else { Err(OrgRefusal::malformed()) }
}

/// The time of the message, however it was written, as Genesys writes it.
fn time(channel: &Value) -> Result<String, OrgRefusal> {
    let time = required_string(channel, "time", "channel.time")?;
    match time.parse::<Timestamp>() {
        Ok(time) => Ok(written(time)),
        Err(_) => Err(OrgRefusal::invalid_date("channel.time")),
    }
}

fn end_user(from: &Value) -> Result<EndUser, OrgRefusal> {
    let id = required_string(from, "id", "channel.from.id")?;
    let id_type = required_string(from, "idType", "channel.from.idType")?;
    one_of("idType", &id_type, &ID_TYPES)?;
    Ok(EndUser {
        id,
        id_type,
        nickname: optional_string(from, "nickname")?,
        first_name: optional_string(from, "firstName")?,
        last_name: optional_string(from, "lastName")?,
    })
}

/// The attachments of a message, each with its `contentType`, or `None` if there are none.
fn content(body: &Value) -> Result<Option<Vec<Value>>, OrgRefusal> {
    let items = match body.get("content") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(OrgRefusal::malformed()),
    };
    let items: Result<Vec<Value>, OrgRefusal> = items.iter().map(attachment).collect();
    Ok(Some(items?).filter(|items| !items.is_empty()))
}

fn attachment(item: &Value) -> Result<Value, OrgRefusal> {
    let attachment =
        item.get("attachment").ok_or_else(|| OrgRefusal::missing("content.attachment"))?;
    let media_type = required_string(attachment, "mediaType", "content.attachment.mediaType")?;
    one_of("mediaType", &media_type, &["Image", "Video", "Audio", "File", "Link"])?;
    required_string(attachment, "url", "content.attachment.url")?;
    Ok(json!({ "contentType": "Attachment", "attachment": attachment }))
}

fn reason(reasons: &Value) -> Option<String> {
    let first = reasons.as_array()?.first()?;
    let part = |key: &str| first.get(key).and_then(Value::as_str);
    let parts: Vec<&str> = [part("code"), part("message")].into_iter().flatten().collect();
    Some(parts.join(" - "))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => without_nulls(fields),
        _ => Map::new(),
    }
}

fn without_nulls(fields: Map<String, Value>) -> Map<String, Value> {
    fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
