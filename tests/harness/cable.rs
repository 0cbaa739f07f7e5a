//! A cable between a client and a server that a test can damage.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinHandle,
    time::sleep,
};

/// What may happen to the connections that a cable carries. Later ones are well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Both ends see their connection reset.
    Cut,
    /// Nothing comes through any more, and nobody is told.
    Stall,
    /// The client sees the end of what the server says, and may still speak.
    EndToClient,
    /// The server sees the end of what the client says, and may still speak.
    EndToServer,
}

impl Damage {
    /// All that there is.
    pub const ALL: [Self; 4] = [Self::Cut, Self::Stall, Self::EndToClient, Self::EndToServer];
}

/// The cable. It is gone when it is dropped.
#[derive(Debug)]
pub struct Cable {
    /// Where clients plug in.
    pub address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
    damage: broadcast::Sender<Damage>,
    carrying: JoinHandle<()>,
}

impl Cable {
    /// One that leads to this server.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let target = Arc::new(Mutex::new(target));
        let damage = broadcast::channel(16).0;
        let carrying = tokio::spawn(carry(listener, Arc::clone(&target), damage.clone()));
        Self { address, target, damage, carrying }
    }

    /// Leads it to another server from now on.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// Damages every connection that there is.
    pub fn damage(&self, damage: Damage) {
        // There may be none.
        let _ = self.damage.send(damage);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(
    listener: TcpListener,
    target: Arc<Mutex<SocketAddr>>,
    damage: broadcast::Sender<Damage>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
        let damage = damage.subscribe();
        tokio::spawn(async move {
            // A server that is away breaks the client's connection off.
            if let Ok(server) = TcpStream::connect(target).await {
                join(client, server, damage).await;
            }
        });
    }
}

/// Carries what both ends say until both are done, or something happens.
async fn join(
    mut client: TcpStream,
    mut server: TcpStream,
    mut damage: broadcast::Receiver<Damage>,
) -> Option<()> {
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    let (mut client_speaks, mut server_speaks) = (true, true);
    while client_speaks || server_speaks {
        // What was read is always passed on before something else happens.
        tokio::select! {
            read = client.read(&mut up), if client_speaks => {
                client_speaks = pass(&up[..read.ok()?], &mut server).await?;
            }
            read = server.read(&mut down), if server_speaks => {
                server_speaks = pass(&down[..read.ok()?], &mut client).await?;
            }
            Ok(damage) = damage.recv() => match damage {
                Damage::Cut => {
                    client.set_zero_linger().ok()?;
                    server.set_zero_linger().ok()?;
                    return None;
                }
                Damage::Stall => {
                    // As long as a test may take.
                    sleep(Duration::from_secs(600)).await;
                }
                Damage::EndToClient => {
                    client.shutdown().await.ok()?;
                    server_speaks = false;
                }
                Damage::EndToServer => {
                    server.shutdown().await.ok()?;
                    client_speaks = false;
                }
            },
        }
    }
    None
}

/// Passes on what was read, nothing being the end. Says whether more may come.
async fn pass(read: &[u8], to: &mut TcpStream) -> Option<bool> {
    if read.is_empty() {
        to.shutdown().await.ok()?;
        return Some(false);
    }
    to.write_all(read).await.ok()?;
    Some(true)
}
