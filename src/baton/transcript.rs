//! A chat in words.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::output::harmless;

/// What every line of an event after its first begins with: the width of the time.
const INDENTATION: &str = "          ";

/// Says events in words, and remembers who the agent is.
#[derive(Default)]
pub(crate) struct Transcript {
    agent_name: Option<String>,
    began: bool,
}

impl Transcript {
    /// The lines for an event; none for what a reader need not know.
    pub(crate) fn lines(&mut self, event: &Value) -> Vec<String> {
        let mut lines = self.words(event).into_iter();
        let Some(first) = lines.next() else {
            return Vec::new();
        };
        let rest = lines.map(|line| format!("{INDENTATION}{line}"));
        std::iter::once(format!("{}  {first}", time_of(event))).chain(rest).collect()
    }

    fn words(&mut self, event: &Value) -> Vec<String> {
        let nothing = Value::Null;
        let payload = event.get("payload").unwrap_or(&nothing);
        let kind = text(event, "type").unwrap_or_default();
        if let Some(name) = agent_name(payload) {
            self.agent_name = Some(name);
        }
        let agent = self.agent_name.as_deref().unwrap_or("Agent");
        let reason = || in_brackets(text(payload, "reason"));
        let line = match kind.strip_prefix("EVENT_TYPE_").unwrap_or(&kind) {
            "USER_MESSAGE" => return message("You", payload),
            "POLY_AGENT_MESSAGE" | "POLY_AGENT_MESSAGE_CHUNK" => return message("Bot", payload),
            "LIVE_AGENT_MESSAGE" => return message(agent, payload),
            "LIVE_AGENT_TYPING" => match text(payload, "state").as_deref() {
                Some("TYPING_STATE_STOPPED") => return Vec::new(),
                _ => format!("{agent} is typing …"),
            },
            "POLY_AGENT_THINKING" => "Bot is thinking …".to_owned(),
            "SYSTEM_MESSAGE" => {
                let level = match text(payload, "level").as_deref() {
                    Some("SYSTEM_MESSAGE_LEVEL_ERROR") => "System error",
                    Some("SYSTEM_MESSAGE_LEVEL_WARNING") => "System warning",
                    _ => "System",
                };
                format!("{level}: {}", text(payload, "message").unwrap_or_default())
            }
            "SESSION_START" => match std::mem::replace(&mut self.began, true) {
                false => "The session begins.".to_owned(),
                // A handoff is over, and another one may follow.
                true => "The session goes on.".to_owned(),
            },
            "SESSION_END" => format!("The session has ended{}.", reason()),
            "SESSION_IDLE_WARNING" => "The session will end soon if nobody writes.".to_owned(),
            "POLY_AGENT_JOINED" => "The bot has joined.".to_owned(),
            "POLY_AGENT_LEFT" => "The bot has left.".to_owned(),
            "POLY_AGENT_TRIGGERED_HANDOFF" => "The chat is handed over to a person …".to_owned(),
            "HANDOFF_ACCEPTED" => {
                format!("The handoff is accepted{}.", in_brackets(text(payload, "queue_name")))
            }
            "HANDOFF_QUEUE_STATUS" => queue_status(payload),
            "HANDOFF_FAILED" => format!("The handoff has failed{}.", reason()),
            "HANDOFF_TIMEOUT" => format!("Nobody took the handoff in time{}.", reason()),
            "CLIENT_HANDOFF_REQUIRED" => {
                format!("The client has to take over the handoff{}.", reason())
            }
            "LIVE_AGENT_JOINED" => return joined(agent, payload),
            "LIVE_AGENT_LEFT" => {
                let line = format!("{agent} has left{}.", reason());
                self.agent_name = None;
                line
            }
            "LANGUAGE_CHANGED" => {
                format!(
                    "The language is now {}.",
                    text(payload, "language_code").unwrap_or_default()
                )
            }
            // The client's own doing, and its sign of life.
            "HEARTBEAT" | "REQUEST_POLY_AGENT_JOIN" | "USER_TYPING" | "USER_END_SESSION" => {
                return Vec::new();
            }
            _ => format!("({kind})"),
        };
        line.lines().map(str::to_owned).collect()
    }
}

/// Who joined, with the picture below.
fn joined(agent: &str, payload: &Value) -> Vec<String> {
    let picture = payload.get("agent").and_then(|agent| text(agent, "avatar_url"));
    let picture = picture.map(|url| format!("  [picture] {}", url.replace('\n', " ")));
    std::iter::once(format!("{agent} has joined.")).chain(picture).collect()
}

/// A message with its links and choices below.
fn message(author: &str, payload: &Value) -> Vec<String> {
    let written = text(payload, "text").unwrap_or_default();
    let mut written = written.lines();
    let first = written.next().unwrap_or_default();
    let mut lines = vec![format!("{author}: {first}").trim_end().to_owned()];
    lines.extend(written.map(|line| format!("  {line}")));
    for attachment in list(payload, "attachments") {
        let kind = match text(attachment, "content_type").as_deref() {
            Some("ATTACHMENT_CONTENT_TYPE_IMAGE") => "picture",
            _ => "link",
        };
        let parts: Vec<String> = ["title", "content_url", "preview_image_url"]
            .into_iter()
            .filter_map(|member| text(attachment, member))
            .map(|part| part.replace('\n', " "))
            .take(2)
            .collect();
        lines.push(format!("  [{kind}] {}", parts.join("  ")));
    }
    let choices: Vec<String> = list(payload, "response_suggestions")
        .filter_map(|choice| text(choice, "message_text"))
        .map(|choice| format!("({})", choice.replace('\n', " ")))
        .collect();
    if !choices.is_empty() {
        lines.push(format!("  choices: {}", choices.join(" ")));
    }
    lines
}

fn queue_status(payload: &Value) -> String {
    if let Some(message) = text(payload, "display_message") {
        return message;
    }
    let number = |member| payload.get(member).and_then(Value::as_u64);
    let queue = in_brackets(text(payload, "queue_name"));
    match (number("position_in_queue"), number("estimated_wait_seconds")) {
        (Some(position), Some(seconds)) => {
            format!("In the queue{queue}: place {position}, about {seconds} s.")
        }
        (Some(position), None) => format!("In the queue{queue}: place {position}."),
        (None, Some(seconds)) => format!("In the queue{queue}: about {seconds} s."),
        (None, None) => format!("In the queue{queue}."),
    }
}

fn agent_name(payload: &Value) -> Option<String> {
    let nested = payload.get("agent").and_then(|agent| text(agent, "name"));
    // The bot's name has the same key; only live agents come with an id.
    let flat = payload.get("agent_id").and_then(|_| text(payload, "agent_name"));
    flat.or(nested)
}

/// A member that is text and not empty, safe to show.
fn text(value: &Value, member: &str) -> Option<String> {
    let text = value.get(member)?.as_str()?;
    (!text.is_empty()).then(|| harmless(text))
}

fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn in_brackets(text: Option<String>) -> String {
    text.map_or_else(String::new, |text| format!(" ({text})"))
}

/// When it happened, in the time zone of whoever reads it.
fn time_of(event: &Value) -> String {
    let timestamp = event.get("timestamp").and_then(Value::as_str);
    let timestamp = timestamp.and_then(|text| text.parse().ok());
    let zoned = timestamp.unwrap_or_else(Timestamp::now).to_zoned(TimeZone::system());
    zoned.strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(kind: &str, payload: Value) -> Vec<String> {
        Transcript::default().words(&json!({"type": kind, "payload": payload}))
    }

    #[test]
    fn a_message_is_shown_with_its_links_and_choices_below() {
        let payload = json!({
            "text": "Look\nhere", "agent_id": "7", "agent_name": "Sarah",
            "attachments": [{
                "title": "A map", "content_url": "https://example.com/map",
                "content_type": "ATTACHMENT_CONTENT_TYPE_IMAGE",
            }],
            "response_suggestions": [{"message_text": "Yes"}, {"message_text": "No"}],
        });
        let expected = [
            "Sarah: Look",
            "  here",
            "  [picture] A map  https://example.com/map",
            "  choices: (Yes) (No)",
        ];
        assert_eq!(words("EVENT_TYPE_LIVE_AGENT_MESSAGE", payload), expected);
    }

    #[test]
    fn an_agent_keeps_the_name_until_leaving() {
        let mut transcript = Transcript::default();
        let mut words = |kind: &str, payload| {
            transcript.words(&json!({"type": format!("EVENT_TYPE_{kind}"), "payload": payload}))
        };
        words("LIVE_AGENT_JOINED", json!({"agent": {"id": "7", "name": "Sarah"}}));
        assert_eq!(words("LIVE_AGENT_TYPING", json!({})), ["Sarah is typing …"]);
        assert_eq!(words("LIVE_AGENT_LEFT", json!({})), ["Sarah has left."]);
        assert_eq!(words("LIVE_AGENT_TYPING", json!({})), ["Agent is typing …"]);
    }

    #[test]
    fn a_handoff_is_told_from_its_beginning_to_the_next_one() {
        let mut transcript = Transcript::default();
        let mut told = Vec::new();
        for (kind, payload) in [
            ("SESSION_START", json!({})),
            ("POLY_AGENT_TRIGGERED_HANDOFF", json!({})),
            ("HANDOFF_ACCEPTED", json!({})),
            (
                "LIVE_AGENT_JOINED",
                json!({"agent": {
                    "id": "7", "name": "Sarah", "avatar_url": "https://example.com/sarah.jpg",
                }}),
            ),
            ("LIVE_AGENT_JOINED", json!({"agent": {"id": "8", "name": "Ben"}})),
            ("LIVE_AGENT_LEFT", json!({"agent_id": "8", "agent_name": "Ben"})),
            ("SESSION_START", json!({})),
            ("HANDOFF_FAILED", json!({"reason": "no_agents"})),
        ] {
            let kind = format!("EVENT_TYPE_{kind}");
            told.extend(transcript.words(&json!({"type": kind, "payload": payload})));
        }
        let expected = [
            "The session begins.",
            "The chat is handed over to a person …",
            "The handoff is accepted.",
            "Sarah has joined.",
            "  [picture] https://example.com/sarah.jpg",
            "Ben has joined.",
            "Ben has left.",
            "The session goes on.",
            "The handoff has failed (no_agents).",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn invariant_11_a_text_cannot_steer_the_terminal() {
        let lines =
            words("EVENT_TYPE_LIVE_AGENT_MESSAGE", json!({"text": "\u{1b}[2J\rhi\u{9b}1m"}));
        assert_eq!(lines, ["Agent:  [2J hi 1m"]);
        let lines = words("EVENT_\u{1b}c", json!({}));
        assert_eq!(lines, ["(EVENT_ c)"]);
    }

    #[test]
    fn invariant_11_an_event_of_any_shape_is_told_somehow() {
        for payload in [json!(null), json!([]), json!({"attachments": [1, {}], "text": 5})] {
            for kind in ["LIVE_AGENT_MESSAGE", "HANDOFF_QUEUE_STATUS", "SYSTEM_MESSAGE", ""] {
                words(&format!("EVENT_TYPE_{kind}"), payload.clone());
            }
        }
    }
}
