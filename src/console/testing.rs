//! What the tests of the timeline share.

use std::time::{Duration, SystemTime};

use baton_chat::PassingEvent;
use baton_simulator::{
    delivery::Answer,
    feed::{
        AttemptBegun, AttemptId, FaultStruck, Happening, Notified, Occurrence, RequestBegun,
        RequestSettled,
    },
};
use baton_store::{AppendedEvent, LoggedEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The conversation of all tests.
pub(crate) const CONVERSATION: &str = "c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b";

/// So many milliseconds after the beginning.
pub(crate) fn at(milliseconds: i64) -> Timestamp {
    let beginning: Timestamp = "2026-11-21T20:15:00Z".parse().unwrap();
    beginning + SignedDuration::from_millis(milliseconds)
}

fn happening(milliseconds: i64, what: Occurrence) -> Happening {
    Happening { at: at(milliseconds), what }
}

/// A webhook of an agent's message to an end user begins its way.
pub(crate) fn webhook(milliseconds: i64, sending: u64, number: u32, text: &str) -> Happening {
    let body = json!({
        "id": "m1", "type": "Text", "text": text, "conversationId": CONVERSATION,
        "channel": { "to": { "id": "end-user" } },
    });
    sent(milliseconds, AttemptId { sending, number }, "text-agent", &body)
}

/// A webhook that tells the end user that the agent types begins its way.
pub(crate) fn typing_webhook(milliseconds: i64) -> Happening {
    let typing = json!([{ "eventType": "Typing", "typing": { "type": "On" } }]);
    let body = json!({ "id": "m1", "type": "Event", "events": typing });
    sent(milliseconds, AttemptId { sending: 1, number: 1 }, "typing-on", &body)
}

fn sent(milliseconds: i64, attempt: AttemptId, shape: &'static str, body: &Value) -> Happening {
    happening(
        milliseconds,
        Occurrence::AttemptBegun(AttemptBegun {
            attempt,
            shape,
            message_id: Some("m1".to_owned()),
            end_user_id: Some("end-user".to_owned()),
            conversation_id: Some(CONVERSATION.to_owned()),
            body: body.to_string().into(),
            signature: Some("sha256=abc".to_owned()),
        }),
    )
}

/// That webhook is answered.
pub(crate) fn webhook_answered(sending: u64, number: u32, answer: Answer) -> Happening {
    let attempt = AttemptId { sending, number };
    let took = Duration::from_micros(3_240);
    happening(10, Occurrence::AttemptSettled { attempt, answer, took })
}

/// A frame with an event of the conversation.
pub(crate) fn notification(milliseconds: i64, kind: &str) -> Happening {
    let topic = format!("v2.detail.events.conversation.{CONVERSATION}.{kind}");
    let body = json!({ "conversationId": CONVERSATION });
    let frame = json!({ "topicName": topic, "eventBody": body }).to_string();
    happening(milliseconds, Occurrence::Notified(Notified { socket: 1, topic: Some(topic), frame }))
}

/// A heartbeat of a socket.
pub(crate) fn heartbeat() -> Happening {
    let topic = "channel.metadata".to_owned();
    let frame = json!({ "topicName": topic }).to_string();
    happening(0, Occurrence::Notified(Notified { socket: 1, topic: Some(topic), frame }))
}

/// The user's message is on its way to Genesys.
pub(crate) fn post(number: u64) -> Happening {
    let route = "/api/v2/conversations/messages/{integrationId}/inbound/open/message";
    let begun = RequestBegun {
        number,
        method: "POST".to_owned(),
        route: route.to_owned(),
        path: route.replace("{integrationId}", "an-integration"),
    };
    happening(0, Occurrence::RequestBegun(begun))
}

/// Genesys has answered that; without a status the answer was lost.
pub(crate) fn post_answered(number: u64, status: Option<u16>) -> Happening {
    answered(number, status, &json!({ "text": "Help!" }))
}

/// Genesys has answered what the user sent, which had these members.
pub(crate) fn answered(number: u64, status: Option<u16>, members: &Value) -> Happening {
    let mut request = members.clone();
    request["channel"] = json!({ "from": { "id": "end-user" } });
    let settled = RequestSettled {
        number,
        client_id: Some("baton".to_owned()),
        status,
        took: Duration::from_millis(2),
        request: Some(request),
        answer: Some(json!({ "id": "m0", "conversationId": CONVERSATION })),
    };
    happening(2, Occurrence::RequestSettled(settled))
}

/// A fault strikes.
pub(crate) fn fault(occasion: &'static str, fault: Value) -> Happening {
    happening(
        0,
        Occurrence::FaultStruck(FaultStruck { occasion, name: "a name".to_owned(), fault }),
    )
}

/// An event of the chat `session`.
pub(crate) fn chat(milliseconds: i64, kind: &str, payload: &Value) -> AppendedEvent {
    AppendedEvent {
        at: SystemTime::from(at(milliseconds)),
        session_id: "session".to_owned(),
        event: LoggedEvent {
            sequence: 1,
            id: "an-id".to_owned(),
            timestamp: "2026-11-21T20:15:00Z".to_owned(),
            kind: format!("EVENT_TYPE_{kind}"),
            payload: payload.to_string(),
            metadata: None,
        },
    }
}

/// An event passes through the chat `session`.
pub(crate) fn passing(milliseconds: i64, kind: &'static str, payload: &Value) -> PassingEvent {
    let frame = json!({ "id": "an-id", "type": kind, "payload": payload });
    PassingEvent {
        at: SystemTime::from(at(milliseconds)),
        session_id: "session".to_owned(),
        kind,
        frame: frame.to_string().into(),
    }
}
