//! Whoever listens is told of what was appended, once.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;

use crate::{
    AppendedEvent, Settlement, Step,
    testing::{Fixture, event, events, new_session, session_id},
};

fn heard(receiver: &mut Receiver<Arc<AppendedEvent>>) -> Vec<(String, u64)> {
    std::iter::from_fn(|| receiver.try_recv().ok())
        .map(|appended| (appended.session_id.clone(), appended.event.sequence))
        .collect()
}

#[tokio::test]
async fn each_event_is_told_once_in_the_order_of_the_commits() {
    let fixture = Fixture::with_sessions(1).await;
    let mut appended = fixture.store.appended();
    fixture.store.append(&session_id(1), events([1, 2]), None).await.unwrap();
    // An event that stands in the log already is not news.
    fixture.store.append(&session_id(1), events([2, 3]), None).await.unwrap();
    let expected = [1, 2, 3].map(|sequence| (session_id(1), sequence));
    assert_eq!(heard(&mut appended), expected);
}

#[tokio::test]
async fn the_first_event_of_a_session_is_told_too() {
    let fixture = Fixture::new();
    let mut appended = fixture.store.appended();
    fixture.store.create_session(new_session(1), events([1])).await.unwrap();
    assert_eq!(heard(&mut appended), [(session_id(1), 1)]);
}

#[tokio::test]
async fn what_was_undone_is_not_told() {
    let fixture = Fixture::with_sessions(1).await;
    let mut appended = fixture.store.appended();
    let step = Step {
        events: vec![event(1)],
        settles: Some((9, Settlement::Appended)),
        ..Step::default()
    };
    fixture.store.step(&session_id(1), step).await.unwrap_err();
    fixture.store.step("nobody", Step::from(events([1]))).await.unwrap_err();
    assert_eq!(heard(&mut appended), []);
}

#[tokio::test]
async fn what_was_told_can_be_read() {
    let fixture = Fixture::with_sessions(1).await;
    let mut appended = fixture.store.appended();
    fixture.store.append(&session_id(1), events([1]), None).await.unwrap();
    let told = appended.recv().await.unwrap();
    assert_eq!(fixture.log(1).await, std::slice::from_ref(&told.event));
}
