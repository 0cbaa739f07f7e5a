//! A server under test: started, ready, and ended with its value.

mod authorization;
pub(crate) mod envoy;
mod haproxy;
mod nginx;
mod node;
mod workerd;

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub(crate) use self::authorization::serve as serve_authorization;
use crate::{Result, pinning::Pinning, plugin, tools::Tools, variant::Variant};

/// For how long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most of a request that a server keeps, as in the product's configurations.
const BUFFER_BYTES: u32 = 2 * 1024 * 1024;

/// Where servers are started.
#[derive(Debug)]
pub(crate) struct Stage<'s> {
    /// The programs.
    pub(crate) tools: &'s Tools,
    /// The core they run on.
    pub(crate) pinning: Pinning,
    /// A folder for their files.
    pub(crate) work: &'s Path,
}

/// A running server: its processes. They are killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    children: Vec<Child>,
    log: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a variant and waits until it listens.
    pub(crate) fn start(variant: Variant, stage: &Stage<'_>) -> Result<Self> {
        let address = free_address()?;
        let mut server = Self::new(address, stage);
        for (command, address) in processes(variant, stage, address)? {
            server.add(command, address)?;
        }
        Ok(server)
    }

    /// Starts this process, and waits until it listens there.
    pub(crate) fn run(command: Command, address: SocketAddr, stage: &Stage<'_>) -> Result<Self> {
        let mut server = Self::new(address, stage);
        server.add(command, address)?;
        Ok(server)
    }

    fn new(address: SocketAddr, stage: &Stage<'_>) -> Self {
        Self { children: Vec::new(), log: stage.work.join("server.log"), address }
    }

    /// Starts one more process, and waits until it listens there.
    fn add(&mut self, mut command: Command, address: SocketAddr) -> Result<()> {
        let child = command
            .envs(plugin::ENVIRONMENT)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&self.log)?)
            .spawn()
            .map_err(|error| format!("{command:?}: cannot be started: {error}"))?;
        self.children.push(child);
        self.wait_until_it_listens(address)
    }

    /// Its process ids.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }

    /// What it has written about itself.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn wait_until_it_listens(&mut self, address: SocketAddr) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = self.children.last_mut().map(Child::try_wait).transpose()?.flatten();
            if let Some(status) = ended {
                return Err(format!("the server has ended, {status}:\n{}", self.log()).into());
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("the server does not listen:\n{}", self.log()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in &mut self.children {
            // One that has ended already cannot be killed, and that is all right.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The processes of a variant in the order in which they start, each with where it listens. The last
/// one is called.
fn processes(
    variant: Variant,
    stage: &Stage<'_>,
    address: SocketAddr,
) -> Result<Vec<(Command, SocketAddr)>> {
    let port = address.port();
    let module = &stage.tools.module;
    let envoy = |config| envoy::command(stage, &config, 1);
    let command = match variant {
        Variant::Envoy => envoy(envoy::bare(port)),
        Variant::BatonPause => envoy(envoy::with_baton(port, "pause", module)),
        Variant::BatonBufferFilter => envoy(envoy::with_baton(port, "buffer_filter", module)),
        Variant::Lua => envoy(envoy::with_lua(port)),
        Variant::AuthorizationNode => {
            let service = free_address()?;
            let command = node::command(stage, service.port(), node::Handler::Verifies)?;
            let envoy = envoy(envoy::with_authorization(port, service))?;
            return Ok(vec![(command, service), (envoy, address)]);
        }
        Variant::AuthorizationRust => {
            let service = free_address()?;
            let command = authorization::command(stage, service)?;
            let envoy = envoy(envoy::with_authorization(port, service))?;
            return Ok(vec![(command, service), (envoy, address)]);
        }
        Variant::Nginx => nginx::command(stage, port, nginx::Handler::Answers),
        Variant::NginxNjs => nginx::command(stage, port, nginx::Handler::Verifies),
        Variant::Haproxy => haproxy::command(stage, port, haproxy::Rules::Answer),
        Variant::HaproxyHmac => haproxy::command(stage, port, haproxy::Rules::Verify),
        Variant::Node => node::command(stage, port, node::Handler::Answers),
        Variant::NodeVerifying => node::command(stage, port, node::Handler::Verifies),
        Variant::Workerd => workerd::command(stage, port, workerd::Worker::PostsOn),
        Variant::BatonWorker => workerd::command(stage, port, workerd::Worker::Baton),
    };
    Ok(vec![(command?, address)])
}

/// An address of loopback on which nobody listens now.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The program that a variant needs. [`Tools::has`] is asked before.
fn needed<T>(program: Option<&T>) -> Result<&T> {
    Ok(program.ok_or("a program that is measured is missing")?)
}
