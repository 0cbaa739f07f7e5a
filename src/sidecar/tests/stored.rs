//! A sidecar with a tenant in its store, and the edge in its process.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use baton_core::{signature::SigningKey, tenant::TenantKey};
use baton_sidecar::{
    Clock, Configuration, ConfigurationSource, Random, Secret, Store, TenantBook, TenantBookError,
    TenantCommand, bind,
};
use jiff::Timestamp;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    ADMIN_CREDENTIAL, DELIVERY_CREDENTIAL, OTHER_TOKEN, Running, TOKEN, ok, store_path,
};

pub(crate) const MASTER_KEY: &str =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const LOOK_UP_CREDENTIAL: &str = "look-up-credential-0123456789abcdef";
pub(crate) const OLD_SECRET: &str = "the-old-webhook-secret-0123456789";
pub(crate) const NEW_SECRET: &str = "the-new-webhook-secret-0123456789";

/// 2026-05-07T12:00:00Z, in milliseconds.
pub(crate) const NOON: i64 = 1_778_155_200_000;

/// The file's configuration, with a tenant of its own.
pub(crate) const FILE: &str = r#"
    [internal]
    look_up_credentials = [{ env = "LOOK_UP" }]
    [store]
    master_key = { env = "MASTER_KEY" }
    [[tenants]]
    account_id = "other"
    project_id = "support"
    client_env = "live"
    integration_id = "integration-other"
    connector_tokens = [{ env = "OTHER_TOKEN" }]
    hosts = ["other.example"]
"#;

/// The tenant that stands in the store.
pub(crate) fn document(name: &str) -> String {
    format!(
        r#"
        [[tenants]]
        account_id = "acme"
        project_id = "support"
        client_env = "live"
        integration_id = "integration-acme"
        connector_tokens = [{{ value = "{TOKEN}" }}]
        hosts = ["www.example.com"]
        [tenants.bot]
        builtin = true
        name = "{name}"
        [tenants.edge]
        signature_secrets = [{{ value = "{OLD_SECRET}" }}]
        "#
    )
}

pub(crate) fn acme() -> TenantKey<'static> {
    TenantKey::new("acme", "support", "live")
}

pub(crate) fn put(document: String) -> TenantCommand {
    TenantCommand::Put { key: acme(), document: Secret::new(document) }
}

pub(crate) fn source(master_key: Option<&'static str>) -> ConfigurationSource {
    let without = "master_key = { env = \"MASTER_KEY\" }";
    let text = if master_key.is_some() { FILE.to_owned() } else { FILE.replace(without, "") };
    source_of(text, master_key)
}

pub(crate) fn source_of(text: String, master_key: Option<&'static str>) -> ConfigurationSource {
    let environment = move |name: &str| {
        let value = match name {
            "BATON_DELIVERY_CREDENTIAL" => DELIVERY_CREDENTIAL,
            "BATON_ADMIN_CREDENTIAL" => ADMIN_CREDENTIAL,
            "LOOK_UP" => LOOK_UP_CREDENTIAL,
            "OTHER_TOKEN" => OTHER_TOKEN,
            "MASTER_KEY" => master_key?,
            _ => return None,
        };
        Some(value.to_owned())
    };
    ConfigurationSource::new(text, environment)
}

pub(crate) async fn book(store: &Store, clock: Clock) -> TenantBook {
    opened(store, source(Some(MASTER_KEY)), clock).await.unwrap().unwrap()
}

pub(crate) async fn opened(
    store: &Store,
    source: ConfigurationSource,
    clock: Clock,
) -> Result<Option<TenantBook>, TenantBookError> {
    let (in_file, _) = source.read().unwrap();
    TenantBook::open(source, &in_file, store.clone(), clock, Random::system()).await
}

/// A clock that stands still until it is moved.
pub(crate) fn clock() -> (Clock, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(NOON));
    let shown = Arc::clone(&now);
    let tell = move || Timestamp::from_millisecond(shown.load(Ordering::Relaxed)).unwrap();
    (Clock::new(tell), now)
}

/// A sidecar with the tenants of its store, and the edge in its process.
pub(crate) struct Served {
    pub(crate) running: Running,
    pub(crate) edge: SocketAddr,
    pub(crate) time: Arc<AtomicI64>,
    pub(crate) http: Client,
}

impl Served {
    /// Starts one in whose store the tenant stands already.
    pub(crate) async fn start() -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let store = Store::open(&store_path(&directory)).unwrap();
        let (clock, _) = clock();
        book(&store, clock).await.carry_out(put(document("Bot"))).await.unwrap();
        Self::start_on(directory, store).await
    }

    pub(crate) async fn start_on(directory: Arc<TempDir>, store: Store) -> Self {
        let (clock, time) = clock();
        let book = book(&store, clock).await;
        let (configuration, _): (Configuration, _) = book.configuration().await.unwrap();
        let edge = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = edge.local_addr().unwrap();
        let running = Running::start_on(directory, store, configuration, |sidecar| {
            sidecar.with_tenant_book(book).with_edge(edge)
        })
        .await;
        Self { running, edge: address, time, http: Client::new() }
    }

    /// Stops it and starts it again.
    pub(crate) async fn restart(self) -> Self {
        let (store, directory) = self.running.into_store().await;
        Self::start_on(directory, store).await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let url = format!("http://{}/internal/v1/stored_tenants{path}", self.running.internal);
        let request = self.http.request(method, url).bearer_auth(ADMIN_CREDENTIAL);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The answer to a request that is not refused.
    pub(crate) async fn done(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Why a request is refused, which has to be with this status.
    pub(crate) async fn refused(
        &self,
        status: StatusCode,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> String {
        let (answered, answer) = self.ask(method, path, body).await;
        assert_eq!(answered, status, "{answer}");
        answer["detail"].as_str().unwrap().to_owned()
    }

    /// The secrets that an edge is told which looks the tenant up.
    pub(crate) async fn looked_up(&self) -> Vec<String> {
        let path = "/internal/v1/tenants/acme/support/live/edge";
        let url = format!("http://{}{path}", self.running.internal);
        let answer = self.http.get(url).bearer_auth(LOOK_UP_CREDENTIAL).send().await.unwrap();
        let answer: Value = ok(answer).await;
        serde_json::from_value(answer["signature_secrets"].clone()).unwrap()
    }

    /// What the edge in the process answers to a webhook that is signed with the secret.
    pub(crate) async fn webhook(&self, secret: &str, body: &Value) -> StatusCode {
        let body = body.to_string();
        let url = format!("http://{}/webhooks/genesys/acme/support/live/events", self.edge);
        let signature = SigningKey::new(secret).sign(body.as_bytes()).to_base64();
        let request = self.http.post(url).header("x-hub-signature-256", signature);
        request.body(body).send().await.unwrap().status()
    }

    /// Whether a webhook is taken that is signed with the secret.
    pub(crate) async fn takes(&self, secret: &str) -> bool {
        match self.webhook(secret, &agent_says("nobody", "m", "Hi!")).await {
            StatusCode::OK => true,
            StatusCode::UNAUTHORIZED => false,
            other => panic!("{other}"),
        }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.time.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

/// A webhook with a message of an agent.
pub(crate) fn agent_says(end_user_id: &str, message_id: &str, text: &str) -> Value {
    json!({
        "id": message_id,
        "channel": {
            "id": "integration-acme",
            "platform": "Open",
            "type": "Private",
            "to": {"id": end_user_id, "idType": "Opaque"},
            "from": {"nickname": "Ada"},
            "time": "2026-05-07T12:00:00.000Z",
        },
        "type": "Text",
        "text": text,
        "direction": "Outbound",
        "originatingEntity": "Human",
    })
}

pub(crate) const TENANT: &str = "/acme/support/live";
pub(crate) const ROTATION: &str = "/acme/support/live/rotation";
