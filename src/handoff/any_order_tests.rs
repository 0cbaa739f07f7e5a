//! Inputs of every kind in any order, sensible or not.

use baton_core::lifecycle::LifecycleKind;
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::{
    DisconnectOutcome, Handoff, Input, Leaving, Notice, Participant, QueueRef, ReadOutcome, Rules,
    Snapshot, State, Ticket, TransferOutcome, TwoQueues,
    testing::{agent, alerting, at, customer, event, other, queue, seconds, written},
};

fn leg() -> impl Strategy<Value = Participant> {
    let user = || prop_oneof![Just("a"), Just("b")];
    let leg = prop_oneof![
        3 => Just(customer()),
        1 => prop_oneof![Just("a"), Just("b")].prop_map(queue),
        2 => (user(), 0..60_i64).prop_map(|(user, since)| agent(user, since).sent(user, since + 5)),
        1 => user().prop_map(alerting),
        1 => Just(Participant { user_id: None, connected_at: None, ..agent("", 0) }),
        1 => Just(Participant { id: String::new(), ..customer() }),
        1 => Just(other("external").state(State::Live)),
    ];
    (leg, proptest::option::of(0..90_i64)).prop_map(|(leg, ended)| match ended {
        Some(ended) => leg.until(ended),
        None => leg,
    })
}

fn outcome() -> impl Strategy<Value = ReadOutcome> {
    let conversation = prop_oneof![4 => Just("c1"), 1 => Just("c2")];
    prop_oneof![
        6 => (conversation, vec(leg(), 0..5)).prop_map(|(conversation, participants)| {
            let conversation_id = conversation.to_owned();
            ReadOutcome::Snapshot(Snapshot { conversation_id, participants })
        }),
        1 => Just(ReadOutcome::NotFound),
        1 => Just(ReadOutcome::Failed),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let id = || prop_oneof![Just("a".to_owned()), Just("b".to_owned())];
    let kind = prop_oneof![
        Just(LifecycleKind::UserStart),
        Just(LifecycleKind::UserEnd),
        Just(LifecycleKind::CustomerEnd),
        Just(LifecycleKind::AcdEnd),
    ];
    let read = |ticket: u64| serde_json::from_value::<Ticket>(json!(ticket)).unwrap();
    prop_oneof![
        4 => prop_oneof![9 => Just("c1"), 1 => Just("c2")]
            .prop_map(|id| Input::Accepted { conversation_id: id.to_owned() }),
        1 => Just(Input::Refused),
        2 => Just(Input::Reconcile),
        6 => (kind, id(), -60..90_i64)
            .prop_map(|(kind, id, time)| Input::Event(event(kind, Some(&id), at(time)))),
        12 => (0..40_u64, outcome())
            .prop_map(move |(ticket, outcome)| Input::Read { ticket: read(ticket), outcome }),
        3 => (-60..90_i64, -60..90_i64)
            .prop_map(|(received, sent)| written(at(received), at(sent))),
        2 => id().prop_map(|user_id| Input::Named { user_id, details: None }),
        4 => (id(), proptest::option::of(0..500_u64)).prop_map(|(queue_id, wait)| {
            Input::Estimated { queue_id, wait: wait.map(seconds) }
        }),
        2 => vec(id(), 0..3).prop_map(Input::Missing),
        1 => (id(), any::<bool>())
            .prop_map(|(message_id, arrived)| Input::Fetched { message_id, arrived }),
        1 => Just(Input::Left(Leaving::EndedByUser)),
        1 => Just(Input::Left(Leaving::Abandoned)),
        2 => prop_oneof![
            Just(DisconnectOutcome::Done),
            Just(DisconnectOutcome::Gone),
            Just(DisconnectOutcome::Failed),
            Just(DisconnectOutcome::Refused),
        ]
        .prop_map(Input::Disconnected),
        2 => prop_oneof![
            Just(TransferOutcome::Done),
            Just(TransferOutcome::Failed),
            Just(TransferOutcome::Stuck),
            Just(TransferOutcome::Refused),
        ]
        .prop_map(Input::Transferred),
        2 => Just(Input::Tick),
    ]
}

/// Accepted comes first, a leaving only right before the end, and nothing after it.
fn is_in_order(told: &[Notice]) -> bool {
    let before_end = match told {
        [before @ .., Notice::AgentLeft(_), Notice::Over(_)] => {
            before.iter().any(|notice| matches!(notice, Notice::AgentJoined(_)))
                && !before.is_empty()
        }
        [before @ .., Notice::Over(_)] => {
            before.iter().all(|notice| matches!(notice, Notice::Accepted | Notice::Queue(_)))
        }
        _ => true,
    };
    let joined = |notice: &Notice| {
        matches!(notice, Notice::Accepted | Notice::Queue(_) | Notice::AgentJoined(_))
    };
    let middle = told.iter().rev().skip_while(|notice| !joined(notice));
    before_end
        && middle.clone().all(joined)
        && told.iter().skip(1).all(|notice| *notice != Notice::Accepted)
        && told.len() - middle.count() <= 2
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn invariant_11_inputs_in_any_order_neither_panic_nor_spin_nor_say_a_thing_twice(
        steps in vec((0..20_u64, input()), 0..80),
        name_agents in any::<bool>(),
        longest_wait in proptest::option::of(0..300_u64),
        estimates in proptest::option::of(1..60_u64),
        two_queues in any::<bool>(),
    ) {
        let (longest_wait, estimates) = (longest_wait.map(seconds), estimates.map(seconds));
        let rules = Rules { name_agents, longest_wait, estimates, ..Rules::default() };
        let mut now = at(0);
        let mut handoff = Handoff::requested(now, &rules);
        if two_queues {
            let [bot, agent] = ["a", "b"].map(|id| QueueRef::Id(id.to_owned()));
            handoff = handoff.between(TwoQueues { bot, agent });
        }
        let mut told = Vec::new();
        for (pause, input) in steps {
            now = now.checked_add(seconds(pause)).unwrap();
            told.extend(handoff.apply(input, now, &rules));
            prop_assert!(is_in_order(&told), "{told:?}");
            let ended = matches!(told.last(), Some(Notice::Over(_)));
            prop_assert_eq!(handoff.is_over(), ended);
            prop_assert!(handoff.wants().wake_at.is_none_or(|wake| wake > now));
            prop_assert!(handoff.is_over() || handoff.is_open());
            prop_assert!(!(handoff.is_over() && handoff.wants().hold));
            let stored = serde_json::to_string(&handoff).unwrap();
            prop_assert!(stored.len() < 4_000);
            prop_assert_eq!(&serde_json::from_str::<Handoff>(&stored).unwrap(), &handoff);
        }
    }
}
