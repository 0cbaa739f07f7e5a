//! Random lives of a store, against a model that is a few lists in memory.

use std::{collections::BTreeSet, mem};

use proptest::{collection::vec, option, prelude::*};

use crate::{
    Acceptance, NewReceipt, ReceiptStatus, Sent, Settlement, Step, WorkCounts,
    model::{Change, Model, ModelSession, logged_event, next, waiting},
    testing::{
        Fixture, arrived, delivery_id, event, events, failed, handoff, message_id, new_session,
        outgoing, session_id, turn,
    },
};

#[derive(Clone, Debug)]
enum Action {
    Accept(usize),
    Create {
        session: usize,
        events: Vec<usize>,
    },
    Take {
        session: usize,
        change: Change,
    },
    /// Finishes all that the session has to do, and ends it.
    Leave {
        session: usize,
    },
    Notify,
    Forget {
        limit: usize,
    },
    Settle {
        delivery: usize,
        lost: Option<usize>,
    },
    Show {
        session: usize,
        up_to: usize,
    },
    FinishReceipt,
    Reopen,
}

/// Few names, so that repetitions are frequent.
fn action() -> impl Strategy<Value = Action> {
    let delivery = || 0..8_usize;
    let session = || 1..4_usize;
    let events = || vec(0..12_usize, 0..4);
    prop_oneof![
        4 => delivery().prop_map(Action::Accept),
        4 => (session(), events())
            .prop_map(|(session, events)| Action::Create { session, events }),
        8 => (session(), change()).prop_map(|(session, change)| Action::Take { session, change }),
        2 => (delivery(), option::of(0..4_usize))
            .prop_map(|(delivery, lost)| Action::Settle { delivery, lost }),
        3 => (session(), 0..12_usize).prop_map(|(session, up_to)| Action::Show { session, up_to }),
        2 => Just(Action::FinishReceipt),
        4 => session().prop_map(|session| Action::Leave { session }),
        2 => Just(Action::Notify),
        5 => (0..3_usize).prop_map(|limit| Action::Forget { limit }),
        1 => Just(Action::Reopen),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let handoff = option::of((1..3_u32, any::<bool>()));
    let (settles, sent) = (option::of(0..8_usize), option::of(any::<bool>()));
    let log = (vec(0..12_usize, 0..4), -9..9_i64, any::<bool>(), prop::bool::weighted(0.1));
    let outbox = (vec(0..8_usize, 0..3), sent);
    let bot = (vec(0..8_usize, 0..2), prop::bool::weighted(0.3));
    (log, outbox, bot, handoff, settles).prop_map(|(log, outbox, bot, handoff, settles)| {
        let (events, moment, notifies, ends_session) = log;
        let ((outgoing, sent), (turns, turned)) = (outbox, bot);
        let at_ms = new_session(1).created_at_ms + moment;
        Change {
            events,
            outgoing,
            handoff,
            settles,
            sent,
            turns,
            turned,
            at_ms,
            notifies,
            ends_session,
        }
    })
}

/// The step that the change is, as the store stands.
async fn step(fixture: &Fixture, model: &Model, session: usize, change: Change) -> Step {
    let session = session_id(session);
    let next = fixture.store.next_outgoing(&session).await.unwrap();
    let number = next.map_or(u64::MAX, |next| next.number);
    let next = fixture.store.next_turn(&session).await.unwrap();
    let turn_number = next.map_or(u64::MAX, |next| next.number);
    let sent = change.sent.map(|accepted| match accepted {
        true => Sent::Accepted { number, message_id: Some(format!("theirs-{number}")) },
        false => Sent::GivenUp { number, reason: "gone".to_owned() },
    });
    Step {
        events: events(change.events),
        outgoing: change.outgoing.into_iter().map(outgoing).collect(),
        handoff: change.handoff.map(|(number, open)| handoff(number, open)),
        settles: change.settles.map(|number| (model.arrival(number), Settlement::Appended)),
        sent,
        turns: change.turns.into_iter().map(turn).collect(),
        turned: change.turned.then_some(turn_number),
        at_ms: change.at_ms,
        notify: change.notifies.then(|| "endpoint".to_owned()).into_iter().collect(),
        ends_session: change.ends_session,
        context: None,
    }
}

async fn take(session: usize, change: Change, fixture: &Fixture, model: &mut Model) {
    let step = step(fixture, model, session, change.clone()).await;
    let expected = model.take(session, &change);
    let logged = fixture.store.step(&session_id(session), step.clone()).await;
    assert_eq!(logged.ok(), expected);
    if expected.is_some() {
        // A repetition of the whole step finds what stands, and changes nothing.
        let again = fixture.store.step(&session_id(session), step).await.unwrap();
        assert_eq!(Some(again), expected);
    }
}

async fn carry_out(action: Action, fixture: &mut Fixture, model: &mut Model) {
    let store = &fixture.store;
    match action {
        Action::Accept(number) => {
            let expected = match model.delivery(number) {
                Some(_) => Acceptance::Duplicate,
                None => {
                    model.inbox.push((number, false));
                    Acceptance::New
                }
            };
            assert_eq!(store.accept(arrived(number)).await.unwrap(), expected);
            if expected == Acceptance::New {
                let newest = store.pending(0, 100).await.unwrap().pop().unwrap();
                model.arrivals.insert(number, newest.arrival);
            }
        }
        Action::Create { session, events: numbers } => {
            let created = store.create_session(new_session(session), events(numbers.clone())).await;
            assert_eq!(created.is_ok(), model.create(session, &numbers));
        }
        Action::Take { session, change } => take(session, change, fixture, model).await,
        Action::Leave { session } => {
            while let Some(known) = model.sessions.get(&session)
                && known.has_work()
            {
                take(session, known.finishing(), fixture, model).await;
            }
            let change = Change { ends_session: true, ..Change::default() };
            take(session, change, fixture, model).await;
        }
        Action::Settle { delivery, lost } => {
            let before = model.delivery(delivery).map(|settled| mem::replace(settled, true));
            let receipt = lost.map(|number| failed(&message_id(number)));
            if let (Some(false), Some(NewReceipt { end_user_id, message_id, .. })) =
                (before, receipt.clone())
            {
                model.queue_receipt((end_user_id, message_id, true));
            }
            let arrival = model.arrival(delivery);
            let outcome = Settlement::UnknownSession;
            let settled = store.settle_with_receipt(arrival, outcome, receipt).await;
            assert_eq!(settled.is_ok(), before.is_some());
        }
        Action::Show { session, up_to } => {
            let shown = store.shown(&session_id(session), up_to as u64).await;
            let Some(known) = model.sessions.get_mut(&session) else {
                return assert!(shown.is_err());
            };
            let up_to = up_to.min(known.log.len()).max(known.shown);
            let fresh = known.log[mem::replace(&mut known.shown, up_to)..up_to].to_vec();
            let messages = fresh.into_iter().filter_map(|number| event(number).message_id);
            let before = model.receipts.len();
            for message_id in messages {
                model.queue_receipt((new_session(session).end_user_id, message_id, false));
            }
            assert_eq!(shown.unwrap(), model.receipts.len() - before);
        }
        Action::FinishReceipt => {
            if let Some(receipt) = store.receipts(0, 1).await.unwrap().first() {
                store.receipt_done(receipt.number).await.unwrap();
            }
            if let Some((_, waits)) = model.receipts.iter_mut().find(|(_, waits)| *waits) {
                *waits = false;
            }
        }
        Action::Notify => {
            let first = store.session_to_notify("endpoint", 0, BTreeSet::new()).await.unwrap();
            if let Some((session, sequence)) = model.next_notification() {
                let number = model.sessions[&session].log[sequence as usize - 1];
                let next = store.next_notification("endpoint", first.unwrap()).await;
                let next = next.unwrap().unwrap();
                assert_eq!(next.session_id, session_id(session));
                assert_eq!(next.event, logged_event(sequence as usize - 1, number));
                store.notified(next.number).await.unwrap();
            } else {
                assert_eq!(first, None);
            }
        }
        Action::Forget { limit } => {
            let forgotten = store.forget_sessions(i64::MAX, limit).await.unwrap();
            assert_eq!(forgotten, model.forget(limit));
        }
        Action::Reopen => fixture.reopen().await,
    }
}

async fn compare(fixture: &Fixture, model: &Model) {
    let store = &fixture.store;
    let pending = store.pending(0, 100).await.unwrap();
    let pending: Vec<_> = pending.into_iter().map(|delivery| delivery.delivery_id).collect();
    let expected = model.inbox.iter().filter(|(_, settled)| !settled);
    let expected = expected.map(|(number, _)| delivery_id(*number).to_string());
    assert_eq!(pending, expected.collect::<Vec<_>>());

    let receipts = store.receipts(0, 100).await.unwrap().into_iter().map(|receipt| {
        let failed = receipt.status != ReceiptStatus::Delivered;
        (receipt.end_user_id, receipt.message_id, failed)
    });
    let expected = model.receipts.iter().filter(|(_, waits)| *waits);
    let expected: Vec<_> = expected.map(|(receipt, _)| receipt.clone()).collect();
    assert_eq!(receipts.collect::<Vec<_>>(), expected);

    let counts = WorkCounts {
        waiting_deliveries: pending.len() as u64,
        oldest_delivery_at_ms: pending.first().map(|_| arrived(1).received_at_ms),
        waiting_receipts: expected.len() as u64,
        waiting_notifications: model.notifications.len() as u64,
    };
    let (mut with_work, mut work) = (0, [0; 3]);
    for (session, expected) in &model.sessions {
        compare_session(fixture, *session, expected).await;
        work[0] += expected.open_handoffs();
        work[1] += waiting(&expected.outbox);
        work[2] += waiting(&expected.turns);
        with_work += usize::from(expected.has_work());
    }
    let idle = store.idle_sessions(i64::MAX, None, 100).await.unwrap();
    let live = model.sessions.values().filter(|session| session.ended_at_ms.is_none());
    assert_eq!(idle.len(), live.count());
    assert_eq!(store.work_counts().await.unwrap(), counts);
    let found = store.work_of_tenants().await.unwrap();
    assert!(found.len() <= 1, "all sessions are of one tenant");
    let found = found
        .first()
        .map_or([0; 3], |found| [found.open_handoffs, found.waiting_outgoing, found.waiting_turns]);
    assert_eq!(found, work);
    assert_eq!(store.sessions_with_work(None, 100).await.unwrap().len(), with_work);
}

async fn compare_session(fixture: &Fixture, session: usize, expected: &ModelSession) {
    let store = &fixture.store;
    let log = expected.log.iter().enumerate();
    let log: Vec<_> = log.map(|(place, number)| logged_event(place, *number)).collect();
    assert_eq!(fixture.log(session).await, log);
    let session = session_id(session);
    assert_eq!(store.last_sequence(&session).await.unwrap(), log.len() as u64);
    let kept = store.session(&session).await.unwrap().unwrap();
    assert_eq!(kept.ended, expected.ended_at_ms.is_some());
    assert_eq!(kept.active_at_ms, expected.active_at_ms);
    let first = store.next_outgoing(&session).await.unwrap().map(|next| next.id);
    assert_eq!(first, next(&expected.outbox).map(|number| outgoing(number).id));
    let first = store.next_turn(&session).await.unwrap().map(|next| next.id);
    assert_eq!(first, next(&expected.turns).map(|number| turn(number).id));
    let newest = expected.handoffs.last_key_value();
    let newest = newest.map(|(number, open)| handoff(*number, *open));
    assert_eq!(store.handoff(&session).await.unwrap(), newest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn invariants_4_5_and_6_hold_through_any_life_of_a_store(actions in vec(action(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut fixture = Fixture::new();
            let mut model = Model::default();
            for action in actions {
                carry_out(action, &mut fixture, &mut model).await;
                compare(&fixture, &model).await;
            }
        });
    }
}
