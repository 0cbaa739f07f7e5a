//! Where a session's newest handoff stands, on the page with its context: what the session log
//! tells of it, and who asked for it.

use baton_handoff::{Handoff, Requester};
use baton_store::{HandoffRow, LoggedEvent};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use crate::markup::Markup;

const TRIGGERED: &str = "EVENT_TYPE_POLY_AGENT_TRIGGERED_HANDOFF";

/// What of the session log tells how a handoff goes (Messaging API, 10).
pub(crate) const TELLING: [&str; 9] = [
    TRIGGERED,
    "EVENT_TYPE_CLIENT_HANDOFF_REQUIRED",
    "EVENT_TYPE_HANDOFF_ACCEPTED",
    "EVENT_TYPE_HANDOFF_QUEUE_STATUS",
    "EVENT_TYPE_LIVE_AGENT_JOINED",
    "EVENT_TYPE_LIVE_AGENT_LEFT",
    "EVENT_TYPE_HANDOFF_FAILED",
    "EVENT_TYPE_HANDOFF_TIMEOUT",
    "EVENT_TYPE_SESSION_END",
];

/// How far a handoff has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Requested,
    Waiting,
    WithAgent,
    Over,
    Failed,
    TimedOut,
    UserLeft,
    LeftToClient,
}

/// Where a handoff stands.
#[derive(Debug)]
pub(crate) struct Standing {
    stage: Stage,
    requested_by: Option<Requester>,
    number: Option<u32>,
    conversation_id: Option<String>,
    queue: Option<String>,
    agent: Option<String>,
    wait_seconds: Option<u64>,
    /// What happened, and when, the oldest first.
    course: Vec<(Timestamp, String)>,
}

/// What the events say, each its own.
#[derive(Default, Deserialize)]
struct Payload {
    queue_name: Option<String>,
    estimated_wait_seconds: Option<u64>,
    agent: Option<Agent>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Agent {
    name: Option<String>,
}

impl Standing {
    /// Of what the log tells, and of the newest handoff that the store has. `None` if there never
    /// was a handoff.
    pub(crate) fn of(events: &[LoggedEvent], row: Option<&HandoffRow>) -> Option<Self> {
        let begins = events.iter().rposition(|event| event.kind == TRIGGERED);
        if begins.is_none() && row.is_none() {
            return None;
        }
        let mut standing = Self {
            stage: Stage::Requested,
            requested_by: None,
            number: None,
            conversation_id: None,
            queue: None,
            agent: None,
            wait_seconds: None,
            course: Vec::new(),
        };
        for event in events.get(begins.unwrap_or(0)..).unwrap_or_default() {
            standing.tell(event);
        }
        // What is left to the client is no handoff of ours.
        if let Some(row) = row.filter(|_| standing.stage != Stage::LeftToClient) {
            let state = serde_json::from_str::<Handoff>(&row.state).ok();
            standing.requested_by = state.as_ref().and_then(Handoff::requested_by);
            standing.queue = standing.queue.or_else(|| state?.queue_name().map(str::to_owned));
            standing.number = Some(row.number);
            standing.conversation_id.clone_from(&row.conversation_id);
        }
        Some(standing)
    }

    fn tell(&mut self, event: &LoggedEvent) {
        let payload: Payload = serde_json::from_str(&event.payload).unwrap_or_default();
        let reason = payload.reason.as_deref().unwrap_or("no reason is known");
        let happened = match event.kind.trim_start_matches("EVENT_TYPE_") {
            "POLY_AGENT_TRIGGERED_HANDOFF" => {
                Some((Stage::Requested, "A human was asked for".to_owned()))
            }
            "CLIENT_HANDOFF_REQUIRED" => {
                Some((Stage::LeftToClient, "Left to the user's app".to_owned()))
            }
            "HANDOFF_ACCEPTED" => Some((Stage::Waiting, "The contact centre took it".to_owned())),
            "LIVE_AGENT_JOINED" => {
                self.agent = payload.agent.and_then(|agent| agent.name);
                let who = self.agent.as_deref().unwrap_or("An agent");
                Some((Stage::WithAgent, format!("{who} joined")))
            }
            "LIVE_AGENT_LEFT" => Some((Stage::Over, "The agent left".to_owned())),
            "HANDOFF_FAILED" => Some((Stage::Failed, format!("It failed: {}", cause(reason)))),
            "HANDOFF_TIMEOUT" => Some((Stage::TimedOut, "The wait was too long".to_owned())),
            "SESSION_END" => {
                let stage = match self.stage {
                    Stage::Requested | Stage::Waiting => Stage::UserLeft,
                    Stage::WithAgent => Stage::Over,
                    stage => stage,
                };
                Some((stage, format!("The chat ended: {}", cause(reason))))
            }
            _ => None,
        };
        self.queue = payload.queue_name.or_else(|| self.queue.take());
        self.wait_seconds = payload.estimated_wait_seconds.or(self.wait_seconds);
        if let Some((stage, what)) = happened {
            self.stage = stage;
            self.course.extend(event.timestamp.parse().ok().map(|at| (at, what)));
        }
    }

    /// Shows it: in a word, in particulars, and in what happened.
    pub(crate) fn show(&self, body: &mut Markup) {
        body.markup("<p class=\"stands\">").text(self.stage.words()).markup("</p>");
        let particulars = self.particulars();
        if !particulars.is_empty() {
            body.markup("<table>");
            for (name, value) in particulars {
                body.row(name, &value);
            }
            body.markup("</table>");
        }
        body.markup("<ol class=\"course\" role=\"list\">");
        for (at, what) in &self.course {
            let at = at.to_zoned(TimeZone::UTC);
            body.markup("<li><time datetime=\"");
            body.text(&at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).markup("\">");
            body.text(&at.strftime("%Y-%m-%d %H:%M:%S").to_string()).markup("</time> ");
            body.text(what).markup("</li>");
        }
        body.markup("</ol>");
    }

    /// What is known of it, each by its name.
    fn particulars(&self) -> Vec<(&'static str, String)> {
        let wait = self.wait_seconds.filter(|_| self.stage == Stage::Waiting);
        let number = self.number.filter(|number| *number > 1);
        [
            ("Asked for by", self.requested_by.map(|one| requester(one).to_owned())),
            ("Queue", self.queue.clone()),
            ("Expected wait", wait.map(minutes)),
            ("Agent", self.agent.clone()),
            ("Conversation", self.conversation_id.clone()),
            ("Handoff number", number.map(|number| number.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

impl Stage {
    fn words(self) -> &'static str {
        match self {
            Self::Requested => "A human is asked for",
            Self::Waiting => "The user waits for an agent",
            Self::WithAgent => "An agent has the chat",
            Self::Over => "The handoff is over",
            Self::Failed => "The handoff failed",
            Self::TimedOut => "The user waited too long",
            Self::UserLeft => "The chat ended before an agent came",
            Self::LeftToClient => "Left to the user's app",
        }
    }
}

fn requester(requester: Requester) -> &'static str {
    match requester {
        Requester::Bot => "The virtual agent",
        Requester::SilentBot => "Nobody: the virtual agent did not answer",
        Requester::User => "The user, by writing",
        Requester::Application => "The application",
        Requester::Operator => "An operator",
    }
}

/// What a reason on the wire means, as far as it is known.
fn cause(reason: &str) -> &str {
    match reason {
        "no_agents" => "no agent took it",
        "timeout" => "the wait was too long",
        "rejected" => "the contact centre did not take it",
        "not_transferred" => "it did not reach the agents",
        "REASON_USER_END" => "the user left",
        "REASON_USER_ABANDONED" => "the user was gone",
        "REASON_NATURAL_END" => "it was done",
        reason => reason,
    }
}

fn minutes(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "about a minute".to_owned(),
        minutes => format!("about {minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use baton_handoff::Rules;
    use serde_json::{Value, json};

    use super::*;

    fn events(told: &[(&str, Value)]) -> Vec<LoggedEvent> {
        let event = |(sequence, (kind, payload)): (u64, &(&str, Value))| LoggedEvent {
            sequence,
            id: format!("event-{sequence}"),
            timestamp: format!("2026-05-07T12:00:{sequence:02}.000Z"),
            kind: format!("EVENT_TYPE_{kind}"),
            payload: payload.to_string(),
            metadata: None,
        };
        (1..).zip(told).map(event).collect()
    }

    fn standing(told: &[(&str, Value)]) -> Standing {
        Standing::of(&events(told), None).unwrap()
    }

    fn triggered() -> (&'static str, Value) {
        ("POLY_AGENT_TRIGGERED_HANDOFF", json!({}))
    }

    fn shown(standing: &Standing) -> String {
        let mut body = Markup::default();
        standing.show(&mut body);
        body.finish()
    }

    #[test]
    fn how_a_handoff_goes_is_read_off_the_log() {
        let accepted = ("HANDOFF_ACCEPTED", json!({"queue_name": "General"}));
        let status = json!({"queue_name": "Billing", "estimated_wait_seconds": 150});
        let queued = ("HANDOFF_QUEUE_STATUS", status);
        let joined = ("LIVE_AGENT_JOINED", json!({"agent": {"id": "a", "name": "Sarah"}}));
        let left = ("LIVE_AGENT_LEFT", json!({}));
        let ended = |reason: &str| ("SESSION_END", json!({"reason": reason}));
        let told = [triggered(), accepted, queued, joined, left, ended("REASON_NATURAL_END")];
        for (events, stage) in [
            (1, Stage::Requested),
            (2, Stage::Waiting),
            (3, Stage::Waiting),
            (4, Stage::WithAgent),
            (5, Stage::Over),
            (6, Stage::Over),
        ] {
            assert_eq!(standing(&told[..events]).stage, stage, "{events}");
        }
        let waiting = shown(&standing(&told[..3]));
        assert!(waiting.contains("Billing") && waiting.contains("about 3 minutes"), "{waiting}");
        let over = shown(&standing(&told));
        assert!(!over.contains("about 3 minutes") && !over.contains("General"), "{over}");
        assert!(over.contains("2026-05-07 12:00:04</time> Sarah joined"), "{over}");
        let gone = [triggered(), ended("REASON_USER_END")];
        assert_eq!(standing(&gone).stage, Stage::UserLeft);
    }

    #[test]
    fn what_became_of_an_earlier_handoff_is_left_aside() {
        let failed = ("HANDOFF_FAILED", json!({"reason": "no_agents"}));
        let told = [triggered(), failed, triggered()];
        let failed = standing(&told[..2]);
        assert_eq!(failed.stage, Stage::Failed);
        assert!(shown(&failed).contains("no agent took it"));
        assert_eq!(standing(&told).stage, Stage::Requested);
        assert!(Standing::of(&events(&[("SESSION_END", json!({}))]), None).is_none());
    }

    #[test]
    fn who_asked_is_told_by_the_handoff_itself_unless_it_is_the_clients() {
        let handoff = Handoff::requested(Timestamp::UNIX_EPOCH, &Rules::default());
        let handoff = handoff.by(Requester::Application).towards(Some("Sales".to_owned()));
        let row = HandoffRow {
            number: 2,
            open: true,
            conversation_id: Some("conversation".to_owned()),
            state: serde_json::to_string(&handoff).unwrap(),
        };
        let ours = shown(&Standing::of(&[], Some(&row)).unwrap());
        for word in ["The application", "Sales", "conversation", ">2</td>"] {
            assert!(ours.contains(word), "{ours}");
        }
        // One that an earlier version kept, or one that cannot be read.
        let unknown = HandoffRow { state: "{}".to_owned(), ..row.clone() };
        assert_eq!(Standing::of(&[], Some(&unknown)).unwrap().requested_by, None);
        let told = [triggered(), ("CLIENT_HANDOFF_REQUIRED", json!({"queue_name": "call_us"}))];
        let theirs = Standing::of(&events(&told), Some(&row)).unwrap();
        assert_eq!((theirs.stage, theirs.requested_by), (Stage::LeftToClient, None));
    }

    #[test]
    fn what_others_wrote_into_an_event_is_a_text() {
        let hostile = "<img src=x onerror=alert(1)>";
        let agent = json!({"agent": {"name": hostile}, "queue_name": hostile});
        let failed = ("HANDOFF_FAILED", json!({"reason": hostile}));
        let shown = shown(&standing(&[triggered(), ("LIVE_AGENT_JOINED", agent), failed]));
        assert_eq!(shown.matches("&#60;img").count(), 4, "{shown}");
        assert!(!shown.contains("<img"), "{shown}");
    }
}
