//! The edge in the sidecar's own process, and what the sidecar tells an edge elsewhere.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::{collections::BTreeMap, fs, net::SocketAddr, sync::Mutex};

use baton_core::{
    api_key::ApiKey,
    look_up::Answer as Found,
    signature::SigningKey,
    tenant::{Policy, Tenant, TenantKey},
    translation::BotMessages,
};
use baton_sidecar::{Configuration, Sidecar, Store, bind};
use baton_simulator::signature;
use baton_tests::{
    API_KEY, CREDENTIAL, PREVIOUS_API_KEY, PREVIOUS_SECRET, SECRET, WEBHOOK_PATH,
    corpus::{Expect, cases},
    environment,
    http1::{self, Answer},
};
use rusqlite::Row;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

/// What an edge shows that looks tenants up.
const LOOK_UP_CREDENTIAL: &str = "the-look-up-credential-of-an-edge";

/// By what the webhooks of the corpus' tenants are known.
const TENANTS: [(&str, &str); 3] = [
    (
        "live",
        "signature_secrets = [
            { env = 'GENESYS_WEBHOOK_SECRET' }, { env = 'GENESYS_WEBHOOK_SECRET_PREVIOUS' }]
        api_keys = [{ env = 'GENESYS_API_KEY' }, { env = 'GENESYS_API_KEY_PREVIOUS' }]",
    ),
    (
        "sandbox",
        "signature_secrets = [{ env = 'GENESYS_WEBHOOK_SECRET_SANDBOX' }]
        api_keys = [{ env = 'GENESYS_API_KEY_SANDBOX' }]",
    ),
    (
        "draft",
        "signature_secrets = [{ env = 'GENESYS_WEBHOOK_SECRET_SANDBOX' }]
        bot_messages = 'drop'",
    ),
];

fn configuration() -> Configuration {
    let tenant = |(client_env, edge): (&str, &str)| {
        format!(
            "[[tenants]]
            account_id = 'acme'
            project_id = 'support'
            client_env = '{client_env}'
            integration_id = 'the integration of {client_env}'
            connector_tokens = [{{ env = 'CONNECTOR_TOKEN_{}' }}]
            hosts = ['www.example.com']
            [tenants.edge]
            {edge}\n",
            client_env.to_uppercase()
        )
    };
    let tenants: String = TENANTS.into_iter().map(tenant).collect();
    let text = format!(
        "[internal]
        look_up_credentials = [{{ env = 'LOOK_UP' }}]
        [[tenants]]
        account_id = 'acme'
        project_id = 'support'
        client_env = 'elsewhere'
        integration_id = 'one of an edge that knows by itself'
        connector_tokens = [{{ env = 'CONNECTOR_TOKEN' }}]
        hosts = ['www.example.com']
        {tenants}"
    );
    let environment = |name: &str| match name {
        "LOOK_UP" => Some(LOOK_UP_CREDENTIAL.to_owned()),
        "BATON_ADMIN_CREDENTIAL" => Some("the-admin-credential-of-an-operator".to_owned()),
        name if name.starts_with("CONNECTOR_TOKEN") => {
            Some(format!("the connector token that is called {name}"))
        }
        name => environment(name),
    };
    Configuration::parse(&text, &environment).expect("it is valid").0
}

/// A sidecar with its edge.
struct Running {
    edge: SocketAddr,
    internal: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    folder: TempDir,
}

impl Running {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("baton.db")).expect("the store opens");
        let listen = async || bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let [chat, internal, edge] = [listen().await, listen().await, listen().await];
        let [internal_address, edge_address] =
            [&internal, &edge].map(|listener| listener.local_addr().expect("bound"));
        let (stop, stopped) = oneshot::channel::<()>();
        let sidecar = Sidecar::new(configuration(), store).with_edge(edge);
        let running = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            sidecar.run(chat, internal, stopped).await.expect("it runs");
        });
        Self { edge: edge_address, internal: internal_address, stop, running, folder }
    }

    /// Stops it; the deliveries that it stored, by their ids. Those that reached nobody are kept.
    async fn into_deliveries(self) -> BTreeMap<String, String> {
        self.stop.send(()).expect("it runs");
        self.running.await.expect("it stops");
        let file = rusqlite::Connection::open(self.folder.path().join("baton.db")).unwrap();
        let kept = "
            SELECT delivery_id, CAST(body AS TEXT) FROM inbox WHERE body IS NOT NULL
            UNION ALL
            SELECT about, CAST(body AS TEXT) FROM dead_letter WHERE kind = 'delivery'";
        let mut statement = file.prepare(kept).unwrap();
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        statement.query_map([], read).unwrap().map(Result::unwrap).collect()
    }

    /// What the sidecar answers to an edge that looks this tenant up.
    async fn look_up(&self, key: &TenantKey<'_>, credential: &str) -> Answer {
        let headers = [("authorization".to_owned(), format!("Bearer {credential}"))];
        let request = http1::request("GET", &Found::path(key), &headers, b"");
        http1::exchange(self.internal, &request).await
    }
}

#[tokio::test]
async fn invariant_1_the_edge_in_the_process_judges_every_case_as_the_corpus_says() {
    let sidecar = Running::start().await;
    let mut expected: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for case in cases() {
        let request = &case.request;
        let (headers, body) = (request.headers(), request.body());
        let request = http1::request(&request.method, &request.path, &headers, &body);
        let answer = http1::exchange(sidecar.edge, &request).await;
        let status = match &case.expect {
            Expect::Forward(delivery) => {
                let id = delivery["id"].as_str().expect("an id").to_owned();
                expected.entry(id).or_default().push(delivery.clone());
                200
            }
            Expect::Refuse { status, .. } => *status,
            // Nothing lies behind it.
            Expect::Pass => 404,
        };
        assert_eq!(answer.status, status, "{}", case.name);
    }
    let stored = sidecar.into_deliveries().await;
    let mut compared = 0;
    for (id, stored) in &stored {
        // What has no id of its own is stored under another each time.
        let Some(expected) = expected.get(id) else { continue };
        // Whether a bot's message is shown is the handoff's to decide here, not the edge's.
        let is_dropped = |one: &Value| one["data"]["genesys"]["originating_entity"] == "Bot";
        let is_it = |one: &Value| one.to_string().as_str() == stored;
        assert!(expected.iter().any(is_it) || expected.iter().all(is_dropped), "{stored}");
        compared += usize::from(expected.iter().any(is_it));
    }
    assert!(compared > 60, "{compared} of {}", stored.len());
}

#[tokio::test]
async fn the_log_says_why_a_webhook_got_503() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let writer = Mutex::new(log.reopen().expect("the file"));
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
    let _log = tracing::subscriber::set_default(subscriber);
    let sidecar = Running::start().await;
    let file = rusqlite::Connection::open(sidecar.folder.path().join("baton.db")).unwrap();
    file.execute_batch("DROP TABLE inbox").unwrap();

    let body = br#"{"id":"m1","type":"Text","text":"hello"}"#;
    let signature = ("x-hub-signature-256".to_owned(), signature::base64(SECRET, body));
    let request = http1::request("POST", WEBHOOK_PATH, &[signature], body);
    assert_eq!(http1::exchange(sidecar.edge, &request).await.status, 503);
    let log = fs::read_to_string(log.path()).expect("the log");
    assert!(log.contains("the upstream answered a delivery 503"), "{log}");
    assert!(!log.contains("hello") && !log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn an_edge_that_looks_a_tenant_up_learns_by_what_its_webhooks_are_known() {
    let sidecar = Running::start().await;
    let key = TenantKey::new("acme", "support", "live");
    let answer = sidecar.look_up(&key, LOOK_UP_CREDENTIAL).await;
    assert_eq!(answer.status, 200);
    let Ok(Found::Known(tenant)) = Found::read(&key, answer.status, &answer.body) else {
        panic!("a tenant")
    };
    let knows = |tenant: &Tenant, secret: &str| {
        tenant.signing_keys.verify(b"body", &SigningKey::new(secret).sign(b"body"))
    };
    assert!(knows(&tenant, SECRET) && knows(&tenant, PREVIOUS_SECRET));
    for api_key in [API_KEY, PREVIOUS_API_KEY] {
        assert!(tenant.api_keys.verify(&ApiKey::new(api_key)));
    }
    assert_eq!(tenant.policy, Policy::default());

    let key = TenantKey::new("acme", "support", "draft");
    let answer = sidecar.look_up(&key, LOOK_UP_CREDENTIAL).await;
    let Ok(Found::Known(tenant)) = Found::read(&key, answer.status, &answer.body) else {
        panic!("a tenant")
    };
    assert_eq!(tenant.policy.bot_messages, Some(BotMessages::Drop));
}

#[tokio::test]
async fn a_tenant_that_is_not_there_or_is_not_known_here_is_404() {
    let sidecar = Running::start().await;
    for client_env in ["nowhere", "elsewhere"] {
        let key = TenantKey::new("acme", "support", client_env);
        let answer = sidecar.look_up(&key, LOOK_UP_CREDENTIAL).await;
        assert_eq!(answer.status, 404, "{client_env}");
        assert!(matches!(Found::read(&key, answer.status, &answer.body), Ok(Found::Unknown)));
    }
}

#[tokio::test]
async fn invariant_12_nobody_looks_a_tenant_up_without_the_credential_for_it() {
    let sidecar = Running::start().await;
    let key = TenantKey::new("acme", "support", "live");
    for credential in ["", "another", CREDENTIAL, "the-admin-credential-of-an-operator"] {
        let answer = sidecar.look_up(&key, credential).await;
        assert_eq!(answer.status, 401, "{credential}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(SECRET));
    }
}
