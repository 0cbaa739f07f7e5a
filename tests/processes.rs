//! Several `baton serve` on one OAuth client, which has twenty notification channels.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::time::Duration;

use baton_tests::{
    chat::Socket,
    customer::{BEGUN, Customer},
    process::{Home, Place, Process},
    sidecar::{ADMIN_CREDENTIAL, CONNECTOR_TOKEN, ask, sidecar_at},
    simulator::Simulator,
    wait::until,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// What a customer has seen whose handoff has begun: the session's start, and [`BEGUN`].
const SEEN: u64 = 4;

/// The channels of an OAuth client at Genesys.
const CHANNELS: u64 = 20;

/// For how long it is watched what one process too many leads to.
const WATCHED: Duration = Duration::from_secs(12);

/// How many channels may be made in that time: those processes that lose theirs wait before they
/// take another's, and the longer the oftener it happens.
const MOST_MADE: u64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_9_the_21st_process_costs_another_its_channel_which_reports_it_and_has_another() {
    let genesys = Simulator::start_without_edge().await;
    let mut owners = vec![Owner::start(&genesys).await];
    owners.extend(join_all((1..CHANNELS).map(|_| Owner::start(&genesys))).await);
    assert_eq!(channels(&genesys).await, json!({ "now": 20, "most": 20, "total": 20 }));

    owners.push(Owner::start(&genesys).await);
    until("the loss of a channel in the log", async || {
        let told = |owner: &&Owner| owner.home.log().contains("gone and is replaced");
        owners.iter().find(told).map(drop)
    })
    .await;
    let made = channels(&genesys).await["total"].as_u64().expect("a number");
    let begun = Instant::now();
    sleep(WATCHED).await;
    let after = channels(&genesys).await;
    println!("{after} after {:?}", begun.elapsed());
    assert_eq!(after["most"], CHANNELS, "never the 21st");
    assert!(after["total"].as_u64().expect("a number") - made <= MOST_MADE, "a storm: {after}");

    // Whoever was without a channel for a while learns what happened meanwhile.
    for owner in &mut owners {
        owner.is_served(&genesys).await;
    }
    let replaced = owners[0].channel().await["replaced"].as_u64();
    assert!(replaced > Some(0), "the channel that was used least recently went first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_9_a_process_uses_its_own_channel_again_and_nobody_elses() {
    let genesys = Simulator::start_without_edge().await;
    let mut first = Owner::start(&genesys).await;
    assert_eq!(channels(&genesys).await["total"], 1);
    first.restart().await;
    assert_eq!(channels(&genesys).await["total"], 1, "it is the same channel");

    let second = Owner::start(&genesys).await;
    assert_eq!(channels(&genesys).await["total"], 2, "a channel of its own");
    first.is_served(&genesys).await;
    assert_eq!(second.channel().await["replaced"], 0);
    assert_eq!(first.channel().await["replaced"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_store_stops_with_64_and_one_line() {
    let genesys = Simulator::start_without_edge().await;
    let mut owner = Owner::start(&genesys).await;
    let ended = owner.home.run(&[]).await;
    assert_eq!(ended.status.code(), Some(64));
    let said = String::from_utf8(ended.stderr).expect("text");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(ended.stdout.is_empty());
    owner.is_served(&genesys).await;
}

/// A process with a store of its own, and one handoff.
struct Owner {
    home: Home,
    process: Option<Process>,
    customer: Customer,
}

impl Owner {
    /// Starts a process, begins a handoff, and waits until its channel tells of it.
    async fn start(genesys: &Simulator) -> Self {
        let address = genesys.address();
        let mut home = Home::with(|store| sidecar_at(store, address));
        let process = home.start().await;
        let place = process.place;
        let mut customer = Customer::arrive(place.chat, place.internal, CONNECTOR_TOKEN).await;
        customer.say("Hello, I need help").await;
        customer.sees(&BEGUN).await;
        let owner = Self { home, process: Some(process), customer };
        owner.is_open().await;
        owner
    }

    /// Stops the process and starts it again, on other ports.
    async fn restart(&mut self) {
        self.process.take().expect("it runs").stop().await;
        self.process = Some(self.home.start().await);
        let (chat, session) = (self.place().chat, &self.customer.session);
        let socket = Socket::open_after(chat, session, Some(SEEN)).await;
        self.customer.socket = socket.expect("the session is there again");
        self.is_open().await;
    }

    fn place(&self) -> Place {
        self.process.as_ref().expect("it runs").place
    }

    /// Waits until its channel is there, with the topics of the handoff.
    async fn is_open(&self) {
        until("an open channel", async || {
            let channel = self.channel().await;
            (channel["state"] == "open" && channel["topics"] == 4).then_some(())
        })
        .await;
    }

    /// How its channel stands.
    async fn channel(&self) -> Value {
        let internal = self.place().internal;
        let answer = ask(internal, "GET", "/internal/v1/tenants", ADMIN_CREDENTIAL, b"").await;
        let tenants: Value = serde_json::from_slice(&answer.body).expect("JSON");
        tenants[0]["channels"][0].clone()
    }

    /// An agent accepts, and the customer sees it.
    async fn is_served(&mut self, genesys: &Simulator) {
        let end_user = &self.customer.end_user_id;
        let path = format!("/control/v1/conversations?end_user={end_user}");
        let conversations = genesys.get(&path).await;
        let id = conversations[0]["id"].as_str().expect("an id");
        let accept = json!({ "action": "accept", "user": "Dana Reyes" });
        genesys.post(&format!("/control/v1/conversations/{id}/actions"), &accept).await;
        self.customer.sees(&["LIVE_AGENT_JOINED"]).await;
    }
}

/// The channels of the OAuth client, as Genesys counts them.
async fn channels(genesys: &Simulator) -> Value {
    let counters = genesys.get("/control/v1/counters").await;
    counters["channels"][baton_simulator::DEFAULT_CLIENT_ID].clone()
}
