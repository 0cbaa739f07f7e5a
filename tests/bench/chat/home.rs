//! `baton serve` as a process, with a store that stays when the process goes.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};

use super::{Arguments, Size, client::Session, tenant::Tenant};
use crate::{
    Result,
    connection::{Connection, Received},
    plugin,
    server::free_address,
};

/// For how long a process may take to serve, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an operator shows.
const ADMIN_CREDENTIAL: &str = "an-admin-credential-of-the-benchmark";

/// What stays when the process goes.
#[derive(Debug)]
pub(crate) struct Home {
    program: PathBuf,
    folder: TempDir,
    /// Whose chats these are.
    pub(crate) tenants: Vec<Tenant>,
    /// Where chat clients connect.
    pub(crate) chat: SocketAddr,
    /// Where the edge delivers.
    pub(crate) internal: SocketAddr,
}

/// A process. It is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

/// How a process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// It is asked to (SIGTERM), and finishes what it has begun.
    Stopped,
    /// At once (SIGKILL).
    Killed,
}

impl Ending {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Stopped, Self::Killed];

    /// The signal's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "SIGTERM",
            Self::Killed => "SIGKILL",
        }
    }
}

/// As much of what an operator learns of a session as is needed here.
#[derive(Deserialize)]
struct Shown {
    genesys: ShownGenesys,
}

#[derive(Deserialize)]
struct ShownGenesys {
    end_user_id: String,
}

impl Home {
    /// An empty store, and the configuration for so many tenants.
    pub(crate) fn new(arguments: &Arguments, size: &Size, tenants: usize) -> Result<Self> {
        let folder = TempDir::new_in(&arguments.folder)?;
        let program = fs::canonicalize(&arguments.baton)
            .map_err(|error| format!("{}: {error}", arguments.baton.display()))?;
        let (tenants, chat, internal) = (Tenant::all(tenants), free_address()?, free_address()?);
        let home = Self { program, folder, tenants, chat, internal };
        fs::write(home.folder().join("baton.toml"), home.configuration(size))?;
        Ok(home)
    }

    fn configuration(&self, size: &Size) -> String {
        let Self { chat, internal, .. } = self;
        let sections: String = self.tenants.iter().map(|tenant| tenant.section()).collect();
        format!(
            "chat.listen = '{chat}'\nchat.most_sockets = {}\ninternal.listen = '{internal}'\nobservation.enabled = false\n\
             store.path = 'baton.db'\n{sections}",
            size.sockets.max(size.recipients),
        )
    }

    /// The folder with the store.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a process, and waits until it serves.
    pub(crate) async fn start(&self) -> Result<Process> {
        let mut process = self.spawn()?;
        let start = Instant::now();
        while TcpStream::connect(self.chat).await.is_err() {
            process.check(start)?;
            sleep(Duration::from_millis(10)).await;
        }
        Ok(process)
    }

    /// Starts a process.
    pub(crate) fn spawn(&self) -> Result<Process> {
        let log = self.folder().join("log");
        let tokens = self
            .tenants
            .iter()
            .map(|tenant| (tenant.connector_variable(), tenant.connector_token()));
        let child = Command::new(&self.program)
            .args(["serve", "--config", "baton.toml"])
            .current_dir(self.folder())
            .envs(plugin::ENVIRONMENT)
            .env("BATON_ADMIN_CREDENTIAL", ADMIN_CREDENTIAL)
            .envs(tokens)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()
            .map_err(|error| format!("{}: cannot be started: {error}", self.program.display()))?;
        Ok(Process { child, log })
    }

    /// The id by which Genesys knows the end user of a session, as an operator learns it.
    pub(crate) async fn end_user_id(&self, session: &Session) -> Result<String> {
        let mut connection = Connection::open(self.internal).await?;
        let request = format!(
            "GET /internal/v1/sessions/{} HTTP/1.1\r\nhost: {}\r\n\
             authorization: Bearer {ADMIN_CREDENTIAL}\r\n\r\n",
            session.id, self.internal,
        );
        match connection.exchange(request.as_bytes()).await? {
            Received { status: 200, body, .. } => {
                Ok(serde_json::from_slice::<Shown>(body)?.genesys.end_user_id)
            }
            Received { status, .. } => Err(format!("a session was shown with {status}").into()),
        }
    }
}

impl Process {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written about itself.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Says if it has ended, or should have been ready long ago.
    pub(crate) fn check(&mut self, start: Instant) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("`baton serve` has ended, {status}:\n{}", self.log()).into());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("`baton serve` does not serve:\n{}", self.log()).into());
        }
        Ok(())
    }

    /// Ends it, and waits until it is gone.
    pub(crate) async fn end(mut self, ending: Ending) -> Result<()> {
        if matches!(ending, Ending::Stopped) {
            let pid = Pid::from_child(&self.child);
            kill_process(pid, Signal::TERM)?;
            let start = Instant::now();
            while self.child.try_wait()?.is_none() && start.elapsed() < PATIENCE {
                sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and that is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
