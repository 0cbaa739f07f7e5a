//! A real Envoy with the filter in it, set up as `envoy/` ships it.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::{ENVIRONMENT, configuration, environment, flaw, http1};

/// How Envoy holds a request: which of the shipped configurations it runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// `envoy/pause`.
    Pause,
    /// `envoy/buffer-filter`.
    BufferFilter,
}

impl Hold {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Pause, Self::BufferFilter];

    const fn folder(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::BufferFilter => "buffer-filter",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::BufferFilter => "buffer_filter",
        }
    }
}

/// A running Envoy. It is killed when it is dropped.
#[derive(Debug)]
pub struct Envoy {
    /// Where webhooks go.
    pub address: SocketAddr,
    admin: SocketAddr,
    log: PathBuf,
    access_log: PathBuf,
    _process: Child,
    _folder: TempDir,
}

/// How long Envoy may take to start on a busy machine.
const START: Duration = Duration::from_secs(30);

impl Envoy {
    /// Starts Envoy as shipped, but for ports of its own, the corpus' tenants, and `elsewhere`
    /// as the upstream of what is not ours. What comes twice goes up twice, unless `changes` say
    /// otherwise: most tests send the same again.
    pub async fn start(hold: Hold, upstream: SocketAddr, changes: &Map<String, Value>) -> Self {
        Self::start_with(hold, upstream, changes, |yaml| yaml).await
    }

    /// The same, with a last change of the text.
    pub async fn start_with(
        hold: Hold,
        upstream: SocketAddr,
        changes: &Map<String, Value>,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        Self::started(&change(yaml(hold, upstream, changes)), 1).await
    }

    /// Starts Envoy with this configuration and so many workers.
    async fn started(yaml: &str, workers: u8) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (process, log) = spawn(&folder, yaml, workers);
        let access_log = folder.path().join(ACCESS_LOG);
        let deadline = Instant::now() + START;
        let (admin, address) = loop {
            if let Some(found) = addresses(&folder.path().join(ADMIN)).await {
                break found;
            }
            let said = fs::read_to_string(&log).unwrap_or_default();
            assert!(Instant::now() < deadline, "Envoy did not start: {said}");
            sleep(Duration::from_millis(20)).await;
        };
        Self { address, admin, log, access_log, _process: process, _folder: folder }
    }

    /// Starts Envoy with so many workers, so that it looks all tenants up at this sidecar.
    pub async fn start_looking_up(
        hold: Hold,
        upstream: SocketAddr,
        sidecar: SocketAddr,
        changes: &Map<String, Value>,
        workers: u8,
    ) -> Self {
        let mut members = looking_up();
        members.extend(changes.clone());
        let yaml = yaml(hold, upstream, &members);
        let yaml = with_look_up_cluster(&yaml, LOOK_UP_CLUSTER, sidecar);
        Self::started(&yaml, workers).await
    }

    /// Starts Envoy in front of a sidecar, with chat clients, and looks the tenants up there that
    /// `changes` do not list.
    pub async fn start_in_front_of(
        chat: SocketAddr,
        internal: SocketAddr,
        changes: &Map<String, Value>,
    ) -> Self {
        let mut members = looking_up();
        members.extend(changes.clone());
        let to_chat = format!("port_value: {} ", chat.port());
        Self::start_with(Hold::Pause, internal, &members, |yaml| {
            let yaml = yaml.replace("port_value: 8080 ", &to_chat);
            with_look_up_cluster(&yaml, LOOK_UP_CLUSTER, internal)
        })
        .await
    }

    /// Starts Envoy with a configuration that it has to refuse, and returns what it said.
    pub async fn refuses_to_start(
        hold: Hold,
        upstream: SocketAddr,
        change: impl FnOnce(String) -> String,
    ) -> String {
        refused(&change(yaml(hold, upstream, &Map::new()))).await
    }

    /// The same, with changes of the filter's configuration.
    pub async fn refuses_to_start_with(
        hold: Hold,
        upstream: SocketAddr,
        changes: &Map<String, Value>,
    ) -> String {
        refused(&yaml(hold, upstream, changes)).await
    }

    /// The filter's counters, by their names after `baton.`.
    pub async fn counters(&self) -> BTreeMap<String, u64> {
        let stats = admin_text(self.admin, "/stats?filter=wasmcustom.baton").await;
        let lines = stats.lines().filter_map(|line| line.strip_prefix("wasmcustom.baton."));
        let counter = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a counter and its value");
            (name.to_owned(), value.parse().expect("a number"))
        };
        lines.map(counter).collect()
    }

    /// The value of one of them.
    pub async fn counter(&self, name: &str) -> u64 {
        self.counters().await.get(name).copied().expect(name)
    }

    /// The filter's counters as Prometheus reads them: a line for each that is not 0, without what
    /// is written about it.
    pub async fn samples(&self) -> Vec<String> {
        let stats = admin_text(self.admin, "/stats/prometheus?filter=wasmcustom.baton").await;
        let lines = stats.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0"));
        lines.map(str::to_owned).collect()
    }

    /// What an administrator can see of the configuration.
    pub async fn configuration_dump(&self) -> String {
        admin_text(self.admin, "/config_dump").await
    }

    /// Everything that Envoy has logged, once that holds this text.
    pub async fn log_with(&self, text: &str) -> String {
        read_once(&self.log, |log| log.contains(text)).await
    }

    /// The lines of the access log, once there are so many.
    pub async fn access_log(&self, lines: usize) -> Vec<Value> {
        let log = read_once(&self.access_log, |log| log.matches('\n').count() >= lines).await;
        log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// What a page of the admin port shows.
    pub async fn admin_page(&self, path: &str) -> String {
        admin_text(self.admin, path).await
    }

    /// Makes Envoy log what filters log at `debug`.
    pub async fn log_everything(&self) {
        self.log_at("wasm=debug").await;
    }

    /// Makes Envoy log everything at `debug`, but for what these of its loggers log.
    pub async fn log_at_debug_but_for(&self, silent: &[&str]) {
        self.log_at("level=debug").await;
        for logger in silent {
            self.log_at(&format!("{logger}=warning")).await;
        }
    }

    async fn log_at(&self, levels: &str) {
        let request = http1::request("POST", &format!("/logging?{levels}"), &[], b"");
        assert_eq!(http1::exchange(self.admin, &request).await.status, 200);
    }
}

/// What a file of Envoy's holds, once it is as it has to be.
async fn read_once(file: &PathBuf, is_there: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + http1::PATIENCE;
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if is_there(&text) {
            return text;
        }
        assert!(Instant::now() < deadline, "{} is not as it has to be: {text}", file.display());
        sleep(Duration::from_millis(20)).await;
    }
}

/// What an Envoy says that has to refuse this configuration.
async fn refused(yaml: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut process, log) = spawn(&folder, yaml, 1);
    let status = timeout(START, process.wait()).await.expect("Envoy ends").expect("a status");
    assert!(!status.success(), "Envoy took the configuration");
    fs::read_to_string(log).unwrap_or_default()
}

/// The file into which Envoy writes the address of its admin port.
const ADMIN: &str = "admin";

/// The file of its standard output, which is where the access log goes.
const ACCESS_LOG: &str = "access_log";

/// An Envoy with this configuration and so many workers, and the file of its log.
fn spawn(folder: &TempDir, yaml: &str, workers: u8) -> (Child, PathBuf) {
    let file = folder.path().join("envoy.yaml");
    fs::write(&file, yaml).expect("envoy.yaml");
    let log = folder.path().join("log");
    let process = Command::new(env::var_os("BATON_ENVOY").unwrap_or_else(|| "envoy".into()))
        .args([
            "--concurrency",
            &workers.to_string(),
            "--disable-hot-restart",
            "--log-level",
            "warn",
            "-c",
        ])
        .arg(&file)
        // What is logged is written at once.
        .args(["--file-flush-interval-msec", "10"])
        .arg("--log-path")
        .arg(&log)
        .arg("--admin-address-path")
        .arg(folder.path().join(ADMIN))
        .current_dir(root())
        .envs(ENVIRONMENT.iter().filter_map(|name| Some((name, environment(name)?))))
        .stdout(File::create(folder.path().join(ACCESS_LOG)).expect("a file"))
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("Envoy starts: `make tools` installs it, BATON_ENVOY names it");
    (process, log)
}

async fn admin_text(admin: SocketAddr, path: &str) -> String {
    let answer = http1::exchange(admin, &http1::request("GET", path, &[], b"")).await;
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// The admin address and the listener's, once Envoy is ready.
async fn addresses(admin_file: &PathBuf) -> Option<(SocketAddr, SocketAddr)> {
    let admin: SocketAddr = fs::read_to_string(admin_file).ok()?.trim().parse().ok()?;
    if tokio::net::TcpStream::connect(admin).await.is_err()
        || !admin_text(admin, "/ready").await.starts_with("LIVE")
    {
        return None;
    }
    let listeners = admin_text(admin, "/listeners").await;
    let (_, address) = listeners.lines().next()?.split_once("::")?;
    Some((admin, address.parse().ok()?))
}

/// The shipped configuration with the test's ports, tenants and upstream.
fn yaml(hold: Hold, upstream: SocketAddr, changes: &Map<String, Value>) -> String {
    let file = root().join("envoy").join(hold.folder()).join("envoy.yaml");
    let text = fs::read_to_string(&file).expect("the shipped envoy.yaml");

    let mut document = changes.clone();
    let envoy = document.entry("envoy").or_insert_with(|| serde_json::json!({}));
    envoy["hold"] = hold.word().into();
    if envoy.get("duplicates").is_none() {
        envoy["duplicates"] = "forward".into();
    }
    let value = "\n                          value: |\n";
    let (before, rest) = text.split_once(value).expect("the plugin's configuration");
    let end = rest.find("\n                  - name:").expect("the next filter");
    let text = format!(
        "{before}{value}                            {}{}",
        configuration(&document),
        &rest[end..]
    );

    let port = |number: u16| format!("port_value: {number} ");
    let routes = "                        # Chat clients.\n";
    let elsewhere = "                        - match: { prefix: /elsewhere }\n                          \
                     route: { cluster: sidecar_deliveries }\n";
    [
        (port(9901), port(0)),
        (port(10000), port(0)),
        (port(8081), port(upstream.port())),
        ("target/edge/baton-edge-envoy.wasm".into(), module().display().to_string()),
        (
            "[BATON_DELIVERY_CREDENTIAL, GENESYS_WEBHOOK_SECRET]".into(),
            format!("{:?}", [&ENVIRONMENT[..], &[flaw::VARIABLE]].concat()),
        ),
        (routes.into(), format!("{elsewhere}{routes}")),
    ]
    .into_iter()
    .fold(text, |text, (from, to)| {
        assert_eq!(text.matches(&from).count(), 1, "{from} stands once in {}", file.display());
        text.replace(&from, &to)
    })
}

/// The cluster that tenants are looked up at.
pub const LOOK_UP_CLUSTER: &str = "sidecar_look_ups";

/// What makes the filter look all tenants up.
pub fn looking_up() -> Map<String, Value> {
    let members = serde_json::json!({
        "envoy": {"look_up_cluster": LOOK_UP_CLUSTER},
        "tenants": [],
        "unlisted_tenants": "look_up",
        "look_up": {"credential": {"env": "BATON_LOOK_UP_CREDENTIAL"}},
    });
    members.as_object().expect("an object").clone()
}

/// The configuration with a cluster of this name that tenants are looked up at, here.
pub fn with_look_up_cluster(yaml: &str, name: &str, sidecar: SocketAddr) -> String {
    let endpoint = serde_json::json!({"endpoint": {"address": {"socket_address": {
        "address": sidecar.ip().to_string(), "port_value": sidecar.port(),
    }}}});
    let cluster = serde_json::json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    });
    let place = "    - name: sidecar_chat\n";
    assert_eq!(yaml.matches(place).count(), 1, "{place}");
    yaml.replace(place, &format!("    - {cluster}\n{place}"))
}

/// Where the filter is: the file of `BATON_EDGE_ENVOY`, else the one that `make wasm` builds.
pub fn module() -> PathBuf {
    let module = env::var_os("BATON_EDGE_ENVOY");
    root().join(module.unwrap_or_else(|| "target/edge/baton-edge-envoy.wasm".into()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
