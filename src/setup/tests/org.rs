//! A simulated org, and a client of it that may do what a test says.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use baton_genesys::{Credentials, Feature, Genesys, Hosts, IntegrationRef, Pace, Secret};
use baton_process::Random;
use baton_setup::{Applied, Found, Plan, StepOutcome, Wanted, WantedSecret, apply};
use baton_simulator::{Configuration, OauthClient, SimulatorError, serve, signature};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub(crate) const SECRET: &str = "the-secret-of-the-web-chat-0123456789";

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// It stops with the runtime of its test.
pub(crate) struct Org {
    address: String,
    _stop: oneshot::Sender<()>,
    _served: JoinHandle<Result<(), SimulatorError>>,
}

impl Org {
    /// One in which nothing was set up. The OAuth client `whole` has every permission that set-up
    /// takes and those of the features that no handoff goes without; `weak` lacks one of them.
    pub(crate) async fn without(lacking: &str) -> Self {
        let mut configuration =
            Configuration::new("http://127.0.0.1:9/events", "at-least-16-chars-long");
        configuration.time_scale = 0.01;
        let features = [Feature::ALWAYS, &[Feature::SetUp]].concat();
        let permissions = Feature::permissions_of(&features);
        let permissions = permissions.iter().map(ToString::to_string);
        let whole = OauthClient {
            id: "whole".to_owned(),
            secret: "secret".to_owned(),
            permissions: permissions.collect(),
        };
        let mut weak = OauthClient { id: "weak".to_owned(), ..whole.clone() };
        weak.permissions.remove(lacking);
        configuration.oauth_clients = vec![whole, weak];
        let listener = configuration.bind().await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let served = tokio::spawn(serve(listener, configuration, shutdown));
        Self { address, _stop: stop, _served: served }
    }

    pub(crate) async fn start() -> Self {
        Self::without("").await
    }

    pub(crate) fn client(&self, id: &str) -> Genesys {
        let credentials = Credentials {
            client_id: id.to_owned(),
            client_secret: Secret::new("secret".to_owned()),
        };
        let hosts = Hosts::at(&self.address).unwrap();
        Genesys::new(hosts, credentials, Pace::default(), Random::system()).unwrap()
    }

    /// What the simulator answers under `/control/v1/`.
    pub(crate) async fn control(&self, path: &str, order: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/control/v1/{path}", self.address);
        let request = if order.is_null() { client.get(url) } else { client.post(url).json(&order) };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        answer.json().await.unwrap()
    }
}

/// Where webhooks arrive.
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>> = Arc::default();
        let receive = async |State(log): State<Arc<Mutex<Vec<_>>>>, headers: HeaderMap, body| {
            log.lock().unwrap().push((headers, body));
        };
        let router =
            Router::new().route("/events", post(receive)).with_state(Arc::clone(&received));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, received }
    }

    /// The kinds of the first webhooks, once so many have come, all of them signed right.
    pub(crate) async fn kinds(&self, count: usize) -> Vec<String> {
        let arrive = async {
            while self.received.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, arrive).await.expect("a webhook is missing");
        let received = self.received.lock().unwrap().clone();
        received
            .iter()
            .map(|(headers, body)| {
                assert_eq!(headers[signature::HEADER], signature::base64(SECRET, body));
                let body: Value = serde_json::from_slice(body).unwrap();
                body["type"].as_str().unwrap().to_owned()
            })
            .collect()
    }
}

/// All that can be wanted.
pub(crate) fn wanted(webhook_url: &str) -> Wanted {
    Wanted {
        integration: IntegrationRef::Name("Web chat".to_owned()),
        webhook_url: webhook_url.to_owned(),
        secret: WantedSecret::IfNew(Secret::new(SECRET.to_owned())),
        queue: Some("Web chat agents".to_owned()),
        bot_queue: None,
        flow: Some("Inbound flow".to_owned()),
    }
}

pub(crate) async fn plan(genesys: &Genesys, wanted: &Wanted) -> Plan {
    Plan::new(wanted, &Found::read(genesys, wanted).await.unwrap())
}

/// Plans and carries it out: what came of it, and each step in a word.
pub(crate) async fn set_up(genesys: &Genesys, wanted: &Wanted) -> (Applied, Vec<String>) {
    let plan = plan(genesys, wanted).await;
    let mut told = Vec::new();
    let applied = apply(genesys, wanted, &plan, |step, done| {
        told.push(match done {
            StepOutcome::There => format!("{} there", step.thing),
            StepOutcome::Done => format!("{} done", step.thing),
            StepOutcome::ByHand(why) => format!("{} by hand: {why}", step.thing),
            StepOutcome::Failed(error) => format!("{} failed: {error}", step.thing),
        });
    })
    .await;
    (applied, told)
}
