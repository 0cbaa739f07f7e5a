//! A handoff under test: a clock that is moved by hand, and what the client was told.

use std::time::Duration;

use baton_core::lifecycle::{LifecycleEvent, LifecycleKind};
use jiff::Timestamp;

use crate::{
    AcdQueue, Agent, Delivered, End, Handoff, Input, Notice, Participant, Purpose, QueueStatus,
    ReadOutcome, Rules, SentMessage, Snapshot, State,
};

pub(crate) const CONVERSATION: &str = "c1";

/// So many seconds after the handoff was requested.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_777_886_100 + seconds).unwrap()
}

pub(crate) struct Scene {
    pub(crate) handoff: Handoff,
    pub(crate) now: Timestamp,
    pub(crate) rules: Rules,
    told: Vec<String>,
}

impl Scene {
    /// A handoff that was just requested.
    pub(crate) fn requested() -> Self {
        Self {
            handoff: Handoff::requested(at(0), &Rules::default()),
            now: at(0),
            rules: Rules::default(),
            told: Vec::new(),
        }
    }

    /// A handoff whose first message was taken and whose topics are in place; it was read once,
    /// while a flow had it.
    pub(crate) fn queued() -> Self {
        let mut scene = Self::requested();
        scene.accepted();
        scene.apply(Input::Reconcile);
        scene.reads(vec![customer(), other("workflow")]);
        assert_eq!(scene.told(), ["accepted"]);
        scene
    }

    /// One with agent `a`, who accepted after ten seconds.
    pub(crate) fn with_agent() -> Self {
        let mut scene = Self::queued();
        scene.goes_on_to(10);
        scene.hears(answered("a", 10));
        scene.apply(Input::Reconcile);
        scene.reads(vec![customer(), agent("a", 10)]);
        assert_eq!(scene.told(), ["joined 1 a"]);
        scene
    }

    pub(crate) fn naming(mut self) -> Self {
        self.rules.name_agents = true;
        self
    }

    /// Applies an input. Each time the state is stored and restored, and looked at for a want
    /// that would spin.
    pub(crate) fn apply(&mut self, input: Input) {
        let notices = self.handoff.apply(input, self.now, &self.rules);
        self.told.extend(notices.iter().map(spelt));
        let stored = serde_json::to_string(&self.handoff).unwrap();
        let restored: Handoff = serde_json::from_str(&stored).unwrap();
        assert_eq!(restored, self.handoff);
        self.handoff = restored;
        assert!(self.handoff.wants().wake_at.is_none_or(|wake| wake > self.now));
    }

    pub(crate) fn accepted(&mut self) {
        self.apply(Input::Accepted { conversation_id: CONVERSATION.to_owned() });
    }

    pub(crate) fn hears(&mut self, event: LifecycleEvent<'static>) {
        self.apply(Input::Event(event));
    }

    /// A person's message comes, sent so many seconds after the request, by Genesys' clock.
    pub(crate) fn agent_wrote(&mut self, seconds: i64) {
        self.apply(written(self.now, at(seconds)));
    }

    /// The read that is wanted shows these legs.
    #[track_caller]
    pub(crate) fn reads(&mut self, participants: Vec<Participant>) {
        let conversation_id = CONVERSATION.to_owned();
        self.read_is(ReadOutcome::Snapshot(Snapshot { conversation_id, participants }));
    }

    #[track_caller]
    pub(crate) fn read_is(&mut self, outcome: ReadOutcome) {
        if !self.wants_read() {
            self.waits(self.rules.bunch);
        }
        let ticket = self.handoff.wants().read.expect("a read is wanted");
        self.apply(Input::Read { ticket, outcome });
    }

    pub(crate) fn wants_read(&self) -> bool {
        self.handoff.wants().read.is_some()
    }

    /// Time passes, with a tick whenever one is wanted.
    pub(crate) fn waits(&mut self, duration: Duration) {
        let end = self.now.checked_add(duration).unwrap();
        while let Some(wake) = self.handoff.wants().wake_at.filter(|wake| *wake <= end) {
            self.now = wake;
            self.apply(Input::Tick);
        }
        self.now = end;
    }

    pub(crate) fn goes_on_to(&mut self, seconds: i64) {
        self.waits(at(seconds).duration_since(self.now).unsigned_abs());
    }

    /// What the client was told since this was last asked.
    pub(crate) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }
}

/// A person's message, sent at a time by Genesys' clock, that names its conversation.
pub(crate) fn written(received_at: Timestamp, written_at: Timestamp) -> Input {
    Input::Delivered(Delivered {
        received_at,
        conversation_id: Some(CONVERSATION.to_owned()),
        steps: Vec::new(),
        written_at: Some(written_at),
    })
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn spelt(notice: &Notice) -> String {
    let agent = |agent: &Agent| {
        let named = agent.details.as_ref().and_then(|details| details.name.as_deref());
        let who = named.or(agent.user_id.as_deref()).unwrap_or("?");
        format!("{} {who}", agent.number)
    };
    match notice {
        Notice::Accepted => "accepted".to_owned(),
        Notice::Queue(QueueStatus { number, queue_name, estimated_wait }) => {
            let name = queue_name.as_deref().unwrap_or("?");
            format!("queue {number} {name} {}s", estimated_wait.as_secs())
        }
        Notice::AgentJoined(joined) => format!("joined {}", agent(joined)),
        Notice::AgentLeft(left) => format!("left {}", agent(left)),
        Notice::Over(End::ByGenesys) => "over: by Genesys".to_owned(),
        Notice::Over(End::ByUser) => "over: by the user".to_owned(),
        Notice::Over(End::Abandoned) => "over: abandoned".to_owned(),
        Notice::Over(End::TimedOut) => "over: timed out".to_owned(),
        Notice::Over(End::NotTransferred) => "over: not transferred".to_owned(),
        Notice::Over(End::Refused) => "over: refused".to_owned(),
    }
}

fn leg(id: &str, purpose: Purpose, state: State) -> Participant {
    Participant {
        id: id.to_owned(),
        purpose,
        state,
        user_id: None,
        connected_at: None,
        ended_at: None,
        queue: None,
        messages: Vec::new(),
    }
}

pub(crate) fn customer() -> Participant {
    leg("p1", Purpose::Customer, State::Connected).from(0)
}

/// A queue or a flow, live.
pub(crate) fn other(id: &str) -> Participant {
    leg(id, Purpose::Other, State::Connected)
}

/// A queue of this id and a name that follows from it.
pub(crate) fn queue(id: &str) -> Participant {
    let queue = AcdQueue { id: id.to_owned(), name: Some(format!("Queue {id}")) };
    Participant { queue: Some(queue), ..other("acd") }
}

/// An agent's leg, connected since.
pub(crate) fn agent(user_id: &str, since: i64) -> Participant {
    alerting(user_id).state(State::Connected).from(since)
}

pub(crate) fn alerting(user_id: &str) -> Participant {
    let user = Some(user_id.to_owned());
    Participant { user_id: user, ..leg(user_id, Purpose::Agent, State::Alerting) }
}

impl Participant {
    pub(crate) fn state(self, state: State) -> Self {
        Self { state, ..self }
    }

    pub(crate) fn from(self, seconds: i64) -> Self {
        Self { connected_at: Some(at(seconds)), ..self }
    }

    pub(crate) fn until(self, seconds: i64) -> Self {
        Self { ended_at: Some(at(seconds)), ..self }.state(State::Ended)
    }

    pub(crate) fn sent(mut self, id: &str, seconds: i64) -> Self {
        let (id, at) = (id.to_owned(), Some(at(seconds)));
        self.messages.push(SentMessage { id, at, failed: false });
        self
    }
}

pub(crate) fn event(
    kind: LifecycleKind,
    user_id: Option<&str>,
    time: Timestamp,
) -> LifecycleEvent<'static> {
    LifecycleEvent {
        kind,
        conversation_id: Some(CONVERSATION.into()),
        communication_id: None,
        user_id: user_id.map(|id| id.to_owned().into()),
        disconnect_type: None,
        acd_outcome: (kind == LifecycleKind::AcdEnd && user_id.is_some())
            .then(|| "ANSWERED".into()),
        time_ms: u64::try_from(time.as_millisecond()).ok(),
    }
}

pub(crate) fn answered(user_id: &str, seconds: i64) -> LifecycleEvent<'static> {
    event(LifecycleKind::AcdEnd, Some(user_id), at(seconds))
}

pub(crate) fn user_start(user_id: &str, seconds: i64) -> LifecycleEvent<'static> {
    event(LifecycleKind::UserStart, Some(user_id), at(seconds))
}

pub(crate) fn user_end(user_id: &str, seconds: i64) -> LifecycleEvent<'static> {
    event(LifecycleKind::UserEnd, Some(user_id), at(seconds))
}

pub(crate) fn customer_end(seconds: i64) -> LifecycleEvent<'static> {
    event(LifecycleKind::CustomerEnd, None, at(seconds))
}
