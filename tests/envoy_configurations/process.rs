//! A real Envoy with any configuration.

use std::{
    collections::BTreeMap,
    env, fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};

use baton_tests::{
    ENVIRONMENT, environment,
    http1::{self, PATIENCE},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use crate::shipped::root;

/// How long Envoy may take to start on a busy machine.
const START: Duration = Duration::from_secs(30);

/// A running Envoy. It is killed when it is dropped.
pub(crate) struct Envoy {
    listeners: BTreeMap<String, SocketAddr>,
    folder: TempDir,
    _process: Child,
}

impl Envoy {
    /// Starts it.
    pub(crate) async fn start(bootstrap: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        fs::write(file("envoy.json"), bootstrap.to_string()).expect("envoy.json");
        let output = |name: &str| Stdio::from(fs::File::create(file(name)).expect("a file"));
        let process = command()
            .args(["--concurrency", "1", "--log-level", "warn", "--file-flush-interval-msec", "10"])
            .arg("-c")
            .arg(file("envoy.json"))
            .arg("--admin-address-path")
            .arg(file("admin"))
            .stdout(output("access.log"))
            .stderr(output("envoy.log"))
            .kill_on_drop(true)
            .spawn()
            .expect("Envoy starts");
        let deadline = Instant::now() + START;
        let listeners = loop {
            if let Some(found) = listeners(&file("admin")).await {
                break found;
            }
            let said = fs::read_to_string(file("envoy.log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "Envoy did not start: {said}");
            sleep(Duration::from_millis(20)).await;
        };
        Self { listeners, folder, _process: process }
    }

    /// Where a listener listens, by its name.
    pub(crate) fn listener(&self, name: &str) -> SocketAddr {
        self.listeners[name]
    }

    /// The lines of the access log, once there are so many.
    pub(crate) async fn access_log(&self, lines: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = fs::read_to_string(self.folder.path().join("access.log")).expect("a log");
            if log.lines().count() >= lines {
                return log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
            }
            assert!(Instant::now() < deadline, "{lines} lines are not in {log}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Everything that it wrote so far, wherever.
    pub(crate) fn written(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name));
        ["access.log", "envoy.log"].map(|name| read(name).expect("a log")).concat()
    }
}

/// What Envoy says of a configuration that it only checks.
pub(crate) async fn validate(bootstrap: &Value) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("envoy.json");
    fs::write(&file, bootstrap.to_string()).expect("envoy.json");
    let checked = command().args(["--mode", "validate", "-c"]).arg(file).output().await;
    checked.expect("Envoy starts: `make tools` installs it, BATON_ENVOY names it")
}

fn command() -> Command {
    let mut command = Command::new(env::var_os("BATON_ENVOY").unwrap_or_else(|| "envoy".into()));
    command
        .arg("--disable-hot-restart")
        .current_dir(root())
        .envs(ENVIRONMENT.iter().filter_map(|name| Some((name, environment(name)?))));
    command
}

/// The addresses of the listeners, once Envoy is ready.
async fn listeners(admin: &PathBuf) -> Option<BTreeMap<String, SocketAddr>> {
    let admin: SocketAddr = fs::read_to_string(admin).ok()?.trim().parse().ok()?;
    let ask = async |path: &str| {
        let answer = http1::exchange(admin, &http1::request("GET", path, &[], b"")).await;
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    if tokio::net::TcpStream::connect(admin).await.is_err()
        || !ask("/ready").await.starts_with("LIVE")
    {
        return None;
    }
    let listener = |line: &str| {
        let (name, address) = line.split_once("::").expect("a name and an address");
        (name.to_owned(), address.parse().expect("an address"))
    };
    Some(ask("/listeners").await.lines().map(listener).collect())
}
