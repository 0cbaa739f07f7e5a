//! The notification channels against a scripted Genesys on loopback.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use baton_core::lifecycle::LifecycleKind;
use baton_genesys::{ChannelNotice, ChannelState, ChannelStatus, Pace, Watch};
use serde_json::json;

use crate::{
    channels_client::{Client, Memory, next, next_event, patient_pace},
    channels_server::Server,
};

const FIRST: &str = "made-1";

async fn event(watch: &mut Watch) -> (LifecycleKind, String) {
    match next(watch).await {
        ChannelNotice::Event(event) => {
            let id = event.conversation_id.expect("an event names its conversation");
            (event.kind, id.into_owned())
        }
        ChannelNotice::Reconcile => panic!("an event was expected"),
    }
}

#[tokio::test]
async fn invariant_9_the_first_channel_is_made_for_the_first_conversation_and_serves_the_next() {
    let server = Server::start().await;
    let memory = Memory::default();
    let client = Client::of(&server, &memory, 20);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(server.made(), 0);
    let _a = client.watched("a").await;
    let _b = client.watched("b").await;
    assert_eq!(server.made(), 1);
    assert_eq!(memory.all(), [FIRST]);
    assert_eq!(server.topics(FIRST).len(), 8);
    assert_eq!(client.statuses()[0].topics, 8);
}

#[tokio::test]
async fn an_event_reaches_those_who_watch_its_conversation() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    let mut b = client.watched("b").await;
    let mut b_again = client.watched("b").await;
    server.emit("b", "user.start");
    server.emit("a", "acd.end");
    assert_eq!(event(&mut a).await, (LifecycleKind::AcdEnd, "a".to_owned()));
    assert_eq!(next(&mut b).await, ChannelNotice::Reconcile);
    assert_eq!(event(&mut b).await, (LifecycleKind::UserStart, "b".to_owned()));
    assert_eq!(event(&mut b_again).await, (LifecycleKind::UserStart, "b".to_owned()));
}

#[tokio::test]
async fn conversations_that_come_together_cost_one_request() {
    let server = Server::start().await;
    let pace = Pace { subscribe_batch: Duration::from_millis(50), ..patient_pace() };
    let client = Client::at_pace(pace, &server, &Memory::default(), 1);
    let _first = client.watched("first").await;
    let mut watches: Vec<Watch> = (0..40).map(|number| client.watch(&number.to_string())).collect();
    for watch in &mut watches {
        assert_eq!(next(watch).await, ChannelNotice::Reconcile);
    }
    let expected = [(Method::POST, FIRST.to_owned(), 4), (Method::POST, FIRST.to_owned(), 160)];
    assert_eq!(server.requests(), expected);
}

#[tokio::test]
async fn invariant_8_a_dropped_socket_is_replaced_on_the_same_channel_and_all_is_compared() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    server.cut(FIRST);
    assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
    server.emit("a", "user.end");
    assert_eq!(event(&mut a).await.0, LifecycleKind::UserEnd);
    assert_eq!(server.connections(), [FIRST, FIRST]);
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn invariant_8_an_evicted_channel_is_replaced_with_all_its_topics_and_all_is_compared() {
    let server = Server::start().await;
    let memory = Memory::default();
    let client = Client::of(&server, &memory, 1);
    let mut a = client.watched("a").await;
    let mut b = client.watched("b").await;
    server.evict(FIRST);
    assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
    assert_eq!(next(&mut b).await, ChannelNotice::Reconcile);
    assert_eq!(server.topics("made-2").len(), 8);
    server.until("the first to be forgotten", |_| memory.all() == ["made-2"]).await;
    assert_eq!(client.statuses()[0].replaced, 1);
    assert_eq!(server.most_at_once(), 1);
    server.emit("b", "customer.end");
    assert_eq!(event(&mut b).await.0, LifecycleKind::CustomerEnd);
}

#[tokio::test]
async fn a_channel_whose_loss_is_told_in_band_is_replaced() {
    for frame in [
        json!({ "result": "404", "message": "channel not found" }),
        json!({ "topicName": "v2.system.token_revoked", "eventBody": { "channelId": FIRST } }),
    ] {
        let server = Server::start().await;
        let client = Client::of(&server, &Memory::default(), 1);
        let mut a = client.watched("a").await;
        server.remove(FIRST);
        server.say(FIRST, &frame);
        assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
        assert_eq!(server.topics("made-2").len(), 4);
    }
}

#[tokio::test]
async fn invariant_8_a_lost_channel_is_polled_for_until_it_is_back() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    server.answer_upgrades(Some(503));
    server.cut(FIRST);
    client.until_first("loss", |state| matches!(state, ChannelState::Lost { .. })).await;
    for _ in 0..3 {
        assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
    }
    server.answer_upgrades(None);
    client.until_first("return", |state| state == ChannelState::Open).await;
    server.emit("a", "user.end");
    assert!(next_event(&mut a).await);
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn invariant_9_the_251st_conversation_opens_the_second_channel() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 20);
    let mut watches: Vec<Watch> =
        (0..251).map(|number| client.watch(&format!("c{number}"))).collect();
    for watch in &mut watches {
        assert_eq!(next(watch).await, ChannelNotice::Reconcile);
    }
    let mut topics: Vec<usize> =
        server.channels().iter().map(|channel| server.topics(channel).len()).collect();
    topics.sort_unstable();
    assert_eq!(topics, [4, 1000]);
    server.emit("c250", "user.end");
    assert_eq!(event(&mut watches[250]).await, (LifecycleKind::UserEnd, "c250".to_owned()));
}

#[tokio::test]
async fn invariant_9_never_more_channels_than_configured_and_the_rest_is_polled() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let mut watches: Vec<Watch> =
        (0..251).map(|number| client.watch(&format!("c{number}"))).collect();
    let last = watches.last_mut().unwrap();
    for _ in 0..3 {
        assert_eq!(next(last).await, ChannelNotice::Reconcile);
    }
    assert_eq!(server.made(), 1);
    // The room that another leaves is for it.
    drop(watches.remove(0));
    let is_last = |topic: &String| topic.contains(".c250.");
    server.until("its topics", |server| server.topics(FIRST).iter().any(is_last)).await;
    assert!(server.topics(FIRST).len() <= 1000);
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn topics_are_removed_when_nobody_watches_any_more() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let a = client.watched("a").await;
    let b = client.watched("b").await;
    let b_again = client.watch("b");
    drop(b);
    drop(a);
    server.until("removal", |server| server.topics(FIRST).len() == 4).await;
    assert!(server.topics(FIRST).iter().all(|topic| topic.contains(".b.")));
    drop(b_again);
    server.until("removal", |server| server.topics(FIRST).is_empty()).await;
    let last = server.requests().pop().unwrap();
    assert_eq!(last, (Method::DELETE, FIRST.to_owned(), 0));
}

#[tokio::test]
async fn topics_are_subscribed_anew_before_the_channel_expires() {
    let server = Server::start().await;
    let pace = Pace { channel_renewal: Duration::from_millis(30), ..patient_pace() };
    let client = Client::at_pace(pace, &server, &Memory::default(), 1);
    let _a = client.watched("a").await;
    let renewal = (Method::PUT, FIRST.to_owned(), 4);
    let is_renewal = |request: &&(Method, String, usize)| **request == renewal;
    let renewals = |server: &Server| server.requests().iter().filter(is_renewal).count();
    server.until("renewals", |server| renewals(server) >= 2).await;
    assert_eq!(server.connections(), [FIRST]);
}

#[tokio::test]
async fn invariant_8_a_socket_that_is_about_to_close_is_replaced_without_an_unnoticed_loss() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    server.emit("a", "user.start");
    server.say(FIRST, &json!({ "topicName": "v2.system.socket_closing", "eventBody": {} }));
    server.until("the new socket", |server| server.connections().len() == 2).await;
    server.emit("a", "user.end");
    assert_eq!(event(&mut a).await.0, LifecycleKind::UserStart);
    // Nothing was lost: the first socket worked until the second did.
    next_event(&mut a).await;
    let status = client.until_first("the new socket", |state| state == ChannelState::Open).await;
    assert_eq!(status.replaced, 0);
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn sockets_that_are_all_told_to_close_are_replaced_at_a_bearable_pace() {
    let server = Server::start().await;
    server.close_for_maintenance();
    let pace = Pace { reconnect: Duration::from_secs(40), ..patient_pace() };
    let pace = Pace { reconnect_cap: Duration::from_secs(60), ..pace };
    let client = Client::at_pace(pace, &server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    client.until_first("the closing", |state| state == ChannelState::Closing).await;
    // The first socket goes on for as long as the second waits.
    server.emit("a", "user.end");
    assert!(!next_event(&mut a).await);
    assert_eq!(server.connections(), [FIRST]);
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_channel_makes_no_other_channel() {
    for status in [401, 403, 404] {
        let server = Server::start().await;
        server.answer_upgrades(Some(status));
        let client = Client::of(&server, &Memory::default(), 1);
        let mut a = client.watch("a");
        client.until_first("loss", |state| matches!(state, ChannelState::Lost { .. })).await;
        assert_eq!(server.made(), 1, "{status}");
        assert!(server.verified() >= 9, "{status}");
        server.answer_upgrades(None);
        client.until_first("return", |state| state == ChannelState::Open).await;
        server.until("topics", |server| server.topics(FIRST).len() == 4).await;
        server.emit("a", "user.end");
        next_event(&mut a).await;
        assert_eq!(server.made(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_channel_that_cannot_be_connected_to_is_made_once_and_used_when_it_can() {
    let server = Server::start().await;
    server.mislead(true);
    let memory = Memory::default();
    // In this life and in the next.
    for _ in 0..2 {
        let client = Client::of(&server, &memory, 2);
        let a = client.watch("a");
        client.until_first("loss", |state| matches!(state, ChannelState::Lost { .. })).await;
        assert_eq!(memory.all(), [FIRST]);
        drop(a);
        client.stop().await;
    }
    let client = Client::of(&server, &memory, 2);
    let _a = client.watch("a");
    server.until("another look", |server| server.listed() > 12).await;
    server.mislead(false);
    server.until("topics", |server| server.topics(FIRST).len() == 4).await;
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn a_socket_with_an_endless_frame_is_replaced() {
    let server = Server::start().await;
    let client = Client::of(&server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    server.say(FIRST, &json!({ "topicName": "x".repeat(2 << 20) }));
    assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
    assert_eq!(server.connections(), [FIRST, FIRST]);
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn invariant_8_a_silent_socket_is_asked_and_then_replaced() {
    let server = Server::start().await;
    server.ignore_pings();
    let pace = Pace {
        heartbeat_silence: Duration::from_millis(40),
        pong_wait: Duration::from_millis(40),
        ..patient_pace()
    };
    let client = Client::at_pace(pace, &server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
    assert!(server.pings() >= 1);
    assert!(server.connections().len() >= 2);
}

#[tokio::test]
async fn a_silent_socket_that_answers_is_kept() {
    let server = Server::start().await;
    let pace = Pace { heartbeat_silence: Duration::from_millis(10), ..patient_pace() };
    let client = Client::at_pace(pace, &server, &Memory::default(), 1);
    let _a = client.watched("a").await;
    server.until("pings", |server| server.pings() >= 3).await;
    assert_eq!(server.connections(), [FIRST]);
}

#[tokio::test]
async fn invariant_9_a_remembered_channel_is_used_again_after_a_restart() {
    let server = Server::start().await;
    let memory = Memory::default();
    let client = Client::of(&server, &memory, 20);
    let old = client.watched("old").await;
    client.stop().await;
    drop(old);
    let client = Client::of(&server, &memory, 20);
    let _new = client.watched("new").await;
    assert_eq!(server.made(), 1);
    assert_eq!(server.connections(), [FIRST, FIRST]);
    let topics: BTreeSet<String> = baton_handoff::topics::of("new").into();
    assert_eq!(server.topics(FIRST), topics);
}

#[tokio::test]
async fn a_remembered_channel_that_is_gone_is_forgotten_and_a_foreign_one_never_touched() {
    let server = Server::start().await;
    server.add_channel("foreign");
    let memory = Memory::of(&["expired"]);
    let client = Client::of(&server, &memory, 20);
    let _a = client.watched("a").await;
    assert_eq!(memory.all(), [FIRST]);
    assert_eq!(server.connections(), [FIRST]);
    assert!(server.topics("foreign").is_empty());
    assert_eq!(server.listed(), 1);
}

#[tokio::test]
async fn a_remembered_channel_cannot_be_looked_up_and_another_is_made() {
    for status in [400, 403, 404] {
        let server = Server::start().await;
        server.refuse_listings(status);
        let memory = Memory::of(&["remembered"]);
        let client = Client::of(&server, &memory, 20);
        let _a = client.watched("a").await;
        assert_eq!(server.made(), 1, "{status}");
        // It may be looked up in the next life.
        assert_eq!(memory.all(), [FIRST, "remembered"]);
    }
}

#[tokio::test]
async fn a_second_owner_is_recognised() {
    let server = Server::start().await;
    // The pauses are short, and what counts as lasting is long.
    let pace = Pace { reconnect_cap: Duration::from_secs(5), ..patient_pace() };
    let client = Client::at_pace(pace, &server, &Memory::default(), 1);
    let mut a = client.watched("a").await;
    server.be_a_rival(true);
    server.close(FIRST, 1000);
    client.until_first("recognition", |state| state == ChannelState::Contested).await;
    for _ in 0..3 {
        assert_eq!(next(&mut a).await, ChannelNotice::Reconcile);
    }
    assert_eq!(server.made(), 1);
}

#[tokio::test]
async fn a_conversation_that_genesys_refuses_is_polled_and_the_others_are_told_of() {
    let server = Server::start().await;
    server.refuse("hidden");
    let client = Client::of(&server, &Memory::default(), 1);
    let mut hidden = client.watch("hidden");
    let mut shown = client.watched("shown").await;
    for _ in 0..3 {
        assert_eq!(next(&mut hidden).await, ChannelNotice::Reconcile);
    }
    server.emit("shown", "user.end");
    assert_eq!(event(&mut shown).await.0, LifecycleKind::UserEnd);
}

#[tokio::test]
async fn refused_topics_are_counted() {
    let server = Server::start().await;
    server.refuse("acd.");
    let client = Client::of(&server, &Memory::default(), 1);
    let _a = client.watched("a").await;
    let _b = client.watched("b").await;
    let is_counted = |all: &Vec<ChannelStatus>| {
        all.first().is_some_and(|one| (one.topics, one.refused) == (6, 2))
    };
    client.until("the count", is_counted).await;
    assert_eq!(server.topics(FIRST).len(), 6);
}

#[tokio::test]
async fn a_shutdown_closes_the_sockets_and_leaves_the_channel_for_the_next_life() {
    let server = Server::start().await;
    let memory = Memory::default();
    let client = Client::of(&server, &memory, 1);
    let a = client.watched("a").await;
    client.stop().await;
    drop(a);
    assert_eq!(memory.all(), [FIRST]);
    assert_eq!(server.channels(), [FIRST]);
}

#[tokio::test]
async fn no_channel_is_made_once_the_shutdown_has_begun() {
    let server = Server::start().await;
    server.answer_listings(false);
    let memory = Memory::of(&["expired"]);
    let client = Client::of(&server, &memory, 20);
    let a = client.watch("a");
    server.until("the look-up", |server| server.listed() == 1).await;
    client.begin_to_stop();
    server.answer_listings(true);
    client.stop().await;
    drop(a);
    assert_eq!(server.made(), 0);
}
