//! What is old goes, whole and a little at a time; what lives is not touched.

use crate::{
    Acceptance, ContextBy, HandoffContext, NewEvent, NewSession, Sent, Settlement, Step,
    testing::{
        Fixture, arrived, event, events, failed, handoff, message_id, new_session, outgoing,
        session_id, turn,
    },
};

/// How many rows each table has that holds what belongs to sessions.
const ROWS: &str = "
    SELECT (SELECT count(*) FROM dead_letter) || ' ' || (SELECT count(*) FROM inbox) || ' ' || (SELECT count(*) FROM session) || ' '
        || (SELECT count(*) FROM event) || ' ' || (SELECT count(*) FROM outgoing) || ' '
        || (SELECT count(*) FROM turn) || ' ' || (SELECT count(*) FROM handoff) || ' '
        || (SELECT count(*) FROM handoff_context) || ' '
        || (SELECT count(*) FROM notification) || ' ' || (SELECT count(*) FROM receipt)";

impl Fixture {
    async fn rows(&self) -> String {
        self.store
            .read(|connection| Ok(connection.query_row(ROWS, [], |row| row.get(0)).unwrap()))
            .await
            .unwrap()
    }

    /// A session that has something of everything, and nothing left to do.
    async fn create_full(&self, number: usize) {
        let session = NewSession {
            external_id: Some(format!("external-{number}")),
            custom: Some("{}".to_owned()),
            ..new_session(number)
        };
        let context =
            HandoffContext { number: 1, shared_id: Some("call".to_owned()), body: String::new() };
        let step = Step {
            events: events([1, 2, 3]),
            outgoing: vec![outgoing(1)],
            turns: vec![turn(1)],
            handoff: Some(handoff(1, false)),
            context: Some(context),
            notify: vec!["endpoint".to_owned()],
            ..Step::default()
        };
        self.store.create_session(session, step).await.unwrap();
        let id = session_id(number);
        let sent = self.store.next_outgoing(&id).await.unwrap().unwrap().number;
        let turned = self.store.next_turn(&id).await.unwrap().map(|turn| turn.number);
        let sent = Some(Sent::GivenUp { number: sent, reason: "gone".to_owned() });
        self.store.step(&id, Step { sent, turned, ..Step::default() }).await.unwrap();
        self.store.accept(arrived(number)).await.unwrap();
        let arrival = self.store.next_delivery(&id).await.unwrap().unwrap().delivery.arrival;
        self.store.append(&id, events([4]), Some(arrival)).await.unwrap();
        self.store.shown(&id, u64::MAX).await.unwrap();
    }

    async fn end(&self, session: usize, at_ms: i64) {
        let step = Step { at_ms, ends_session: true, ..Step::default() };
        self.store.step(&session_id(session), step).await.unwrap();
    }

    async fn is_there(&self, session: usize) -> bool {
        self.store.session(&session_id(session)).await.unwrap().is_some()
    }
}

/// A time after the creation of every session.
fn at(ms: i64) -> i64 {
    new_session(1).created_at_ms + ms
}

#[tokio::test]
async fn an_old_session_goes_with_all_that_is_its_own_and_another_keeps_it_all() {
    let mut fixture = Fixture::new();
    fixture.create_full(1).await;
    let alone = fixture.rows().await;
    assert_eq!(alone, "1 1 1 4 1 1 1 1 3 1");
    fixture.create_full(2).await;
    fixture.end(2, at(100)).await;
    assert_eq!(fixture.store.forget_sessions(at(100), 10).await.unwrap(), 0);
    assert_eq!(fixture.store.forget_sessions(at(101), 10).await.unwrap(), 1);
    assert_eq!(fixture.store.forget_sessions(at(101), 10).await.unwrap(), 0);
    fixture.reopen().await;
    assert_eq!(fixture.rows().await, alone);
    let store = &fixture.store;
    let tenant = new_session(1).tenant;
    assert_eq!(store.session_of_external_id(&tenant, "external-2").await.unwrap(), None);
    let shared = ContextBy::SharedId("call".to_owned());
    let context = store.handoff_context(&tenant, shared).await.unwrap().unwrap();
    assert_eq!(context.session_id, session_id(1));
    // Its ids may be had again.
    fixture.create_full(2).await;
    assert_eq!(fixture.log(2).await.len(), 4);
}

#[tokio::test]
async fn invariant_4_the_duplicate_keys_of_a_live_session_stay_whoever_is_forgotten() {
    let fixture = Fixture::new();
    for number in 1..=3 {
        fixture.create_full(number).await;
    }
    for number in [1, 3] {
        fixture.end(number, at(1)).await;
    }
    assert_eq!(fixture.store.forget_sessions(i64::MAX, 10).await.unwrap(), 2);
    assert_eq!(fixture.store.accept(arrived(2)).await.unwrap(), Acceptance::Duplicate);
    let (before, rows) = (fixture.log(2).await, fixture.rows().await);
    let again = Step {
        events: events([1, 2, 3, 4]),
        outgoing: vec![outgoing(1)],
        turns: vec![turn(1)],
        notify: vec!["endpoint".to_owned()],
        ..Step::default()
    };
    assert_eq!(fixture.store.step(&session_id(2), again).await.unwrap(), before);
    assert_eq!(fixture.store.shown(&session_id(2), u64::MAX).await.unwrap(), 0);
    assert_eq!(fixture.rows().await, rows);
    assert_eq!(fixture.store.sessions_with_work(None, 10).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_end_users_of_other_integrations_keep_their_deliveries_and_receipts() {
    let fixture = Fixture::new();
    fixture.create_full(1).await;
    let another = || Some("another".to_owned());
    let delivery = crate::Arrived { integration_id: another(), ..arrived(9) };
    let delivery = crate::Arrived { end_user_id: arrived(1).end_user_id, ..delivery };
    fixture.store.accept(delivery).await.unwrap();
    fixture.store.settle(2, Settlement::NotConfigured).await.unwrap();
    let receipt =
        crate::NewReceipt { integration_id: "another".to_owned(), ..failed(&message_id(3)) };
    fixture.store.fail_receipt(receipt).await.unwrap();
    fixture.end(1, at(1)).await;
    assert_eq!(fixture.store.forget_sessions(i64::MAX, 10).await.unwrap(), 1);
    assert_eq!(fixture.rows().await, "1 1 0 0 0 0 0 0 0 1");
}

#[tokio::test]
async fn those_that_ended_first_go_first_and_no_more_than_were_asked_for() {
    let fixture = Fixture::with_sessions(5).await;
    for (session, ended_at_ms) in [(1, 400), (2, 100), (4, 300), (5, 200)] {
        fixture.end(session, at(ended_at_ms)).await;
    }
    assert_eq!(fixture.store.forget_sessions(at(400), 0).await.unwrap(), 0);
    assert_eq!(fixture.store.forget_sessions(at(400), 2).await.unwrap(), 2);
    assert!(!fixture.is_there(2).await && !fixture.is_there(5).await);
    assert!(fixture.is_there(4).await);
    assert_eq!(fixture.store.forget_sessions(at(400), 2).await.unwrap(), 1);
    assert!(fixture.is_there(1).await && fixture.is_there(3).await);
}

#[tokio::test]
async fn a_session_in_which_something_is_left_to_do_stays_until_it_is_done() {
    let fixture = Fixture::with_sessions(4).await;
    let steps = [
        Step { outgoing: vec![outgoing(1)], ..Step::default() },
        Step { turns: vec![turn(1)], ..Step::default() },
        Step { handoff: Some(handoff(1, true)), ..Step::default() },
    ];
    for (session, step) in (1..).zip(steps) {
        fixture.store.step(&session_id(session), step).await.unwrap();
        fixture.end(session, at(1)).await;
    }
    fixture.end(4, at(2)).await;
    assert_eq!(fixture.store.forget_sessions(i64::MAX, 1).await.unwrap(), 1);
    assert!(!fixture.is_there(4).await, "the others do not stand in its way");
    let done = [
        Step { sent: Some(Sent::Accepted { number: 1, message_id: None }), ..Step::default() },
        Step { turned: Some(1), ..Step::default() },
        Step { handoff: Some(handoff(1, false)), ..Step::default() },
    ];
    for (session, step) in (1..).zip(done) {
        assert_eq!(fixture.store.forget_sessions(i64::MAX, 10).await.unwrap(), 0);
        fixture.store.step(&session_id(session), step).await.unwrap();
        assert_eq!(fixture.store.forget_sessions(i64::MAX, 10).await.unwrap(), 1);
        assert!(!fixture.is_there(session).await);
    }
}

#[tokio::test]
async fn invariant_3_a_delivery_that_is_not_settled_is_not_forgotten() {
    let fixture = Fixture::new();
    fixture.create_full(1).await;
    let late = crate::Arrived { end_user_id: arrived(1).end_user_id, ..arrived(2) };
    fixture.store.accept(late).await.unwrap();
    fixture.end(1, at(1)).await;
    assert_eq!(fixture.store.forget_sessions(i64::MAX, 10).await.unwrap(), 1);
    let pending = fixture.store.pending(0, 10).await.unwrap();
    assert_eq!(pending.len(), 1);
    fixture.store.settle(pending[0].arrival, Settlement::UnknownSession).await.unwrap();
}

#[tokio::test]
async fn invariant_11_a_long_session_goes_in_several_transactions_its_newest_events_last() {
    let mut fixture = Fixture::with_sessions(2).await;
    for number in 0..25 {
        let events = events((number * 100)..(number * 100 + 100));
        let events: Vec<_> =
            events.into_iter().map(|event| NewEvent { message_id: None, ..event }).collect();
        fixture.store.append(&session_id(1), events, None).await.unwrap();
    }
    fixture.end(1, at(1)).await;
    fixture.end(2, at(2)).await;
    let piece = async |fixture: &Fixture, most| {
        let task = move |connection: &_| crate::retention::forget(connection, i64::MAX, most);
        let piece = fixture.store.write(task).await.unwrap();
        (piece.forgotten, piece.rows_left)
    };
    assert_eq!(piece(&fixture, 10).await, (0, 0));
    fixture.reopen().await;
    assert_eq!(fixture.log(1).await[0].sequence, 1001);
    assert_eq!(piece(&fixture, 10).await, (0, 0));
    let late = fixture.store.append(&session_id(1), vec![event(9999)], None).await.unwrap();
    assert_eq!(late[0].sequence, 2501, "what is left keeps its numbers");
    assert_eq!(fixture.store.forget_sessions(i64::MAX, 10).await.unwrap(), 2);
    assert_eq!(fixture.rows().await, "0 0 0 0 0 0 0 0 0 0");
}
