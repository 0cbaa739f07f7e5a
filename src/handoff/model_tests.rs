//! Random lives of a conversation at Genesys, told by events that are lost, doubled, late and out
//! of order, and by reads that take their time and fail.

use std::collections::{BTreeMap, BTreeSet};

use baton_core::lifecycle::LifecycleEvent;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{
    Agent, AgentDetails, DisconnectOutcome, End, Handoff, Input, Notice, Purpose, QueueRef,
    QueueStatus, ReadOutcome, Rules, State, TransferOutcome, TwoQueues,
    model_world::{Answer, BOTS, Clock, Truth, World, name, world},
    testing::{CONVERSATION, event, seconds, written},
};

/// What is under way to the handoff, and what it told.
struct Run<'w> {
    world: &'w World,
    truth: Truth<'w>,
    clock: Clock,
    rules: Rules,
    handoff: Handoff,
    /// What arrives when; the number keeps the order of what arrives at once.
    arriving: BTreeMap<(i64, usize), Input>,
    arrived: usize,
    heard: usize,
    reads: usize,
    reading: bool,
    naming: BTreeSet<String>,
    asking: bool,
    disconnecting: bool,
    transfers: usize,
    transferring: bool,
    /// What was told of queues, and after how many joinings.
    statuses: Vec<(usize, QueueStatus)>,
    joined: Vec<Agent>,
    /// The acceptances that a snapshot showed with nobody else connected.
    shown: BTreeSet<(String, Timestamp)>,
    left: bool,
    over: bool,
}

impl<'w> Run<'w> {
    fn of(world: &'w World) -> Self {
        let clock = Clock { ahead: world.ahead };
        let rules = Rules {
            name_agents: world.name_agents,
            longest_wait: world.longest_wait.map(seconds),
            estimates: world.estimates.map(seconds),
            ..Rules::default()
        };
        let mut handoff = Handoff::requested(clock.ours(0), &rules);
        if world.bot_queue.is_some() {
            let bot = QueueRef::Id(BOTS.to_owned());
            handoff = handoff.between(TwoQueues { bot, agent: QueueRef::parse("Agents") });
        }
        let mut run = Self {
            world,
            truth: Truth::of(world),
            handoff,
            rules,
            clock,
            arriving: BTreeMap::new(),
            arrived: 0,
            reads: 0,
            reading: false,
            naming: BTreeSet::new(),
            asking: false,
            disconnecting: false,
            transfers: 0,
            transferring: false,
            heard: 0,
            statuses: Vec::new(),
            joined: Vec::new(),
            shown: BTreeSet::new(),
            left: false,
            over: false,
        };
        let conversation_id = CONVERSATION.to_owned();
        run.arrives(950, Input::Accepted { conversation_id });
        for time in &world.reconciled {
            run.arrives(951 + time, Input::Reconcile);
        }
        run.sends_what_happens();
        run
    }

    /// What truly happens, and is not on its way yet, is.
    fn sends_what_happens(&mut self) {
        let events = self.truth.events.split_off(0);
        for (time, kind, user_id) in events {
            let heard: LifecycleEvent<'static> =
                event(kind, user_id.as_deref(), self.clock.theirs(time));
            let delays = &self.world.arrivals[self.heard % self.world.arrivals.len()];
            self.heard += 1;
            for delay in delays {
                self.arrives(time + delay, Input::Event(heard.clone()));
            }
        }
        for time in self.truth.messages.split_off(0) {
            let (sent, received) = (self.clock.theirs(time), self.clock.ours(time + 200));
            self.arrives(time + 200, written(received, sent));
        }
    }

    fn arrives(&mut self, time: i64, input: Input) {
        self.arrived += 1;
        self.arriving.insert((time, self.arrived), input);
    }

    /// Until nothing is left to happen, or for long after the true end.
    fn goes_to_its_end(&mut self) -> Result<(), TestCaseError> {
        loop {
            let arrival = self.arriving.first_key_value().map(|((time, _), _)| *time);
            let wake = self.handoff.wants().wake_at.map(|wake| {
                wake.duration_since(self.clock.ours(0)).as_millis().try_into().unwrap()
            });
            let Some(now) = [arrival, wake].into_iter().flatten().min() else { return Ok(()) };
            if now > self.truth.end + 3_600_000 {
                return Ok(());
            }
            let input = match self.arriving.first_entry() {
                Some(first) if first.key().0 == now => first.remove(),
                _ => Input::Tick,
            };
            self.happens(input, now)?;
        }
    }

    fn happens(&mut self, input: Input, now: i64) -> Result<(), TestCaseError> {
        match &input {
            Input::Read { outcome, .. } => {
                self.reading = false;
                self.shows(outcome);
            }
            Input::Estimated { .. } => self.asking = false,
            Input::Disconnected(_) => self.disconnecting = false,
            Input::Transferred(_) => self.transferring = false,
            _ => {}
        }
        let notices = self.handoff.apply(input, self.clock.ours(now), &self.rules);
        for notice in notices {
            self.is_told(notice, now)?;
        }
        let stored = serde_json::to_string(&self.handoff).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Handoff>(&stored).unwrap(), &self.handoff);
        self.transfers_if_wanted(now)?;
        self.starts_what_is_wanted(now);
        Ok(())
    }

    fn shows(&mut self, outcome: &ReadOutcome) {
        let ReadOutcome::Snapshot(snapshot) = outcome else { return };
        let agents = snapshot.participants.iter().filter(|leg| leg.purpose == Purpose::Agent);
        let live: Vec<_> = agents.filter(|leg| leg.state == State::Connected).collect();
        if let [alone] = live.as_slice()
            && !self.over
        {
            self.shown.insert((alone.user_id.clone().unwrap(), alone.connected_at.unwrap()));
        }
    }

    fn starts_what_is_wanted(&mut self, now: i64) {
        let wants = self.handoff.wants();
        let (read, name) = (wants.read, wants.name.map(str::to_owned));
        let (estimate, disconnects) =
            (wants.estimate.map(str::to_owned), wants.disconnect.is_some());
        if let Some(queue_id) = estimate.filter(|_| !self.asking) {
            self.asking = true;
            let wait = (now % 3 > 0).then(|| seconds(now.unsigned_abs() % 200));
            self.arrives(now + 300, Input::Estimated { queue_id, wait });
        }
        if disconnects && !self.disconnecting {
            self.disconnecting = true;
            self.truth.disconnected(now + 100);
            self.arrives(now + 150, Input::Disconnected(DisconnectOutcome::Done));
        }
        if let Some(ticket) = read.filter(|_| !self.reading) {
            let (takes, fails) = self.world.reads[self.reads % self.world.reads.len()];
            self.reads += 1;
            self.reading = true;
            let outcome = match fails {
                true => ReadOutcome::Failed,
                false => ReadOutcome::Snapshot(self.truth.snapshot(now + takes / 2, &self.clock)),
            };
            self.arrives(now + takes, Input::Read { ticket, outcome });
        }
        if let Some(user_id) = name.filter(|user_id| self.naming.insert(user_id.clone())) {
            let details = Some(AgentDetails::default());
            self.arrives(now + 700, Input::Named { user_id, details });
        }
    }

    /// Nobody who has left the bot's queue is transferred again.
    fn transfers_if_wanted(&mut self, now: i64) -> Result<(), TestCaseError> {
        let wanted = self.handoff.wants().transfer.filter(|_| !self.transferring);
        let Some(participant_id) = wanted.map(|transfer| transfer.participant_id.to_owned()) else {
            return Ok(());
        };
        prop_assert!(self.truth.is_in_bot_queue(now), "a second transfer at {now}");
        let answers = &self.world.bot_queue.as_ref().unwrap().answers;
        let (takes, answer) = answers[self.transfers % answers.len()];
        self.transfers += 1;
        self.transferring = true;
        let made = match answer {
            Answer::True | Answer::Lost => self.truth.transferred(&participant_id, now + takes / 2),
            Answer::Failed | Answer::Ignored | Answer::Stuck => false,
        };
        self.sends_what_happens();
        let outcome = match (answer, made) {
            (Answer::True, false) => TransferOutcome::Refused,
            (Answer::True, true) | (Answer::Ignored, _) => TransferOutcome::Done,
            (Answer::Lost | Answer::Failed, _) => TransferOutcome::Failed,
            (Answer::Stuck, _) => TransferOutcome::Stuck,
        };
        self.arrives(now + takes, Input::Transferred(outcome));
        Ok(())
    }

    fn is_told(&mut self, notice: Notice, now: i64) -> Result<(), TestCaseError> {
        prop_assert!(!self.over, "{notice:?} after the end");
        match notice {
            Notice::Accepted => prop_assert!(self.joined.is_empty()),
            Notice::Queue(status) => {
                prop_assert!(self.world.estimates.is_some());
                prop_assert!(!self.truth.is_in_bot_queue(now));
                prop_assert_eq!(status.number as usize, self.statuses.len() + 1);
                let same = |last: &(usize, QueueStatus)| {
                    last.0 == self.joined.len()
                        && last.1.queue_name == status.queue_name
                        && last.1.estimated_wait == status.estimated_wait
                };
                prop_assert!(!self.statuses.last().is_some_and(same), "{status:?} twice");
                self.statuses.push((self.joined.len(), status));
            }
            Notice::AgentJoined(agent) => {
                self.joined.push(agent);
                prop_assert_eq!(self.joined.last().unwrap().number as usize, self.joined.len());
                prop_assert!(self.joined.len() <= self.truth.accepted_by(now, None));
                for who in (0..3).map(name) {
                    prop_assert!(self.joinings_of(&who) <= self.truth.accepted_by(now, Some(&who)));
                }
            }
            Notice::AgentLeft(_) => {
                prop_assert!(now >= self.truth.end && !self.left && !self.joined.is_empty());
                self.left = true;
            }
            Notice::Over(End::TimedOut) => {
                let longest = i64::try_from(self.world.longest_wait.unwrap()).unwrap() * 1_000;
                let unread = i64::try_from(self.rules.end_at_latest.as_millis()).unwrap();
                prop_assert!(now >= longest && self.joined.is_empty());
                let nobody = self.truth.accepted_by(longest, None) == 0;
                prop_assert!(nobody || now >= longest + unread, "somebody was there at {now}");
                self.over = true;
            }
            Notice::Over(End::NotTransferred) => {
                prop_assert!(self.truth.is_in_bot_queue(now), "it had been transferred by {now}");
                prop_assert!(self.transfers >= 2);
                self.over = true;
            }
            Notice::Over(_) => {
                prop_assert!(now >= self.truth.end, "over at {now}, truly at {}", self.truth.end);
                prop_assert_eq!(self.left, !self.joined.is_empty());
                self.over = true;
            }
        }
        Ok(())
    }

    fn joinings_of(&self, who: &str) -> usize {
        self.joined.iter().filter(|agent| agent.user_id.as_deref() == Some(who)).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariant_7_8_13_a_handoff_tells_what_is_true_at_genesys(world in world()) {
        let mut run = Run::of(&world);
        run.goes_to_its_end()?;
        prop_assert!(run.over, "the end was never told");
        prop_assert!(!run.handoff.is_open());
        prop_assert!(run.joined.len() >= run.shown.len(), "somebody was not announced");
        let unknown = run.joined.iter().filter(|agent| agent.user_id.is_none()).count();
        for who in (0..3).map(name) {
            let shown = run.shown.iter().filter(|(agent, _)| *agent == who).count();
            prop_assert!(run.joinings_of(&who) + unknown >= shown, "{who} was not announced");
        }
    }
}
