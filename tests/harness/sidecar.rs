//! A sidecar in this process, on loopback ports that stay its own when it starts again.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use baton_sidecar::{Configuration, RunError, Store};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

use crate::{
    CREDENTIAL, SECRET,
    http1::{self, Answer, PATIENCE},
    port::Port,
};

/// The integration of the tenant `acme/support/live`.
pub const INTEGRATION: &str = "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10";

/// The integration of the tenant `acme/support/sandbox`.
pub const SANDBOX_INTEGRATION: &str = "0d9f6a53-2c1b-4e08-8b7a-6f5e4d3c2b1a";

/// By which chat clients of `acme/support/live` come in.
pub const CONNECTOR_TOKEN: &str = "the-connector-token-of-acme-support-live";

/// By which chat clients of `acme/support/sandbox` come in.
pub const SANDBOX_CONNECTOR_TOKEN: &str = "the-connector-token-of-acme-support-sandbox";

/// From where chat clients of both tenants come.
pub const HOST: &str = "www.example.com";

/// What an operator shows.
pub const ADMIN_CREDENTIAL: &str = "the-admin-credential-of-an-operator";

/// Any free port.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What the sidecar's configuration takes from the environment, name and value.
pub const SIDECAR_ENVIRONMENT: [(&str, &str); 6] = [
    ("BATON_DELIVERY_CREDENTIAL", CREDENTIAL),
    ("BATON_ADMIN_CREDENTIAL", ADMIN_CREDENTIAL),
    ("CONNECTOR_TOKEN", CONNECTOR_TOKEN),
    ("SANDBOX_CONNECTOR_TOKEN", SANDBOX_CONNECTOR_TOKEN),
    ("GENESYS_SECRET", baton_simulator::DEFAULT_CLIENT_SECRET),
    ("GENESYS_WEBHOOK_SECRET", SECRET),
];

/// What a sidecar's configuration begins with, as TOML: where chat clients connect, where the edge
/// delivers, and the store. Further keys may follow, then sections.
pub fn head(store: &Path, chat: SocketAddr, internal: SocketAddr) -> String {
    format!(
        "chat.listen = '{chat}'\ninternal.listen = '{internal}'\n\
         observation.listen = '{ANY_PORT}'\nstore.path = '{}'\n",
        store.display(),
    )
}

/// The sidecar's configuration: free ports, the corpus' tenants, and this store.
pub fn sidecar_configuration(store: &Path) -> String {
    head(store, ANY_PORT, ANY_PORT)
        + &tenant("live", INTEGRATION, "CONNECTOR_TOKEN")
        + &tenant("sandbox", SANDBOX_INTEGRATION, "SANDBOX_CONNECTOR_TOKEN")
}

/// The same with one tenant, [`tenant_at`] this Genesys.
pub fn sidecar_at(store: &Path, genesys: SocketAddr) -> String {
    head(store, ANY_PORT, ANY_PORT) + &tenant_at(genesys)
}

/// The tenant `acme/support/live` with this simulated Genesys, to which the first message of a chat
/// hands it over. Further sections of the tenant may follow.
pub fn tenant_at(genesys: SocketAddr) -> String {
    let client = baton_simulator::DEFAULT_CLIENT_ID;
    tenant("live", INTEGRATION, "CONNECTOR_TOKEN")
        + &format!(
            r#"
[tenants.genesys]
base_url = "http://{genesys}"
client_id = "{client}"
client_secret = {{ env = "GENESYS_SECRET" }}
[tenants.genesys.handoff]
start = "first_message"
"#
        )
}

fn tenant(client_env: &str, integration: &str, connector_token: &str) -> String {
    format!(
        r#"
[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "{client_env}"
integration_id = "{integration}"
connector_tokens = [{{ env = "{connector_token}" }}]
hosts = ["{HOST}"]
"#
    )
}

/// A sidecar that runs. It stops when it is dropped.
#[derive(Debug)]
pub struct Sidecar {
    /// Where chat clients connect.
    pub chat: SocketAddr,
    /// Where the edge delivers.
    pub internal: SocketAddr,
    ports: [Port; 2],
    folder: Arc<TempDir>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), RunError>>,
}

/// A sidecar that was stopped: its ports and its store.
#[derive(Debug)]
pub struct StoppedSidecar {
    ports: [Port; 2],
    folder: Arc<TempDir>,
}

impl Sidecar {
    /// Starts one with an empty store.
    pub async fn start() -> Self {
        let ports = [Port::reserve(), Port::reserve()];
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        StoppedSidecar { ports, folder }.start_again().await
    }

    /// Stops it.
    pub async fn stop(self) -> StoppedSidecar {
        let Self { ports, folder, stop, running, .. } = self;
        stop.send(()).expect("the sidecar runs");
        let ended = timeout(PATIENCE, running).await.expect("it stops in time");
        ended.expect("it does not panic").expect("it stops well");
        StoppedSidecar { ports, folder }
    }
}

impl StoppedSidecar {
    /// Starts it again, on its own ports and its own store.
    pub async fn start_again(self) -> Sidecar {
        let Self { ports, folder } = self;
        let path = folder.path().join("baton.db");
        let environment = |name: &str| {
            let mut known = SIDECAR_ENVIRONMENT.into_iter();
            known.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        let (configuration, warnings) =
            Configuration::parse(&sidecar_configuration(&path), &environment).expect("it is valid");
        assert_eq!(warnings, []);
        let (chat, internal) = (ports[0].listen().await, ports[1].listen().await);
        let store = Store::open(&path).expect("the store opens");
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            baton_sidecar::Sidecar::new(configuration, store).run(chat, internal, stopped).await
        });
        let [chat, internal] = [ports[0].address(), ports[1].address()];
        Sidecar { chat, internal, ports, folder, stop, running }
    }
}

/// The id by which Genesys knows the end user of a session, as an operator learns it.
pub async fn end_user_id(internal: SocketAddr, session_id: &str) -> String {
    let answer = get(internal, &format!("/internal/v1/sessions/{session_id}")).await;
    let shown: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let id = shown["genesys"]["end_user_id"].as_str();
    id.unwrap_or_else(|| panic!("a session was expected, not {shown}")).to_owned()
}

/// What the internal listener answers to whoever shows this credential.
pub async fn ask(
    internal: SocketAddr,
    method: &str,
    path: &str,
    credential: &str,
    body: &[u8],
) -> Answer {
    let headers = [("authorization".to_owned(), format!("Bearer {credential}"))];
    http1::exchange(internal, &http1::request(method, path, &headers, body)).await
}

/// Whether the sidecar answers what only its store can say.
pub async fn is_healthy(internal: SocketAddr) -> bool {
    get(internal, "/internal/v1/sessions/of-nobody").await.status == 404
}

async fn get(internal: SocketAddr, path: &str) -> Answer {
    ask(internal, "GET", path, ADMIN_CREDENTIAL, b"").await
}
