//! A full house: more handoffs at once than one notification channel has room for.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::{collections::BTreeSet, time::Duration};

use baton_tests::{
    customer::{BEGUN, Customer},
    wait::until,
    world::{Setting, World},
};
use serde_json::{Value, json};
use tokio::time::{Instant, interval, timeout};

/// More than the 250 of one channel.
const HANDOFFS: usize = 350;

/// How many conversations may be read while a user's message is on its way: those of one window,
/// which go all at once. Time is told by what Genesys admits, which no busy machine can hold up in
/// the middle. A message that had to wait for the next window would hold up all that follow it, so
/// that few were on their way while nothing was read.
const MOST_READS: u64 = 100;

/// What part of its real length each duration has.
const TIME_SCALE: f64 = 0.05;

/// What lies between two messages of users while everything is reconciled, of Genesys' time.
const BETWEEN_MESSAGES: Duration = Duration::from_secs(2);

/// How long something may take that 350 handoffs have to share.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_8_and_9_a_message_waits_for_no_reconciling_of_350_handoffs() {
    let setting = Setting { time_scale: TIME_SCALE, ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let autopilot = json!({ "accept_after_milliseconds": 20, "greeting": null, "echo": false });
    world.switch(json!({ "autopilot": autopilot })).await;
    let mut customers = Vec::new();
    for _ in 0..HANDOFFS {
        customers.push(world.customer().await);
    }
    for customer in &mut customers {
        customer.say("Hello, I need help").await;
    }
    for customer in &mut customers {
        begins(customer).await;
    }
    check_channels(&world).await;

    let reads = reads(&world).await;
    world.strike(json!({ "fault": "close_sockets", "code": 1012 })).await;
    let overtaken = talk_until(&world, &mut customers, reads + HANDOFFS as u64).await;
    let most = overtaken.iter().max().expect("somebody talked");
    println!("{} messages, overtaken by {most} reads at most", overtaken.len());
    assert!(*most <= MOST_READS, "{overtaken:?}");
    let undisturbed = overtaken.iter().filter(|reads| **reads == 0).count();
    assert!(undisturbed * 4 > overtaken.len() * 3, "{overtaken:?}");
    check_channels(&world).await;
}

/// The customer sees an agent come.
async fn begins(customer: &mut Customer) {
    let mut awaited = BEGUN.iter().chain(&["LIVE_AGENT_JOINED"]);
    for kind in &mut awaited {
        let event = timeout(PATIENCE, next(customer)).await.expect("it comes in time");
        assert_eq!(event["type"], format!("EVENT_TYPE_{kind}"), "{event:#}");
    }
}

/// The next event of the log, however long that takes.
async fn next(customer: &mut Customer) -> Value {
    loop {
        let event = customer.socket.next().await.expect("the socket stays open");
        if event["sequence"].is_u64() {
            return event;
        }
    }
}

/// Customers talk, one after the other, until so many conversations were read: how many of them
/// while each message was on its way.
async fn talk_until(world: &World, customers: &mut [Customer], enough: u64) -> Vec<u64> {
    let deadline = Instant::now() + PATIENCE;
    let mut pace = interval(BETWEEN_MESSAGES.mul_f64(TIME_SCALE));
    let mut overtaken = Vec::new();
    for (number, customer) in customers.iter_mut().enumerate() {
        pace.tick().await;
        let text = format!("{number} asks");
        let before = reads(world).await;
        customer.say(&text).await;
        customer.sees(&["USER_MESSAGE"]).await;
        arrives(world, &customer.end_user_id, &text).await;
        overtaken.push(reads(world).await - before);
        if reads(world).await >= enough {
            break;
        }
        assert!(Instant::now() < deadline, "not all were reconciled: {}", reads(world).await);
    }
    overtaken
}

/// Waits until Genesys has the message.
async fn arrives(world: &World, end_user_id: &str, text: &str) {
    let path = format!("/control/v1/conversations?end_user={end_user_id}");
    let conversations = world.genesys.get(&path).await;
    let id = conversations[0]["id"].as_str().expect("an id").to_owned();
    until(text, async || {
        let truth = world.genesys.get(&format!("/control/v1/conversations/{id}")).await;
        let messages = truth["messages"].as_array().expect("a list");
        messages.iter().any(|message| message["text"] == text).then_some(())
    })
    .await;
}

/// How often a conversation was read so far.
async fn reads(world: &World) -> u64 {
    world.calls("GET /api/v2/conversations/messages/{conversationId}").await
}

/// Two channels carry all of them, and nobody was refused for being too fast.
async fn check_channels(world: &World) {
    let counters = world.genesys.get("/control/v1/counters").await;
    let client = baton_simulator::DEFAULT_CLIENT_ID;
    assert_eq!(counters["channels"][client]["most"], 2, "{counters:#}");
    assert_eq!(counters["rate_limited"], 0, "{counters:#}");
    assert_eq!(counters["token_requests"][client]["most_in_flight"], 1, "{counters:#}");
    let answer = world.operate("GET", "/internal/v1/tenants", "").await;
    let tenants: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let channels = tenants[0]["channels"].as_array().expect("a list");
    let topics: BTreeSet<_> = channels.iter().map(|one| one["topics"].as_u64()).collect();
    assert_eq!(topics, BTreeSet::from([Some(400), Some(1000)]), "{tenants:#}");
}
