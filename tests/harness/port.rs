//! A port on loopback that stays one's own also while nobody listens at it.

use std::net::SocketAddr;

use baton_sidecar::bind;
use tokio::net::{TcpListener, TcpSocket};

use crate::wait::until;

/// The port. A socket is bound to it that does not listen: whoever asks for any free port gets
/// another one, and whoever connects is refused.
#[derive(Debug)]
pub struct Port(TcpSocket);

impl Port {
    /// One that was free.
    pub fn reserve() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // So that somebody may listen there all the same, who has to ask for this very port.
        socket.set_reuseaddr(true).expect("an option of sockets");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        Self(socket)
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("bound")
    }

    /// Listens at it, as soon as whoever listened before does not any more.
    pub async fn listen(&self) -> TcpListener {
        until("a free port", async || bind(self.address()).await.ok()).await
    }
}
