//! How the client keeps to Genesys' rate.

use std::{sync::Arc, time::Duration};

use baton_genesys::{CallError, Class, EndUser, Pace};
use jiff::Timestamp;
use tokio::{sync::Barrier, time::Instant};

use crate::scripted::{Reply, Scripted};

const TOO_MANY: &str = include_str!("samples/error-429-with-limit.json");
const UNAVAILABLE: &str = include_str!("samples/error-503.json");

fn message(allowed: u32, count: u32) -> Reply {
    Reply::new(200, r#"{"normalizedMessage": {}}"#)
        .with("inin-ratelimit-allowed", allowed)
        .with("inin-ratelimit-count", count)
        .with("inin-ratelimit-reset", 60)
}

fn user() -> EndUser {
    EndUser::new("u")
}

#[tokio::test]
async fn the_whole_token_waits_for_as_long_as_genesys_asks() {
    let scripted = Scripted::with_tokens(|_, before| match before {
        0 => Reply::new(429, TOO_MANY).with("retry-after", 20),
        _ => message(300, 1),
    })
    .await;
    // A second of this Genesys lasts ten milliseconds.
    let genesys = scripted.genesys_at(Pace::scaled(0.01));
    let begin = Instant::now();
    genesys.message("c", "m").await.unwrap_err();
    assert!(genesys.rate_state().held_for.is_some());
    genesys.disconnect("c", "p").await.unwrap();
    // Not a measurement: it cannot have gone sooner.
    assert!(begin.elapsed() >= Duration::from_millis(200));
    assert_eq!(genesys.rate_state().held_for, None);
}

#[tokio::test]
async fn a_service_that_is_unavailable_is_left_alone_for_as_long_as_it_asks_within_bounds() {
    let unavailable = |retry_after: Option<u32>| async move {
        let scripted = Scripted::with_tokens(move |_, _| match retry_after {
            Some(seconds) => Reply::new(503, UNAVAILABLE).with("retry-after", seconds),
            None => Reply::new(503, UNAVAILABLE),
        })
        .await;
        let genesys = scripted.genesys();
        genesys.message("c", "m").await.unwrap_err();
        genesys.rate_state().held_for
    };
    assert_eq!(unavailable(None).await, None);
    let held_for = unavailable(Some(20)).await.unwrap();
    assert!(held_for <= Duration::from_secs(20), "{held_for:?}");
    let held_for = unavailable(Some(86_400)).await.unwrap();
    assert!(held_for <= Pace::default().rate_window, "{held_for:?}");
}

#[tokio::test]
async fn typing_is_left_out_when_the_budget_is_short() {
    let scripted = Scripted::with_tokens(|_, _| message(4, 2)).await;
    let genesys = scripted.genesys();
    genesys.send_typing("i", &user(), Timestamp::UNIX_EPOCH).await.unwrap();
    let outcome = genesys.send_typing("i", &user(), Timestamp::UNIX_EPOCH).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, CallError::Busy { .. }), "{error}");
    assert!(!error.is_final());
    assert_eq!(scripted.calls().len(), 1);
    let state = genesys.rate_state();
    assert_eq!((state.allowed, state.spent), (4, 2));
}

#[tokio::test]
async fn the_waiting_go_when_there_is_room_again_the_more_important_first() {
    let scripted = Scripted::with_tokens(|_, _| message(2, 0)).await;
    let rate_window = Duration::from_secs(1);
    let genesys = scripted.genesys_at(Pace { rate_window, ..Pace::default() });
    genesys.disconnect("c", "first").await.unwrap();
    genesys.disconnect("c", "second").await.unwrap();
    let ready = Arc::new(Barrier::new(2));
    let reading = tokio::spawn({
        let (genesys, ready) = (genesys.clone(), Arc::clone(&ready));
        async move {
            ready.wait().await;
            genesys.message("c", "m").await
        }
    });
    ready.wait().await;
    while genesys.rate_state().waiting.iter().all(|(_, count)| *count == 0) {
        tokio::task::yield_now().await;
    }
    assert!(genesys.rate_state().waiting.contains(&(Class::Reconcile, 1)));
    // Both of the room that comes are taken by who came later, and matters more.
    let (third, fourth) =
        tokio::join!(genesys.disconnect("c", "third"), genesys.disconnect("c", "fourth"));
    third.unwrap();
    fourth.unwrap();
    reading.await.unwrap().unwrap();
    let ends: Vec<String> = scripted
        .calls()
        .iter()
        .map(|call| call.target.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(ends.last().map(String::as_str), Some("m"), "{ends:?}");
    assert_eq!(ends.len(), 5);
}

#[tokio::test]
async fn whoever_does_not_wait_any_longer_takes_no_turn() {
    let scripted = Scripted::with_tokens(|_, _| message(1, 0)).await;
    let rate_window = Duration::from_secs(1);
    let genesys = scripted.genesys_at(Pace { rate_window, ..Pace::default() });
    genesys.disconnect("c", "first").await.unwrap();
    let impatient =
        tokio::time::timeout(Duration::from_millis(10), genesys.disconnect("c", "impatient"));
    assert!(impatient.await.is_err());
    assert!(genesys.rate_state().waiting.iter().all(|(_, count)| *count == 0));
    genesys.disconnect("c", "second").await.unwrap();
    assert!(scripted.calls().iter().all(|call| !call.target.ends_with("impatient")));
}
