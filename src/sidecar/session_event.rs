//! What a delivery's chat events become in a session.

use std::borrow::Cow;

use baton_chat::timestamp_text;
use baton_core::event::{Typing, TypingState};
use baton_store::NewEvent;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// What clients are told while the agent types.
pub(crate) const TYPING: &str = "EVENT_TYPE_LIVE_AGENT_TYPING";

/// A message of whoever answers in the place of a person: of our bot, or of a flow or bot of
/// Genesys.
pub(crate) const BOT_MESSAGE: &str = "EVENT_TYPE_POLY_AGENT_MESSAGE";

/// A chat event on its way to a session.
pub(crate) enum SessionEvent {
    /// It enters the session log.
    Logged {
        /// As the log takes it.
        event: NewEvent,
        /// If a person at the contact centre wrote it: when, by Genesys' clock.
        by_person: Option<Timestamp>,
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

/// What every chat event has, of whatever type. A client ignores a type that it does not know.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
    /// RFC 3339; anything else counts as none.
    #[serde(default)]
    timestamp: Value,
    #[serde(default)]
    transient_for_ms: Option<u32>,
}

/// As much of a message's payload as its receipt needs.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    message_id: Option<String>,
}

impl SessionEvent {
    /// When a person at the contact centre wrote it, if one did.
    pub(crate) fn written_by_person(&self) -> Option<Timestamp> {
        match self {
            Self::Logged { by_person, .. } => *by_person,
            Self::TypingStarted { .. } | Self::TypingStopped => None,
        }
    }

    /// Reads a chat event of a delivery that was received at this time, which stands in for the
    /// time of an event that has none. Transient events other than typing do not exist.
    pub(crate) fn read(event: &RawValue, received_at: Timestamp) -> Option<Self> {
        let event: Event<'_> = serde_json::from_str(event.get()).ok()?;
        let at = event.timestamp.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if event.r#type == TYPING {
            // A clock at Genesys that goes ahead of ours must not make it last longer.
            let at = at.unwrap_or(received_at).min(received_at);
            let lasts = SignedDuration::from_millis(event.transient_for_ms.unwrap_or(0).into());
            return match serde_json::from_str::<Typing>(event.payload.get()).ok()?.state {
                TypingState::Started => {
                    Some(Self::TypingStarted { at, until: at.saturating_add(lasts).ok()? })
                }
                TypingState::Stopped => Some(Self::TypingStopped),
            };
        }
        let is_event = !event.id.is_empty()
            && event.r#type.starts_with("EVENT_TYPE_")
            && event.payload.get().starts_with('{');
        if !is_event || event.transient_for_ms.is_some() {
            return None;
        }
        let timestamp = match (event.timestamp, at) {
            (Value::String(text), Some(_)) => text,
            _ => timestamp_text(received_at),
        };
        let is_by_person = event.r#type == "EVENT_TYPE_LIVE_AGENT_MESSAGE";
        let by_person = is_by_person.then(|| at.unwrap_or(received_at));
        let message: Option<Message> = serde_json::from_str(event.payload.get()).ok();
        let message_id = message.filter(|_| is_by_person).and_then(|message| message.message_id);
        let event = NewEvent {
            id: event.id.into_owned(),
            timestamp,
            kind: event.r#type.into_owned(),
            payload: event.payload.get().to_owned(),
            metadata: None,
            message_id,
        };
        Some(Self::Logged { event, by_person })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RECEIVED: i64 = 1_778_155_200_000;

    fn read(event: &Value) -> Option<SessionEvent> {
        let event = RawValue::from_string(event.to_string()).unwrap();
        SessionEvent::read(&event, Timestamp::from_millisecond(RECEIVED).unwrap())
    }

    fn logged(event: &Value) -> NewEvent {
        match read(event) {
            Some(SessionEvent::Logged { event, .. }) => event,
            _ => panic!("it is logged: {event}"),
        }
    }

    fn message(timestamp: Value) -> Value {
        let kind = "EVENT_TYPE_LIVE_AGENT_MESSAGE";
        json!({"id": "an-id", "type": kind, "timestamp": timestamp, "payload": {"text": "Hi!"}})
    }

    fn until(timestamp: Value) -> i64 {
        let started = json!({"state": "TYPING_STATE_STARTED"});
        let event = json!({
            "id": "an-id",
            "type": TYPING,
            "timestamp": timestamp,
            "transient_for_ms": 5_000,
            "payload": started,
        });
        match read(&event) {
            Some(SessionEvent::TypingStarted { until, .. }) => until.as_millisecond() - RECEIVED,
            _ => panic!("typing is not logged"),
        }
    }

    #[test]
    fn a_message_keeps_its_id_time_and_payload() {
        let event = logged(&message("2026-05-07T11:59:58.5Z".into()));
        assert_eq!((&*event.id, &*event.timestamp), ("an-id", "2026-05-07T11:59:58.5Z"));
        assert_eq!(event.kind, "EVENT_TYPE_LIVE_AGENT_MESSAGE");
        assert_eq!(event.payload, r#"{"text":"Hi!"}"#);
    }

    #[test]
    fn a_message_without_a_usable_time_gets_that_of_its_arrival() {
        for timestamp in [Value::Null, "yesterday".into(), 7.into()] {
            assert_eq!(logged(&message(timestamp)).timestamp, "2026-05-07T12:00:00.000Z");
        }
    }

    #[test]
    fn only_a_message_of_an_agent_ends_typing() {
        let mut event = message(Value::Null);
        for (kind, ends) in [("EVENT_TYPE_LIVE_AGENT_MESSAGE", true), ("EVENT_TYPE_LATER", false)] {
            event["type"] = kind.into();
            let read = read(&event);
            let Some(SessionEvent::Logged { by_person, .. }) = read else { panic!("{kind}") };
            assert_eq!(by_person.is_some(), ends, "{kind}");
        }
    }

    #[test]
    fn typing_lasts_from_its_own_time_and_a_clock_ahead_does_not_prolong_it() {
        assert_eq!(until("2026-05-07T11:59:58Z".into()), 3_000);
        assert_eq!(until(Value::Null), 5_000);
        assert_eq!(until("2026-05-07T13:00:00Z".into()), 5_000);
    }

    #[test]
    fn what_lacks_an_id_a_type_or_an_object_is_no_event() {
        for (member, value) in [
            ("id", "".into()),
            ("id", 7.into()),
            ("type", "LIVE_AGENT_MESSAGE".into()),
            ("payload", json!([])),
            ("payload", Value::Null),
            ("transient_for_ms", 5.into()),
        ] {
            let mut event = message(Value::Null);
            event[member] = value;
            assert!(read(&event).is_none(), "{event}");
        }
        assert!(read(&json!(7)).is_none());
    }
}
