//! Random lives of a store, against a model that is a few lists in memory.

use std::{collections::BTreeMap, mem};

use proptest::{collection::vec, option, prelude::*};

use crate::{
    Acceptance, LoggedEvent, NewReceipt, ReceiptStatus, Sent, Settlement, Step, WorkCounts,
    testing::{
        Fixture, arrived, delivery_id, event, events, failed, handoff, message_id, new_session,
        outgoing, session_id,
    },
};

#[derive(Clone, Debug)]
enum Action {
    Accept(usize),
    Create { session: usize, events: Vec<usize> },
    Take { session: usize, change: Change },
    Settle { delivery: usize, lost: Option<usize> },
    Show { session: usize, up_to: usize },
    FinishReceipt,
    Reopen,
}

/// A step, in numbers.
#[derive(Clone, Debug)]
struct Change {
    events: Vec<usize>,
    outgoing: Vec<usize>,
    handoff: Option<(u32, bool)>,
    settles: Option<usize>,
    /// Whether Genesys accepted the message that is the session's turn.
    sent: Option<bool>,
    ends_session: bool,
}

/// Few names, so that repetitions are frequent.
fn action() -> impl Strategy<Value = Action> {
    let delivery = || 0..8_usize;
    let session = || 1..4_usize;
    let events = || vec(0..12_usize, 0..4);
    prop_oneof![
        4 => delivery().prop_map(Action::Accept),
        2 => (session(), events())
            .prop_map(|(session, events)| Action::Create { session, events }),
        8 => (session(), change()).prop_map(|(session, change)| Action::Take { session, change }),
        2 => (delivery(), option::of(0..4_usize))
            .prop_map(|(delivery, lost)| Action::Settle { delivery, lost }),
        3 => (session(), 0..12_usize).prop_map(|(session, up_to)| Action::Show { session, up_to }),
        2 => Just(Action::FinishReceipt),
        1 => Just(Action::Reopen),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let handoff = option::of((1..3_u32, any::<bool>()));
    let (settles, sent) = (option::of(0..8_usize), option::of(any::<bool>()));
    let ends_session = prop::bool::weighted(0.1);
    (vec(0..12_usize, 0..4), vec(0..8_usize, 0..3), handoff, settles, sent, ends_session).prop_map(
        |(events, outgoing, handoff, settles, sent, ends_session)| Change {
            events,
            outgoing,
            handoff,
            settles,
            sent,
            ends_session,
        },
    )
}

#[derive(Default)]
struct ModelSession {
    /// The numbers of its events in order.
    log: Vec<usize>,
    ended: bool,
    /// How many of its events were shown.
    shown: usize,
    /// The numbers of its messages in order, and whether each one waits.
    outbox: Vec<(usize, bool)>,
    /// Whether each handoff is open.
    handoffs: BTreeMap<u32, bool>,
}

/// Whose message, which one, and whether it failed.
type ReceiptKey = (String, String, bool);

#[derive(Default)]
struct Model {
    /// The deliveries in order of arrival, and whether each is settled.
    inbox: Vec<(usize, bool)>,
    /// Under which number each delivery arrived.
    arrivals: BTreeMap<usize, u64>,
    sessions: BTreeMap<usize, ModelSession>,
    /// The receipts as they were queued, and whether each one waits.
    receipts: Vec<(ReceiptKey, bool)>,
}

impl Model {
    /// The number under which the delivery arrived; one that no delivery has, if it did not.
    fn arrival(&self, number: usize) -> u64 {
        self.arrivals.get(&number).copied().unwrap_or(u64::MAX)
    }

    fn delivery(&mut self, number: usize) -> Option<&mut bool> {
        self.inbox.iter_mut().find(|(known, _)| *known == number).map(|(_, settled)| settled)
    }

    /// What a step returns; `None` is a refusal, which changes nothing.
    fn take(&mut self, session: usize, change: &Change) -> Option<Vec<LoggedEvent>> {
        let waits = self.sessions.get(&session)?.outbox.iter().any(|(_, waits)| *waits);
        if change.sent.is_some() && !waits {
            return None;
        }
        let settled_before = match change.settles {
            Some(delivery) => mem::replace(self.delivery(delivery)?, true),
            None => false,
        };
        let session = self.sessions.get_mut(&session)?;
        let appends =
            !settled_before && (!change.ends_session || !mem::replace(&mut session.ended, true));
        if change.sent.is_some() {
            session.outbox.iter_mut().find(|(_, waits)| *waits)?.1 = false;
        }
        for number in &change.outgoing {
            if session.outbox.iter().all(|(known, _)| known != number) {
                session.outbox.push((*number, true));
            }
        }
        if let Some((number, _)) = change.handoff {
            session.handoffs.range_mut(..number).for_each(|(_, open)| *open = false);
        }
        session.handoffs.extend(change.handoff);
        Some(session.append(&change.events, appends))
    }

    fn queue_receipt(&mut self, receipt: ReceiptKey) {
        if self.receipts.iter().all(|(known, _)| *known != receipt) {
            self.receipts.push((receipt, true));
        }
    }
}

impl ModelSession {
    /// Appends what is new, if it may. Returns the events that stand in the log then.
    fn append(&mut self, events: &[usize], appends: bool) -> Vec<LoggedEvent> {
        let mut logged = Vec::new();
        for number in events {
            let place = self.log.iter().position(|known| known == number).or_else(|| {
                appends.then(|| {
                    self.log.push(*number);
                    self.log.len() - 1
                })
            });
            logged.extend(place.map(|place| logged_event(place, *number)));
        }
        logged
    }
}

fn logged_event(place: usize, number: usize) -> LoggedEvent {
    let crate::NewEvent { id, timestamp, kind, payload, metadata, .. } = event(number);
    LoggedEvent { sequence: place as u64 + 1, id, timestamp, kind, payload, metadata }
}

/// The step that the change is, as the store stands.
async fn step(fixture: &Fixture, model: &Model, session: usize, change: Change) -> Step {
    let next = fixture.store.next_outgoing(&session_id(session)).await.unwrap();
    let number = next.map_or(u64::MAX, |next| next.number);
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
        ends_session: change.ends_session,
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
            let is_new = !model.sessions.contains_key(&session);
            assert_eq!(created.is_ok(), is_new);
            if is_new {
                model.sessions.entry(session).or_default().append(&numbers, true);
            }
        }
        Action::Take { session, change } => {
            let step = step(fixture, model, session, change.clone()).await;
            let expected = model.take(session, &change);
            let logged = store.step(&session_id(session), step.clone()).await;
            assert_eq!(logged.ok(), expected);
            if expected.is_some() {
                // A repetition of the whole step finds what stands, and changes nothing.
                let again = store.step(&session_id(session), step).await.unwrap();
                assert_eq!(Some(again), expected);
            }
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

    let mut counts = WorkCounts { waiting_receipts: expected.len() as u64, ..Default::default() };
    let mut with_work = 0;
    for (session, expected) in &model.sessions {
        compare_session(fixture, *session, expected).await;
        let open = expected.handoffs.values().filter(|open| **open).count() as u64;
        let waiting = expected.outbox.iter().filter(|(_, waits)| *waits).count() as u64;
        counts.open_handoffs += open;
        counts.waiting_outgoing += waiting;
        with_work += usize::from(open + waiting > 0);
    }
    assert_eq!(store.work_counts().await.unwrap(), counts);
    assert_eq!(store.sessions_with_work(None, 100).await.unwrap().len(), with_work);
}

async fn compare_session(fixture: &Fixture, session: usize, expected: &ModelSession) {
    let store = &fixture.store;
    let log = expected.log.iter().enumerate();
    let log: Vec<_> = log.map(|(place, number)| logged_event(place, *number)).collect();
    assert_eq!(fixture.log(session).await, log);
    let session = session_id(session);
    assert_eq!(store.last_sequence(&session).await.unwrap(), log.len() as u64);
    assert_eq!(store.session(&session).await.unwrap().unwrap().ended, expected.ended);
    let next = store.next_outgoing(&session).await.unwrap().map(|next| next.id);
    let waiting = expected.outbox.iter().find(|(_, waits)| *waits);
    assert_eq!(next, waiting.map(|(number, _)| outgoing(*number).id));
    let newest = expected.handoffs.last_key_value();
    let newest = newest.map(|(number, open)| handoff(*number, *open));
    assert_eq!(store.handoff(&session).await.unwrap(), newest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn invariants_4_5_and_6_hold_through_any_life_of_a_store(actions in vec(action(), 1..40)) {
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
