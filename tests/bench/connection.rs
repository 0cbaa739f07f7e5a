//! A connection on which requests are answered one by one, with each answer read whole.

use std::net::{IpAddr, SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::{Result, answer::Answer};

/// One connection, with what has come in of the current answer.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Received<'c> {
    /// Its status.
    pub(crate) status: u16,
    /// Whether the connection is closed behind it.
    pub(crate) closes: bool,
    /// Its body.
    pub(crate) body: &'c [u8],
}

/// Connects from this address. Each has ports of its own: some 28,000 of them are used by default.
pub(crate) async fn connect_from(source: IpAddr, address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(source, 0))?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Connection {
    /// Opens one.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::on(stream))
    }

    /// Opens one from this address.
    pub(crate) async fn open_from(source: IpAddr, address: SocketAddr) -> Result<Self> {
        Ok(Self::on(connect_from(source, address).await?))
    }

    fn on(stream: TcpStream) -> Self {
        Self { stream, received: Vec::with_capacity(4096) }
    }

    /// Sends bytes, and waits for nothing.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Sends a request, and waits for its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Received<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let Answer { status, closes, body } = loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err("the server has closed a connection".into());
            }
            match Answer::read(&self.received)? {
                Some(answer) if answer.body.end == self.received.len() => break answer,
                Some(answer) if answer.body.end < self.received.len() => {
                    return Err("more bytes than one answer".into());
                }
                _ => {}
            }
        };
        Ok(Received { status, closes, body: self.received.get(body).unwrap_or_default() })
    }
}
