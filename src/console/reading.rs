//! How a happening reads in the timeline: titles, summaries, outcomes.

use baton_chat::{PassingEvent, logged_frame};
use baton_simulator::{
    delivery::Answer,
    feed::{AttemptBegun, FaultStruck, Notified, RequestBegun, RequestSettled},
    signature,
};
use baton_store::AppendedEvent;
use serde_json::{Value, json, value::RawValue};

use crate::{
    entry::{Direction, Lane, Outcome},
    parties::Party,
};

/// The most characters of a summary.
const LONGEST_SUMMARY: usize = 120;

/// What the types of chat events begin with.
const EVENT_TYPE: &str = "EVENT_TYPE_";

/// The topic of heartbeats and of answers to pings: nothing that happens.
const CHANNEL_METADATA: &str = "channel.metadata";

/// Where a request has the words that say most of it (Genesys reference, 3.2): its text, or the choice
/// that was tapped.
const REQUEST_TEXTS: [&str; 5] =
    ["/text", "/buttonResponse/text", "/events/0/typing/type", "/status", "/state"];

/// Where a chat event has its words.
const CHAT_TEXTS: [&str; 5] = [
    "/payload/text",
    "/payload/agent/name",
    "/payload/agent_name",
    "/payload/reason",
    "/payload/state",
];

/// What is known when something begins.
pub(crate) struct Beginning {
    pub(crate) lane: Lane,
    pub(crate) direction: Direction,
    pub(crate) title: String,
    pub(crate) summary: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) attempt: Option<u32>,
    pub(crate) party: Party,
    pub(crate) message_id: Option<String>,
    pub(crate) payload: Box<RawValue>,
}

/// An attempt to deliver a webhook.
pub(crate) fn attempt(begun: &AttemptBegun) -> Beginning {
    let text = String::from_utf8_lossy(&begun.body);
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut headers = json!({ "Content-Type": "application/json" });
    if let (Some(headers), Some(value)) = (headers.as_object_mut(), &begun.signature) {
        headers.insert(signature::HEADER.to_owned(), value.as_str().into());
    }
    Beginning {
        lane: Lane::Webhook,
        direction: Direction::ToBaton,
        title: webhook_title(&body).unwrap_or(begun.shape).to_owned(),
        summary: text_of(&body, &["/text", "/status", "/events/0/typing/type"]),
        outcome: Outcome::UnderWay,
        attempt: Some(begun.attempt.number),
        party: Party {
            session_id: None,
            end_user_id: begun.end_user_id.clone(),
            conversation_id: begun.conversation_id.clone(),
        },
        message_id: begun.message_id.clone(),
        payload: raw(&json!({ "headers": headers, "body": text })),
    }
}

/// The kind of a webhook (Genesys reference, 2.3 to 2.6).
fn webhook_title(body: &Value) -> Option<&str> {
    let kind = body.get("type")?.as_str()?;
    let inner = match kind {
        "Event" => body.pointer("/events/0/eventType"),
        "Structured" => body.pointer("/content/0/contentType"),
        _ => None,
    };
    Some(inner.and_then(Value::as_str).unwrap_or(kind))
}

/// The status and the outcome of an attempt.
pub(crate) fn answered(answer: &Answer) -> (Option<u16>, Outcome) {
    match answer {
        Answer::Status(status) => (Some(*status), outcome(Some(*status))),
        Answer::Error(_) => (None, Outcome::Failed),
    }
}

/// What a status means; none is an answer that never came.
pub(crate) fn outcome(status: Option<u16>) -> Outcome {
    match status {
        Some(200..=299) => Outcome::Ok,
        Some(400..=499) => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

/// A notification; none of a frame that tells nothing.
pub(crate) fn notification(notified: &Notified) -> Option<Beginning> {
    let topic = notified.topic.as_deref().filter(|topic| *topic != CHANNEL_METADATA)?;
    let frame: Value = serde_json::from_str(&notified.frame).ok()?;
    let id = ["/eventBody/conversationId", "/eventBody/id"]
        .iter()
        .find_map(|pointer| frame.pointer(pointer)?.as_str());
    let conversation_id = id.map(str::to_owned);
    Some(Beginning {
        lane: Lane::Notification,
        direction: Direction::ToBaton,
        title: topic_title(topic),
        summary: text_of(&frame, &["/eventBody/disconnectType", "/eventBody/message"]),
        outcome: Outcome::Ok,
        attempt: None,
        party: Party { conversation_id, ..Party::default() },
        message_id: None,
        payload: RawValue::from_string(notified.frame.clone()).ok()?,
    })
}

/// What a topic tells: `user.start` of `v2.detail.events.conversation.{id}.user.start`.
fn topic_title(topic: &str) -> String {
    let is_id = |segment: &str| segment.len() == 36 && segment.matches('-').count() == 4;
    let segments: Vec<&str> = topic.split('.').collect();
    let after_id = segments.iter().position(|segment| is_id(segment)).map_or(0, |at| at + 1);
    let told = segments.get(after_id..).unwrap_or_default().join(".");
    if told.is_empty() { topic.to_owned() } else { told }
}

/// A request to Genesys.
pub(crate) fn request(begun: &RequestBegun) -> Beginning {
    Beginning {
        lane: Lane::Rest,
        direction: Direction::ToGenesys,
        title: format!("{} {}", begun.method, without_ids(&begun.route)),
        summary: None,
        outcome: Outcome::UnderWay,
        attempt: None,
        party: Party { conversation_id: named_conversation(begun), ..Party::default() },
        message_id: None,
        payload: raw(&json!({ "path": begun.path, "request": null, "answer": null })),
    }
}

/// The route with `{…}` in the place of each id.
fn without_ids(route: &str) -> String {
    let short = |segment: &str| match segment.starts_with('{') {
        true => "{…}".to_owned(),
        false => segment.to_owned(),
    };
    route.split('/').map(short).collect::<Vec<_>>().join("/")
}

/// The conversation that the path names.
fn named_conversation(begun: &RequestBegun) -> Option<String> {
    let pairs = begun.route.split('/').zip(begun.path.split('/'));
    let mut named = pairs.filter(|(segment, _)| *segment == "{conversationId}");
    named.next().map(|(_, id)| id.to_owned())
}

/// What the answer to a request adds: a summary, whose it is, and the payload.
pub(crate) fn settled(
    settled: &RequestSettled,
    path: &str,
) -> (Option<String>, Party, Box<RawValue>) {
    let null = Value::Null;
    let (asked, answer) =
        (settled.request.as_ref().unwrap_or(&null), settled.answer.as_ref().unwrap_or(&null));
    let named = |value: &Value, pointer| Some(value.pointer(pointer)?.as_str()?.to_owned());
    let party = Party {
        session_id: None,
        end_user_id: named(asked, "/channel/from/id").or_else(|| named(answer, "/channel/from/id")),
        conversation_id: named(answer, "/conversationId"),
    };
    let summary = text_of(asked, &REQUEST_TEXTS);
    let payload = raw(&json!({
        "path": path, "client_id": settled.client_id, "request": asked, "answer": answer,
    }));
    (summary, party, payload)
}

/// A fault that struck.
pub(crate) fn fault(struck: &FaultStruck) -> Beginning {
    let name = match &struck.fault {
        Value::String(name) => name.as_str(),
        Value::Object(members) => members
            .get("fault")
            .and_then(Value::as_str)
            .or_else(|| members.keys().next().map(String::as_str))
            .unwrap_or_default(),
        _ => "",
    };
    let (lane, direction) = match struck.occasion {
        "request" => (Lane::Rest, Direction::ToGenesys),
        "webhook" | "event_post" => (Lane::Webhook, Direction::ToBaton),
        _ => (Lane::Notification, Direction::ToBaton),
    };
    Beginning {
        lane,
        direction,
        title: format!("Fault: {name}"),
        summary: shortened(&struck.name),
        outcome: Outcome::Failed,
        attempt: None,
        party: Party::default(),
        message_id: None,
        payload: raw(&json!({
            "occasion": struck.occasion, "name": struck.name, "fault": struck.fault,
        })),
    }
}

/// An event of a chat's log.
pub(crate) fn chat(appended: &AppendedEvent) -> Beginning {
    let event = &appended.event;
    chat_event(&appended.session_id, &event.kind, logged_frame(event).as_str())
}

/// An event of a chat that stands in no log.
pub(crate) fn passing(event: &PassingEvent) -> Beginning {
    chat_event(&event.session_id, event.kind, event.frame.as_str())
}

fn chat_event(session_id: &str, kind: &str, frame: &str) -> Beginning {
    let title = kind.strip_prefix(EVENT_TYPE).unwrap_or(kind);
    let event: Value = serde_json::from_str(frame).unwrap_or_default();
    let message_id = event.pointer("/payload/message_id").and_then(Value::as_str);
    let by_user = title.starts_with("USER_") || title.starts_with("REQUEST_");
    Beginning {
        lane: Lane::Chat,
        direction: if by_user { Direction::FromClient } else { Direction::ToClient },
        title: title.to_owned(),
        summary: text_of(&event, &CHAT_TEXTS).map(in_words),
        outcome: Outcome::Ok,
        attempt: None,
        message_id: message_id.map(str::to_owned),
        party: Party { session_id: Some(session_id.to_owned()), ..Party::default() },
        payload: RawValue::from_string(frame.to_owned()).unwrap_or_else(|_| raw(&Value::Null)),
    }
}

/// A state of typing as Genesys tells it on the other lanes (Genesys reference, 2.5).
fn in_words(text: String) -> String {
    match text.strip_prefix("TYPING_STATE_") {
        Some("STARTED") => "On".to_owned(),
        Some("STOPPED") => "Off".to_owned(),
        _ => text,
    }
}

/// The first of these that is a text with anything in it.
fn text_of(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| shortened(value.pointer(pointer)?.as_str()?))
}

fn shortened(text: &str) -> Option<String> {
    let text = text.trim();
    let short = match text.char_indices().nth(LONGEST_SUMMARY) {
        Some(_) => text.chars().take(LONGEST_SUMMARY - 1).chain(['…']).collect(),
        None => text.to_owned(),
    };
    (!text.is_empty()).then_some(short)
}

/// The text of a value. A value always has one.
fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_told_by_what_stands_after_its_id() {
        let id = "c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b";
        let detail = format!("v2.detail.events.conversation.{id}.user.start");
        assert_eq!(topic_title(&detail), "user.start");
        assert_eq!(topic_title("v2.system.socket_closing"), "v2.system.socket_closing");
    }

    #[test]
    fn a_route_is_told_without_ids() {
        let route = "/api/v2/conversations/messages/{integrationId}/inbound/open/message";
        assert_eq!(without_ids(route), "/api/v2/conversations/messages/{…}/inbound/open/message");
    }

    #[test]
    fn a_summary_is_at_most_120_characters() {
        assert_eq!(shortened("  "), None);
        assert_eq!(shortened(&"é".repeat(120)).unwrap().chars().count(), 120);
        let long = shortened(&"é".repeat(121)).unwrap();
        assert!(long.ends_with('…') && long.chars().count() == 120);
    }
}
