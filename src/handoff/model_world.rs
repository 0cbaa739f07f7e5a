//! A random life of a conversation at Genesys, and how Genesys shows it.

use baton_core::lifecycle::LifecycleKind;
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use crate::{
    Participant, Snapshot, State,
    testing::{CONVERSATION, alerting, at, customer, other, queue},
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

/// How Genesys and what lies between answer to a transfer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// It is made if it can be, or else refused.
    True,
    /// It is made if it can be, and the answer is lost.
    Lost,
    /// It is not made, and said to have failed.
    Failed,
    /// It is not made, and said to have been.
    Ignored,
    /// It is not made before an operator has mended something.
    Stuck,
}

/// An org whose flow puts every conversation into a bot's queue.
#[derive(Clone, Debug)]
pub(crate) struct BotQueue {
    /// Whether the queue's own participant, and the customer's, can be replaced.
    pub(crate) replaces: [bool; 2],
    /// How long each transfer takes in turn, and how it is answered.
    pub(crate) answers: Vec<(i64, Answer)>,
}

/// How Genesys and what lies between behave.
#[derive(Clone, Debug)]
pub(crate) struct World {
    stints: Vec<Stint>,
    customer_lives_on: bool,
    pub(crate) bot_queue: Option<BotQueue>,
    /// How far Genesys' clock is ahead of ours.
    pub(crate) ahead: i64,
    pub(crate) name_agents: bool,
    /// Both in seconds.
    pub(crate) longest_wait: Option<u64>,
    pub(crate) estimates: Option<u64>,
    /// How each event arrives in turn: after these delays.
    pub(crate) arrivals: Vec<Vec<i64>>,
    /// How long each read takes in turn, and whether it fails.
    pub(crate) reads: Vec<(i64, bool)>,
    /// When the topics are reported to be in place.
    pub(crate) reconciled: Vec<i64>,
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

fn bot_queue() -> impl Strategy<Value = BotQueue> {
    let answer = prop_oneof![
        3 => Just(Answer::True),
        1 => Just(Answer::Lost),
        1 => Just(Answer::Failed),
        1 => Just(Answer::Ignored),
        1 => Just(Answer::Stuck),
    ];
    (any::<[bool; 2]>(), vec((20..3_000_i64, answer), 0..8)).prop_map(|(replaces, mut answers)| {
        // However many go wrong, one of them does not.
        answers.push((100, Answer::True));
        BotQueue { replaces, answers }
    })
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    let arrival = prop_oneof![
        5 => (0..300_i64).prop_map(|delay| vec![delay]),
        2 => Just(Vec::new()),
        2 => vec(0..30_000_i64, 1..3),
    ];
    let takes = prop_oneof![4 => 20..1_500_i64, 1 => 1_500..8_000_i64];
    let read = (takes, proptest::bool::weighted(0.15));
    (
        vec(stint(), 0..5),
        (any::<bool>(), proptest::option::weighted(0.3, bot_queue())),
        -3_000..3_000_i64,
        any::<bool>(),
        (proptest::option::of(5..60_u64), proptest::option::of(1..30_u64)),
        vec(arrival, 1..40),
        vec(read, 1..20),
        vec(0..200_000_i64, 1..4),
    )
        .prop_map(
            |(
                stints,
                (customer_lives_on, bot_queue),
                ahead,
                name_agents,
                waits,
                arrivals,
                mut reads,
                reconciled,
            )| {
                // However many reads fail, one of them does not.
                reads.push((100, false));
                let (longest_wait, estimates) = waits;
                World {
                    stints,
                    customer_lives_on,
                    bot_queue,
                    ahead,
                    name_agents,
                    longest_wait,
                    estimates,
                    arrivals,
                    reads,
                    reconciled,
                }
            },
        )
}

/// A leg as it truly is. Times are in milliseconds since the request, by our clock.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    participant: Participant,
    begins: i64,
    connects: Option<i64>,
    ends: Option<i64>,
}

/// What truly happens.
pub(crate) struct Truth<'w> {
    world: &'w World,
    legs: Vec<Leg>,
    pub(crate) events: Vec<(i64, LifecycleKind, Option<String>)>,
    pub(crate) messages: Vec<i64>,
    /// Who accepted when.
    acceptances: Vec<(String, i64)>,
    pub(crate) end: i64,
}

/// The id of the bot's queue.
pub(crate) const BOTS: &str = "bots";

/// Later than anything happens.
const NEVER: i64 = 1 << 50;

pub(crate) fn name(agent: usize) -> String {
    format!("agent{agent}")
}

impl<'w> Truth<'w> {
    pub(crate) fn of(world: &'w World) -> Self {
        let (legs, events, messages, acceptances) = Default::default();
        let mut truth = Self { world, legs, events, messages, acceptances, end: NEVER };
        let leg = Leg { participant: customer(), begins: 900, connects: Some(900), ends: None };
        truth.legs.push(leg);
        truth.leg(other("workflow"), 1_000, 1_500);
        match world.bot_queue {
            Some(_) => truth.leg(queue(BOTS), 1_520, NEVER),
            None => truth.goes_on(1_520),
        }
        truth
    }

    /// Whether the user is in the bot's queue then.
    pub(crate) fn is_in_bot_queue(&self, then: i64) -> bool {
        self.end == NEVER && then >= 1_520
    }

    /// We ask for a transfer; whether it is made.
    pub(crate) fn transferred(&mut self, participant_id: &str, now: i64) -> bool {
        let Some(BotQueue { replaces: [queues, customers], .. }) = self.world.bot_queue else {
            return false;
        };
        let works = if participant_id == "p1" { customers } else { queues };
        let made = works && self.is_in_bot_queue(now);
        if made {
            for leg in self.legs.iter_mut().filter(|leg| leg.ends == Some(NEVER)) {
                leg.ends = Some(now);
            }
            self.goes_on(now + 20);
        }
        made
    }

    /// The agents have their stints with the user.
    fn goes_on(&mut self, mut now: i64) {
        let (world, truth) = (self.world, self);
        for (index, stint) in world.stints.iter().enumerate() {
            let who = name(stint.agent);
            truth.leg(queue(&format!("q{index}")), now, now + stint.queued);
            now += stint.queued;
            if stint.declined {
                truth.agent(&who, now, None, now + stint.alerted);
                now += stint.alerted + 50;
                truth.leg(queue(&format!("q{index}")), now, now + stint.queued);
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
        if !world.customer_lives_on {
            for leg in truth.legs.iter_mut().take(1) {
                leg.ends = Some(now);
            }
            truth.events.push((now, LifecycleKind::CustomerEnd, None));
        }
    }

    fn leg(&mut self, participant: Participant, begins: i64, ends: i64) {
        self.legs.push(Leg { participant, begins, connects: Some(begins), ends: Some(ends) });
    }

    /// We disconnect the customer, and everybody goes.
    pub(crate) fn disconnected(&mut self, now: i64) {
        self.end = self.end.min(now);
        self.legs.retain(|leg| leg.begins <= now);
        for leg in &mut self.legs {
            leg.connects = leg.connects.filter(|time| *time <= now);
            leg.ends = Some(leg.ends.map_or(now, |time| time.min(now)));
        }
    }

    fn agent(&mut self, who: &str, begins: i64, connects: Option<i64>, ends: i64) {
        self.legs.push(Leg { participant: alerting(who), begins, connects, ends: Some(ends) });
        self.events.push((begins, LifecycleKind::UserStart, Some(who.to_owned())));
        self.events.push((ends, LifecycleKind::UserEnd, Some(who.to_owned())));
        self.acceptances.extend(connects.map(|connects| (who.to_owned(), connects)));
    }

    /// The conversation as Genesys shows it then.
    pub(crate) fn snapshot(&self, then: i64, clock: &Clock) -> Snapshot {
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

    pub(crate) fn accepted_by(&self, then: i64, who: Option<&str>) -> usize {
        let until_then = self.acceptances.iter().filter(|(_, time)| *time <= then);
        until_then.filter(|(agent, _)| who.is_none_or(|who| agent == who)).count()
    }
}

pub(crate) struct Clock {
    pub(crate) ahead: i64,
}

impl Clock {
    pub(crate) fn ours(&self, time: i64) -> Timestamp {
        at(0).checked_add(SignedDuration::from_millis(time)).unwrap()
    }

    pub(crate) fn theirs(&self, time: i64) -> Timestamp {
        self.ours(time + self.ahead)
    }
}
