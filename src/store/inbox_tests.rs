//! The first durable step: what is accepted stays, once.

use std::fs;

use crate::{
    Acceptance, Pending, Settlement, Store, StoreError,
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
    store.settle(delivery_id(1), Settlement::NothingToShow).await.unwrap();
    store.append(&session_id(1), vec![event(1)], Some(delivery_id(2))).await.unwrap();
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
    store.append(&session_id(1), vec![event(1)], Some(delivery_id(7))).await.unwrap();

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
    store.settle(delivery_id(9), Settlement::UnknownSession).await.unwrap();
    store.append(&session_id(1), Vec::new(), Some(delivery_id(5))).await.unwrap();
    fixture.reopen().await;

    let store = &fixture.store;
    let pending = store.pending(0, 10).await.unwrap();
    let bodies: Vec<_> = pending.iter().map(|delivery| delivery.body.clone()).collect();
    assert_eq!(bodies, [3, 1, 7].map(|number| arrived(number).body));
    assert!(pending.is_sorted_by_key(|delivery| delivery.arrival));
    assert_eq!(pending[0].delivery_id, delivery_id(3));
    assert_eq!(pending[0].received_at_ms, arrived(3).received_at_ms);

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
async fn a_settled_delivery_keeps_its_outcome_and_frees_its_body() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let outcomes = [
        (Settlement::UnknownSession, "unknown_session"),
        (Settlement::NothingToShow, "nothing_to_show"),
        (Settlement::SessionEnded, "session_ended"),
        (Settlement::Unreadable, "unreadable"),
    ];
    for (number, (outcome, word)) in outcomes.into_iter().enumerate() {
        store.accept(arrived(number)).await.unwrap();
        store.settle(delivery_id(number), outcome).await.unwrap();
        // A second outcome changes nothing.
        store.settle(delivery_id(number), Settlement::Unreadable).await.unwrap();
        let id = delivery_id(number).to_string();
        let kept: (String, Option<Vec<u8>>) = store
            .read(move |connection| {
                let query = "SELECT outcome, body FROM inbox WHERE delivery_id = ?1";
                Ok(connection.query_row(query, [id], |row| row.try_into()).unwrap())
            })
            .await
            .unwrap();
        assert_eq!(kept, (word.to_owned(), None));
    }
}

#[tokio::test]
async fn a_delivery_without_body_and_user_is_accepted_too() {
    let fixture = Fixture::new();
    let mut bare = arrived(1);
    (bare.end_user_id, bare.integration_id, bare.body) = (None, None, Vec::new());
    assert_eq!(fixture.store.accept(bare).await.unwrap(), Acceptance::New);
    assert_eq!(fixture.store.pending(0, 10).await.unwrap()[0].body, b"");
}

#[tokio::test]
async fn a_delivery_that_was_never_accepted_cannot_be_settled() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    let settled = store.settle(delivery_id(1), Settlement::Unreadable).await;
    assert!(matches!(settled, Err(StoreError::UnknownDelivery)));
    let appended = store.append(&session_id(1), vec![event(1)], Some(delivery_id(1))).await;
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
        format!("{:?}", fixture.store.append(&session, vec![event], None).await.unwrap()),
        format!("{:?}", new_session(1)),
        format!("{:?}", fixture.store.session(&session).await.unwrap()),
        format!("{:?}", fixture.store),
    ];
    for shown in shown {
        // As text, and as a list of bytes.
        assert!(!shown.contains("secret") && !shown.contains("97, 32"), "{shown}");
        assert!(!shown.contains("token_digest"), "{shown}");
    }
}
