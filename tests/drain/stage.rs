//! A Genesys, an edge, and a sidecar behind it that stops and starts again where it was.

use std::{net::SocketAddr, sync::Arc};

use baton_tests::{
    customer::Customer,
    envoy::{Envoy, LOOK_UP_CLUSTER},
    port::Port,
    process::{Home, Process},
    sidecar::{CONNECTOR_TOKEN, head, tenant_at},
    simulator::Simulator,
    wait::until,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Where webhooks are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// In the sidecar's process, which goes and comes with it.
    InProcess,
    /// In an Envoy, which stays. Chats go through it too.
    Envoy,
}

impl Edge {
    /// The statuses with which Genesys may be told to send a webhook again; 0 is a connection that
    /// nobody took, or that broke before the answer.
    pub(crate) const fn puts_off_with(self) -> &'static [u64] {
        match self {
            Self::InProcess => &[0, 503],
            Self::Envoy => &[503],
        }
    }
}

/// The stage.
pub(crate) struct Stage {
    pub(crate) genesys: Arc<Simulator>,
    /// Where chat clients connect.
    pub(crate) chat: SocketAddr,
    /// Where webhooks come in.
    pub(crate) webhooks: SocketAddr,
    internal: SocketAddr,
    home: Home,
    process: Option<Process>,
    _envoy: Option<Envoy>,
    _ports: [Port; 3],
}

impl Stage {
    /// Sets it up, with these further keys in the sidecar's configuration.
    pub(crate) async fn set(edge: Edge, keys: &str) -> Self {
        let ports = [(); 3].map(|()| Port::reserve());
        let [chat, internal, webhooks] = ports.each_ref().map(Port::address);
        let envoy = match edge {
            Edge::InProcess => None,
            Edge::Envoy => Some(Envoy::start_in_front_of(chat, internal, &as_shipped()).await),
        };
        let outside = envoy.as_ref().map(|envoy| envoy.address);
        let genesys = Arc::new(Simulator::start(outside.unwrap_or(webhooks)).await);
        let home = Home::with(|store| {
            head(store, chat, internal)
                + &format!("edge.listen = '{webhooks}'\n{keys}\n")
                + &tenant_at(genesys.address())
                + "[tenants.edge]\nsignature_secrets = [{ env = 'GENESYS_WEBHOOK_SECRET' }]\n"
        });
        let mut stage = Self {
            genesys,
            chat: outside.unwrap_or(chat),
            webhooks: outside.unwrap_or(webhooks),
            internal,
            home: if edge == Edge::InProcess { home.with_edge() } else { home },
            process: None,
            _envoy: envoy,
            _ports: ports,
        };
        stage.start().await;
        stage
    }

    /// Starts the sidecar, where it was before.
    pub(crate) async fn start(&mut self) {
        self.process = Some(self.home.start().await);
    }

    /// The sidecar that runs.
    pub(crate) const fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs")
    }

    /// Takes the sidecar off the stage.
    pub(crate) const fn take_process(&mut self) -> Process {
        self.process.take().expect("it runs")
    }

    /// Tells the sidecar to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.take_process().stop().await;
    }

    /// What the sidecar has logged.
    pub(crate) fn log(&self) -> String {
        self.home.log()
    }

    /// A customer who has said nothing yet.
    pub(crate) async fn customer(&self) -> Customer {
        Customer::arrive(self.chat, self.internal, CONNECTOR_TOKEN).await
    }

    /// Waits until Genesys has sent a webhook that nobody took.
    pub(crate) async fn is_missed(&self) {
        let since = Timestamp::now();
        let is_refused = |attempt: &Value| {
            let at: Timestamp = attempt["at"].as_str().expect("a time").parse().expect("a time");
            at > since && attempt["status"] != 200
        };
        until("a webhook that nobody takes", async || {
            let sendings = self.genesys.get("/control/v1/sendings").await;
            let newest = sendings.as_array().expect("a list").iter().rev().take(100);
            let mut attempts =
                newest.flat_map(|sending| sending["attempts"].as_array().expect("a list"));
            attempts.any(is_refused).then_some(())
        })
        .await;
    }
}

/// The tenant listed, and what comes twice answered by Envoy, as `envoy/pause` has it.
fn as_shipped() -> Map<String, Value> {
    let changes = json!({
        "envoy": { "duplicates": "answer", "look_up_cluster": LOOK_UP_CLUSTER },
        "tenants": [{
            "account_id": "acme", "project_id": "support", "client_env": "live",
            "signature_secrets": [{ "env": "GENESYS_WEBHOOK_SECRET" }],
        }],
    });
    changes.as_object().expect("an object").clone()
}
