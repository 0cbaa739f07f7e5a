//! Out of the bot's queue: where a flow puts every conversation into a queue without members, it
//! is transferred from there to the agents' queue.
//!
//! Replaced is the queue's own participant. Whether Genesys does that is not certain: if not, the
//! customer's is tried. A snapshot decides each time; so a transfer whose answer was lost, or that
//! a crash cut off, is not made twice.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    AcdQueue, End, Handoff, Notice, Participant, QueueRef, Rules, Snapshot, TransferOutcome,
    handoff::Stage, liveness::Finding, rules::later,
};

/// How often Genesys is asked to replace one participant: with the pauses between, some ninety
/// seconds.
pub(crate) const MOST_TRIES: u32 = 6;

/// The two queues of an org in which every conversation begins with the bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoQueues {
    /// Where the flow puts every conversation. Nobody is a member.
    pub bot: QueueRef,
    /// Where the conversation is to wait for an agent.
    pub agent: QueueRef,
}

/// How far the transfer of a handoff has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transferring {
    queues: TwoQueues,
    replaced: Replaced,
    /// How often Genesys was asked to replace that one, in vain.
    tries: u32,
    stage: TransferStage,
}

/// Whose participant is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Replaced {
    /// The bot's queue's own.
    Queue,
    /// The customer's.
    Customer,
    /// Nobody's: both were tried.
    Nobody,
}

/// What is going on between Genesys and us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TransferStage {
    /// Genesys is not asked for anything, until then at least.
    Resting {
        /// At once when needed, if no time is given.
        until: Option<Timestamp>,
    },
    /// Genesys is asked to replace this participant.
    Asking {
        /// The participant.
        participant_id: String,
    },
}

/// Where a snapshot shows the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In no queue yet, as far as is seen.
    Nowhere,
    /// In the bot's queue, with nobody else.
    BotQueue,
    /// In another queue, or with an agent: it needs no transfer.
    Elsewhere,
}

impl Transferring {
    fn between(queues: TwoQueues) -> Self {
        let stage = TransferStage::Resting { until: None };
        Self { queues, replaced: Replaced::Queue, tries: 0, stage }
    }

    fn place(&self, snapshot: &Snapshot) -> Place {
        let with_agent = snapshot.agents().any(Participant::is_live);
        if with_agent || snapshot.queues().any(|queue| !self.queues.bot.is(queue)) {
            Place::Elsewhere
        } else if snapshot.queues().next().is_some() {
            Place::BotQueue
        } else {
            Place::Nowhere
        }
    }

    /// The participant that is to be replaced. One that has no id cannot be, and the next is
    /// taken for it; none if both were tried.
    fn candidate(&mut self, snapshot: &Snapshot) -> Option<String> {
        loop {
            let leg = match self.replaced {
                Replaced::Queue => snapshot.queue_legs().next(),
                Replaced::Customer => snapshot.live_customer(),
                Replaced::Nobody => return None,
            };
            match leg.filter(|leg| !leg.id.is_empty()) {
                Some(leg) => return Some(leg.id.clone()),
                None => self.move_on(),
            }
        }
    }

    fn move_on(&mut self) {
        self.tries = 0;
        self.replaced = match self.replaced {
            Replaced::Queue => Replaced::Customer,
            Replaced::Customer | Replaced::Nobody => Replaced::Nobody,
        };
    }

    /// What an operator has to mend may be of one participant only, so the other is tried next.
    fn take_turns(&mut self) {
        self.replaced = match self.replaced {
            Replaced::Queue => Replaced::Customer,
            Replaced::Customer => Replaced::Queue,
            Replaced::Nobody => Replaced::Nobody,
        };
    }

    /// Takes in what came of asking; how long to rest then.
    fn answered(&mut self, outcome: TransferOutcome, rules: &Rules) -> Duration {
        match outcome {
            TransferOutcome::Refused => {
                self.move_on();
                Duration::ZERO
            }
            TransferOutcome::Stuck => {
                self.take_turns();
                rules.reread_cap
            }
            TransferOutcome::Done | TransferOutcome::Failed => {
                let factor = 2_u32.saturating_pow(self.tries);
                self.tries = self.tries.saturating_add(1);
                if self.tries >= MOST_TRIES {
                    self.move_on();
                }
                rules.reread.saturating_mul(factor).min(rules.reread_cap)
            }
        }
    }

    fn rests(&self, now: Timestamp) -> bool {
        match self.stage {
            TransferStage::Resting { until } => until.is_some_and(|until| until > now),
            TransferStage::Asking { .. } => true,
        }
    }
}

impl Handoff {
    /// The same handoff in an org whose flow puts every conversation into the bot's queue.
    #[must_use]
    pub fn between(self, queues: TwoQueues) -> Self {
        Self { transferring: Some(Box::new(Transferring::between(queues))), ..self }
    }

    /// Which participant is to be replaced with which queue.
    pub(crate) fn transfer(&self) -> Option<(&str, &QueueRef)> {
        match self.awaits_transfer()? {
            Transferring { stage: TransferStage::Asking { participant_id }, queues, .. } => {
                Some((participant_id, &queues.agent))
            }
            _ => None,
        }
    }

    /// Whether the conversation is yet to come into a queue of agents. No topic tells of it: the
    /// flow may be slow to put it into the bot's queue.
    pub(crate) fn lacks_agents_queue(&self, snapshot: &Snapshot) -> bool {
        let transferring = self.awaits_transfer();
        transferring.is_some_and(|transferring| transferring.place(snapshot) != Place::Elsewhere)
    }

    /// Whether it is the bot's queue, in which nobody is waited for.
    pub(crate) fn is_bot_queue(&self, queue: &AcdQueue) -> bool {
        self.transferring.as_ref().is_some_and(|known| known.queues.bot.is(queue))
    }

    /// What a snapshot means for the transfer: it is due as long as the conversation is in the
    /// bot's queue. If Genesys cannot be brought to make it, the handoff has failed.
    pub(crate) fn seek_transfer(
        &mut self,
        snapshot: &Snapshot,
        finding: Finding,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        if self.awaits_transfer().is_none() || finding != Finding::Alive || self.is_outdated() {
            return Vec::new();
        }
        let Some(transferring) = &mut self.transferring else { return Vec::new() };
        match transferring.place(snapshot) {
            Place::BotQueue => {}
            Place::Nowhere => {
                transferring.stage = TransferStage::Resting { until: None };
                return Vec::new();
            }
            Place::Elsewhere => {
                self.restart_transfer();
                return Vec::new();
            }
        }
        if transferring.rests(now) {
            return Vec::new();
        }
        match transferring.candidate(snapshot) {
            Some(participant_id) => {
                transferring.stage = TransferStage::Asking { participant_id };
                Vec::new()
            }
            None => {
                let mut told = self.give_up(End::NotTransferred, now, rules);
                told.extend(self.let_go(snapshot, finding));
                told
            }
        }
    }

    /// What came of a transfer. The next read shows where the conversation is.
    pub(crate) fn transferred(
        &mut self,
        outcome: TransferOutcome,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let is_wanted = self.awaits_transfer().is_some();
        if let Some(transferring) = &mut self.transferring
            && matches!(transferring.stage, TransferStage::Asking { .. })
        {
            let pause = transferring.answered(outcome, rules);
            transferring.stage = TransferStage::Resting { until: Some(later(now, pause)) };
            // A user who leaves waits for no pause.
            let pause = if is_wanted { pause } else { Duration::ZERO };
            self.reading.ask_after(pause, now);
        }
        Vec::new()
    }

    /// Nobody could hear what came of a transfer that was under way: a read shows it.
    pub(crate) fn resume_transfer(&mut self) {
        if let Some(transferring) = &mut self.transferring
            && matches!(transferring.stage, TransferStage::Asking { .. })
        {
            transferring.stage = TransferStage::Resting { until: None };
            self.reading.ask();
        }
    }

    /// The conversation is another one now, or has come where it is to be.
    pub(crate) fn restart_transfer(&mut self) {
        if let Some(transferring) = &mut self.transferring {
            **transferring = Transferring::between(transferring.queues.clone());
        }
    }

    /// The transfer, as long as it may be wanted: while no agent is there. Also after one has been:
    /// what the user writes as the agent ends, revives the conversation, and the flow puts it into
    /// the bot's queue again.
    fn awaits_transfer(&self) -> Option<&Transferring> {
        let waits = self.stage == Stage::Open && !self.attendance.is_attended();
        self.transferring.as_deref().filter(|_| waits)
    }
}
