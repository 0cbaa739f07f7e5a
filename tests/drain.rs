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
#[path = "drain/customers.rs"]
mod customers;

use std::{collections::HashMap, net::SocketAddr, path::Path, time::Duration};

use baton_tests::{
    SECRET,
    chat::{Socket, text_of},
    customer::Customer,
    http1,
    process::{Home, Process},
    sidecar::{CONNECTOR_TOKEN, HOST, INTEGRATION},
    simulator::{Simulator, configuration},
    wait::until,
    world::said,
};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    agents::{Agent, Told},
    customers::Typing,
};

/// How many chats there are.
const CHATS: usize = 6;

/// How many agents write into each at once.
const AGENTS: usize = 3;

/// For how long they write before the sidecar is told to stop, in milliseconds.
const BUSY_MS: [u64; 3] = [300, 700, 1100];

/// How a client is told to come again (Messaging API, 5.4).
const RESTART: u16 = 1012;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_3_a_stop_under_load_loses_nothing_that_was_answered_or_echoed() {
    let genesys = genesys().await;
    let mut home = home(&genesys, "");
    let mut process = start(&mut home).await;
    let mut customers = Vec::new();
    for _ in 0..CHATS {
        let place = process.place;
        let mut customer = Customer::arrive(place.chat, place.internal, CONNECTOR_TOKEN).await;
        customer.say("Hello, I need help").await;
        customers.push(customer);
    }
    let (mut answered, mut echoed): (Vec<Told>, HashMap<String, Vec<String>>) = Default::default();
    for busy in BUSY_MS {
        let edge = process.place.edge.expect("an edge");
        let agents: Vec<_> = customers
            .iter()
            .flat_map(|customer| (0..AGENTS).map(move |number| (customer, number)))
            .map(|(customer, number)| {
                let name = format!("agent {number} at {busy} ms");
                tokio::spawn(Agent::new(edge, &customer.end_user_id, name).write())
            })
            .collect();
        let typing: Vec<_> = customers
            .into_iter()
            .map(|customer| tokio::spawn(Typing::new(customer, busy).until_closed()))
            .collect();

        sleep(Duration::from_millis(busy)).await;
        process.stop().await;
        for agent in agents {
            let told = agent.await.expect("no agent panicked");
            assert_eq!(told.broken_answers, 0, "no answer broke off");
            answered.push(told);
        }
        let mut typed = Vec::new();
        for customer in typing {
            typed.push(customer.await.expect("no customer panicked"));
        }
        process = start(&mut home).await;
        customers = Vec::new();
        for Typing { mut customer, echoed: texts, .. } in typed {
            assert_eq!(customer.socket.closed_with(), Some(RESTART));
            echoed.entry(customer.end_user_id.clone()).or_default().extend(texts);
            let socket = Socket::open(process.place.chat, &customer.session).await;
            customer.socket = socket;
            customers.push(customer);
        }
    }
    let answered_200: usize = answered.iter().map(|told| told.answered.len()).sum();
    let echoed_texts: usize = echoed.values().map(Vec::len).sum();
    let unanswered: usize = answered.iter().map(|told| told.unanswered).sum();
    println!("{answered_200} webhooks answered, {unanswered} not, {echoed_texts} messages echoed");
    // How much a busy machine gets through in that time says nothing of what is lost.
    assert!(answered_200 > CHATS && echoed_texts > 0, "there was a load");

    for mut customer in customers {
        let expected: Vec<&String> = answered
            .iter()
            .filter(|told| told.end_user_id == customer.end_user_id)
            .flat_map(|told| &told.answered)
            .collect();
        let mut seen: HashMap<String, usize> = HashMap::new();
        while !expected.iter().all(|text| seen.contains_key(*text)) {
            let event = customer.event().await;
            if event["type"] == "EVENT_TYPE_LIVE_AGENT_MESSAGE" {
                *seen.entry(text_of(&event).to_owned()).or_default() += 1;
            }
        }
        assert!(seen.values().all(|times| *times == 1), "each once: {seen:?}");
        let texts = &echoed[&customer.end_user_id];
        until("what was echoed at Genesys", async || {
            let at_genesys = said_by(&genesys, &customer.end_user_id).await;
            texts.iter().all(|text| at_genesys.contains(text)).then_some(())
        })
        .await;
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sidecar_that_settles_says_that_it_is_not_ready_and_serves_all_the_same() {
    let genesys = genesys().await;
    let mut home = home(&genesys, "drain = { seconds = 60, settle_seconds = 4 }");
    let process = start(&mut home).await;
    let (edge, observed) = (process.place.edge.unwrap(), process.place.observation.unwrap());
    let place = process.place;
    let mut customer = Customer::arrive(place.chat, place.internal, CONNECTOR_TOKEN).await;
    until("readiness", async || (status(observed, "/readyz").await == 200).then_some(())).await;

    process.terminate().await;
    until("no readiness", async || (status(observed, "/readyz").await == 503).then_some(())).await;
    assert_eq!(status(observed, "/healthz").await, 200, "that is no reason to kill it");
    let agent = Agent::new(edge, &customer.end_user_id, "an agent".to_owned());
    let answer = agent.tell("Hello").await.expect("it is served");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"), "the next one goes elsewhere");
    customer.says("Still here").await;
    process.ended_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_a_sidecar_at_once() {
    let genesys = genesys().await;
    let mut home = home(&genesys, "drain = { seconds = 3600, settle_seconds = 3599 }");
    let process = start(&mut home).await;
    let observed = process.place.observation.unwrap();
    process.terminate().await;
    until("no readiness", async || (status(observed, "/readyz").await == 503).then_some(())).await;
    process.terminate().await;
    process.ended().await;
    assert!(home.log().contains("told to stop twice"), "{}", home.log());
}

async fn genesys() -> Simulator {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    Simulator::start_with(configuration(nowhere)).await
}

fn home(genesys: &Simulator, more: &str) -> Home {
    let address = genesys.address();
    Home::with(|store| process_configuration(store, address, more)).with_edge()
}

async fn start(home: &mut Home) -> Process {
    let environment = [
        ("GENESYS_SECRET", baton_simulator::DEFAULT_CLIENT_SECRET.to_owned()),
        ("GENESYS_WEBHOOK_SECRET", SECRET.to_owned()),
    ];
    let process = home.try_start(&environment).await;
    process.unwrap_or_else(|| panic!("it does not start: {}", home.log()))
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

fn process_configuration(store: &Path, genesys: SocketAddr, more: &str) -> String {
    format!(
        r#"
chat.listen = '127.0.0.1:0'
chat.frames_per_minute_per_session = 100000
internal.listen = '127.0.0.1:0'
edge.listen = '127.0.0.1:0'
observation.listen = '127.0.0.1:0'
store.path = '{}'
{more}

[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "{INTEGRATION}"
connector_tokens = [{{ env = "CONNECTOR_TOKEN" }}]
hosts = ["{HOST}"]
[tenants.edge]
signature_secrets = [{{ env = "GENESYS_WEBHOOK_SECRET" }}]
[tenants.genesys]
base_url = "http://{genesys}"
client_id = "{}"
client_secret = {{ env = "GENESYS_SECRET" }}
[tenants.genesys.handoff]
start = "first_message"
"#,
        store.display(),
        baton_simulator::DEFAULT_CLIENT_ID,
    )
}
