//! `baton serve`, as a process that can be killed.

use std::{
    env,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};

use baton_tests::sidecar::{SIDECAR_ENVIRONMENT, sidecar_configuration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::PATIENCE;

/// What stays when the process goes.
pub(crate) struct Home {
    folder: TempDir,
    started: u32,
}

/// Where a process serves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The first process of a home is 1, each later one has one more.
    pub(crate) process: u32,
    pub(crate) chat: SocketAddr,
    pub(crate) internal: SocketAddr,
}

/// A process. It is killed when it is dropped.
pub(crate) struct Process {
    pub(crate) place: Place,
    child: Child,
    _output: Lines<BufReader<ChildStdout>>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Self { folder, started: 0 };
        fs::create_dir(home.disk()).expect("a folder");
        let configuration = sidecar_configuration(&home.disk().join("baton.db"));
        fs::write(home.path("baton.toml"), configuration).expect("the configuration");
        home
    }

    /// The folder with the store, and nothing else in it.
    pub(crate) fn disk(&self) -> PathBuf {
        self.path("disk")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder").join(name)
    }

    /// Starts a process, and waits until it serves.
    pub(crate) async fn start(&mut self) -> Process {
        let started = self.try_start(&[]).await;
        started.unwrap_or_else(|| panic!("`baton serve` ended: {}", self.log()))
    }

    /// The same with these variables in its environment; `None` if it ends before it serves.
    pub(crate) async fn try_start(&mut self, environment: &[(&str, String)]) -> Option<Process> {
        self.started += 1;
        let log = File::options().create(true).append(true).open(self.path("log")).expect("a log");
        let mut child = Command::new(binary())
            .args(["serve", "--config", "baton.toml"])
            .current_dir(self.folder.path())
            .envs(SIDECAR_ENVIRONMENT)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("`baton serve` starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = timeout(PATIENCE, output.next_line()).await.expect("it starts in time");
        let line = line.expect("its output can be read")?;
        let addresses: Vec<SocketAddr> = line
            .split("http://")
            .skip(1)
            .map(|rest| rest.split([',', ' ']).next().unwrap_or_default())
            .map(|address| address.parse().unwrap_or_else(|_| panic!("an address: {line}")))
            .collect();
        let [chat, internal] = addresses[..] else { panic!("two addresses were expected: {line}") };
        let place = Place { process: self.started, chat, internal };
        Some(Process { place, child, _output: output })
    }

    /// How many processes it has had.
    pub(crate) fn started(&self) -> u32 {
        self.started
    }

    /// What its processes have said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Process {
    /// Ends it at once, without a chance to finish anything (SIGKILL).
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("the process is killed");
    }

    /// Lets it finish what it has begun (SIGTERM).
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(sent.success(), "the process was there");
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it stops in time");
        assert!(ended.expect("its end").success(), "it stops well");
    }

    /// Waits for it to end by itself.
    pub(crate) async fn ended(mut self) {
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it ends in time");
        assert!(!ended.expect("its end").success(), "it is killed");
    }
}

/// The binary: that of `BATON_BINARY`, else the one that lies where this test was built.
fn binary() -> PathBuf {
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
