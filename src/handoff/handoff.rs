//! The handoff itself: a stage, and one function for each kind of input.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Agent, End, Input, Leaving, Notice, ReadOutcome, Requester, Rules, Snapshot, Ticket,
    attendance::Attendance,
    estimates::Estimates,
    liveness::{Finding, Liveness},
    messages::Messages,
    reading::Reading,
    rules::later,
    transfer::Transferring,
    waiting::Wait,
};

/// One handoff of a session, from the bot's request until nothing is left of it at Genesys.
///
/// What is heard of Genesys is a hint, upon which the conversation is read; the snapshot decides.
/// Two things are proof by themselves: where no agent is there, the end of the queue with an
/// answer, and a person's message, show that one accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    pub(crate) requested_at: Timestamp,
    /// Whether no other of the session came before it.
    #[serde(default)]
    pub(crate) is_first: bool,
    /// Who asked for it, if that was noted.
    #[serde(default)]
    pub(crate) requested_by: Option<Requester>,
    /// The name of the queue for which it was requested, if whoever did so knew one.
    #[serde(default)]
    pub(crate) queue_name: Option<String>,
    pub(crate) conversation_id: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) attendance: Attendance,
    pub(crate) liveness: Liveness,
    pub(crate) reading: Reading,
    pub(crate) messages: Messages,
    /// The customer's participant, while it is to be disconnected.
    pub(crate) disconnect: Option<String>,
    /// How long the user waits for the first agent.
    #[serde(default)]
    pub(crate) wait: Wait,
    /// The transfer out of the bot's queue, in an org that has one.
    #[serde(default)]
    pub(crate) transferring: Option<Box<Transferring>>,
    /// What is known of the queue in which the user is.
    #[serde(default)]
    pub(crate) estimates: Estimates,
    /// The customer was heard to leave: by when that counts even if no read confirms it.
    pub(crate) customer_gone_by: Option<Timestamp>,
}

/// How far a handoff has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Genesys has taken no message yet.
    Opening,
    /// The user waits, or talks with an agent.
    Open,
    /// Genesys has ended the conversation; the agents' last messages are awaited.
    Ending {
        /// From when missing messages are fetched.
        fetch_from: Timestamp,
        /// When the wait is over.
        by: Timestamp,
    },
    /// The user has left; Genesys is being told, and its confirmation awaited.
    Leaving {
        /// How the user left.
        how: Leaving,
        /// When the wait is over.
        by: Timestamp,
    },
    /// The end was told, but the customer may still be connected at Genesys.
    Detaching {
        /// When that is left as it is.
        by: Timestamp,
    },
    /// The end was told.
    Closed,
}

/// How far an open handoff has come, as those see it who count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Genesys has taken no message yet.
    Opening,
    /// The user waits for an agent.
    Queued,
    /// An agent is there.
    WithAgent,
    /// The conversation has ended; the agents' last messages are awaited.
    Ending,
    /// The user has left, and Genesys is being told.
    Leaving,
    /// The end was told, and something is still to be done at Genesys.
    Settling,
}

impl Handoff {
    /// A handoff that the bot has just asked for; nothing is known of Genesys yet.
    pub fn requested(now: Timestamp, rules: &Rules) -> Self {
        Self {
            requested_at: now,
            is_first: false,
            requested_by: None,
            queue_name: None,
            conversation_id: None,
            stage: Stage::Opening,
            attendance: Attendance::default(),
            liveness: Liveness::default(),
            reading: Reading::default(),
            messages: Messages::default(),
            disconnect: None,
            wait: Wait::of(now, rules),
            transferring: None,
            estimates: Estimates::default(),
            customer_gone_by: None,
        }
    }

    /// The same handoff, requested by this one.
    #[must_use]
    pub fn by(self, requester: Requester) -> Self {
        Self { requested_by: Some(requester), ..self }
    }

    /// The same handoff, requested for the queue of this name.
    #[must_use]
    pub fn towards(self, queue_name: Option<String>) -> Self {
        Self { queue_name, ..self }
    }

    /// Takes what happened; what the client is to be told of it, in order.
    pub fn apply(&mut self, input: Input, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        let mut notices = match input {
            Input::Accepted { conversation_id } => self.accepted(conversation_id, now, rules),
            Input::Refused => self.refused(),
            Input::Reconcile => self.reconcile(),
            Input::Event(event) => self.heard(&event, now, rules),
            Input::Read { ticket, outcome } => self.read(ticket, outcome, now, rules),
            Input::Delivered(delivered) => self.delivered(delivered, now, rules),
            Input::Named { user_id, details } => self.attendance.named(&user_id, details),
            Input::Estimated { queue_id, wait } => {
                let agents = self.agent().map_or(0, |agent| agent.number);
                self.estimates.estimated(&queue_id, wait, agents, now, rules)
            }
            Input::Missing(ids) => self.missing(&ids, now),
            Input::Fetched { message_id, arrived } => self.fetched(&message_id, arrived),
            Input::Left(how) => self.left(how, now, rules),
            Input::Transferred(outcome) => self.transferred(outcome, now, rules),
            Input::Disconnected(outcome) => self.disconnected(outcome, now, rules),
            Input::Tick => Vec::new(),
        };
        notices.extend(self.settle(now, rules));
        notices
    }

    /// The handoff goes on after a time in which nobody carried out what it wanted: what its end
    /// waits for gets its whole time again.
    pub fn resume(&mut self, now: Timestamp, rules: &Rules) {
        let whole = later(now, rules.end_at_latest);
        if let Stage::Ending { by, .. } = &mut self.stage {
            *by = whole;
        }
        self.customer_gone_by = self.customer_gone_by.map(|by| by.max(whole));
        self.wait.resume(whole);
        self.resume_transfer();
    }

    /// Whether anything is still wanted. That may be so after the end was told, while the
    /// customer is still to be disconnected or a message to be fetched.
    pub fn is_open(&self) -> bool {
        self.stage != Stage::Closed || !self.messages.are_settled()
    }

    /// Whether the client was told of the end.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Detaching { .. } | Stage::Closed)
    }

    /// How far it has come, for those who count; none once nothing is wanted any more.
    pub fn progress(&self) -> Option<Progress> {
        let progress = match self.stage {
            Stage::Opening => Progress::Opening,
            Stage::Open if self.agent().is_none() => Progress::Queued,
            Stage::Open => Progress::WithAgent,
            Stage::Ending { .. } => Progress::Ending,
            Stage::Leaving { .. } => Progress::Leaving,
            Stage::Detaching { .. } | Stage::Closed => Progress::Settling,
        };
        self.is_open().then_some(progress)
    }

    /// Whether the user waits for the first agent.
    pub fn is_waiting(&self) -> bool {
        let waits = matches!(self.stage, Stage::Opening | Stage::Open);
        waits && self.agent().is_none()
    }

    /// Whether what the user said before still belongs into the conversation. After the end it
    /// does so as long as the customer is connected; anything later would begin a conversation
    /// that nobody attends to.
    pub fn takes_messages(&self) -> bool {
        match self.stage {
            Stage::Opening | Stage::Open | Stage::Ending { .. } | Stage::Leaving { .. } => true,
            Stage::Detaching { .. } => self.conversation_id.is_some(),
            Stage::Closed => false,
        }
    }

    /// Who requested it, if that was noted.
    pub fn requested_by(&self) -> Option<Requester> {
        self.requested_by
    }

    /// The conversation at Genesys, once it is known.
    pub fn conversation_id(&self) -> Option<&str> {
        self.conversation_id.as_deref()
    }

    /// The name of the queue for which it was requested, if that is known.
    pub fn queue_name(&self) -> Option<&str> {
        self.queue_name.as_deref()
    }

    /// Who was last announced.
    pub fn agent(&self) -> Option<&Agent> {
        self.attendance.announced()
    }

    /// Genesys took a message. It may have begun another conversation for it, if the former has
    /// just ended, or have revived the one that was over: the snapshot decides.
    pub(crate) fn accepted(
        &mut self,
        conversation_id: String,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let known = self.conversation_id.replace(conversation_id);
        if known.is_some() && known != self.conversation_id {
            self.attendance.moved();
            self.liveness = Liveness::default();
            self.disconnect = None;
            self.restart_transfer();
            self.reading.ask();
        }
        match self.stage {
            Stage::Opening => {
                self.stage = Stage::Open;
                // The topics come first, and bring a read; but they may fail to.
                self.reading.plan(later(now, rules.reread_cap));
                return vec![Notice::Accepted];
            }
            Stage::Open => {
                // It may have revived what was heard to end.
                if self.customer_gone_by.take().is_some() {
                    self.reading.ask();
                }
            }
            Stage::Leaving { .. } | Stage::Detaching { .. } => self.reading.ask(),
            Stage::Ending { .. } => {
                self.stage = Stage::Open;
                self.reading.ask();
            }
            Stage::Closed => {
                // A message that was under way when the handoff ended leaves no ghost.
                self.stage = Stage::Detaching { by: later(now, rules.detaching) };
                self.reading.ask();
            }
        }
        Vec::new()
    }

    fn refused(&mut self) -> Vec<Notice> {
        match self.stage {
            _ if self.conversation_id.is_some() => Vec::new(),
            Stage::Opening | Stage::Open | Stage::Ending { .. } => self.close(End::Refused),
            Stage::Leaving { how, .. } => self.close(how.into()),
            Stage::Detaching { .. } | Stage::Closed => {
                self.stage = Stage::Closed;
                Vec::new()
            }
        }
    }

    fn reconcile(&mut self) -> Vec<Notice> {
        self.reading.ask();
        Vec::new()
    }

    fn read(
        &mut self,
        ticket: Ticket,
        outcome: ReadOutcome,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        if !self.reading.answer(ticket) {
            return Vec::new();
        }
        match outcome {
            ReadOutcome::Snapshot(snapshot) if self.shows_us(&snapshot) => {
                if !self.reading.is_behind() {
                    self.customer_gone_by = None;
                }
                self.observe(&snapshot, now, rules)
            }
            ReadOutcome::NotFound => self.observe(&Snapshot::default(), now, rules),
            ReadOutcome::Snapshot(_) | ReadOutcome::Failed => {
                self.reading.plan_doubling(now, rules);
                Vec::new()
            }
        }
    }

    fn observe(&mut self, snapshot: &Snapshot, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        let notices = match self.is_over() {
            true => Vec::new(),
            false => self.attendance.observe(snapshot, now, rules),
        };
        self.find_queue(snapshot);
        self.find_agents(snapshot, rules);
        if self.attendance.is_attended() {
            self.liveness.begin();
        }
        let finding = self.liveness.observe(snapshot, self.requested_at, now, rules);
        self.plan_next_read(snapshot, finding, now, rules);
        match self.stage {
            Stage::Opening | Stage::Closed => notices,
            Stage::Open | Stage::Ending { .. } => {
                self.weigh(snapshot, finding, now, rules);
                let given_up = self.give_up_waiting(snapshot, finding, now, rules);
                let stranded = self.seek_transfer(snapshot, finding, now, rules);
                notices.into_iter().chain(given_up).chain(stranded).collect()
            }
            // Another read is needed: this one began before something that is known by now.
            Stage::Leaving { .. } | Stage::Detaching { .. } if self.reading.is_behind() => notices,
            Stage::Leaving { .. } | Stage::Detaching { .. } => {
                notices.into_iter().chain(self.let_go(snapshot, finding)).collect()
            }
        }
    }

    fn plan_next_read(
        &mut self,
        snapshot: &Snapshot,
        finding: Finding,
        now: Timestamp,
        rules: &Rules,
    ) {
        match finding {
            Finding::Doubtful(until) => self.reading.plan_doubling_until(until, now, rules),
            Finding::Alive if self.awaits_change(snapshot, rules) => {
                self.reading.plan_doubling(now, rules);
            }
            Finding::Alive | Finding::Over => self.reading.plan_reconciling(now, rules),
        }
    }

    /// Whether something is about to change of which no event need tell.
    fn awaits_change(&self, snapshot: &Snapshot, rules: &Rules) -> bool {
        snapshot.is_alerting()
            || self.lacks_queue(snapshot, rules)
            || self.lacks_agents_queue(snapshot)
    }

    /// What a snapshot means for a handoff that the user has not left.
    fn weigh(&mut self, snapshot: &Snapshot, finding: Finding, now: Timestamp, rules: &Rules) {
        match (finding, self.stage) {
            (Finding::Over, Stage::Open) if !self.is_outdated() => {
                self.stage = Stage::Ending {
                    fetch_from: later(now, rules.last_messages),
                    by: later(now, rules.end_at_latest),
                };
            }
            (Finding::Alive, Stage::Ending { .. }) => self.stage = Stage::Open,
            _ => {}
        }
        self.list_messages(snapshot, now, rules);
    }

    /// Whether something was heard since the snapshot was asked for: a message may have revived
    /// the conversation that it shows as over.
    pub(crate) fn is_outdated(&self) -> bool {
        self.reading.is_behind()
    }

    /// Does what is due by now, whatever the input was.
    fn settle(&mut self, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        self.reading.settle(now);
        self.messages.settle(now);
        let mut notices = self.attendance.settle(now);
        let joining = self.attendance.announcement_due().is_some();
        self.settle_estimates(now, rules);
        notices.extend(self.settle_wait(now, rules));
        notices.extend(match self.stage {
            Stage::Open if self.customer_gone_by.is_some_and(|by| by <= now) => {
                let told = self.close(End::ByGenesys);
                // No read has shown it: a message may have brought the customer back.
                self.stage = Stage::Detaching { by: later(now, rules.detaching) };
                told
            }
            Stage::Ending { by, .. } if by <= now || (self.messages.are_settled() && !joining) => {
                self.close(End::ByGenesys)
            }
            Stage::Leaving { how, by } if by <= now => {
                let told = self.close(how.into());
                self.stage = Stage::Detaching { by: later(now, rules.detaching) };
                told
            }
            Stage::Detaching { by } if by <= now => self.detached(),
            _ => Vec::new(),
        });
        notices
    }

    /// Tells the end.
    pub(crate) fn close(&mut self, end: End) -> Vec<Notice> {
        self.stage = Stage::Closed;
        let mut notices = self.attendance.end();
        notices.push(Notice::Over(end));
        notices
    }

    fn shows_us(&self, snapshot: &Snapshot) -> bool {
        self.conversation_id() == Some(snapshot.conversation_id.as_str())
    }
}

impl From<Leaving> for End {
    fn from(leaving: Leaving) -> Self {
        match leaving {
            Leaving::EndedByUser => Self::ByUser,
            Leaving::Abandoned => Self::Abandoned,
        }
    }
}
