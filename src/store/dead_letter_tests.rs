//! What reached nobody is kept, shown, and goes on its way again, once.

use std::collections::BTreeSet;

use baton_core::tenant::TenantKey;

use crate::{
    Acceptance, Arrived, DeadLetter, DeadLetterContent, DeadLetterCount, DeadLetterFilter,
    DeadLetterKind, ReplayRefused, Sent, Settlement, Step,
    testing::{
        Fixture, arrived, delivery_id, event, events, handoff, new_session, outgoing, session_id,
    },
};

const AT: i64 = 1_800_000_000_000;

impl Fixture {
    async fn letters(&self, filter: DeadLetterFilter) -> Vec<DeadLetter> {
        self.store.dead_letters(filter, 0, 100).await.unwrap()
    }

    async fn all_letters(&self) -> Vec<DeadLetter> {
        self.letters(DeadLetterFilter::default()).await
    }

    async fn body(&self, number: u64) -> String {
        match self.store.dead_letter(number).await.unwrap().unwrap().1 {
            DeadLetterContent::Body(body) => String::from_utf8(body).unwrap(),
            DeadLetterContent::Event(event) => event.payload,
        }
    }

    /// Session 1 with the open handoff 1 and these messages, of which the first is given up.
    async fn give_up_first(&self, messages: &[usize]) {
        let outgoing = messages.iter().copied().map(outgoing).collect();
        let step = Step { outgoing, handoff: Some(handoff(1, true)), ..Step::default() };
        self.store.step(&session_id(1), step).await.unwrap();
        self.give_up(1).await;
    }

    async fn give_up(&self, session: usize) {
        let number = self.next_message(session).await.unwrap().0;
        let sent = Some(Sent::GivenUp { number, reason: "Genesys said no".to_owned() });
        let step = Step { sent, at_ms: AT, ..Step::default() };
        self.store.step(&session_id(session), step).await.unwrap();
    }

    async fn next_message(&self, session: usize) -> Option<(u64, String)> {
        let next = self.store.next_outgoing(&session_id(session)).await.unwrap()?;
        Some((next.number, next.body))
    }

    async fn replay(&self, number: u64) -> Result<(), ReplayRefused> {
        self.store.replay_dead_letter(number).await.unwrap().unwrap().outcome
    }

    /// One of each kind, in the order of `DeadLetterKind::ALL`; the delivery belongs to nobody.
    async fn one_of_each(&self) {
        self.store.accept(arrived(9)).await.unwrap();
        self.store.settle(1, Settlement::UnknownSession).await.unwrap();
        self.give_up_first(&[1]).await;
        let notify = vec!["crm".to_owned()];
        let step = Step { events: events([1]), notify, ..Step::default() };
        self.store.step(&session_id(1), step).await.unwrap();
        self.store.notification_given_up(1, "it answered 500", AT).await.unwrap();
    }
}

#[tokio::test]
async fn what_reached_nobody_is_told_of_with_why_and_shown_with_what_it_holds() {
    let mut fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    fixture.reopen().await;
    let letter = |number, kind, about: String, reason: &str| DeadLetter {
        number,
        kind,
        tenant: new_session(1).tenant,
        session_id: Some(session_id(1)),
        about,
        reason: reason.to_owned(),
        at_ms: AT,
    };
    let delivery = DeadLetter {
        session_id: None,
        at_ms: arrived(9).received_at_ms,
        ..letter(1, DeadLetterKind::Delivery, delivery_id(9).to_string(), "unknown_session")
    };
    let message = letter(2, DeadLetterKind::Message, outgoing(1).id, "Genesys said no");
    let notification = letter(3, DeadLetterKind::Notification, "crm".to_owned(), "it answered 500");
    assert_eq!(fixture.all_letters().await, [delivery, message, notification]);
    assert_eq!(fixture.body(1).await.into_bytes(), arrived(9).body);
    assert_eq!(fixture.body(2).await, outgoing(1).body);
    assert_eq!(fixture.body(3).await, event(1).payload);
    let counts = fixture.store.dead_letter_counts().await.unwrap();
    assert_eq!(counts, DeadLetterKind::ALL.map(|kind| DeadLetterCount { kind, kept: 1, ever: 1 }));
    assert!(fixture.store.dead_letter(4).await.unwrap().is_none());
}

#[tokio::test]
async fn only_those_are_told_of_that_are_meant() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    let other = TenantKey::new("other", "shop", "live");
    fixture.store.accept(Arrived { tenant: other.clone(), ..arrived(10) }).await.unwrap();
    fixture.store.settle(2, Settlement::NotConfigured).await.unwrap();
    let numbers = async |filter| -> Vec<u64> {
        fixture.letters(filter).await.into_iter().map(|letter| letter.number).collect()
    };
    let all = DeadLetterFilter::default;
    assert_eq!(numbers(all()).await, [1, 2, 3, 4]);
    let kind = Some(DeadLetterKind::Delivery);
    assert_eq!(numbers(DeadLetterFilter { kind, ..all() }).await, [1, 4]);
    assert_eq!(numbers(DeadLetterFilter { tenant: Some(other), ..all() }).await, [4]);
    assert_eq!(numbers(DeadLetterFilter { since_ms: Some(AT), ..all() }).await, [2, 3]);
    let page = fixture.store.dead_letters(all(), 1, 2).await.unwrap();
    assert_eq!(page.iter().map(|letter| letter.number).collect::<Vec<_>>(), [2, 3]);
}

#[tokio::test]
async fn what_nobody_misses_is_no_dead_letter() {
    let fixture = Fixture::with_sessions(1).await;
    for (arrival, outcome) in [(1, Settlement::Appended), (2, Settlement::NothingToShow)] {
        fixture.store.accept(arrived(arrival as usize)).await.unwrap();
        fixture.store.settle(arrival, outcome).await.unwrap();
    }
    let step = Step { outgoing: vec![outgoing(1)], ..Step::default() };
    fixture.store.step(&session_id(1), step).await.unwrap();
    let sent = Some(Sent::Needless { number: 1, reason: "the user left".to_owned() });
    fixture.store.step(&session_id(1), Step { sent, ..Step::default() }).await.unwrap();
    assert_eq!(fixture.next_message(1).await, None);
    assert_eq!(fixture.all_letters().await, []);
}

#[tokio::test]
async fn what_is_settled_or_given_up_twice_is_one_dead_letter() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    fixture.store.settle(1, Settlement::Unreadable).await.unwrap();
    let sent = Some(Sent::GivenUp { number: 1, reason: "again".to_owned() });
    fixture.store.step(&session_id(1), Step { sent, ..Step::default() }).await.unwrap();
    fixture.store.notification_given_up(1, "again", AT).await.unwrap();
    assert_eq!(fixture.all_letters().await.len(), 3);
}

#[tokio::test]
async fn invariant_4_a_replayed_delivery_waits_again_and_enters_the_log_once() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    store.accept(arrived(1)).await.unwrap();
    // As if the session had shown it once before.
    store.append(&session_id(1), events([1]), None).await.unwrap();
    store.settle(1, Settlement::NoHandoff).await.unwrap();
    assert_eq!(fixture.replay(1).await, Ok(()));
    assert_eq!(fixture.all_letters().await, []);
    // Repeated by Genesys, it is a repetition all the while.
    assert_eq!(store.accept(arrived(1)).await.unwrap(), Acceptance::Duplicate);
    let next = store.next_delivery(&session_id(1)).await.unwrap().unwrap().delivery;
    assert_eq!((next.arrival, next.body), (1, arrived(1).body));
    store.append(&session_id(1), events([1, 2]), Some(1)).await.unwrap();
    let log: Vec<u64> = fixture.log(1).await.iter().map(|event| event.sequence).collect();
    assert_eq!(log, [1, 2]);
    assert_eq!(store.replay_dead_letter(1).await.unwrap(), None);
}

#[tokio::test]
async fn a_delivery_that_reaches_nobody_again_is_a_dead_letter_again() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.store.accept(arrived(1)).await.unwrap();
    fixture.store.settle(1, Settlement::NoHandoff).await.unwrap();
    fixture.replay(1).await.unwrap();
    fixture.store.settle(1, Settlement::SessionEnded).await.unwrap();
    let letters = fixture.all_letters().await;
    assert_eq!((letters[0].number, &*letters[0].reason), (2, "session_ended"));
    assert_eq!(fixture.body(2).await.into_bytes(), arrived(1).body);
}

#[tokio::test]
async fn invariant_6_a_replayed_message_goes_before_those_that_came_after_it() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.give_up_first(&[1, 2]).await;
    assert_eq!(fixture.next_message(1).await.unwrap().1, outgoing(2).body);
    assert_eq!(fixture.replay(1).await, Ok(()));
    assert_eq!(fixture.next_message(1).await.unwrap(), (1, outgoing(1).body));
    assert_eq!(fixture.all_letters().await, []);
}

#[tokio::test]
async fn a_message_whose_handoff_is_over_stays_where_it_is() {
    for (step, refused) in [
        (Step { handoff: Some(handoff(1, false)), ..Step::default() }, ReplayRefused::HandoffOver),
        // Another one goes on: the message was not for its agent.
        (Step { handoff: Some(handoff(2, true)), ..Step::default() }, ReplayRefused::HandoffOver),
        (Step { ends_session: true, ..Step::default() }, ReplayRefused::SessionEnded),
    ] {
        let fixture = Fixture::with_sessions(1).await;
        fixture.give_up_first(&[1]).await;
        fixture.store.step(&session_id(1), step).await.unwrap();
        assert_eq!(fixture.replay(1).await, Err(refused));
        assert_eq!(fixture.next_message(1).await, None);
        assert_eq!(fixture.all_letters().await.len(), 1);
    }
}

#[tokio::test]
async fn a_replayed_notification_waits_for_its_endpoint_again() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    let waiting = async || fixture.store.session_to_notify("crm", 0, BTreeSet::new()).await;
    assert_eq!(waiting().await.unwrap(), None);
    assert_eq!(fixture.replay(3).await, Ok(()));
    assert_eq!(waiting().await.unwrap(), Some(1));
}

#[tokio::test]
async fn all_that_are_meant_are_replayed_or_stay_for_a_reason() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    let over = Step { handoff: Some(handoff(1, false)), ..Step::default() };
    fixture.store.step(&session_id(1), over).await.unwrap();
    let replayed = fixture.store.replay_dead_letters(vec![1, 2, 3, 4]).await.unwrap();
    let outcomes: Vec<_> = replayed.iter().map(|one| (one.letter.number, one.outcome)).collect();
    assert_eq!(outcomes, [(1, Ok(())), (2, Err(ReplayRefused::HandoffOver)), (3, Ok(()))]);
    assert_eq!(fixture.all_letters().await.len(), 1);
}

#[tokio::test]
async fn what_is_thrown_away_is_gone_and_stays_known_as_a_repetition() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    let store = &fixture.store;
    assert!(store.discard_dead_letter(2).await.unwrap());
    assert!(!store.discard_dead_letter(2).await.unwrap());
    assert_eq!(store.newest_dead_letter().await.unwrap(), 3);
    assert_eq!(store.discard_dead_letters(vec![1, 2, 3, 4]).await.unwrap(), 2);
    assert_eq!(fixture.all_letters().await, []);
    assert_eq!(store.accept(arrived(9)).await.unwrap(), Acceptance::Duplicate);
    assert_eq!(store.newest_dead_letter().await.unwrap(), 0);
}

#[tokio::test]
async fn invariant_11_what_belongs_to_no_session_does_not_stay_for_ever() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    let store = &fixture.store;
    store.accept(arrived(10)).await.unwrap();
    store.settle(2, Settlement::Needless).await.unwrap();
    let received = arrived(9).received_at_ms;
    assert_eq!(store.forget_of_nobody(received, 9).await.unwrap(), 0);
    assert_eq!(store.forget_of_nobody(i64::MAX, 9).await.unwrap(), 2);
    for number in [9, 10] {
        assert_eq!(store.accept(arrived(number)).await.unwrap(), Acceptance::New);
    }
    let kept: Vec<u64> = fixture.all_letters().await.iter().map(|one| one.number).collect();
    assert_eq!(kept, [2, 3], "those of a session go with it");
}

#[tokio::test]
async fn invariant_10_no_debug_form_shows_what_a_dead_letter_holds() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.one_of_each().await;
    for number in 1..=3 {
        let shown = format!("{:?}", fixture.store.dead_letter(number).await.unwrap());
        assert!(!shown.contains(&fixture.body(number).await), "{shown}");
    }
}

#[tokio::test]
async fn how_many_there_ever_were_only_rises_whatever_becomes_of_them() {
    let mut fixture = Fixture::with_sessions(1).await;
    let counts = async |fixture: &Fixture| {
        let counts = fixture.store.dead_letter_counts().await.unwrap();
        counts.into_iter().map(|count| (count.kept, count.ever)).collect::<Vec<_>>()
    };
    assert_eq!(counts(&fixture).await, [(0, 0), (0, 0), (0, 0)]);
    fixture.one_of_each().await;
    // What was settled before, and given up before, is no new one.
    fixture.store.settle(1, Settlement::UnknownSession).await.unwrap();
    fixture.store.notification_given_up(1, "it answered 500", AT).await.unwrap();
    assert_eq!(counts(&fixture).await, [(1, 1), (1, 1), (1, 1)]);
    assert!(fixture.store.discard_dead_letter(1).await.unwrap());
    fixture.replay(2).await.unwrap();
    assert_eq!(counts(&fixture).await, [(0, 1), (0, 1), (1, 1)]);
    fixture.give_up(1).await;
    fixture.reopen().await;
    assert_eq!(counts(&fixture).await, [(0, 1), (1, 2), (1, 1)]);
}
