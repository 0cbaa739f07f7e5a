//! The listeners of a demonstration, all of them open before anything else is done.

use std::net::{Ipv4Addr, SocketAddr};

use baton_sidecar::bind;
use clap::ValueEnum;
use tokio::net::TcpListener;

use super::failure::DemoFailure;

/// Which ports are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ports {
    /// 8070 for the console, 8080 to 8083 for the sidecar, 8090 for the simulator
    Usual,
    /// Any that are free
    Any,
}

/// What listens.
pub(crate) struct Listeners {
    pub(crate) console: TcpListener,
    pub(crate) simulator: TcpListener,
    pub(crate) chat: TcpListener,
    pub(crate) internal: TcpListener,
    pub(crate) application: TcpListener,
    /// None where another edge takes the webhooks.
    pub(crate) edge: Option<TcpListener>,
}

impl Listeners {
    /// Opens them: the console's here, the others on loopback.
    pub(crate) async fn open(
        mut console: SocketAddr,
        ports: Ports,
        has_edge: bool,
    ) -> Result<Self, DemoFailure> {
        if ports == Ports::Any {
            console.set_port(0);
        }
        let usual = async |part, port| listen(part, ports.address(port)).await;
        Ok(Self {
            console: listen("the console", console).await?,
            simulator: usual("the simulator", 8090).await?,
            chat: usual("the chat API", 8080).await?,
            internal: usual("the internal API", 8081).await?,
            application: usual("the API for applications", 8082).await?,
            edge: if has_edge { Some(usual("the edge", 8083).await?) } else { None },
        })
    }
}

impl Ports {
    /// Where a part listens whose usual port is this one.
    fn address(self, usual: u16) -> SocketAddr {
        let port = match self {
            Self::Usual => usual,
            Self::Any => 0,
        };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}

/// The address of a listener.
pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr, DemoFailure> {
    listener.local_addr().map_err(DemoFailure::Address)
}

/// The origin of a listener.
pub(crate) fn origin(listener: &TcpListener) -> Result<String, DemoFailure> {
    Ok(format!("http://{}", address(listener)?))
}

async fn listen(part: &'static str, address: SocketAddr) -> Result<TcpListener, DemoFailure> {
    bind(address).await.map_err(|source| {
        let source = Box::new(source);
        DemoFailure::Listen { part, address, source }
    })
}
