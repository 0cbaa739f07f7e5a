//! A sidecar that is told to stop while webhooks come in and customers type: nothing that was
//! answered or echoed is lost, nothing is there twice, and nobody sees more than a restart.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "drain/agents.rs"]
mod agents;
#[path = "drain/callers.rs"]
mod callers;
#[path = "drain/customers.rs"]
mod customers;
#[path = "drain/stage.rs"]
mod stage;

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use baton_tests::{
    chat::{Socket, text_of},
    customer::Customer,
    http1,
    simulator::{Simulator, statuses},
    wait::until,
    world::said,
};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::{
    agents::{Agent, Told},
    callers::Caller,
    customers::Typing,
    stage::{Edge, Stage},
};

/// How many chats there are.
const CHATS: usize = 6;

/// How many agents write into each at once.
const AGENTS: usize = 3;

/// For how long it is busy before the sidecar is told to stop, in milliseconds.
const BUSY_MS: [u64; 3] = [300, 700, 1100];

/// How a client is told to come again (Messaging API, 5.4).
const RESTART: u16 = 1012;

/// What lets customers type as fast as they want to.
const NO_LIMIT: &str = "chat.frames_per_minute_per_session = 100000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_3_a_stop_under_load_loses_nothing_that_was_answered_or_echoed() {
    stops_under_load(Edge::InProcess).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_3_behind_envoy_a_stop_under_load_loses_nothing_that_was_answered_or_echoed() {
    stops_under_load(Edge::Envoy).await;
}

/// Stops the sidecar again and again while agents and customers write. Whatever Genesys sends
/// arrives, once; whatever was echoed is at Genesys, once and in order.
async fn stops_under_load(edge: Edge) {
    let mut stage = Stage::set(edge, NO_LIMIT).await;
    let mut customers = Vec::new();
    for _ in 0..CHATS {
        let mut customer = stage.customer().await;
        customer.say("Hello, I need help").await;
        customers.push(customer);
    }
    let (shift, on_shift) = watch::channel(());
    let agents = at_work(&stage, &customers, &on_shift);
    let mut echoed: HashMap<String, Vec<String>> = HashMap::new();
    for busy in BUSY_MS {
        let typing: Vec<_> = customers
            .into_iter()
            .map(|customer| tokio::spawn(Typing::new(customer, busy).until_closed()))
            .collect();
        sleep(Duration::from_millis(busy)).await;
        stage.stop().await;
        stage.is_missed().await;
        let typed = join_all(typing).await;
        stage.start().await;
        customers = Vec::new();
        for typing in typed {
            let Typing { mut customer, echoed: texts, .. } = typing.expect("it does not panic");
            assert_eq!(customer.socket.closed_with(), Some(RESTART));
            remember(echoed.entry(customer.end_user_id.clone()).or_default(), texts);
            customer.socket = Socket::open(stage.chat, &customer.session).await;
            customers.push(customer);
        }
    }
    drop(shift);
    let told = join_all(agents).await.into_iter().map(|agent| agent.expect("it does not panic"));
    let told: Vec<Told> = told.flatten().collect();
    let tries: usize = told.iter().map(|one| statuses(&one.record).len()).sum();
    let echoes: usize = echoed.values().map(Vec::len).sum();
    println!("{edge:?}: {} webhooks in {tries} tries, {echoes} messages echoed", told.len());
    // How much a busy machine gets through in that time says nothing of what is lost.
    assert!(told.len() > CHATS && echoes > 0, "there was a load");

    for one in &told {
        was_taken_or_put_off(&one.record, edge);
    }
    for mut customer in customers {
        sees_each_once(&mut customer, &told).await;
        has_each_in_order(&stage.genesys, &customer, &echoed[&customer.end_user_id]).await;
    }
    stage.stop().await;
}

/// Lets agents write to these customers until the shift is over.
fn at_work(
    stage: &Stage,
    customers: &[Customer],
    on_shift: &watch::Receiver<()>,
) -> Vec<JoinHandle<Vec<Told>>> {
    let chats = customers.iter().flat_map(|customer| (0..AGENTS).map(move |n| (customer, n)));
    chats
        .map(|(customer, number)| {
            let (genesys, end_user_id) = (stage.genesys.clone(), customer.end_user_id.clone());
            let agent = Agent { genesys, end_user_id, name: format!("agent {number}") };
            tokio::spawn(agent.write(on_shift.clone()))
        })
        .collect()
}

/// Adds what was echoed on a socket, which begins with what was echoed on those before it.
fn remember(echoed: &mut Vec<String>, on_socket: Vec<String>) {
    for text in on_socket {
        if !echoed.contains(&text) {
            echoed.push(text);
        }
    }
}

/// Genesys was told each time that it has to send the webhook again, until it was taken.
fn was_taken_or_put_off(record: &Value, edge: Edge) {
    let answers = statuses(record);
    let (last, earlier) = answers.split_last().expect("an attempt");
    assert_eq!(*last, 200, "{edge:?}: {record}");
    let puts_off = |status| edge.puts_off_with().contains(status);
    assert!(earlier.iter().all(puts_off), "{edge:?}: {record}");
}

/// The customer, whose socket begins with the whole history, sees every message of agents once.
async fn sees_each_once(customer: &mut Customer, told: &[Told]) {
    const LAST: &str = "That is all, thank you";
    customer.say(LAST).await;
    let to_customer = |one: &&Told| one.end_user_id == customer.end_user_id;
    let expected: Vec<&str> = told.iter().filter(to_customer).map(|one| &*one.text).collect();
    let (mut seen, mut has_echo) = (HashMap::<String, usize>::new(), false);
    while !has_echo || !expected.iter().all(|text| seen.contains_key(*text)) {
        let event = customer.event().await;
        has_echo |= text_of(&event) == LAST;
        if event["type"] == "EVENT_TYPE_LIVE_AGENT_MESSAGE" {
            *seen.entry(text_of(&event).to_owned()).or_default() += 1;
        }
    }
    assert!(seen.values().all(|times| *times == 1), "each once: {seen:?}");
}

/// What was echoed to a customer is at Genesys, once and in order.
async fn has_each_in_order(genesys: &Simulator, customer: &Customer, echoed: &[String]) {
    let mut at_genesys = Vec::new();
    until("what was echoed at Genesys", async || {
        at_genesys = said_by(genesys, &customer.end_user_id).await;
        echoed.iter().all(|text| at_genesys.contains(text)).then_some(())
    })
    .await;
    // The last message on a socket may have been taken, and its echo have come too late.
    at_genesys.retain(|text| echoed.contains(text));
    assert_eq!(at_genesys, echoed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_of_the_edge_in_the_process_breaks_off_at_a_stop() {
    let mut stage = Stage::set(Edge::InProcess, "").await;
    let customer = stage.customer().await;
    let calls: Vec<_> = (0..CHATS * AGENTS)
        .map(|number| {
            let name = format!("agent {number}");
            tokio::spawn(Caller::new(stage.webhooks, &customer.end_user_id, &name).call())
        })
        .collect();
    sleep(Duration::from_millis(BUSY_MS[0])).await;
    stage.stop().await;
    for call in calls {
        let answers = call.await.expect("it does not panic");
        assert!(answers.whole > 0 && answers.broken == 0, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sidecar_that_settles_says_that_it_is_not_ready_and_serves_all_the_same() {
    let drain = "drain = { seconds = 60, settle_seconds = 4 }";
    let mut stage = Stage::set(Edge::InProcess, drain).await;
    let observed = stage.process().place.observation.unwrap();
    let mut customer = stage.customer().await;
    until("readiness", async || (status(observed, "/readyz").await == 200).then_some(())).await;

    stage.process().terminate().await;
    until("no readiness", async || (status(observed, "/readyz").await == 503).then_some(())).await;
    assert_eq!(status(observed, "/healthz").await, 200, "that is no reason to kill it");
    let caller = Caller::new(stage.webhooks, &customer.end_user_id, "an agent");
    let answer = caller.tell("Hello").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"), "the next one goes elsewhere");
    customer.says("Still here").await;
    stage.take_process().ended_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_a_sidecar_at_once() {
    let drain = "drain = { seconds = 3600, settle_seconds = 3599 }";
    let mut stage = Stage::set(Edge::InProcess, drain).await;
    let observed = stage.process().place.observation.unwrap();
    stage.process().terminate().await;
    until("no readiness", async || (status(observed, "/readyz").await == 503).then_some(())).await;
    stage.process().terminate().await;
    stage.take_process().ended().await;
    assert!(stage.log().contains("told to stop twice"), "{}", stage.log());
}

async fn status(address: SocketAddr, path: &str) -> u16 {
    http1::exchange(address, &http1::request("GET", path, &[], b"")).await.status
}

/// What a customer said, as Genesys has it, in all conversations.
async fn said_by(genesys: &Simulator, end_user_id: &str) -> Vec<String> {
    let path = format!("/control/v1/conversations?end_user={end_user_id}");
    let Value::Array(conversations) = genesys.get(&path).await else { panic!("a list") };
    let mut texts = Vec::new();
    for conversation in conversations {
        let id = conversation["id"].as_str().expect("an id");
        let truth = genesys.get(&format!("/control/v1/conversations/{id}")).await;
        texts.extend(said(&truth).into_iter().map(str::to_owned));
    }
    texts
}
