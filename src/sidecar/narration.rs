//! What the chat's log is told of a handoff.

use baton_chat::{SESSION_END, timestamp_text};
use baton_core::id::Id;
use baton_handoff::{Agent, End, Notice};
use baton_store::NewEvent;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::configuration::After;

const SESSION_START: &str = "EVENT_TYPE_SESSION_START";
const ACCEPTED: &str = "EVENT_TYPE_HANDOFF_ACCEPTED";
const FAILED: &str = "EVENT_TYPE_HANDOFF_FAILED";
const JOINED: &str = "EVENT_TYPE_LIVE_AGENT_JOINED";
const LEFT: &str = "EVENT_TYPE_LIVE_AGENT_LEFT";

/// The notices of one step as events of the log, and whether the session ends with them.
pub(crate) struct Narration {
    pub(crate) events: Vec<NewEvent>,
    pub(crate) ends_session: bool,
}

/// Whose handoff is told of, and when.
pub(crate) struct Narrator<'a> {
    pub(crate) session_id: &'a str,
    /// The handoff's number in its session.
    pub(crate) handoff: u32,
    pub(crate) after: After,
    pub(crate) now: Timestamp,
}

impl Narrator<'_> {
    /// The events of these notices.
    pub(crate) fn tell(&self, notices: Vec<Notice>, agent_was_there: bool) -> Narration {
        let mut narration = Narration { events: Vec::new(), ends_session: false };
        for notice in notices {
            match notice {
                Notice::Accepted => narration.events.push(self.event(ACCEPTED, 0, &json!({}))),
                Notice::AgentJoined(agent) => {
                    let payload = json!({ "agent": self.shown(&agent) });
                    narration.events.push(self.event(JOINED, agent.number, &payload));
                }
                Notice::AgentLeft(agent) => {
                    let payload = Value::Object(self.flat(&agent));
                    narration.events.push(self.event(LEFT, agent.number, &payload));
                }
                Notice::Over(end) => self.over(&mut narration, end, agent_was_there),
            }
        }
        narration
    }

    fn over(&self, narration: &mut Narration, end: End, agent_was_there: bool) {
        let reason = match (end, agent_was_there) {
            (End::ByUser, _) => "REASON_USER_END",
            (End::Abandoned, _) => "REASON_USER_ABANDONED",
            (End::ByGenesys, true) => match self.after {
                After::EndSession => "REASON_NATURAL_END",
                After::KeepOpen => {
                    // Only this makes a client go on after an agent has left (Messaging API, 10).
                    let payload = json!({ "capabilities": crate::live_sessions::capabilities() });
                    narration.events.push(self.event(SESSION_START, self.handoff, &payload));
                    return;
                }
            },
            (End::ByGenesys, false) => {
                let payload = json!({ "reason": "no agent took the conversation" });
                narration.events.push(self.event(FAILED, 0, &payload));
                return;
            }
            (End::Failed { reason }, _) => {
                narration.events.push(self.event(FAILED, 0, &json!({ "reason": reason })));
                return;
            }
        };
        narration.events.push(self.event(SESSION_END, 0, &json!({ "reason": reason })));
        narration.ends_session = true;
    }

    /// That the handoff has begun.
    pub(crate) fn triggered(&self) -> NewEvent {
        self.event("EVENT_TYPE_POLY_AGENT_TRIGGERED_HANDOFF", 0, &json!({}))
    }

    /// The agent as `LIVE_AGENT_JOINED` shows it (Messaging API, 8).
    fn shown(&self, agent: &Agent) -> Value {
        let mut shown = Map::from_iter([("id".to_owned(), self.agent_id(agent).into())]);
        let details = agent.details.as_ref();
        for (key, value) in [
            ("name", details.and_then(|details| details.name.as_ref())),
            ("avatar_url", details.and_then(|details| details.picture.as_ref())),
        ] {
            shown.extend(value.map(|value| (key.to_owned(), value.clone().into())));
        }
        Value::Object(shown)
    }

    /// The agent as every other event shows it: flat (Messaging API, 8).
    pub(crate) fn flat(&self, agent: &Agent) -> Map<String, Value> {
        let Value::Object(shown) = self.shown(agent) else { return Map::new() };
        let flat = |(key, value): (String, Value)| match key.as_str() {
            "avatar_url" => (key, value),
            _ => (format!("agent_{key}"), value),
        };
        shown.into_iter().map(flat).collect()
    }

    /// An id that says nothing of who the agent is at Genesys.
    fn agent_id(&self, agent: &Agent) -> String {
        self.id("agent", agent.number)
    }

    fn event(&self, kind: &str, number: u32, payload: &Value) -> NewEvent {
        NewEvent {
            id: self.id(kind, number),
            timestamp: timestamp_text(self.now),
            kind: kind.to_owned(),
            payload: payload.to_string(),
            metadata: None,
            message_id: None,
        }
    }

    fn id(&self, kind: &str, number: u32) -> String {
        let (handoff, number) = (self.handoff.to_be_bytes(), number.to_be_bytes());
        Id::of_parts(&[self.session_id.as_bytes(), kind.as_bytes(), &handoff, &number]).to_string()
    }
}
