//! The notification channels against the simulator, which was written without us.

use std::collections::BTreeMap;

use baton_core::lifecycle::{LifecycleEvent, LifecycleKind};
use baton_genesys::{
    ChannelNotice, ChannelState, ChannelStatus, Channels, Credentials, EndUser, Genesys, Hosts,
    InboundMessage, Pace, Secret, Watch,
};
use baton_process::{Random, Shutdown, shutdown};
use baton_simulator::{Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use crate::channels_client::{Memory, next, within};

/// A hundred of Genesys' seconds pass in one of ours.
const SCALE: f64 = 0.01;

struct Simulation {
    address: String,
    integration: String,
}

impl Simulation {
    async fn start() -> Self {
        let mut configuration =
            Configuration::new("http://127.0.0.1:9/nobody-listens", "a-secret-for-the-webhooks");
        configuration.time_scale = SCALE;
        let integration = configuration.integration_id.clone();
        let listener = configuration.bind().await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(baton_simulator::serve(listener, configuration, std::future::pending()));
        Self { address, integration }
    }

    fn genesys(&self) -> Genesys {
        let credentials = Credentials {
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            client_secret: Secret::new(DEFAULT_CLIENT_SECRET.to_owned()),
        };
        let hosts = Hosts::at(&format!("http://{}", self.address)).unwrap();
        Genesys::new(hosts, credentials, Pace::scaled(SCALE), Random::system()).unwrap()
    }

    fn channels(&self, shutdown: &Shutdown) -> Channels {
        Channels::start(self.genesys(), Memory::default(), 20, shutdown.clone())
    }

    /// A user writes; the conversation that this begins.
    async fn conversation(&self, genesys: &Genesys, user: &str) -> String {
        let message = InboundMessage {
            from: EndUser { id: user.to_owned(), ..EndUser::default() },
            message_id: format!("{user}-1"),
            time: Timestamp::now(),
            text: "Hello".to_owned(),
            attributes: BTreeMap::new(),
        };
        let taken = genesys.send_message(&self.integration, &message).await.unwrap();
        taken.conversation_id.unwrap()
    }

    async fn act(&self, conversation: &str, action: Value) {
        self.post(&format!("/control/v1/conversations/{conversation}/actions"), &action).await;
    }

    /// Something goes wrong now.
    async fn strike(&self, fault: Value) {
        let answer = self.post("/control/v1/faults/now", &fault).await;
        assert!(!answer.contains(r#""struck":0"#), "{fault}: {answer}");
    }

    async fn post(&self, path: &str, body: &Value) -> String {
        let (address, body) = (&self.address, body.to_string());
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{path}: {answer}");
        answer
    }
}

/// The next event of this kind, whatever comes before.
async fn event(watch: &mut Watch, kind: LifecycleKind) -> LifecycleEvent<'static> {
    loop {
        if let ChannelNotice::Event(event) = next(watch).await
            && event.kind == kind
        {
            return event;
        }
    }
}

async fn comparison(watch: &mut Watch) {
    while next(watch).await != ChannelNotice::Reconcile {}
}

/// Returns once a socket of the first channel has taken over from one that is about to close.
async fn taken_over(mut states: watch::Receiver<Vec<ChannelStatus>>) {
    for expected in [ChannelState::Closing, ChannelState::Open] {
        let is_so = |all: &Vec<ChannelStatus>| all.first().is_some_and(|one| one.state == expected);
        states.wait_for(is_so).await.unwrap();
    }
}

#[tokio::test]
async fn what_an_agent_does_is_told() {
    let simulation = Simulation::start().await;
    let (_trigger, shutdown) = shutdown();
    let channels = simulation.channels(&shutdown);
    let conversation = simulation.conversation(&simulation.genesys(), "ann").await;
    let mut watch = channels.watch(&conversation);
    comparison(&mut watch).await;
    simulation.act(&conversation, json!({ "action": "accept", "user": "Dana Reyes" })).await;
    let answered = event(&mut watch, LifecycleKind::AcdEnd).await;
    assert_eq!(answered.acd_outcome.as_deref(), Some("ANSWERED"));
    assert!(answered.user_id.is_some());
    simulation.act(&conversation, json!({ "action": "end" })).await;
    let ended = event(&mut watch, LifecycleKind::UserEnd).await;
    assert_eq!(ended.disconnect_type.as_deref(), Some("CLIENT"));
    event(&mut watch, LifecycleKind::CustomerEnd).await;
}

#[tokio::test]
async fn invariant_8_after_each_fault_the_channel_is_back_and_the_conversation_compared() {
    let simulation = Simulation::start().await;
    let (_trigger, shutdown) = shutdown();
    let channels = simulation.channels(&shutdown);
    let conversation = simulation.conversation(&simulation.genesys(), "ann").await;
    let mut watch = channels.watch(&conversation);
    comparison(&mut watch).await;
    let faults = [
        json!({ "fault": "close_sockets" }),
        json!({ "fault": "close_sockets", "code": 1012 }),
        json!({ "fault": "announce_maintenance" }),
        json!({ "fault": "revoke_tokens" }),
    ];
    for fault in faults {
        let is_maintenance = fault["fault"] == "announce_maintenance";
        let take_over = is_maintenance.then(|| tokio::spawn(taken_over(channels.states())));
        simulation.strike(fault).await;
        match take_over {
            // The new socket takes over before the old one closes, and nothing may be lost.
            Some(take_over) => within("the new socket", take_over).await.unwrap(),
            None => comparison(&mut watch).await,
        }
        simulation.act(&conversation, json!({ "action": "alert", "user": "Dana Reyes" })).await;
        event(&mut watch, LifecycleKind::UserStart).await;
        simulation.act(&conversation, json!({ "action": "decline" })).await;
        event(&mut watch, LifecycleKind::UserEnd).await;
    }
    let status = channels.states().borrow().first().cloned().unwrap();
    assert_eq!((status.state, status.replaced), (ChannelState::Open, 1));
}

#[tokio::test]
async fn invariant_9_topics_fit_the_limits_that_the_simulator_holds_us_to() {
    let simulation = Simulation::start().await;
    let (_trigger, shutdown) = shutdown();
    let channels = simulation.channels(&shutdown);
    let ids = (0..251).map(|number| format!("00000000-0000-4000-8000-{number:012}"));
    let mut watches: Vec<Watch> = ids.map(|id| channels.watch(&id)).collect();
    for watch in &mut watches {
        assert_eq!(next(watch).await, ChannelNotice::Reconcile);
    }
    let topics: Vec<usize> =
        channels.states().borrow().iter().map(|channel| channel.topics).collect();
    assert_eq!(topics, [1000, 4]);
}
