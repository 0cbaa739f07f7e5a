//! The second durable step: a session's log is numbered once and reads the same ever after.

use baton_core::tenant::TenantKey;

use crate::{
    LoggedEvent, NewSession, Session, StoreError,
    testing::{Fixture, arrived, event, events, new_session, session_id},
};

fn sequences(logged: &[LoggedEvent]) -> Vec<u64> {
    logged.iter().map(|event| event.sequence).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_5_concurrent_appends_number_each_session_without_gaps_or_repeats() {
    let fixture = Fixture::with_sessions(4).await;
    let appends: Vec<_> = (0..200)
        .map(|number| {
            let store = fixture.store.clone();
            let session = session_id(1 + number % 4);
            let both = vec![event(2 * number), event(2 * number + 1)];
            tokio::spawn(async move { store.append(&session, both, None).await.unwrap() })
        })
        .collect();
    for append in appends {
        let logged = append.await.unwrap();
        assert_eq!(logged[0].sequence + 1, logged[1].sequence, "events of one call stay together");
    }
    for number in 1..=4 {
        let log = fixture.log(number).await;
        assert_eq!(sequences(&log), (1..=100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn invariant_5_replay_returns_the_same_ids_and_numbers_also_after_reopening() {
    let mut fixture = Fixture::with_sessions(1).await;
    let mut live = Vec::new();
    for numbers in [0..3, 3..4, 4..4, 4..9] {
        live.extend(fixture.store.append(&session_id(1), events(numbers), None).await.unwrap());
    }
    assert_eq!(fixture.log(1).await, live);
    fixture.reopen().await;
    assert_eq!(fixture.log(1).await, live);
    let after = async |cursor, limit| {
        fixture.store.events_after(&session_id(1), cursor, limit, usize::MAX).await.unwrap().events
    };
    assert_eq!(after(4, 2).await, live[4..6]);
    assert_eq!(after(9, 100).await, []);
    assert_eq!(after(u64::MAX, 1).await, []);
    assert_eq!(fixture.store.last_sequence(&session_id(1)).await.unwrap(), 9);
}

#[tokio::test]
async fn invariant_11_a_page_of_a_log_is_bounded_in_bytes_and_never_empty_before_the_end() {
    let fixture = Fixture::with_sessions(1).await;
    let sized = |(number, bytes): (usize, usize)| {
        let payload = "x".repeat(bytes);
        crate::NewEvent { payload, metadata: None, ..event(number) }
    };
    let events = [40, 60, 60, 500, 30].into_iter().enumerate().map(sized).collect();
    fixture.store.append(&session_id(1), events, None).await.unwrap();
    let page = async |cursor, limit| {
        let page = fixture.store.events_after(&session_id(1), cursor, limit, 100).await.unwrap();
        (sequences(&page.events), page.complete)
    };
    assert_eq!(page(0, 50).await, (vec![1, 2], false));
    assert_eq!(page(2, 50).await, (vec![3], false));
    assert_eq!(page(3, 50).await, (vec![4], false));
    assert_eq!(page(4, 50).await, (vec![5], true));
    assert_eq!(page(5, 50).await, (vec![], true));
    assert_eq!(page(0, 1).await, (vec![1], false));
}

#[tokio::test]
async fn invariant_4_an_event_whose_id_stands_in_the_log_is_not_appended_again() {
    let fixture = Fixture::with_sessions(2).await;
    let store = &fixture.store;
    let first = store.append(&session_id(1), events([1, 2]), None).await.unwrap();
    let mut changed = event(2);
    changed.payload = r#"{"text":"changed"}"#.to_owned();
    let second = store.append(&session_id(1), vec![changed, event(3)], None).await.unwrap();
    assert_eq!(second[0], first[1]);
    assert_eq!(sequences(&second), [2, 3]);
    // Also within one call; and another session's log is another.
    let third = store.append(&session_id(1), events([4, 4, 5]), None).await.unwrap();
    assert_eq!(sequences(&third), [4, 4, 5]);
    let other = store.append(&session_id(2), events([2]), None).await.unwrap();
    assert_eq!(sequences(&other), [1]);
}

#[tokio::test]
async fn invariant_4_a_settled_delivery_appends_nothing_and_returns_what_stands() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    store.accept(arrived(1)).await.unwrap();
    let first = store.append(&session_id(1), events([1, 2]), Some(1)).await.unwrap();
    let again = store.append(&session_id(1), events([1, 2]), Some(1)).await.unwrap();
    assert_eq!(again, first);
    // Only what stands there: a settled delivery brings nothing new, whatever the ids.
    let more = store.append(&session_id(1), events([3, 2]), Some(1)).await.unwrap();
    assert_eq!(more, first[1..]);
    assert_eq!(store.last_sequence(&session_id(1)).await.unwrap(), 2);
}

#[tokio::test]
async fn an_event_is_found_by_its_id_in_its_own_session_only() {
    let fixture = Fixture::with_sessions(2).await;
    let store = &fixture.store;
    let logged = store.append(&session_id(1), events([1, 2]), None).await.unwrap();
    let found = store.event(&session_id(1), "event-2").await.unwrap();
    assert_eq!(found.as_ref(), logged.last());
    assert_eq!(store.event(&session_id(1), "event-3").await.unwrap(), None);
    assert_eq!(store.event(&session_id(2), "event-2").await.unwrap(), None);
    let unknown = store.event("nobody", "event-2").await;
    assert!(matches!(unknown, Err(StoreError::UnknownSession)));
}

#[tokio::test]
async fn an_append_to_an_unknown_session_leaves_its_delivery_pending() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    store.accept(arrived(1)).await.unwrap();
    let appended = store.append("nobody", vec![event(1)], Some(1)).await;
    assert!(matches!(appended, Err(StoreError::UnknownSession)));
    assert_eq!(store.pending(0, 10).await.unwrap().len(), 1);
    assert!(matches!(store.end_session("nobody", vec![]).await, Err(StoreError::UnknownSession)));
    assert_eq!(store.session("nobody").await.unwrap(), None);
    assert_eq!(store.last_sequence("nobody").await.unwrap(), 0);
    assert_eq!(store.events_after("nobody", 0, 10, 10).await.unwrap().events, []);
}

#[tokio::test]
async fn a_session_is_created_with_its_first_events_and_found_again() {
    let mut fixture = Fixture::new();
    let new = new_session(1);
    fixture.store.create_session(new.clone(), events([1, 2])).await.unwrap();
    fixture.reopen().await;
    let store = &fixture.store;
    let expected = Session {
        details: new.clone(),
        active_at_ms: new.created_at_ms,
        ended: false,
        context_links_revoked: 0,
    };
    assert_eq!(store.session(&new.session_id).await.unwrap(), Some(expected));
    assert_eq!(sequences(&fixture.log(1).await), [1, 2]);
    let taken = store.create_session(new.clone(), events([3])).await;
    assert!(matches!(taken, Err(StoreError::SessionExists)));
    let same_user = NewSession { session_id: "another".to_owned(), ..new };
    let taken = store.create_session(same_user, Vec::new()).await;
    assert!(matches!(taken, Err(StoreError::SessionExists)));
    assert_eq!(store.session("another").await.unwrap(), None);
    assert_eq!(store.last_sequence(&session_id(1)).await.unwrap(), 2);
}

#[tokio::test]
async fn that_the_links_to_a_context_were_revoked_outlasts_the_process() {
    let mut fixture = Fixture::with_sessions(2).await;
    for times in 1..=2 {
        fixture.store.revoke_context_links(&session_id(1)).await.unwrap();
        fixture.reopen().await;
        let revoked = async |session| {
            let session = fixture.store.session(&session_id(session)).await.unwrap().unwrap();
            session.context_links_revoked
        };
        assert_eq!((revoked(1).await, revoked(2).await), (times, 0));
    }
    let nobody = fixture.store.revoke_context_links("nobody").await;
    assert!(matches!(nobody, Err(StoreError::UnknownSession)));
}

#[tokio::test]
async fn invariant_12_an_end_user_is_found_by_its_own_tenant_and_integration_only() {
    let fixture = Fixture::with_sessions(1).await;
    let owner = new_session(1);
    let found = async |tenant: TenantKey<'_>, integration_id, end_user_id| {
        fixture.store.session_of_end_user(&tenant, integration_id, end_user_id).await.unwrap()
    };
    let own = || owner.tenant.clone();
    assert_eq!(found(own(), "integration", "user-1").await, Some(session_id(1)));
    assert_eq!(found(own(), "integration", "user-2").await, None);
    assert_eq!(found(own(), "another", "user-1").await, None);
    for stranger in [
        TenantKey::new("other", "shop", "live"),
        TenantKey::new("acme", "other", "live"),
        TenantKey::new("acme", "shop", "other"),
    ] {
        assert_eq!(found(stranger, "integration", "user-1").await, None);
    }
}

#[tokio::test]
async fn a_session_ends_once_with_its_last_events() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    store.append(&session_id(1), events([1]), None).await.unwrap();
    let last = store.end_session(&session_id(1), events([2])).await.unwrap();
    assert_eq!(sequences(&last), [2]);
    assert!(store.session(&session_id(1)).await.unwrap().unwrap().ended);
    assert_eq!(store.end_session(&session_id(1), events([3])).await.unwrap(), []);
    assert_eq!(store.last_sequence(&session_id(1)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_session_is_found_by_its_external_id_once_it_is_there_with_all_that_was_given() {
    let mut fixture = Fixture::new();
    let given = NewSession {
        external_id: Some("chat".to_owned()),
        platform: Some("web".to_owned()),
        custom: Some(r#"{"plan":"gold"}"#.to_owned()),
        ..new_session(1)
    };
    fixture.store.create_session(given.clone(), Vec::new()).await.unwrap();
    let same = NewSession { external_id: given.external_id.clone(), ..new_session(2) };
    let taken = fixture.store.create_session(same.clone(), events([1])).await;
    assert!(matches!(taken, Err(StoreError::SessionExists)));
    // Another tenant's id is another, and many sessions have none.
    let tenant = TenantKey::new("acme", "shop", "draft");
    let foreign = NewSession { tenant: tenant.clone(), ..same };
    fixture.store.create_session(foreign, Vec::new()).await.unwrap();
    for number in 3..=4 {
        fixture.store.create_session(new_session(number), Vec::new()).await.unwrap();
    }
    fixture.reopen().await;
    let store = &fixture.store;
    let found = async |tenant: &TenantKey<'_>, external_id| {
        store.session_of_external_id(tenant, external_id).await.unwrap()
    };
    assert_eq!(found(&given.tenant, "chat").await, Some(session_id(1)));
    assert_eq!(found(&tenant, "chat").await, Some(session_id(2)));
    assert_eq!(found(&given.tenant, "another").await, None);
    assert_eq!(found(&TenantKey::new("other", "shop", "live"), "chat").await, None);
    assert_eq!(store.session(&session_id(1)).await.unwrap().unwrap().details, given);
}

#[tokio::test]
async fn a_session_whose_first_step_is_refused_is_not_created() {
    let fixture = Fixture::new();
    let first = crate::Step { turned: Some(1), events: events([1]), ..crate::Step::default() };
    let refused = fixture.store.create_session(new_session(1), first).await;
    assert!(matches!(refused, Err(StoreError::UnknownTurn)));
    assert_eq!(fixture.store.session(&session_id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn the_recent_events_are_the_newest_of_their_kinds_in_order_as_many_as_fit() {
    let mut fixture = Fixture::with_sessions(2).await;
    let of_kind = |(number, kind): (usize, &str)| crate::NewEvent {
        kind: kind.to_owned(),
        payload: "x".repeat(10 * number),
        metadata: None,
        ..event(number)
    };
    let kinds = ["a", "b", "a", "c", "b", "a", "c"];
    let events = (1..).zip(kinds).map(of_kind).collect();
    fixture.store.append(&session_id(1), events, None).await.unwrap();
    fixture.reopen().await;
    let recent = async |kinds: &[&str], limit, bytes| {
        sequences(&fixture.store.recent_events(&session_id(1), kinds, limit, bytes).await.unwrap())
    };
    let all = usize::MAX;
    assert_eq!(recent(&["a", "b"], all, all).await, [1, 2, 3, 5, 6]);
    assert_eq!(recent(&["a", "b"], 3, all).await, [3, 5, 6]);
    assert_eq!(recent(&["a", "b"], all, 139).await, [5, 6]);
    assert_eq!(recent(&["a", "b"], all, 140).await, [3, 5, 6]);
    assert_eq!(recent(&["c"], all, 1).await, [7]);
    assert_eq!(recent(&["c"], 0, all).await, [0; 0]);
    assert_eq!(recent(&["d"], all, all).await, [0; 0]);
    assert_eq!(recent(&[], all, all).await, [0; 0]);
    for session in [session_id(2), "nobody".to_owned()] {
        let events = fixture.store.recent_events(&session, &["a"], all, all).await.unwrap();
        assert_eq!(events, []);
    }
}
