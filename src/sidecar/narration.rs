//! What the chat's log is told of a handoff.

use baton_bot::{Handover, HandoverData, HandoverState, TurnKind};
use baton_chat::{SESSION_END, timestamp_text};
use baton_core::id::Id;
use baton_handoff::{Agent, End, Notice, QueueStatus};
use baton_store::{NewEvent, NewTurn};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    bots::TenantBot, configuration::After, failure::Failure, live_sessions::capabilities, turn,
};

const SESSION_START: &str = "EVENT_TYPE_SESSION_START";
const ACCEPTED: &str = "EVENT_TYPE_HANDOFF_ACCEPTED";
const FAILED: &str = "EVENT_TYPE_HANDOFF_FAILED";
const TIMED_OUT: &str = "EVENT_TYPE_HANDOFF_TIMEOUT";
pub(crate) const QUEUE_STATUS: &str = "EVENT_TYPE_HANDOFF_QUEUE_STATUS";
const JOINED: &str = "EVENT_TYPE_LIVE_AGENT_JOINED";
const LEFT: &str = "EVENT_TYPE_LIVE_AGENT_LEFT";
pub(crate) const BOT_LEFT: &str = "EVENT_TYPE_POLY_AGENT_LEFT";
pub(crate) const TRIGGERED: &str = "EVENT_TYPE_POLY_AGENT_TRIGGERED_HANDOFF";
pub(crate) const BOT_JOINED: &str = "EVENT_TYPE_POLY_AGENT_JOINED";

/// What the notices of one step tell.
#[derive(Default)]
pub(crate) struct Narration {
    /// The client, by the log.
    pub(crate) events: Vec<NewEvent>,
    /// The bot, as turns.
    pub(crate) turns: Vec<NewTurn>,
    /// Whether the session ends with them.
    pub(crate) ends_session: bool,
}

/// Whose handoff is told of, and when.
pub(crate) struct Narrator<'a> {
    pub(crate) session_id: &'a str,
    /// The handoff's number in its session.
    pub(crate) handoff: u32,
    /// The name of the queue for which it was requested, if that is known.
    pub(crate) queue_name: Option<&'a str>,
    /// Who had the chat before, and may have it after.
    pub(crate) bot: Option<&'a TenantBot>,
    pub(crate) after: After,
    pub(crate) now: Timestamp,
}

impl Narrator<'_> {
    /// The events of these notices, and the bot's turns.
    pub(crate) fn tell(&self, notices: Vec<Notice>, agent_was_there: bool) -> Narration {
        let mut narration = Narration::default();
        for notice in notices {
            match notice {
                Notice::Accepted => self.accepted(&mut narration),
                Notice::Queue(status) => self.queue(&mut narration, &status),
                Notice::AgentJoined(agent) => {
                    let payload = json!({ "agent": self.shown(&agent) });
                    narration.events.push(self.event(JOINED, agent.number, &payload));
                    self.update(&mut narration, agent.number, &plain(HandoverState::Active));
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

    /// The bot leaves only now: before, the contact centre might not have taken the chat.
    fn accepted(&self, narration: &mut Narration) {
        if self.bot.is_some() {
            narration.events.push(self.event(BOT_LEFT, 0, &json!({})));
        }
        let queue = self.queue_name.map(|name| ("queue_name".to_owned(), name.into()));
        let payload = Value::Object(queue.into_iter().collect());
        narration.events.push(self.event(ACCEPTED, 0, &payload));
        self.update(narration, 0, &plain(HandoverState::Queued));
    }

    fn queue(&self, narration: &mut Narration, status: &QueueStatus) {
        let payload = queue_status(status);
        narration.events.push(self.event(QUEUE_STATUS, status.number, &payload));
        let data = HandoverData {
            position: None,
            estimated_wait_seconds: u32::try_from(status.estimated_wait.as_secs()).ok(),
            queue_name: status.queue_name.as_deref().map(Into::into),
        };
        let update = Handover { data: Some(data), ..plain(HandoverState::Update) };
        self.update(narration, status.number, &update);
    }

    fn over(&self, narration: &mut Narration, end: End, agent_was_there: bool) {
        let failure = Failure::of(end, agent_was_there);
        let state = match (end, failure) {
            (End::ByUser, _) => {
                self.ends(narration, "REASON_USER_END");
                HandoverState::Cancelled
            }
            (End::Abandoned, _) => {
                self.ends(narration, "REASON_USER_ABANDONED");
                HandoverState::Cancelled
            }
            (_, Some(failure)) => {
                self.failed(narration, failure);
                HandoverState::Error
            }
            (_, None) => {
                self.completed(narration);
                HandoverState::Completed
            }
        };
        let reason = failure.map(|failure| failure.word().into());
        self.update(narration, 0, &Handover { reason, ..plain(state) });
    }

    /// The agent is done.
    fn completed(&self, narration: &mut Narration) {
        match self.after {
            After::EndSession => self.ends(narration, "REASON_NATURAL_END"),
            After::KeepOpen => {
                // Only this makes a client go on after an agent has left (Messaging API, 10).
                let payload = json!({ "capabilities": capabilities() });
                narration.events.push(self.event(SESSION_START, self.handoff, &payload));
                self.bot_is_back(narration);
            }
        }
    }

    fn ends(&self, narration: &mut Narration, reason: &str) {
        narration.events.push(self.event(SESSION_END, 0, &json!({ "reason": reason })));
        narration.ends_session = true;
    }

    fn failed(&self, narration: &mut Narration, failure: Failure) {
        let kind = if failure == Failure::Timeout { TIMED_OUT } else { FAILED };
        narration.events.push(self.event(kind, 0, &json!({ "reason": failure.word() })));
        self.bot_is_back(narration);
    }

    /// Says who answers next (Messaging API, 10).
    fn bot_is_back(&self, narration: &mut Narration) {
        let back = self.bot.map(|bot| self.event(BOT_JOINED, self.handoff, &bot.shown()));
        narration.events.extend(back);
    }

    /// Tells the bot how the handover goes.
    fn update(&self, narration: &mut Narration, number: u32, handover: &Handover<'_>) {
        if self.bot.is_some() {
            let after = format!("{}/{:?}/{number}", self.handoff, handover.state);
            let kind = TurnKind::HandoverUpdate { handover: handover.clone() };
            narration.turns.push(turn::queued(self.session_id, &after, &kind));
        }
    }

    /// That the handoff has begun.
    pub(crate) fn triggered(&self) -> NewEvent {
        self.event(TRIGGERED, 0, &json!({}))
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

/// How it stands in the queue (Messaging API, 8).
fn queue_status(status: &QueueStatus) -> Value {
    let seconds = status.estimated_wait.as_secs();
    let mut payload = Map::from_iter([("estimated_wait_seconds".to_owned(), seconds.into())]);
    let name = status.queue_name.clone();
    payload.extend(name.map(|name| ("queue_name".to_owned(), name.into())));
    Value::Object(payload)
}

/// A state of which nothing more is known.
pub(crate) fn plain(state: HandoverState) -> Handover<'static> {
    Handover { state, reason: None, text: None, data: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn told(notices: Vec<Notice>) -> Narration {
        let (session_id, after) = ("s", After::EndSession);
        let (queue_name, now) = (Some("Billing"), Timestamp::UNIX_EPOCH);
        Narrator { session_id, handoff: 1, queue_name, bot: None, after, now }.tell(notices, false)
    }

    #[test]
    fn a_failure_has_a_word_and_leaves_the_session_usable() {
        for (end, kind, word) in [
            (End::ByGenesys, FAILED, "no_agents"),
            (End::TimedOut, TIMED_OUT, "timeout"),
            (End::Refused, FAILED, "rejected"),
            (End::NotTransferred, FAILED, "not_transferred"),
        ] {
            let narration = told(vec![Notice::Over(end)]);
            assert!(!narration.ends_session);
            let [event] = narration.events.try_into().unwrap();
            assert_eq!(event.kind, kind);
            assert_eq!(event.payload, json!({ "reason": word }).to_string());
        }
    }

    #[test]
    fn the_queue_that_a_handoff_was_requested_for_is_named_as_soon_as_it_is_accepted() {
        let [accepted] = told(vec![Notice::Accepted]).events.try_into().unwrap();
        assert_eq!(accepted.payload, r#"{"queue_name":"Billing"}"#);
    }

    #[test]
    fn each_status_of_the_queue_is_an_event_of_its_own() {
        let status = |number, queue_name: Option<&str>| {
            let estimated_wait = Duration::from_mins(3);
            let queue_name = queue_name.map(str::to_owned);
            Notice::Queue(QueueStatus { number, queue_name, estimated_wait })
        };
        let narration = told(vec![status(1, Some("Support")), status(2, None)]);
        assert!(!narration.ends_session);
        let [named, unnamed] = narration.events.try_into().unwrap();
        assert_eq!(named.kind, "EVENT_TYPE_HANDOFF_QUEUE_STATUS");
        let payload = r#"{"estimated_wait_seconds":180,"queue_name":"Support"}"#;
        assert_eq!(named.payload, payload);
        assert_eq!(unnamed.payload, r#"{"estimated_wait_seconds":180}"#);
        assert_ne!(named.id, unnamed.id);
    }
}
