//! One durable step of a session: all of it stands or nothing of it, once.

use crate::{
    ContextBy, DeadLetterFilter, HandoffContext, HandoffRow, LoggedEvent, Sent, Settlement, Step,
    StoreError, WorkCounts,
    testing::{Fixture, arrived, event, events, handoff, new_session, outgoing, session_id, turn},
};

fn sequences(logged: &[LoggedEvent]) -> Vec<u64> {
    logged.iter().map(|event| event.sequence).collect()
}

fn accepted(number: u64, message_id: &str) -> Step {
    let message_id = Some(message_id.to_owned());
    Step { sent: Some(Sent::Accepted { number, message_id }), ..Step::default() }
}

fn given_up(number: u64) -> Step {
    Step { sent: Some(Sent::GivenUp { number, reason: "gone".to_owned() }), ..Step::default() }
}

/// A step that does all that a step can do but end the session.
fn whole(number: usize) -> Step {
    Step {
        events: vec![event(number)],
        outgoing: vec![outgoing(number)],
        turns: vec![turn(number)],
        handoff: Some(handoff(1, true)),
        context: Some(HandoffContext { number: 1, shared_id: None, body: "{}".to_owned() }),
        notify: vec!["endpoint".to_owned()],
        settles: Some((1, Settlement::Appended)),
        ..Step::default()
    }
}

impl Fixture {
    async fn step(&self, session: usize, step: Step) -> Vec<LoggedEvent> {
        self.store.step(&session_id(session), step).await.unwrap()
    }

    /// Takes steps that queue these messages, one each.
    async fn queue(&self, session: usize, numbers: &[usize]) {
        for number in numbers {
            let step = Step { outgoing: vec![outgoing(*number)], ..Step::default() };
            self.step(session, step).await;
        }
    }

    /// The number and the id of the message that is the session's turn.
    async fn next(&self, session: usize) -> Option<(u64, String)> {
        let next = self.store.next_outgoing(&session_id(session)).await.unwrap();
        next.map(|next| (next.number, next.id))
    }

    async fn handoff(&self, session: usize) -> Option<HandoffRow> {
        self.store.handoff(&session_id(session)).await.unwrap()
    }

    async fn with_work(&self) -> Vec<String> {
        self.store.sessions_with_work(None, usize::MAX).await.unwrap()
    }
}

#[tokio::test]
async fn a_step_stores_all_that_follows_from_one_delivery() {
    let mut fixture = Fixture::with_sessions(1).await;
    fixture.store.accept(arrived(1)).await.unwrap();
    let logged = fixture.step(1, whole(1)).await;
    assert_eq!(sequences(&logged), [1]);
    fixture.reopen().await;
    assert_eq!(fixture.log(1).await, logged);
    assert_eq!(fixture.next(1).await, Some((1, "outgoing-1".to_owned())));
    let next = fixture.store.next_outgoing(&session_id(1)).await.unwrap().unwrap();
    assert_eq!(next.body, outgoing(1).body);
    assert_eq!(fixture.handoff(1).await, Some(handoff(1, true)));
    assert_eq!(fixture.store.next_turn(&session_id(1)).await.unwrap().unwrap().body, turn(1).body);
    let notification = fixture.store.next_notification("endpoint", 1).await.unwrap().unwrap();
    assert_eq!(notification.event, logged[0]);
    assert_eq!(fixture.store.pending(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_step_that_is_refused_stores_nothing() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    let refused = store.step("nobody", Step::default()).await;
    assert!(matches!(refused, Err(StoreError::UnknownSession)));
    let refused = store.step(&session_id(1), whole(1)).await;
    assert!(matches!(refused, Err(StoreError::UnknownDelivery)));
    store.accept(arrived(1)).await.unwrap();
    let sent = Some(Sent::Accepted { number: 9, message_id: None });
    let refused = store.step(&session_id(1), Step { sent, ends_session: true, ..whole(1) }).await;
    assert!(matches!(refused, Err(StoreError::UnknownOutgoing)));
    assert_eq!(fixture.log(1).await, []);
    assert_eq!(fixture.next(1).await, None);
    assert_eq!(store.next_turn(&session_id(1)).await.unwrap(), None);
    assert_eq!(store.next_notification("endpoint", 1).await.unwrap(), None);
    assert_eq!(fixture.handoff(1).await, None);
    assert_eq!(store.pending(0, 10).await.unwrap().len(), 1);
    assert!(!store.session(&session_id(1)).await.unwrap().unwrap().ended);
}

#[tokio::test]
async fn a_step_that_is_repeated_changes_nothing() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.store.accept(arrived(1)).await.unwrap();
    let step = || Step { ends_session: true, ..whole(1) };
    let first = fixture.step(1, step()).await;
    assert_eq!(fixture.step(1, step()).await, first);
    fixture.step(1, accepted(1, "theirs")).await;
    assert_eq!(fixture.step(1, step()).await, first);
    assert_eq!(fixture.log(1).await, first);
    assert_eq!(fixture.next(1).await, None, "what was sent is not queued again");
}

#[tokio::test]
async fn invariant_4_a_step_of_a_settled_delivery_appends_nothing_and_keeps_the_handoff() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    store.accept(arrived(1)).await.unwrap();
    store.settle(1, Settlement::NothingToShow).await.unwrap();
    let logged = fixture.step(1, Step { ends_session: true, ..whole(1) }).await;
    assert_eq!(logged, []);
    assert_eq!(fixture.handoff(1).await, Some(handoff(1, true)));
    let session = store.session(&session_id(1)).await.unwrap().unwrap();
    assert!(!session.ended, "a session does not end without its last events");
}

#[tokio::test]
async fn a_step_settles_a_delivery_with_the_outcome_that_it_names() {
    let fixture = Fixture::with_sessions(1).await;
    let store = &fixture.store;
    store.accept(arrived(1)).await.unwrap();
    let settles = Some((1, Settlement::NoHandoff));
    fixture.step(1, Step { settles, ..Step::default() }).await;
    let letters = store.dead_letters(DeadLetterFilter::default(), 0, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, Settlement::NoHandoff.word());
}

#[tokio::test]
async fn a_session_that_has_ended_still_sends_what_waits() {
    let fixture = Fixture::with_sessions(1).await;
    fixture.queue(1, &[1]).await;
    fixture.store.end_session(&session_id(1), events([1])).await.unwrap();
    assert_eq!(fixture.with_work().await, [session_id(1)]);
    fixture.step(1, accepted(1, "theirs")).await;
    assert_eq!(fixture.with_work().await, [""; 0]);
}

#[tokio::test]
async fn invariant_6_an_outbox_gives_its_messages_in_order_of_arrival_and_each_once() {
    let mut fixture = Fixture::with_sessions(2).await;
    // Not the order of their ids, and another session's between them.
    fixture.queue(1, &[5, 3]).await;
    fixture.queue(2, &[5]).await;
    fixture.queue(1, &[4, 3, 5]).await;
    let mut sent = Vec::new();
    while let Some((number, id)) = fixture.next(1).await {
        sent.push(id);
        fixture.reopen().await;
        fixture.step(1, accepted(number, &format!("theirs-{number}"))).await;
        fixture.queue(1, &[3]).await;
    }
    assert_eq!(sent, ["outgoing-5", "outgoing-3", "outgoing-4"]);
    assert_eq!(fixture.next(2).await.unwrap().1, "outgoing-5");
    assert_eq!(fixture.next(3).await, None);
}

#[tokio::test]
async fn a_message_that_was_sent_is_found_by_genesys_id_in_its_own_session_only() {
    let fixture = Fixture::with_sessions(2).await;
    fixture.queue(1, &[1, 2, 3]).await;
    fixture.step(1, accepted(1, "theirs")).await;
    fixture.step(1, given_up(2)).await;
    let sent = Some(Sent::Accepted { number: 3, message_id: None });
    fixture.step(1, Step { sent, ..Step::default() }).await;
    let found = async |session, message_id| {
        fixture.store.outgoing_of_message(&session_id(session), message_id).await.unwrap()
    };
    assert_eq!(found(1, "theirs").await.as_deref(), Some("outgoing-1"));
    assert_eq!(found(1, "another").await, None);
    assert_eq!(found(2, "theirs").await, None);
    assert_eq!(fixture.next(1).await, None);
}

#[tokio::test]
async fn what_became_of_a_message_stays_as_it_is() {
    let fixture = Fixture::with_sessions(2).await;
    fixture.queue(1, &[1]).await;
    let foreign = fixture.store.step(&session_id(2), accepted(1, "theirs")).await;
    assert!(matches!(foreign, Err(StoreError::UnknownOutgoing)), "it is another session's");
    fixture.step(1, accepted(1, "theirs")).await;
    fixture.step(1, given_up(1)).await;
    fixture.step(1, accepted(1, "another")).await;
    let kept: (String, Option<String>, Option<String>, Option<String>) = fixture
        .store
        .read(|connection| {
            let query = "SELECT outcome, message_id, reason, body FROM outgoing";
            Ok(connection.query_row(query, [], |row| row.try_into()).unwrap())
        })
        .await
        .unwrap();
    assert_eq!(kept, ("accepted".to_owned(), Some("theirs".to_owned()), None, None));
}

#[tokio::test]
async fn a_handoff_is_kept_as_it_stands_and_the_newest_is_found() {
    let mut fixture = Fixture::with_sessions(2).await;
    let mut first = handoff(1, true);
    let keep = |handoff: &HandoffRow| Step { handoff: Some(handoff.clone()), ..Step::default() };
    fixture.step(1, keep(&first)).await;
    first.conversation_id = Some("conversation".to_owned());
    first.state = r#"{"at":"queue"}"#.to_owned();
    fixture.step(1, keep(&first)).await;
    fixture.reopen().await;
    assert_eq!(fixture.handoff(1).await, Some(first.clone()));
    assert_eq!(fixture.open_handoffs().await, 1);
    first.open = false;
    fixture.step(1, keep(&first)).await;
    assert_eq!(fixture.open_handoffs().await, 0);
    fixture.step(1, keep(&handoff(2, true))).await;
    assert_eq!(fixture.handoff(1).await, Some(handoff(2, true)));
    assert_eq!(fixture.handoff(2).await, None);
}

#[tokio::test]
async fn a_newer_handoff_closes_the_one_before_it() {
    let fixture = Fixture::with_sessions(2).await;
    let keep = |handoff| Step { handoff: Some(handoff), ..Step::default() };
    fixture.step(1, keep(handoff(1, true))).await;
    fixture.step(2, keep(handoff(1, true))).await;
    fixture.step(1, keep(handoff(2, true))).await;
    assert_eq!(fixture.open_handoffs().await, 2);
    fixture.step(1, keep(handoff(2, false))).await;
    assert_eq!(fixture.open_handoffs().await, 1);
}

#[tokio::test]
async fn the_sessions_with_work_come_page_by_page_each_once() {
    let fixture = Fixture::with_sessions(6).await;
    let handing_off = |open| Step { handoff: Some(handoff(1, open)), ..Step::default() };
    fixture.queue(5, &[1]).await;
    fixture.queue(2, &[1, 2]).await;
    fixture.step(2, handing_off(true)).await;
    fixture.step(3, handing_off(true)).await;
    fixture.step(4, handing_off(false)).await;
    fixture.queue(6, &[1]).await;
    let (number, _) = fixture.next(6).await.unwrap();
    fixture.step(6, given_up(number)).await;
    let mut found: Vec<String> = Vec::new();
    loop {
        let page = fixture.store.sessions_with_work(found.last().cloned(), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, [2, 3, 5].map(session_id));
    let unknown = fixture.store.sessions_with_work(Some("nobody".to_owned()), 2).await;
    assert!(matches!(unknown, Err(StoreError::UnknownSession)));
}

#[tokio::test]
async fn invariant_10_a_debug_print_of_a_step_shows_no_content() {
    let fixture = Fixture::with_sessions(1).await;
    let mut step = Step { settles: None, ..whole(1) };
    step.events[0].payload = "a secret".to_owned();
    step.outgoing[0].body = "a secret".to_owned();
    step.turns[0].body = "a secret".to_owned();
    step.handoff.as_mut().unwrap().state = "a secret".to_owned();
    step.context.as_mut().unwrap().body = "a secret".to_owned();
    let given = format!("{step:?}");
    fixture.step(1, step).await;
    let next = fixture.store.next_outgoing(&session_id(1)).await.unwrap().unwrap();
    let turn = fixture.store.next_turn(&session_id(1)).await.unwrap().unwrap();
    let by = ContextBy::Id(session_id(1));
    let context = fixture.store.handoff_context(&new_session(1).tenant, by).await.unwrap().unwrap();
    let handoff = fixture.handoff(1).await;
    for shown in [
        given,
        format!("{next:?}"),
        format!("{turn:?}"),
        format!("{context:?}"),
        format!("{handoff:?}"),
    ] {
        assert!(!shown.contains("secret") && shown.contains("_bytes: "), "{shown}");
    }
}

#[tokio::test]
async fn a_session_is_created_with_nothing_to_do() {
    let fixture = Fixture::new();
    fixture.store.create_session(new_session(1), events([1])).await.unwrap();
    assert_eq!(fixture.with_work().await, [""; 0]);
    assert_eq!(fixture.store.work_counts().await.unwrap(), WorkCounts::default());
}

#[tokio::test]
async fn it_is_known_how_long_deliveries_have_waited_and_how_large_the_store_is() {
    let fixture = Fixture::with_sessions(2).await;
    for number in [1, 2] {
        fixture.store.accept(arrived(number)).await.unwrap();
    }
    let counts = fixture.store.work_counts().await.unwrap();
    assert_eq!(counts.oldest_delivery_at_ms, Some(arrived(1).received_at_ms));
    assert_eq!(counts.waiting_deliveries, 2);
    assert!(fixture.store.size().await.unwrap().file_bytes > 0);
}
