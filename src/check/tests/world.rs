//! A simulated Genesys, a sidecar with its edge, and the check of both.

use std::{net::SocketAddr, path::Path};

use baton_check::{
    Finding, NoAnswer, Options, Outcome, Report, RunningSidecar, Step, Subject, Surroundings, check,
};
use baton_genesys::{IntegrationRef, Pace};
use baton_sidecar::{Configuration, Sidecar, Store};
use baton_simulator::{Configuration as Genesys, OauthClient};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};

pub(crate) const WEBHOOK_SECRET: &str = "webhook-secret-0123456789abcdef-of-acme";
pub(crate) const OTHER_SECRET: &str = "another-secret-0123456789abcdef-of-acme";
pub(crate) const CLIENT_SECRET: &str = "client-secret-0123456789abcdef";
pub(crate) const ADMIN: &str = "admin-credential-0123456789abcdef";
pub(crate) const WEBHOOK_PATH: &str = "/webhooks/genesys/acme/support/live/events";

/// The id of the simulator's integration.
const INTEGRATION: &str = "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10";

/// How far one second at Genesys goes.
const TIME_SCALE: f64 = 0.05;

/// How a world differs from one in which all is well.
#[derive(Clone)]
pub(crate) struct Setting {
    /// The OAuth client that Genesys has.
    pub(crate) client: OauthClient,
    /// The secret of it that the configuration has.
    pub(crate) client_secret: &'static str,
    /// Where Genesys sends its webhooks, if not to the edge.
    pub(crate) webhook_url: Option<String>,
    /// With what Genesys signs.
    pub(crate) genesys_secret: &'static str,
    /// What the edge that runs knows.
    pub(crate) edge_secret: &'static str,
    /// Where the edge is said to be, if not where it is.
    pub(crate) public_url: Option<String>,
    /// What else stands in `[tenants.genesys]`, sections included.
    pub(crate) genesys: &'static str,
    /// Whether typing passes.
    pub(crate) typing: bool,
    /// Whether the sidecar runs.
    pub(crate) runs: bool,
    /// The integration that the sidecar runs with, if not the configured one.
    pub(crate) served_integration: Option<&'static str>,
    /// Whether the sidecar that runs speaks with Genesys.
    pub(crate) serves_genesys: bool,
    /// Whether a handoff is tried.
    pub(crate) handoff: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            client: OauthClient::with_every_permission("acme-client", CLIENT_SECRET),
            client_secret: CLIENT_SECRET,
            webhook_url: None,
            genesys_secret: WEBHOOK_SECRET,
            edge_secret: WEBHOOK_SECRET,
            public_url: None,
            genesys: "",
            typing: true,
            runs: true,
            served_integration: None,
            serves_genesys: true,
            handoff: false,
        }
    }
}

impl Setting {
    /// The same with an OAuth client that lacks this permission.
    pub(crate) fn without(permission: &str) -> Self {
        let mut setting = Self::default();
        assert!(setting.client.permissions.remove(permission), "{permission} is not known");
        setting
    }
}

/// Everything that a check looks at.
pub(crate) struct World {
    pub(crate) setting: Setting,
    pub(crate) configuration: Configuration,
    pub(crate) edge: SocketAddr,
    genesys: SocketAddr,
    internal: SocketAddr,
    client: Client,
    _folder: TempDir,
    _stop: [oneshot::Sender<()>; 2],
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A stop, and what waits for it.
fn stop() -> (oneshot::Sender<()>, impl Future<Output = ()> + Send + 'static) {
    let (stop, stopped) = oneshot::channel();
    (stop, async { stopped.await.unwrap_or_default() })
}

fn configuration(
    setting: &Setting,
    genesys: SocketAddr,
    store: &Path,
    secret: &'static str,
) -> Configuration {
    let text = format!(
        "store.path = '{}'
        [[tenants]]
        account_id = 'acme'
        project_id = 'support'
        client_env = 'live'
        integration_name = 'Baton Simulator'
        connector_tokens = [{{ env = 'CONNECTOR_TOKEN' }}]
        hosts = ['www.example.com']
        [tenants.edge]
        signature_secrets = [{{ env = 'WEBHOOK_SECRET' }}]
        [tenants.genesys]
        base_url = 'http://{genesys}'
        client_id = 'acme-client'
        client_secret = {{ env = 'CLIENT_SECRET' }}
        {}",
        store.display(),
        setting.genesys,
    );
    let client_secret = setting.client_secret;
    let environment = |name: &str| {
        let value = match name {
            "BATON_ADMIN_CREDENTIAL" => ADMIN,
            "BATON_DELIVERY_CREDENTIAL" => "delivery-credential-0123456789abcdef",
            "CONNECTOR_TOKEN" => "connector-token-0123456789abcdef-of-acme",
            "WEBHOOK_SECRET" => secret,
            "CLIENT_SECRET" => client_secret,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let (configuration, warnings) = Configuration::parse(&text, &environment).unwrap();
    assert_eq!(warnings, []);
    configuration
}

impl World {
    pub(crate) async fn start(setting: Setting) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("baton.db");
        let (edge_listener, edge) = listener().await;
        let to_edge = format!("http://{edge}{WEBHOOK_PATH}");
        let mut org =
            Genesys::new(setting.webhook_url.clone().unwrap_or(to_edge), setting.genesys_secret);
        org.oauth_clients = vec![setting.client.clone()];
        org.time_scale = TIME_SCALE;
        let genesys_listener = org.bind().await.unwrap();
        let genesys = genesys_listener.local_addr().unwrap();
        let (stop_genesys, stopped) = stop();
        tokio::spawn(baton_simulator::serve(genesys_listener, org, stopped));

        let (internal_listener, internal) = listener().await;
        let (stop_sidecar, stopped) = stop();
        if setting.runs {
            let mut served = configuration(&setting, genesys, &store, setting.edge_secret);
            if let Some(id) = setting.served_integration {
                served.tenants[0].integration = IntegrationRef::Id(id.to_owned());
            }
            if !setting.serves_genesys {
                served.tenants[0].genesys = None;
                served.tenants[0].integration = IntegrationRef::Id(INTEGRATION.to_owned());
            }
            let (chat, _) = listener().await;
            let sidecar =
                Sidecar::new(served, Store::open(&store).unwrap()).with_edge(edge_listener);
            tokio::spawn(async move {
                sidecar.run(chat, internal_listener, stopped).await.unwrap();
            });
        }
        let configuration = configuration(&setting, genesys, &store, WEBHOOK_SECRET);
        let client = Client::builder().no_proxy().build().unwrap();
        let world = Self {
            configuration,
            edge,
            genesys,
            internal,
            client,
            _folder: folder,
            _stop: [stop_genesys, stop_sidecar],
            setting,
        };
        let typing = world.setting.typing;
        world
            .put(
                "org",
                json!({
                    "typing_inbound": typing,
                    "typing_outbound": typing,
                    "integrations_show_secrets": true,
                }),
            )
            .await;
        world
    }

    /// Puts this under a path of the simulator's control API.
    pub(crate) async fn put(&self, path: &str, body: Value) {
        let url = format!("http://{}/control/v1/{path}", self.genesys);
        let answer = self.client.put(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// What the simulator's control API has under a path.
    pub(crate) async fn get_control(&self, path: &str) -> Value {
        let url = format!("http://{}/control/v1/{path}", self.genesys);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// So many notification channels of the OAuth client, made by somebody else.
    pub(crate) async fn make_channels(&self, count: usize) {
        let url = |path: &str| format!("http://{}{path}", self.genesys);
        let token = self.client.post(url("/oauth/token"));
        let token = token
            .basic_auth(&self.setting.client.id, Some(&self.setting.client.secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let token: Value = token.send().await.unwrap().json().await.unwrap();
        let token = token["access_token"].as_str().unwrap();
        for _ in 0..count {
            let made = self.client.post(url("/api/v2/notifications/channels")).bearer_auth(token);
            assert!(made.send().await.unwrap().status().is_success());
        }
    }

    /// How many notification channels there are.
    pub(crate) async fn channels(&self) -> u64 {
        let counters = self.get_control("counters").await;
        counters["channels"]
            .as_object()
            .unwrap()
            .values()
            .map(|of| of["now"].as_u64().unwrap())
            .sum()
    }

    pub(crate) async fn check(&self) -> Report {
        let public_url = self.setting.public_url.clone();
        let public_url = public_url.unwrap_or_else(|| format!("http://{}", self.edge));
        let options = Options {
            public_url: Some(public_url.parse().unwrap()),
            handoff: self.setting.handoff,
        };
        let surroundings =
            Surroundings { pace: Pace::scaled(TIME_SCALE), ..Surroundings::system() };
        let mut told = Vec::new();
        let mut tell = |finding: &Finding| told.push(finding.clone());
        let subject = Subject { configuration: &self.configuration, warnings: &[], left_out: None };
        let report = check(subject, &options, &surroundings, self, &mut tell).await;
        assert_eq!(report.findings, told);
        report
    }
}

impl RunningSidecar for World {
    async fn get(&self, path: &[&str]) -> Result<Value, NoAnswer> {
        if !self.setting.runs {
            return Err(NoAnswer::Failed("no answer from the sidecar: is it running?".to_owned()));
        }
        let url = format!("http://{}/internal/v1/{}", self.internal, path.join("/"));
        let answer = self.client.get(url).bearer_auth(ADMIN).send().await;
        let answer = answer.map_err(|error| NoAnswer::Failed(error.to_string()))?;
        match answer.status() {
            StatusCode::OK => Ok(answer.json().await.unwrap()),
            StatusCode::NOT_FOUND => Err(NoAnswer::NotFound),
            status => Err(NoAnswer::Failed(status.to_string())),
        }
    }
}

/// The check of a world like this.
pub(crate) async fn report_of(setting: Setting) -> Report {
    World::start(setting).await.check().await
}

/// What failed, each with its step and its subject.
pub(crate) fn crosses(report: &Report) -> Vec<(Step, Option<&str>, &str)> {
    let failed = report.findings.iter().filter(|finding| finding.outcome == Outcome::Failed);
    failed
        .map(|finding| (finding.step, finding.subject.as_deref(), finding.sentence.as_str()))
        .collect()
}

/// The sentence of the only cross, which is at this step.
pub(crate) fn only_cross(report: &Report, step: Step) -> &str {
    match crosses(report)[..] {
        [(found, _, sentence)] if found == step => sentence,
        ref others => panic!("one cross at {step:?} was expected, not {others:#?}"),
    }
}

/// Whether the sentence holds all of these.
pub(crate) fn assert_says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} was expected in: {sentence}");
    }
}
