//! `baton serve`, as a process that can be killed.

use std::{
    env,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::sidecar::{SIDECAR_ENVIRONMENT, sidecar_configuration};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stays when the process goes.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    started: u32,
    has_edge: bool,
}

/// Where a process serves.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The first process of a home is 1, each later one has one more.
    pub process: u32,
    /// Where chat clients connect.
    pub chat: SocketAddr,
    /// Where the edge delivers and operators ask.
    pub internal: SocketAddr,
    /// Where webhooks come in, if the edge is in the process.
    pub edge: Option<SocketAddr>,
    /// Where monitoring asks, where that is known: with the edge in the process.
    pub observation: Option<SocketAddr>,
}

/// A process. It is killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    /// Where it serves.
    pub place: Place,
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Home {
    /// One with the usual configuration.
    #[allow(clippy::new_without_default, reason = "a default does nothing to the disk")]
    pub fn new() -> Self {
        Self::with(sidecar_configuration)
    }

    /// One with the configuration that is made for this file of a store.
    pub fn with(configuration: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Self { folder, started: 0, has_edge: false };
        fs::create_dir(home.disk()).expect("a folder");
        let configuration = configuration(&home.disk().join("baton.db"));
        fs::write(home.path("baton.toml"), configuration).expect("the configuration");
        home
    }

    /// The same, whose processes take webhooks themselves.
    pub fn with_edge(self) -> Self {
        Self { has_edge: true, ..self }
    }

    /// The folder with the store, and nothing else in it.
    pub fn disk(&self) -> PathBuf {
        self.path("disk")
    }

    /// A file or folder beside the store's.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder").join(name)
    }

    /// Runs a process that is expected to end by itself.
    pub async fn run(&mut self, environment: &[(&str, String)]) -> Output {
        self.started += 1;
        let ended = self.command(environment).stderr(Stdio::piped()).output();
        timeout(PATIENCE, ended).await.expect("it ends in time").expect("`baton serve` starts")
    }

    /// Starts a process, and waits until it serves.
    pub async fn start(&mut self) -> Process {
        let started = self.try_start(&[]).await;
        started.unwrap_or_else(|| panic!("`baton serve` ended: {}", self.log()))
    }

    /// The same with these variables in its environment; `None` if it ends before it serves.
    pub async fn try_start(&mut self, environment: &[(&str, String)]) -> Option<Process> {
        self.started += 1;
        let log = File::options().create(true).append(true).open(self.path("log")).expect("a log");
        let spawned = self.command(environment).stderr(log).spawn();
        let mut child = spawned.expect("`baton serve` starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = timeout(PATIENCE, output.next_line()).await.expect("it starts in time");
        let line = line.expect("its output can be read")?;
        let [chat, internal] = addresses(&line)[..] else {
            panic!("two addresses were expected: {line}")
        };
        let (mut edge, mut observation) = (None, None);
        while self.has_edge && observation.is_none() {
            let line = timeout(PATIENCE, output.next_line()).await.expect("it starts in time");
            let line = line.expect("its output can be read").expect("it serves");
            let address = addresses(&line).first().copied();
            match line.split(' ').nth(1) {
                Some("webhooks") => edge = address,
                Some("health") => observation = address,
                _ => {}
            }
        }
        let place = Place { process: self.started, chat, internal, edge, observation };
        Some(Process { place, child, output })
    }

    fn command(&self, environment: &[(&str, String)]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(["serve", "--config", "baton.toml"])
            .args(if self.has_edge { &["--edge", "in-process"][..] } else { &[] })
            .current_dir(self.folder.path())
            .envs(SIDECAR_ENVIRONMENT)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// How many processes it has had.
    pub fn started(&self) -> u32 {
        self.started
    }

    /// What its processes have said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Process {
    /// Ends it at once, without a chance to finish anything (SIGKILL).
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the process is killed");
    }

    /// Tells it to stop (SIGTERM).
    pub async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(sent.success(), "the process was there");
    }

    /// Lets it finish what it has begun (SIGTERM). Returns what it wrote on its standard output
    /// after the line that says where it serves.
    pub async fn stop(mut self) -> String {
        self.terminate().await;
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it stops in time");
        assert!(ended.expect("its end").success(), "it stops well");
        let mut said = String::new();
        while let Some(line) = self.output.next_line().await.expect("its output can be read") {
            said += &line;
            said.push('\n');
        }
        said
    }

    /// Waits until it has stopped, as it was told to.
    pub async fn ended_well(mut self) {
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it stops in time");
        assert!(ended.expect("its end").success(), "it stops well");
    }

    /// Waits for it to end by itself.
    pub async fn ended(mut self) {
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it ends in time");
        assert!(!ended.expect("its end").success(), "it is killed");
    }
}

/// The addresses in a line that says where it serves.
fn addresses(line: &str) -> Vec<SocketAddr> {
    line.split("http://")
        .skip(1)
        .map(|rest| rest.split([',', ' ']).next().unwrap_or_default())
        .map(|address| address.parse().unwrap_or_else(|_| panic!("an address: {line}")))
        .collect()
}

/// The binary: that of `BATON_BINARY`, else the one that lies where this test was built.
pub fn binary() -> PathBuf {
    let built = || {
        let test = env::current_exe().expect("this test");
        let folder = test.parent().and_then(Path::parent).expect("the folder of binaries");
        folder.join(format!("baton{}", env::consts::EXE_SUFFIX))
    };
    let binary = env::var_os("BATON_BINARY").map_or_else(built, PathBuf::from);
    let hint = "`cargo build -p baton` builds it, BATON_BINARY names another";
    assert!(binary.is_file(), "{} is not there: {hint}", binary.display());
    binary
}
