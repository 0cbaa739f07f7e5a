//! A simulated Genesys Cloud in this process, driven over its control API.

use std::net::SocketAddr;

use baton_simulator::{Configuration, SimulatorError};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{SECRET, WEBHOOK_PATH, http1, sidecar::INTEGRATION};

/// A simulator that runs. It stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    control: SocketAddr,
    _stop: oneshot::Sender<()>,
    _running: JoinHandle<Result<(), SimulatorError>>,
}

impl Simulator {
    /// The integration of `acme/support/live`, at Genesys' pace, whose webhooks go to this edge.
    pub async fn start(edge: SocketAddr) -> Self {
        Self::start_with(configuration(edge)).await
    }

    /// The same, whose webhooks go nowhere.
    pub async fn start_without_edge() -> Self {
        // The port of a service that nobody offers any more.
        Self::start(SocketAddr::from(([127, 0, 0, 1], 9))).await
    }

    /// One with this configuration.
    pub async fn start_with(configuration: Configuration) -> Self {
        let listener = configuration.bind().await.expect("a free port");
        let control = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(baton_simulator::serve(listener, configuration, stopped));
        Self { control, _stop: stop, _running: running }
    }

    /// Sends the webhook of this order, and returns its record once it is settled.
    pub async fn send(&self, mut order: Value) -> Value {
        order["wait"] = true.into();
        self.post("/control/v1/webhooks", &order).await
    }

    /// The same, and does not wait for it to be settled.
    pub async fn begin_to_send(&self, order: Value) -> Value {
        self.post("/control/v1/webhooks", &order).await
    }

    /// Sends exactly this body, and returns its record once it is settled.
    pub async fn send_raw(&self, body: &str) -> Value {
        let order = serde_json::json!({"body": body, "wait": true});
        self.post("/control/v1/raw", &order).await
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.control
    }

    /// What the control API shows under this path.
    pub async fn get(&self, path: &str) -> Value {
        self.exchange(&http1::request("GET", path, &[], b"")).await
    }

    /// Puts this under a path of the control API.
    pub async fn put(&self, path: &str, body: &Value) -> Value {
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        self.exchange(&http1::request("PUT", path, &headers, body.to_string().as_bytes())).await
    }

    /// The record of a sending as it is now.
    pub async fn record(&self, id: &Value) -> Value {
        let path = format!("/control/v1/sendings/{id}");
        self.exchange(&http1::request("GET", &path, &[], b"")).await
    }

    /// Posts an order to the control API.
    pub async fn post(&self, path: &str, order: &Value) -> Value {
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        self.exchange(&http1::request("POST", path, &headers, order.to_string().as_bytes())).await
    }

    async fn exchange(&self, request: &[u8]) -> Value {
        let answer = http1::exchange(self.control, request).await;
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert!((200..300).contains(&answer.status), "{body}");
        body
    }
}

/// The integration of `acme/support/live`, at Genesys' pace, whose webhooks go to this edge.
pub fn configuration(edge: SocketAddr) -> Configuration {
    let mut configuration = Configuration::new(format!("http://{edge}{WEBHOOK_PATH}"), SECRET);
    configuration.integration_id = INTEGRATION.to_owned();
    configuration
}

/// The statuses with which the attempts of a sending were answered, oldest first.
pub fn statuses(record: &Value) -> Vec<u64> {
    let attempts = record["attempts"].as_array().expect("attempts");
    attempts.iter().map(|attempt| attempt["status"].as_u64().unwrap_or(0)).collect()
}
