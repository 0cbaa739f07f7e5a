//! What a delivery's chat events become in a session.

use baton_chat::timestamp_text;
use baton_core::event::{ChatEvent, EventBody, TypingState};
use baton_store::NewEvent;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A chat event on its way to a session.
pub(crate) enum SessionEvent {
    /// It enters the session log.
    Logged {
        /// As the log takes it.
        event: NewEvent,
        /// Whether a person at the contact centre wrote it, and so ceased to type.
        ends_typing: bool,
    },
    /// The agent types, and that means nothing after a time.
    TypingStarted {
        /// When it happened.
        at: Timestamp,
        /// When it ceases to mean anything.
        until: Timestamp,
    },
    /// The agent does not type any more.
    TypingStopped,
}

/// The type with its payload, both as the Messaging API has them.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    body: &'a EventBody<'a>,
}

impl SessionEvent {
    /// Reads the chat events of a delivery that was received at this time, which stands in for
    /// the time of an event that has none. Transient events other than typing do not exist.
    pub(crate) fn of_delivery(events: &[ChatEvent<'_>], received_at: Timestamp) -> Vec<Self> {
        events.iter().filter_map(|event| Self::read(event, received_at)).collect()
    }

    fn read(event: &ChatEvent<'_>, received_at: Timestamp) -> Option<Self> {
        let at = event.timestamp.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        match (&event.body, event.transient_for_ms) {
            (EventBody::LiveAgentTyping(typing), lasts_ms) => {
                // A clock at Genesys that goes ahead of ours must not make it last longer.
                let at = at.unwrap_or(received_at).min(received_at);
                let lasts = jiff::SignedDuration::from_millis(lasts_ms.unwrap_or(0).into());
                match typing.state {
                    TypingState::Started => {
                        Some(Self::TypingStarted { at, until: at.saturating_add(lasts).ok()? })
                    }
                    TypingState::Stopped => Some(Self::TypingStopped),
                }
            }
            (_, Some(_)) => None,
            (body, None) => {
                let timestamp = match (&event.timestamp, at) {
                    (Some(text), Some(_)) => text.clone().into_owned(),
                    _ => timestamp_text(received_at),
                };
                let Value::Object(mut members) = serde_json::to_value(Body { body }).ok()? else {
                    return None;
                };
                let kind = members.get("type").and_then(Value::as_str)?.to_owned();
                let payload = members.remove("payload")?.to_string();
                let id = event.id.to_string();
                let event = NewEvent { id, timestamp, kind, payload, metadata: None };
                let ends_typing = matches!(body, EventBody::LiveAgentMessage(_));
                Some(Self::Logged { event, ends_typing })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::{
        event::{Message, Typing},
        id::Id,
    };

    const RECEIVED: i64 = 1_778_155_200_000;

    fn received_at() -> Timestamp {
        Timestamp::from_millisecond(RECEIVED).unwrap()
    }

    fn read(timestamp: Option<&'static str>, body: EventBody<'static>) -> SessionEvent {
        let transient_for_ms = matches!(body, EventBody::LiveAgentTyping(_)).then_some(5_000);
        let id = Id::of_parts(&[b"event"]);
        let timestamp = timestamp.map(Into::into);
        let events = [ChatEvent { id, timestamp, transient_for_ms, body }];
        SessionEvent::of_delivery(&events, received_at()).pop().unwrap()
    }

    fn message() -> EventBody<'static> {
        EventBody::LiveAgentMessage(Message {
            message_id: Some("m".into()),
            text: Some("Hi!".into()),
            attachments: Vec::new(),
            response_suggestions: Vec::new(),
        })
    }

    fn started() -> EventBody<'static> {
        EventBody::LiveAgentTyping(Typing { state: TypingState::Started })
    }

    fn logged(timestamp: Option<&'static str>) -> NewEvent {
        match read(timestamp, message()) {
            SessionEvent::Logged { event, ends_typing: true } => event,
            _ => panic!("a message of an agent is logged"),
        }
    }

    fn until(timestamp: Option<&'static str>) -> i64 {
        match read(timestamp, started()) {
            SessionEvent::TypingStarted { until, .. } => until.as_millisecond() - RECEIVED,
            _ => panic!("typing is not logged"),
        }
    }

    #[test]
    fn a_message_keeps_its_id_time_and_payload() {
        let event = logged(Some("2026-05-07T11:59:58.5Z"));
        assert_eq!(event.id, Id::of_parts(&[b"event"]).to_string());
        assert_eq!(event.timestamp, "2026-05-07T11:59:58.5Z");
        assert_eq!(event.kind, "EVENT_TYPE_LIVE_AGENT_MESSAGE");
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        assert_eq!((&payload["message_id"], &payload["text"]), (&"m".into(), &"Hi!".into()));
    }

    #[test]
    fn a_message_without_a_usable_time_gets_that_of_its_arrival() {
        for timestamp in [None, Some("yesterday")] {
            assert_eq!(logged(timestamp).timestamp, "2026-05-07T12:00:00.000Z");
        }
    }

    #[test]
    fn typing_lasts_from_its_own_time_and_a_clock_ahead_does_not_prolong_it() {
        assert_eq!(until(Some("2026-05-07T11:59:58Z")), 3_000);
        assert_eq!(until(None), 5_000);
        assert_eq!(until(Some("2026-05-07T13:00:00Z")), 5_000);
    }
}
