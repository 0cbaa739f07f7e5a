//! A server under test: started, ready, and ended with its value.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Result, arguments::Arguments, envoy_config, pinning::Pinning, plugin, variant::Variant,
};

/// For how long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a variant and waits until it listens. Its files go to `work`.
    pub(crate) fn start(
        variant: Variant,
        arguments: &Arguments,
        pinning: Pinning,
        module: &Path,
        work: &Path,
    ) -> Result<Self> {
        let address = free_address()?;
        let mut command = match envoy_config::of(variant, address.port(), module) {
            Some(config) => {
                let file = work.join("envoy.json");
                fs::write(&file, serde_json::to_vec(&config)?)?;
                envoy(pinning, &arguments.envoy, &file)
            }
            None => {
                let file = work.join("verify.mjs");
                fs::write(&file, include_str!("verify.mjs"))?;
                let mut command = pinning.server(&arguments.node);
                command.arg(file).arg(address.port().to_string());
                command
            }
        };
        let log = work.join("server.log");
        let child = command
            .envs(plugin::ENVIRONMENT)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .map_err(|error| format!("{}: cannot be started: {error}", variant.label()))?;
        let mut server = Self { child, log, address };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    /// Its process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has written about itself.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
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
        // One that has ended already cannot be killed, and that is all right.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn envoy(pinning: Pinning, program: &Path, config: &Path) -> Command {
    let mut command = pinning.server(program);
    command.arg("--config-path").arg(config).args([
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "warning",
    ]);
    command
}

/// An address of loopback on which nobody listens now.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
