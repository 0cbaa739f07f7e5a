//! What a client sends: reading its frames (Messaging API, 7).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    limits::MAX_MESSAGE_BYTES,
    metadata,
    sessions::{ClientAction, ClientEvent},
};

/// The types that the API knows and a client may not send: the server's own, and those of a client
/// of another kind (Messaging API, 7 and 8).
const NOT_ALLOWED: [&str; 31] = [
    "EVENT_TYPE_CLIENT_HANDOFF_REQUIRED",
    "EVENT_TYPE_CSAT_RESPONSE",
    "EVENT_TYPE_EVENT_BATCH",
    "EVENT_TYPE_HANDOFF_ACCEPTED",
    "EVENT_TYPE_HANDOFF_FAILED",
    "EVENT_TYPE_HANDOFF_QUEUE_STATUS",
    "EVENT_TYPE_HANDOFF_TIMEOUT",
    "EVENT_TYPE_LANGUAGE_CHANGED",
    "EVENT_TYPE_LINK_TO_WEBRTC_CONVERSATION",
    "EVENT_TYPE_LIVE_AGENT_JOINED",
    "EVENT_TYPE_LIVE_AGENT_LEFT",
    "EVENT_TYPE_LIVE_AGENT_MESSAGE",
    "EVENT_TYPE_LIVE_AGENT_READ_MESSAGE",
    "EVENT_TYPE_LIVE_AGENT_RECEIVED_MESSAGE",
    "EVENT_TYPE_LIVE_AGENT_TYPING",
    "EVENT_TYPE_POLY_AGENT_JOINED",
    "EVENT_TYPE_POLY_AGENT_LEFT",
    "EVENT_TYPE_POLY_AGENT_MESSAGE",
    "EVENT_TYPE_POLY_AGENT_MESSAGE_CHUNK",
    "EVENT_TYPE_POLY_AGENT_READ_MESSAGE",
    "EVENT_TYPE_POLY_AGENT_RECEIVED_MESSAGE",
    "EVENT_TYPE_POLY_AGENT_THINKING",
    "EVENT_TYPE_POLY_AGENT_TRIGGERED_HANDOFF",
    "EVENT_TYPE_REQUEST_POLY_AGENT_JOIN_WITH_GREETING_MESSAGE",
    "EVENT_TYPE_SESSION_END",
    "EVENT_TYPE_SESSION_IDLE_WARNING",
    "EVENT_TYPE_SESSION_START",
    "EVENT_TYPE_SHOW_CSAT_REQUEST",
    "EVENT_TYPE_SYSTEM_MESSAGE",
    "EVENT_TYPE_USER_READ_MESSAGE",
    "EVENT_TYPE_USER_RECEIVED_MESSAGE",
];

const MALFORMED: &str = "Unknown event type or invalid message format";

/// What clients themselves say of a text over the advertised size (Messaging API, 3.1).
const TOO_LARGE: &str = "Message too large";

/// A frame that was read.
pub(crate) enum ClientFrame {
    /// The client lives; it wants an echo.
    Heartbeat {
        /// What the client wants echoed.
        metadata: Option<String>,
    },
    /// Nothing that anybody has to be told.
    Ignored,
    /// Something that concerns the session.
    Event(ClientEvent),
    /// Something that is not allowed, or not understood.
    Wrong {
        /// What the client is told.
        message: Cow<'static, str>,
        /// What the client wants echoed.
        metadata: Option<String>,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct UserMessage {
    text: String,
}

#[derive(Deserialize)]
struct UserTyping {
    #[serde(default)]
    state: Option<String>,
}

impl ClientFrame {
    /// Reads a text frame.
    pub(crate) fn read(frame: &str) -> Self {
        let Some(envelope) = object::<Envelope<'_>>(frame) else {
            return Self::malformed();
        };
        let metadata = envelope.metadata.and_then(metadata::echoed);
        let action = match envelope.r#type.as_ref() {
            "EVENT_TYPE_HEARTBEAT" => return Self::Heartbeat { metadata },
            "EVENT_TYPE_USER_TYPING" => match envelope.payload.and_then(typing_state) {
                // Genesys knows no end of typing (Genesys reference, 2.5).
                Some(state) if state == "TYPING_STATE_STOPPED" => return Self::Ignored,
                _ => ClientAction::UserTyping,
            },
            "EVENT_TYPE_REQUEST_POLY_AGENT_JOIN" => ClientAction::RequestPolyAgentJoin,
            "EVENT_TYPE_USER_END_SESSION" => ClientAction::UserEndSession,
            "EVENT_TYPE_USER_MESSAGE" => {
                let payload = envelope.payload.map_or("", RawValue::get);
                match object::<UserMessage>(payload) {
                    Some(message) if message.text.len() <= MAX_MESSAGE_BYTES => {
                        ClientAction::UserMessage { text: message.text, attached: Vec::new() }
                    }
                    Some(_) => return Self::Wrong { message: TOO_LARGE.into(), metadata },
                    None => return Self::Wrong { message: MALFORMED.into(), metadata },
                }
            }
            known if NOT_ALLOWED.contains(&known) => {
                let message = format!("Event type not allowed: {known}").into();
                return Self::Wrong { message, metadata };
            }
            _ => return Self::Wrong { message: MALFORMED.into(), metadata },
        };
        Self::Event(ClientEvent { action, metadata })
    }

    /// A frame of which nothing can be made.
    pub(crate) const fn malformed() -> Self {
        Self::Wrong { message: Cow::Borrowed(MALFORMED), metadata: None }
    }
}

/// Reads a JSON object; a list of the same values would be read as well.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let text = text.trim_ascii_start();
    if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
}

fn typing_state(payload: &RawValue) -> Option<String> {
    object::<UserTyping>(payload.get())?.state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(frame: &str) -> (String, Option<String>) {
        match ClientFrame::read(frame) {
            ClientFrame::Wrong { message, metadata } => (message.into_owned(), metadata),
            _ => panic!("{frame} was read"),
        }
    }

    #[test]
    fn the_five_events_of_the_api_are_read() {
        let action = |frame| match ClientFrame::read(frame) {
            ClientFrame::Event(event) => event.action,
            _ => panic!("{frame} is no event"),
        };
        let join = r#"{"type":"EVENT_TYPE_REQUEST_POLY_AGENT_JOIN","payload":{}}"#;
        assert!(matches!(action(join), ClientAction::RequestPolyAgentJoin));
        let end = r#"{"type":"EVENT_TYPE_USER_END_SESSION"}"#;
        assert!(matches!(action(end), ClientAction::UserEndSession));
        let message = r#"{"type":"EVENT_TYPE_USER_MESSAGE","payload":{"text":"Hi"}}"#;
        assert!(matches!(action(message), ClientAction::UserMessage { text, .. } if text == "Hi"));
        let typing = r#"{"type":"EVENT_TYPE_USER_TYPING","payload":{}}"#;
        assert!(matches!(action(typing), ClientAction::UserTyping));
        let typed =
            r#"{"type":"EVENT_TYPE_USER_TYPING","payload":{"state":"TYPING_STATE_STOPPED"}}"#;
        assert!(matches!(ClientFrame::read(typed), ClientFrame::Ignored));
        let beat = r#"{"type":"EVENT_TYPE_HEARTBEAT","payload":{}}"#;
        assert!(matches!(ClientFrame::read(beat), ClientFrame::Heartbeat { metadata: None }));
    }

    #[test]
    fn custom_metadata_is_kept_for_the_echo() {
        let frame = r#"{"type":"X","metadata":{"custom":{"local_id":"7"},"other":1}}"#;
        assert_eq!(wrong(frame).1.as_deref(), Some(r#"{"custom":{"local_id":"7"}}"#));
        for metadata in ["null", "1", "{}", "[]"] {
            assert_eq!(wrong(&format!(r#"{{"type":"X","metadata":{metadata}}}"#)).1, None);
        }
    }

    #[test]
    fn a_text_of_the_advertised_size_is_read_and_a_larger_one_is_told_so() {
        let frame = |bytes| {
            let text = "\\\"".repeat(bytes);
            let metadata = r#"{"custom":{"local_id":"7"}}"#;
            format!(
                r#"{{"type":"EVENT_TYPE_USER_MESSAGE","payload":{{"text":"{text}"}},"metadata":{metadata}}}"#
            )
        };
        assert!(matches!(ClientFrame::read(&frame(MAX_MESSAGE_BYTES)), ClientFrame::Event(_)));
        let (message, metadata) = wrong(&frame(MAX_MESSAGE_BYTES + 1));
        assert_eq!(message, "Message too large");
        assert_eq!(metadata.as_deref(), Some(r#"{"custom":{"local_id":"7"}}"#));
    }

    #[test]
    fn a_type_that_is_not_for_clients_is_named_and_one_that_nobody_knows_is_not() {
        for known in NOT_ALLOWED {
            let (message, _) = wrong(&format!(r#"{{"type":"{known}"}}"#));
            assert_eq!(message, format!("Event type not allowed: {known}"));
        }
        for unknown in ["EVENT_TYPE_FUTURE_THING", "", "HEARTBEAT", &"é".repeat(10_000)] {
            let metadata = r#"{"custom":{"local_id":"7"}}"#;
            let told = wrong(&format!(r#"{{"type":"{unknown}","metadata":{metadata}}}"#));
            assert_eq!(told, (MALFORMED.to_owned(), Some(metadata.to_owned())), "{unknown}");
        }
    }

    #[test]
    fn invariant_11_what_cannot_be_read_gets_one_answer() {
        let deep = "[".repeat(200_000);
        let deep_payload =
            format!(r#"{{"type":"EVENT_TYPE_USER_MESSAGE","payload":{}}}"#, "[".repeat(1000));
        for frame in [
            "",
            "x",
            "[]",
            "null",
            "{}",
            r#"{"type":1}"#,
            r#"["EVENT_TYPE_HEARTBEAT"]"#,
            r#"{"type":"EVENT_TYPE_HEARTBEAT","type":"EVENT_TYPE_HEARTBEAT"}"#,
            r#"{"type":"EVENT_TYPE_USER_MESSAGE","payload":["Hi"]}"#,
            r#"{"type":"EVENT_TYPE_USER_MESSAGE"}"#,
            r#"{"type":"EVENT_TYPE_USER_MESSAGE","payload":{"text":1}}"#,
            &deep,
            &deep_payload,
        ] {
            assert_eq!(wrong(frame).0, MALFORMED);
        }
    }
}
