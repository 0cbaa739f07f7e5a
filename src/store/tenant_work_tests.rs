//! What waits in sessions is known by whose they are, and can be given up.

use baton_core::tenant::TenantKey;

use crate::{
    Counterpart, DeadLetterFilter, NewSession, Step, TenantWork,
    testing::{Fixture, events, handoff, new_session, outgoing, session_id, turn},
};

const AT: i64 = 1_800_000_000_000;

fn gone() -> TenantKey<'static> {
    TenantKey::new("gone", "shop", "live")
}

fn busy() -> Step {
    Step {
        outgoing: vec![outgoing(1), outgoing(2)],
        turns: vec![turn(1)],
        handoff: Some(handoff(1, true)),
        ..Step::default()
    }
}

/// The sessions 1 of one tenant, and 2 and 3 of the one that is gone; in each the same waits.
async fn fixture() -> Fixture {
    let fixture = Fixture::new();
    for number in [3, 1, 2] {
        let tenant = if number == 1 { new_session(1).tenant } else { gone() };
        let session = NewSession { tenant, ..new_session(number) };
        fixture.store.create_session(session, busy()).await.unwrap();
    }
    fixture
}

impl Fixture {
    async fn work_of(&self, tenant: &TenantKey<'_>) -> Option<TenantWork> {
        let work = self.store.work_of_tenants().await.unwrap();
        work.into_iter().find(|work| work.tenant == *tenant)
    }

    async fn give_up_work(&self, waits_for: Counterpart, limit: usize) -> usize {
        self.store.give_up_work(&gone(), waits_for, "it is gone", AT, limit).await.unwrap()
    }

    async fn end_now(&self, session: usize) {
        self.store.end_session(&session_id(session), events([1])).await.unwrap();
    }

    /// Whose the dead letters are, and why.
    async fn given_up(&self) -> Vec<(String, String)> {
        let letters = self.store.dead_letters(DeadLetterFilter::default(), 0, 99).await.unwrap();
        let told = |letter: crate::DeadLetter| (letter.session_id.unwrap(), letter.reason);
        letters.into_iter().map(told).collect()
    }
}

#[tokio::test]
async fn what_waits_is_told_by_tenant_with_the_message_that_has_waited_longest() {
    let fixture = fixture().await;
    assert_eq!(
        fixture.store.tenants_with_sessions().await.unwrap(),
        [new_session(1).tenant, gone()]
    );
    let first = fixture.store.next_outgoing(&session_id(3)).await.unwrap();
    let expected = TenantWork {
        tenant: gone(),
        open_handoffs: 2,
        waiting_outgoing: 4,
        waiting_turns: 2,
        oldest_outgoing: first,
    };
    assert_eq!(fixture.work_of(&gone()).await, Some(expected));
    assert_eq!(fixture.work_of(&new_session(1).tenant).await.unwrap().waiting_outgoing, 2);
}

#[tokio::test]
async fn what_waits_in_a_session_that_goes_on_is_not_given_up() {
    let fixture = fixture().await;
    let before = fixture.work_of(&gone()).await;
    for waits_for in [Counterpart::Genesys, Counterpart::Bot] {
        assert_eq!(fixture.give_up_work(waits_for, 9).await, 0);
    }
    assert_eq!(fixture.work_of(&gone()).await, before);
}

#[tokio::test]
async fn what_waits_in_an_ended_session_is_given_up_by_whom_it_waits_for() {
    let fixture = fixture().await;
    for session in [1, 2, 3] {
        fixture.end_now(session).await;
    }
    assert_eq!(fixture.give_up_work(Counterpart::Genesys, 9).await, 4);
    let left = fixture.work_of(&gone()).await.unwrap();
    assert_eq!((left.open_handoffs, left.waiting_outgoing, left.waiting_turns), (0, 0, 2));
    assert_eq!(fixture.give_up_work(Counterpart::Bot, 9).await, 2);
    assert_eq!(fixture.work_of(&gone()).await, None);
    let letter = |session| (session_id(session), "it is gone".to_owned());
    assert_eq!(fixture.given_up().await, [letter(3), letter(3), letter(2), letter(2)]);
    // And nothing keeps the sessions any more, but the one of the other tenant.
    assert!(fixture.work_of(&new_session(1).tenant).await.is_some());
    assert_eq!(fixture.store.forget_sessions(i64::MAX, 9).await.unwrap(), 2);
}

#[tokio::test]
async fn what_is_much_is_given_up_a_little_at_a_time() {
    let fixture = fixture().await;
    fixture.end_now(2).await;
    fixture.end_now(3).await;
    let mut given_up = Vec::new();
    loop {
        given_up.push(fixture.give_up_work(Counterpart::Genesys, 3).await);
        if given_up.last().is_some_and(|last| *last < 3) {
            break;
        }
    }
    assert_eq!(given_up, [3, 1]);
    assert_eq!(fixture.given_up().await.len(), 4);
}
