//! The first durable step: what is accepted stays, once.

use std::fs;

use crate::{
    Acceptance, Arrived, NewSession, Pending, Settlement, Store, StoreError,
    testing::{Fixture, arrived, delivery_id, event, new_session, session_id},
};

#[tokio::test]
async fn invariant_4_a_repeated_delivery_is_a_duplicate_also_after_reopening() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.store.accept(arrived(1)).await.unwrap(), Acceptance::New);
    assert_eq!(fixture.store.accept(arrived(1)).await.unwrap(), Acceptance::Duplicate);
    fixture.reopen().await;
    assert_eq!(fixture.store.accept(arrived(1)).await.unwrap(), Acceptance::Duplicate);
    assert_eq!(fixture.store.accept(arrived(2)).await.unwrap(), Acceptance::New);
}

#[tokio::test]
async fn invariant_4_a_delivery_that_is_settled_stays_known() {
    let mut fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    for number in 1..=2 {
        store.accept(arrived(number)).await.unwrap();
    }
    store.settle(1, Settlement::NothingToShow).await.unwrap();
    store.append(&session_id(1), vec![event(1)], Some(2)).await.unwrap();
    fixture.reopen().await;
    for number in 1..=2 {
        let again = fixture.store.accept(arrived(number)).await.unwrap();
        assert_eq!(again, Acceptance::Duplicate);
    }
    assert_eq!(fixture.store.pending(0, 10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_4_of_many_concurrent_repetitions_exactly_one_is_new() {
    let fixture = Fixture::new();
    let accepts: Vec<_> = (0..200)
        .map(|number| {
            let store = fixture.store.clone();
            tokio::spawn(async move { store.accept(arrived(number % 50)).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for accept in accepts {
        new += usize::from(accept.await.unwrap() == Acceptance::New);
    }
    assert_eq!(new, 50);
    assert_eq!(fixture.store.pending(0, 1000).await.unwrap().len(), 50);
}

#[tokio::test]
async fn invariant_3_what_was_accepted_survives_a_crash() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    for number in 1..=20 {
        store.accept(arrived(number)).await.unwrap();
    }
    store.append(&session_id(1), vec![event(1)], Some(7)).await.unwrap();

    // What lies on the disk while the store is open is what a crash would leave.
    let after_crash = tempfile::tempdir().unwrap();
    for name in ["baton.db", "baton.db-wal"] {
        fs::copy(fixture.directory.path().join(name), after_crash.path().join(name)).unwrap();
    }
    let recovered = Store::open(&after_crash.path().join("baton.db")).unwrap();
    let pending = recovered.pending(0, 100).await.unwrap();
    assert_eq!(pending, store.pending(0, 100).await.unwrap());
    assert_eq!(pending.len(), 19);
    assert_eq!(recovered.last_sequence(&session_id(1)).await.unwrap(), 1);
}

#[tokio::test]
async fn the_pending_come_in_order_of_arrival_without_the_settled() {
    let mut fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    // Not the order of their ids.
    for number in [5, 3, 9, 1, 7] {
        store.accept(arrived(number)).await.unwrap();
    }
    store.settle(3, Settlement::UnknownSession).await.unwrap();
    store.append(&session_id(1), Vec::new(), Some(1)).await.unwrap();
    fixture.reopen().await;

    let store = &fixture.store;
    let pending = store.pending(0, 10).await.unwrap();
    let ids: Vec<_> = pending.iter().map(|delivery| delivery.delivery_id.clone()).collect();
    assert_eq!(ids, [3, 1, 7].map(|number| delivery_id(number).to_string()));
    assert!(pending.is_sorted_by_key(|delivery| delivery.arrival));
    assert_eq!(pending[0].tenant, arrived(3).tenant);
    assert_eq!(pending[0].integration_id, arrived(3).integration_id);
    assert_eq!(pending[0].end_user_id, arrived(3).end_user_id);
    let sessions: Vec<_> = pending.iter().map(|delivery| delivery.session_id.clone()).collect();
    assert_eq!(sessions, [None, Some(session_id(1)), None]);

    // Page by page it is the same.
    let mut paged: Vec<Pending> = Vec::new();
    loop {
        let after = paged.last().map_or(0, |last| last.arrival);
        let page = store.pending(after, 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, pending);
    assert_eq!(store.pending(u64::MAX, usize::MAX).await.unwrap(), []);
}

#[tokio::test]
async fn the_next_delivery_of_a_session_is_the_first_of_its_own_that_is_not_settled() {
    let fixture = Fixture::with_sessions(2).await;
    let store = &fixture.store;
    for number in 1..=4 {
        let mut arrived = arrived(number);
        arrived.end_user_id = Some(format!("user-{}", 1 + number % 2));
        store.accept(arrived).await.unwrap();
    }
    let mut foreign = arrived(5);
    foreign.integration_id = Some("another".to_owned());
    store.accept(foreign).await.unwrap();
    let next = async |session| {
        let next = store.next_delivery(&session_id(session)).await.unwrap();
        next.map(|next| (next.delivery, next.is_last))
    };
    let (first, is_last) = next(2).await.unwrap();
    assert!(!is_last);
    assert_eq!((first.arrival, first.delivery_id), (1, delivery_id(1).to_string()));
    assert_eq!((first.body, first.received_at_ms), (arrived(1).body, arrived(1).received_at_ms));
    store.append(&session_id(2), vec![event(1)], Some(1)).await.unwrap();
    let (second, is_last) = next(2).await.unwrap();
    assert_eq!((second.arrival, is_last), (3, true));
    store.settle(3, Settlement::NothingToShow).await.unwrap();
    assert_eq!(next(2).await, None);
    assert_eq!(next(1).await.unwrap().0.arrival, 2);
    assert_eq!(next(3).await, None);
}

#[tokio::test]
async fn a_settled_delivery_keeps_its_outcome_alone() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    let outcomes = [
        (Some(Settlement::NotConfigured), "not_configured"),
        (Some(Settlement::UnknownSession), "unknown_session"),
        (Some(Settlement::Needless), "needless"),
        (Some(Settlement::NothingToShow), "nothing_to_show"),
        (Some(Settlement::NoHandoff), "no_handoff"),
        (Some(Settlement::SessionEnded), "session_ended"),
        (Some(Settlement::Unreadable), "unreadable"),
        (None, "appended"),
    ];
    for (arrival, (outcome, word)) in (1..).zip(outcomes) {
        store.accept(arrived(arrival as usize)).await.unwrap();
        match outcome {
            Some(outcome) => store.settle(arrival, outcome).await.unwrap(),
            None => {
                drop(store.append(&session_id(1), vec![event(1)], Some(arrival)).await.unwrap())
            }
        }
        // A second outcome changes nothing.
        store.settle(arrival, Settlement::NothingToShow).await.unwrap();
        let kept: (String, Option<Vec<u8>>) = store
            .read(move |connection| {
                let query = "SELECT outcome, body FROM inbox WHERE arrival = ?1";
                let row = connection.query_row(query, [arrival as i64], |row| row.try_into());
                Ok(row.unwrap())
            })
            .await
            .unwrap();
        assert_eq!(kept, (word.to_owned(), None));
    }
}

#[tokio::test]
async fn an_outcome_that_is_damaged_is_one_clear_error() {
    let fixture = Fixture::new();
    fixture.store.accept(arrived(1)).await.unwrap();
    fixture.store.settle(1, Settlement::Unreadable).await.unwrap();
    let damage = "UPDATE inbox SET outcome = 'damaged'";
    fixture.store.write(|connection| Ok(connection.execute(damage, []).unwrap())).await.unwrap();
    let standing = fixture.store.delivery_standing(&delivery_id(1).to_string()).await;
    assert!(matches!(standing, Err(StoreError::Damaged { what: "a delivery's outcome" })));
}

#[tokio::test]
async fn what_became_of_a_delivery_is_told_by_its_id() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let standing = async || store.delivery_standing(&delivery_id(1).to_string()).await.unwrap();
    assert_eq!(standing().await, None);
    store.accept(arrived(1)).await.unwrap();
    let waiting = standing().await.unwrap();
    assert_eq!((waiting.tenant, waiting.outcome), (arrived(1).tenant, None));
    store.settle(1, Settlement::NoHandoff).await.unwrap();
    assert_eq!(standing().await.unwrap().outcome, Some(Settlement::NoHandoff));
}

#[tokio::test]
async fn a_delivery_is_known_by_its_id_settled_or_not() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    for number in [1, 700, 1_999] {
        store.accept(arrived(number)).await.unwrap();
    }
    store.settle(2, Settlement::NothingToShow).await.unwrap();
    let ids = |numbers: &mut dyn Iterator<Item = usize>| -> Vec<String> {
        numbers.map(|number| delivery_id(number).to_string()).collect()
    };
    let known = store.known_deliveries(ids(&mut (0..2_000).rev())).await.unwrap();
    assert_eq!(known, ids(&mut [1_999, 700, 1].into_iter()));
    assert_eq!(store.known_deliveries(Vec::new()).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_delivery_is_read_by_its_arrival_until_it_is_settled() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    for number in 1..=2 {
        store.accept(arrived(number)).await.unwrap();
    }
    let delivery = store.delivery(2).await.unwrap().unwrap();
    assert_eq!(delivery.delivery_id, delivery_id(2).to_string());
    assert_eq!((delivery.arrival, delivery.body), (2, arrived(2).body));
    store.settle(2, Settlement::Unreadable).await.unwrap();
    assert_eq!(store.delivery(2).await.unwrap(), None);
    assert_eq!(store.delivery(3).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_has_an_unsettled_delivery_until_the_last_is_settled() {
    let fixture = Fixture::with_sessions(2).await;
    let store = &fixture.store;
    let unsettled = async |session| store.unsettled_of_session(&session_id(session)).await.unwrap();
    assert!(!unsettled(1).await);
    store.accept(arrived(1)).await.unwrap();
    assert!(unsettled(1).await);
    assert!(!unsettled(2).await && !unsettled(3).await);
    store.settle(1, Settlement::Unreadable).await.unwrap();
    assert!(!unsettled(1).await);
}

#[tokio::test]
async fn an_id_that_is_damaged_keeps_no_delivery_from_being_read_and_settled() {
    let fixture = Fixture::with_sessions(2).await;
    let store = &fixture.store;
    for number in 1..=2 {
        store.accept(arrived(number)).await.unwrap();
    }
    let damage = "UPDATE inbox SET delivery_id = 'damaged' WHERE arrival = 1";
    store.write(|connection| Ok(connection.execute(damage, []).unwrap())).await.unwrap();
    assert_eq!(store.pending(0, 10).await.unwrap()[0].delivery_id, "damaged");
    assert_eq!(
        store.next_delivery(&session_id(1)).await.unwrap().unwrap().delivery.body,
        arrived(1).body
    );
    store.settle(1, Settlement::Unreadable).await.unwrap();
    assert_eq!(store.pending(0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_delivery_without_body_and_user_is_accepted_too() {
    let fixture = Fixture::new();
    let mut bare = arrived(1);
    (bare.end_user_id, bare.integration_id, bare.body) = (None, None, Vec::new());
    assert_eq!(fixture.store.accept(bare).await.unwrap(), Acceptance::New);
    let pending = fixture.store.pending(0, 10).await.unwrap();
    assert_eq!((&pending[0].end_user_id, &pending[0].integration_id), (&None, &None));
}

#[tokio::test]
async fn a_delivery_that_was_never_accepted_cannot_be_settled() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    let settled = store.settle(1, Settlement::Unreadable).await;
    assert!(matches!(settled, Err(StoreError::UnknownDelivery)));
    let appended = store.append(&session_id(1), vec![event(1)], Some(1)).await;
    assert!(matches!(appended, Err(StoreError::UnknownDelivery)));
    assert_eq!(store.last_sequence(&session_id(1)).await.unwrap(), 0);
}

#[tokio::test]
async fn invariant_10_a_debug_print_shows_no_content() {
    let fixture = Fixture::with_sessions(1).await;
    let mut arrived = arrived(1);
    arrived.body = b"a secret".to_vec();
    let mut event = event(2);
    event.payload = "a secret".to_owned();
    event.metadata = Some("a secret".to_owned());
    let shown = format!("{arrived:?} {event:?}");
    assert!(shown.contains("body_bytes: 8") && shown.contains("payload_bytes: 8"), "{shown}");
    fixture.store.accept(arrived).await.unwrap();
    let session = session_id(1);
    let shown = [
        shown,
        format!("{:?}", fixture.store.pending(0, 1).await.unwrap()),
        format!("{:?}", fixture.store.next_delivery(&session).await.unwrap()),
        format!("{:?}", fixture.store.append(&session, vec![event], None).await.unwrap()),
        format!("{:?}", NewSession { custom: Some("a secret".to_owned()), ..new_session(1) }),
        format!("{:?}", fixture.store.session(&session).await.unwrap()),
        format!("{:?}", fixture.store),
    ];
    for shown in shown {
        // As text, and as a list of bytes.
        assert!(!shown.contains("secret") && !shown.contains("97, 32"), "{shown}");
        assert!(!shown.contains("token_digest"), "{shown}");
    }
}

#[tokio::test]
async fn a_delivery_keeps_the_trace_that_it_belongs_to() {
    let fixture = Fixture::new();
    let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let traced = Arrived { traceparent: traceparent.clone(), ..arrived(1) };
    fixture.store.accept(traced).await.unwrap();
    let arrival = fixture.store.pending(0, 1).await.unwrap()[0].arrival;
    assert_eq!(fixture.store.delivery(arrival).await.unwrap().unwrap().traceparent, traceparent);
}
