//! Random lives of a store, against a model that is a few lists in memory.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use crate::{
    Acceptance, LoggedEvent, Settlement,
    testing::{Fixture, arrived, delivery_id, event, events, new_session, session_id},
};

#[derive(Clone, Debug)]
enum Step {
    Accept(usize),
    Append { session: usize, events: Vec<usize>, settles: Option<usize> },
    Settle(usize),
    Create { session: usize, events: Vec<usize> },
    End { session: usize, events: Vec<usize> },
    Reopen,
}

/// Few names, so that repetitions are frequent.
fn step() -> impl Strategy<Value = Step> {
    let delivery = 0..8_usize;
    let session = 1..4_usize;
    let events = || vec(0..12_usize, 0..4);
    prop_oneof![
        4 => delivery.clone().prop_map(Step::Accept),
        6 => (session.clone(), events(), proptest::option::of(delivery.clone()))
            .prop_map(|(session, events, settles)| Step::Append { session, events, settles }),
        2 => delivery.prop_map(Step::Settle),
        2 => (session.clone(), events())
            .prop_map(|(session, events)| Step::Create { session, events }),
        1 => (session, events()).prop_map(|(session, events)| Step::End { session, events }),
        1 => Just(Step::Reopen),
    ]
}

#[derive(Default)]
struct Model {
    /// The deliveries in order of arrival, and whether each is settled.
    inbox: Vec<(usize, bool)>,
    /// Under which number each delivery arrived.
    arrivals: BTreeMap<usize, u64>,
    /// Each session's log, as the numbers of its events in order, and whether it has ended.
    sessions: BTreeMap<usize, (Vec<usize>, bool)>,
}

impl Model {
    fn delivery(&mut self, number: usize) -> Option<&mut bool> {
        self.inbox.iter_mut().find(|(known, _)| *known == number).map(|(_, settled)| settled)
    }

    /// What an append returns; `None` is a refusal.
    fn append(
        &mut self,
        session: usize,
        events: &[usize],
        settles: Option<usize>,
    ) -> Option<Vec<LoggedEvent>> {
        self.sessions.get(&session)?;
        let settled_before = match settles {
            Some(delivery) => std::mem::replace(self.delivery(delivery)?, true),
            None => false,
        };
        let (log, _) = self.sessions.get_mut(&session)?;
        let mut logged = Vec::new();
        for number in events {
            let place = log.iter().position(|known| known == number).or_else(|| {
                (!settled_before).then(|| {
                    log.push(*number);
                    log.len() - 1
                })
            });
            logged.extend(place.map(|place| logged_event(place, *number)));
        }
        Some(logged)
    }
}

fn logged_event(place: usize, number: usize) -> LoggedEvent {
    let crate::NewEvent { id, timestamp, kind, payload, metadata } = event(number);
    LoggedEvent { sequence: place as u64 + 1, id, timestamp, kind, payload, metadata }
}

/// The number under which the delivery arrived; one that no delivery has, if it did not.
fn arrival(model: &Model, number: usize) -> u64 {
    model.arrivals.get(&number).copied().unwrap_or(u64::MAX)
}

async fn take(step: Step, fixture: &mut Fixture, model: &mut Model) {
    let store = &fixture.store;
    match step {
        Step::Accept(number) => {
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
        Step::Append { session, events: numbers, settles } => {
            let expected = model.append(session, &numbers, settles);
            let settles = settles.map(|number| arrival(model, number));
            let logged = store.append(&session_id(session), events(numbers), settles).await;
            assert_eq!(logged.ok(), expected);
        }
        Step::Settle(number) => {
            let known = model.delivery(number).map(|settled| *settled = true).is_some();
            let settled = store.settle(arrival(model, number), Settlement::NothingToShow).await;
            assert_eq!(settled.is_ok(), known);
        }
        Step::Create { session, events: numbers } => {
            let created = store.create_session(new_session(session), events(numbers.clone())).await;
            let is_new = !model.sessions.contains_key(&session);
            assert_eq!(created.is_ok(), is_new);
            if is_new {
                model.sessions.insert(session, Default::default());
                model.append(session, &numbers, None).unwrap();
            }
        }
        Step::End { session, events: numbers } => {
            let ended =
                model.sessions.get_mut(&session).map(|(_, ended)| std::mem::replace(ended, true));
            let expected = match ended {
                Some(true) => Some(Vec::new()),
                Some(false) | None => model.append(session, &numbers, None),
            };
            let logged = store.end_session(&session_id(session), events(numbers)).await;
            assert_eq!(logged.ok(), expected);
        }
        Step::Reopen => fixture.reopen().await,
    }
}

async fn compare(fixture: &Fixture, model: &Model) {
    let store = &fixture.store;
    let pending = store.pending(0, 100).await.unwrap();
    let pending: Vec<_> = pending.into_iter().map(|delivery| delivery.delivery_id).collect();
    let expected = model.inbox.iter().filter(|(_, settled)| !settled);
    let expected = expected.map(|(number, _)| delivery_id(*number).to_string());
    assert_eq!(pending, expected.collect::<Vec<_>>());
    for (session, (log, ended)) in &model.sessions {
        let expected = log.iter().enumerate().map(|(place, number)| logged_event(place, *number));
        let logged = fixture.log(*session).await;
        assert_eq!(logged, expected.collect::<Vec<_>>());
        let session = session_id(*session);
        assert_eq!(store.last_sequence(&session).await.unwrap(), log.len() as u64);
        assert_eq!(store.session(&session).await.unwrap().unwrap().ended, *ended);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn invariants_4_and_5_hold_through_any_life_of_a_store(steps in vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut fixture = Fixture::new();
            let mut model = Model::default();
            for step in steps {
                take(step, &mut fixture, &mut model).await;
                compare(&fixture, &model).await;
            }
        });
    }
}
