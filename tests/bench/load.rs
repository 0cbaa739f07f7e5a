//! The load: a fixed number of requests over connections that stay open, each answer checked.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::{Result, answer::Answer};

/// How many connections the load keeps open.
const CONNECTIONS: usize = 16;

/// For how long one call of [`Load::send`] may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Open connections to a server.
#[derive(Debug)]
pub(crate) struct Load(Vec<Connection>);

impl Load {
    /// Opens the connections.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(address).await?);
        }
        Ok(Self(connections))
    }

    /// Sends the request at least `count` times, as often on each connection, and gives the
    /// number.
    ///
    /// # Errors
    ///
    /// An answer that is not 200, or none.
    pub(crate) async fn send(&mut self, request: &Arc<[u8]>, count: usize) -> Result<usize> {
        let each = count.div_ceil(CONNECTIONS);
        let mut tasks = JoinSet::new();
        for mut connection in self.0.drain(..) {
            let request = Arc::clone(request);
            tasks.spawn(async move {
                for _ in 0..each {
                    let status = connection.exchange(&request).await?;
                    if status != 200 {
                        return Err(format!("a good webhook was answered {status}").into());
                    }
                }
                Result::Ok(connection)
            });
        }
        timeout(PATIENCE, async {
            while let Some(connection) = tasks.join_next().await {
                self.0.push(connection??);
            }
            Result::Ok(())
        })
        .await
        .map_err(|_| "the requests took too long")??;
        Ok(each * CONNECTIONS)
    }
}

/// The status of the answer to one request on a connection of its own.
pub(crate) async fn status_of(address: SocketAddr, request: &[u8]) -> Result<u16> {
    let exchange = async { Connection::open(address).await?.exchange(request).await };
    timeout(PATIENCE, exchange).await?
}

/// One connection, with what has come in of the current answer.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err("the server has closed a connection".into());
            }
            match Answer::read(&self.received)? {
                Some(answer) if answer.length == self.received.len() => return Ok(answer.status),
                Some(answer) if answer.length < self.received.len() => {
                    return Err("more bytes than one answer".into());
                }
                _ => {}
            }
        }
    }
}
