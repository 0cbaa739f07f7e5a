//! Listening: binding with an error that helps, never more connections than there is memory for,
//! and none for ever that nobody reads from.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};

/// How long to wait after a connection could not be accepted.
const RESPITE: Duration = Duration::from_secs(1);

/// Why an address could not be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error(
        "port {} of {} is taken by another process; stop that one, or configure another port",
        address.port(),
        address.ip()
    )]
    Taken {
        /// Where.
        address: SocketAddr,
    },
    /// The operating system refused.
    #[error("cannot listen on {address}; check that this host has the address")]
    Io {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// Listens on an address.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken { address },
        _ => BindError::Io { address, source },
    })
}

/// A listener that accepts no more than so many connections at a time; further ones wait in the
/// operating system's queue, which is no refusal (invariant 14). One whose client takes nothing of
/// what is written to it fails after a time, and leaves its place.
pub(crate) struct BoundedListener {
    listener: TcpListener,
    places: Arc<Semaphore>,
    write: Duration,
}

impl BoundedListener {
    /// `most` connections at a time, each of which waits for its client to read for `write`.
    pub(crate) fn new(listener: TcpListener, most: usize, write: Duration) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(most)), write }
    }

    /// The next connection, once there is a place for it.
    pub(crate) async fn accept(&mut self) -> Connection {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection does not take TCP_NODELAY");
                    }
                    let write = self.write;
                    return Connection { stream, peer, write, stalled: None, _place: place };
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted for now");
                    sleep(RESPITE).await;
                }
            }
        }
    }
}

/// Whether it was the client that broke off, while it was being accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionAborted | K::ConnectionRefused | K::ConnectionReset)
}

/// A connection with its place.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    /// How long its client may take nothing of what is written.
    write: Duration,
    /// Until when it may, while it takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// From where it comes.
    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// What came of a try to write, or an error if none comes to anything for too long.
    fn bounded(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let write = self.write;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.bounded(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::timeout,
    };

    use super::*;

    /// More than the buffers between two sockets hold.
    const MUCH: usize = 64 << 20;

    async fn listen(most: usize, write: Duration) -> (BoundedListener, SocketAddr) {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        (BoundedListener::new(listener, most, write), address)
    }

    #[tokio::test]
    async fn invariant_11_a_client_that_takes_nothing_leaves_its_place() {
        let (mut listener, address) = listen(1, Duration::from_millis(50)).await;
        let _stalled = TcpStream::connect(address).await.unwrap();
        let mut connection = listener.accept().await;
        let written = timeout(Duration::from_secs(10), connection.write_all(&vec![0; MUCH])).await;
        assert_eq!(written.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(connection);
        let _next = TcpStream::connect(address).await.unwrap();
        timeout(Duration::from_secs(10), listener.accept()).await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_reads_gets_all_however_much_it_is() {
        let (mut listener, address) = listen(1, Duration::from_secs(10)).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut connection = listener.accept().await;
        let write = async move {
            connection.write_all(&vec![0; MUCH]).await.unwrap();
            connection.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        let (_, read) = tokio::join!(write, client.read_to_end(&mut received));
        assert_eq!(read.unwrap(), MUCH);
    }
}
