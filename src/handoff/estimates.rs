//! What the user is told of the wait in a queue.
//!
//! Each status is one more line in the user's chat: so there is one only where Genesys has an
//! estimate, and only when that has changed by a minute (Messaging API, 8).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AcdQueue, Handoff, Notice, QueueStatus, Rules, Snapshot, handoff::Stage, rules::later,
};

const MINUTE: u64 = 60;

/// The queue in which the user is, and what was told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Estimates {
    /// The queue, as the last read has it, while nobody attends to the user.
    queue: Option<Queue>,
    /// How often a status was told.
    told: u32,
    /// The last that was told.
    last: Option<Told>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    status: QueueStatus,
    /// How many agents had been announced by then: with the next, another wait begins.
    agents: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Queue {
    queue: AcdQueue,
    /// When its estimate is asked for; `None` while it is.
    ask_at: Option<Timestamp>,
}

impl Estimates {
    /// A read shows the user in this queue, or in none.
    fn observe(&mut self, queue: Option<&AcdQueue>) {
        if self.queue.as_ref().map(|known| &known.queue) != queue {
            self.queue = queue.cloned().map(|queue| Queue { queue, ask_at: None });
        }
    }

    /// The user does not wait any more.
    fn end(&mut self) {
        self.queue = None;
    }

    fn settle(&mut self, now: Timestamp) {
        if let Some(queue) = &mut self.queue {
            queue.ask_at = queue.ask_at.filter(|at| *at > now);
        }
    }

    /// Genesys' answer to a question that was asked; of any other it says nothing.
    pub(crate) fn estimated(
        &mut self,
        queue_id: &str,
        wait: Option<Duration>,
        agents: u32,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let asked = |queue: &&mut Queue| queue.ask_at.is_none() && queue.queue.id == queue_id;
        let Some(queue) = self.queue.as_mut().filter(asked) else { return Vec::new() };
        queue.ask_at = rules.estimates.map(|pause| later(now, pause));
        let Some(estimated_wait) = wait.map(in_whole_minutes) else { return Vec::new() };
        let queue_name = queue.queue.name.clone();
        let is_news = self.last.as_ref().is_none_or(|last| {
            let same_wait = last.status.estimated_wait == estimated_wait;
            last.agents != agents || last.status.queue_name != queue_name || !same_wait
        });
        if !is_news {
            return Vec::new();
        }
        self.told = self.told.saturating_add(1);
        let status = QueueStatus { number: self.told, queue_name, estimated_wait };
        self.last = Some(Told { status: status.clone(), agents });
        vec![Notice::Queue(status)]
    }

    /// The queue of which the estimate is to be asked for.
    pub(crate) fn to_ask(&self) -> Option<&str> {
        self.queue.as_ref().filter(|queue| queue.ask_at.is_none()).map(|queue| &*queue.queue.id)
    }

    /// When it is to be asked for again.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.queue.as_ref()?.ask_at
    }
}

impl Handoff {
    /// Takes in in which queue a snapshot shows the user.
    pub(crate) fn find_queue(&mut self, snapshot: &Snapshot) {
        let queue = self.agents_queue(snapshot).cloned();
        self.estimates.observe(queue.as_ref());
    }

    /// Whether a queue of the user is yet to be found. No topic tells of it: the flow may be slow
    /// to put the user into one.
    pub(crate) fn lacks_queue(&self, snapshot: &Snapshot, rules: &Rules) -> bool {
        self.wants_estimates(rules) && self.agents_queue(snapshot).is_none()
    }

    /// The queue in which the user waits for an agent; the bot's is none.
    fn agents_queue<'s>(&self, snapshot: &'s Snapshot) -> Option<&'s AcdQueue> {
        snapshot.queues().find(|queue| !self.is_bot_queue(queue))
    }

    pub(crate) fn settle_estimates(&mut self, now: Timestamp, rules: &Rules) {
        match self.wants_estimates(rules) {
            true => self.estimates.settle(now),
            false => self.estimates.end(),
        }
    }

    /// Whether the user waits with nobody there, for the first agent or the next.
    fn wants_estimates(&self, rules: &Rules) -> bool {
        rules.estimates.is_some() && self.stage == Stage::Open && !self.attendance.is_attended()
    }
}

/// Rounded up: a little less than the user was told is no disappointment.
fn in_whole_minutes(wait: Duration) -> Duration {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    Duration::from_secs(seconds.div_ceil(MINUTE).saturating_mul(MINUTE))
}
