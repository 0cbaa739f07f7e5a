//! Random lives of a conversation at Genesys, told by events that are lost, doubled, late and out
//! of order, and by reads that take their time and fail.

use std::collections::{BTreeMap, BTreeSet};

use baton_core::lifecycle::{LifecycleEvent, LifecycleKind};
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use crate::{
    Agent, AgentDetails, Handoff, Input, Notice, Participant, Purpose, ReadOutcome, Rules,
    Snapshot, State,
    testing::{CONVERSATION, alerting, at, customer, event, other},
};

/// What one agent does with the conversation. Times are in milliseconds.
#[derive(Clone, Debug)]
struct Stint {
    agent: usize,
    queued: i64,
    declined: bool,
    alerted: i64,
    lasts: i64,
    /// Who is consulted, and whether the consulted agent takes over.
    consults: Option<(usize, bool)>,
    messages: Vec<i64>,
}

/// How Genesys and what lies between behave.
#[derive(Clone, Debug)]
struct World {
    stints: Vec<Stint>,
    customer_lives_on: bool,
    /// How far Genesys' clock is ahead of ours.
    ahead: i64,
    name_agents: bool,
    /// How each event arrives in turn: after these delays.
    arrivals: Vec<Vec<i64>>,
    /// How long each read takes in turn, and whether it fails.
    reads: Vec<(i64, bool)>,
    /// When the topics are reported to be in place.
    reconciled: Vec<i64>,
}

fn stint() -> impl Strategy<Value = Stint> {
    let consults = proptest::option::weighted(0.3, (0..3_usize, any::<bool>()));
    let messages = vec(0..100_i64, 0..3);
    (
        0..3_usize,
        100..20_000_i64,
        any::<bool>(),
        100..10_000_i64,
        1_000..60_000_i64,
        consults,
        messages,
    )
        .prop_map(|(agent, queued, declined, alerted, lasts, consults, messages)| Stint {
            agent,
            queued,
            declined,
            alerted,
            lasts,
            consults: consults.filter(|(colleague, _)| *colleague != agent),
            messages: messages.into_iter().map(|part| part * lasts / 100).collect(),
        })
}

fn world() -> impl Strategy<Value = World> {
    let arrival = prop_oneof![
        5 => (0..300_i64).prop_map(|delay| vec![delay]),
        2 => Just(Vec::new()),
        2 => vec(0..30_000_i64, 1..3),
    ];
    let read = (20..1_500_i64, proptest::bool::weighted(0.15));
    (
        vec(stint(), 0..5),
        any::<bool>(),
        -3_000..3_000_i64,
        any::<bool>(),
        vec(arrival, 1..40),
        vec(read, 1..20),
        vec(0..200_000_i64, 1..4),
    )
        .prop_map(
            |(stints, customer_lives_on, ahead, name_agents, arrivals, mut reads, reconciled)| {
                // However many reads fail, one of them does not.
                reads.push((100, false));
                World { stints, customer_lives_on, ahead, name_agents, arrivals, reads, reconciled }
            },
        )
}

/// A leg as it truly is. Times are in milliseconds since the request, by our clock.
#[derive(Clone, Debug)]
struct Leg {
    participant: Participant,
    begins: i64,
    connects: Option<i64>,
    ends: Option<i64>,
}

/// What truly happens.
#[derive(Default)]
struct Truth {
    legs: Vec<Leg>,
    events: Vec<(i64, LifecycleKind, Option<String>)>,
    messages: Vec<i64>,
    /// Who accepted when.
    acceptances: Vec<(String, i64)>,
    end: i64,
}

fn name(agent: usize) -> String {
    format!("agent{agent}")
}

impl Truth {
    fn of(world: &World) -> Self {
        let mut truth = Self::default();
        let mut now = 1_000;
        truth.other("workflow", now, now + 500);
        now += 520;
        for (index, stint) in world.stints.iter().enumerate() {
            let who = name(stint.agent);
            truth.other("acd", now, now + stint.queued);
            now += stint.queued;
            if stint.declined {
                truth.agent(&who, now, None, now + stint.alerted);
                now += stint.alerted + 50;
                truth.other("acd", now, now + stint.queued);
                now += stint.queued;
            }
            let accepted = now + stint.alerted;
            let mut left = accepted + stint.lasts;
            truth.agent(&who, now, Some(accepted), left);
            truth.events.push((accepted, LifecycleKind::AcdEnd, Some(who)));
            truth.messages.extend(stint.messages.iter().map(|after| accepted + after));
            if let Some((colleague, takes_over)) = stint.consults {
                let joined = accepted + stint.lasts / 2;
                let until = if takes_over { left + 15_000 } else { left - 100 };
                truth.agent(&name(colleague), joined - 100, Some(joined), until);
                // For the client, who is consulted has not joined until left alone.
                truth.acceptances.pop();
                truth.acceptances.extend(takes_over.then(|| (name(colleague), left)));
                left = left.max(until);
            }
            let last = index + 1 == world.stints.len();
            now = if last { left } else { left + 50 };
        }
        truth.end = now;
        let ends = (!world.customer_lives_on).then_some(now);
        let leg = Leg { participant: customer(), begins: 900, connects: Some(900), ends };
        truth.legs.insert(0, leg);
        if ends.is_some() {
            truth.events.push((now, LifecycleKind::CustomerEnd, None));
        }
        truth
    }

    fn other(&mut self, id: &str, begins: i64, ends: i64) {
        let connects = Some(begins);
        self.legs.push(Leg { participant: other(id), begins, connects, ends: Some(ends) });
    }

    fn agent(&mut self, who: &str, begins: i64, connects: Option<i64>, ends: i64) {
        self.legs.push(Leg { participant: alerting(who), begins, connects, ends: Some(ends) });
        self.events.push((begins, LifecycleKind::UserStart, Some(who.to_owned())));
        self.events.push((ends, LifecycleKind::UserEnd, Some(who.to_owned())));
        self.acceptances.extend(connects.map(|connects| (who.to_owned(), connects)));
    }

    /// The conversation as Genesys shows it then.
    fn snapshot(&self, then: i64, clock: &Clock) -> Snapshot {
        let legs = self.legs.iter().filter(|leg| leg.begins <= then).map(|leg| {
            let happened = |time: Option<i64>| time.filter(|time| *time <= then);
            let (connects, ends) = (happened(leg.connects), happened(leg.ends));
            Participant {
                state: match (connects, ends) {
                    (_, Some(_)) => State::Ended,
                    (Some(_), None) => State::Connected,
                    (None, None) => State::Alerting,
                },
                connected_at: connects.map(|time| clock.theirs(time)),
                ended_at: ends.map(|time| clock.theirs(time)),
                ..leg.participant.clone()
            }
        });
        Snapshot { conversation_id: CONVERSATION.to_owned(), participants: legs.collect() }
    }

    fn accepted_by(&self, then: i64, who: Option<&str>) -> usize {
        let until_then = self.acceptances.iter().filter(|(_, time)| *time <= then);
        until_then.filter(|(agent, _)| who.is_none_or(|who| agent == who)).count()
    }
}

struct Clock {
    ahead: i64,
}

impl Clock {
    fn ours(&self, time: i64) -> Timestamp {
        at(0).checked_add(SignedDuration::from_millis(time)).unwrap()
    }

    fn theirs(&self, time: i64) -> Timestamp {
        self.ours(time + self.ahead)
    }
}

/// What is under way to the handoff, and what it told.
struct Run<'w> {
    world: &'w World,
    truth: Truth,
    clock: Clock,
    rules: Rules,
    handoff: Handoff,
    /// What arrives when; the number keeps the order of what arrives at once.
    arriving: BTreeMap<(i64, usize), Input>,
    arrived: usize,
    reads: usize,
    reading: bool,
    naming: BTreeSet<String>,
    joined: Vec<Agent>,
    /// The acceptances that a snapshot showed with nobody else connected.
    shown: BTreeSet<(String, Timestamp)>,
    left: bool,
    over: bool,
}

impl<'w> Run<'w> {
    fn of(world: &'w World) -> Self {
        let clock = Clock { ahead: world.ahead };
        let mut run = Self {
            world,
            truth: Truth::of(world),
            rules: Rules { name_agents: world.name_agents, ..Rules::default() },
            handoff: Handoff::requested(clock.ours(0)),
            clock,
            arriving: BTreeMap::new(),
            arrived: 0,
            reads: 0,
            reading: false,
            naming: BTreeSet::new(),
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
        let mut delays = world.arrivals.iter().cycle();
        for (time, kind, user_id) in run.truth.events.clone() {
            let heard: LifecycleEvent<'static> =
                event(kind, user_id.as_deref(), run.clock.theirs(time));
            for delay in delays.next().unwrap() {
                run.arrives(time + delay, Input::Event(heard.clone()));
            }
        }
        for time in run.truth.messages.clone() {
            let sent = Some(run.clock.theirs(time));
            run.arrives(time + 200, Input::AgentWrote { at: sent });
        }
        run
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
        if let Input::Read { outcome, .. } = &input {
            self.reading = false;
            self.shows(outcome);
        }
        let notices = self.handoff.apply(input, self.clock.ours(now), &self.rules);
        for notice in notices {
            self.is_told(notice, now)?;
        }
        let stored = serde_json::to_string(&self.handoff).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Handoff>(&stored).unwrap(), &self.handoff);
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

    fn is_told(&mut self, notice: Notice, now: i64) -> Result<(), TestCaseError> {
        prop_assert!(!self.over, "{notice:?} after the end");
        match notice {
            Notice::Accepted => prop_assert!(self.joined.is_empty()),
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
