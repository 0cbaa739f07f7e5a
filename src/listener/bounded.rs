//! Never more connections than there is memory for, and none for ever that nobody reads from.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    Listener, listener::Socket, patience::Patient, renewal::Newest, unix_socket::FiledListener,
};

/// How long to wait after a connection could not be accepted.
const RESPITE: Duration = Duration::from_secs(1);

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often it is looked whether a certificate was replaced.
const RENEWED: Duration = Duration::from_secs(10);

/// A listener that accepts no more than so many connections at a time; further ones wait in the
/// operating system's queue, which is no refusal (invariant 14). One whose client takes nothing of
/// what is written to it fails after a time, and leaves its place.
pub struct BoundedListener {
    door: Door,
    places: Arc<Semaphore>,
    write: Duration,
}

/// Where connections come in.
enum Door {
    Cleartext(TcpListener),
    Tls(TcpListener, Newest),
    Unix(FiledListener),
}

/// A connection that has its place, and has not shaken hands yet.
pub struct Arrival {
    caller: Caller,
    peer: Option<SocketAddr>,
    /// How long its client may take nothing of what is written.
    write: Duration,
    place: Option<OwnedSemaphorePermit>,
}

enum Caller {
    Cleartext(TcpStream),
    Tls(TcpStream, TlsAcceptor),
    Unix(UnixStream),
}

/// A connection with its place.
pub struct Connection {
    stream: Stream,
    _place: Option<OwnedSemaphorePermit>,
}

enum Stream {
    Cleartext(Patient<TcpStream>),
    Tls(Box<TlsStream<Patient<TcpStream>>>),
    Unix(Patient<UnixStream>),
}

impl BoundedListener {
    /// `most` connections at a time, each of which waits for its client to read for `write`.
    /// It has to be called in a Tokio runtime, in which a certificate is kept up to date.
    pub fn new(listener: impl Into<Listener>, most: usize, write: Duration) -> Self {
        let door = match listener.into().socket {
            Socket::Cleartext(listener) => Door::Cleartext(listener),
            Socket::Unix(listener) => Door::Unix(listener),
            Socket::Tls(listener, certificates) => {
                let newest = certificates.newest();
                tokio::spawn(certificates.keep(RENEWED));
                Door::Tls(listener, newest)
            }
        };
        Self { door, places: Arc::new(Semaphore::new(most)), write }
    }

    /// The next connection, once there is a place for it. Nothing is lost when the future is
    /// dropped.
    pub async fn accept(&mut self) -> Arrival {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        loop {
            match self.door.accept().await {
                Ok((caller, peer)) => return Arrival { caller, peer, write: self.write, place },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted for now");
                    sleep(RESPITE).await;
                }
            }
        }
    }
}

impl Door {
    async fn accept(&self) -> io::Result<(Caller, Option<SocketAddr>)> {
        let (caller, peer) = match self {
            Self::Cleartext(listener) => {
                let (stream, peer) = accept_tcp(listener).await?;
                (Caller::Cleartext(stream), Some(peer))
            }
            Self::Tls(listener, newest) => {
                let (stream, peer) = accept_tcp(listener).await?;
                let acceptor = TlsAcceptor::from(Arc::clone(&newest.borrow()));
                (Caller::Tls(stream, acceptor), Some(peer))
            }
            Self::Unix(listener) => (Caller::Unix(listener.accept().await?), None),
        };
        Ok((caller, peer))
    }
}

async fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection does not take TCP_NODELAY");
    }
    Ok((stream, peer))
}

/// Whether it was the client that broke off, while it was being accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionAborted | K::ConnectionRefused | K::ConnectionReset)
}

impl Arrival {
    /// From where it comes; `None` for a process of this machine, on a unix socket.
    pub const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Shakes hands, where that is needed.
    ///
    /// # Errors
    ///
    /// If the client breaks off, takes longer than ten seconds, or does not speak TLS, or if it
    /// shows no certificate of an authority where it has to.
    pub async fn open(self) -> io::Result<Connection> {
        let Self { caller, write, place, .. } = self;
        let stream = match caller {
            Caller::Cleartext(stream) => Stream::Cleartext(Patient::new(stream, write)),
            Caller::Unix(stream) => Stream::Unix(Patient::new(stream, write)),
            Caller::Tls(stream, acceptor) => {
                let shaken = timeout(HANDSHAKE, acceptor.accept(Patient::new(stream, write)));
                Stream::Tls(Box::new(shaken.await.map_err(|_| io::ErrorKind::TimedOut)??))
            }
        };
        Ok(Connection { stream, _place: place })
    }
}

/// Calls the same on whichever stream it is.
macro_rules! on_stream {
    ($connection:expr, $stream:ident => $call:expr) => {
        match &mut $connection.stream {
            Stream::Cleartext($stream) => $call,
            Stream::Tls($stream) => $call,
            Stream::Unix($stream) => $call,
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, stream => Pin::new(stream).poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Cleartext(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
            Stream::Unix(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use baton_tests_certificates::Authority;
    use rustls::pki_types::ServerName;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        task::JoinHandle,
    };

    use super::*;
    use crate::{
        Listen, SocketAccess, TlsFiles,
        testing::{Folder, client},
    };

    /// More than the buffers between two sockets hold.
    const MUCH: usize = 64 << 20;

    /// How long a test waits for what has to come.
    const PATIENCE: Duration = Duration::from_secs(20);

    const LOOPBACK: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    async fn listen(listen: Listen, most: usize, write: Duration) -> (BoundedListener, SocketAddr) {
        let listener = Listener::bind(listen).await.unwrap();
        let address = match listener.listens() {
            Listen::Cleartext(address) | Listen::Tls(address, _) => *address,
            Listen::UnixSocket { .. } => LOOPBACK,
        };
        (BoundedListener::new(listener, most, write), address)
    }

    async fn within<T>(work: impl Future<Output = T>) -> T {
        timeout(PATIENCE, work).await.expect("it comes in time")
    }

    /// Answers the first connection with what it says.
    fn echo(mut listener: BoundedListener) -> JoinHandle<io::Result<()>> {
        tokio::spawn(async move {
            let mut connection = listener.accept().await.open().await?;
            let mut said = [0; 5];
            connection.read_exact(&mut said).await?;
            connection.write_all(&said).await?;
            connection.shutdown().await
        })
    }

    async fn says_hello(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<Vec<u8>> {
        stream.write_all(b"hello").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    }

    async fn over_tls(
        address: SocketAddr,
        authority: &Authority,
        shown: Option<&TlsFiles>,
    ) -> io::Result<Vec<u8>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        says_hello(client(authority, shown).connect(name, stream).await?).await
    }

    #[tokio::test]
    async fn invariant_11_a_client_that_takes_nothing_leaves_its_place() {
        let (mut listener, address) =
            listen(Listen::Cleartext(LOOPBACK), 1, Duration::from_millis(50)).await;
        let _stalled = TcpStream::connect(address).await.unwrap();
        let mut connection = listener.accept().await.open().await.unwrap();
        let written = within(connection.write_all(&vec![0; MUCH])).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(connection);
        let _next = TcpStream::connect(address).await.unwrap();
        within(listener.accept()).await;
    }

    #[tokio::test]
    async fn invariant_11_a_client_that_takes_nothing_over_tls_leaves_its_place() {
        let (folder, authority) = (Folder::new(), Authority::new());
        let files = folder.pair(&authority, "localhost");
        let (mut listener, address) =
            listen(Listen::Tls(LOOPBACK, files), 1, Duration::from_millis(50)).await;
        let stalled = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = client(&authority, None);
        let (stalled, connection) = tokio::join!(connector.connect(name, stalled), async {
            listener.accept().await.open().await
        });
        let (_stalled, mut connection) = (stalled.unwrap(), connection.unwrap());
        let written = within(connection.write_all(&vec![0; MUCH])).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_client_that_reads_gets_all_however_much_it_is() {
        let (mut listener, address) =
            listen(Listen::Cleartext(LOOPBACK), 1, Duration::from_secs(10)).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut connection = listener.accept().await.open().await.unwrap();
        let write = async move {
            connection.write_all(&vec![0; MUCH]).await.unwrap();
            connection.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        let (_, read) = tokio::join!(write, client.read_to_end(&mut received));
        assert_eq!(read.unwrap(), MUCH);
    }

    #[tokio::test]
    async fn a_client_that_knows_the_authority_is_served_over_tls() {
        let (folder, authority) = (Folder::new(), Authority::new());
        let files = folder.pair(&authority, "localhost");
        let (listener, address) = listen(Listen::Tls(LOOPBACK, files), 1, PATIENCE).await;
        let served = echo(listener);
        assert_eq!(within(over_tls(address, &authority, None)).await.unwrap(), b"hello");
        within(served).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_shows_no_certificate_of_the_authority_of_clients_is_not_served() {
        let (folder, clients, authority) = (Folder::new(), Folder::new(), Authority::new());
        let mut files = folder.pair(&authority, "localhost");
        files.client_ca = Some(authority.certificate());
        let of_authority = clients.pair(&authority, "edge");
        let strangers = Folder::new();
        let stranger = strangers.pair(&Authority::new(), "stranger");
        for (shown, served) in
            [(None, false), (Some(&stranger), false), (Some(&of_authority), true)]
        {
            let listens = Listen::Tls(LOOPBACK, files.clone());
            let (listener, address) = listen(listens, 1, PATIENCE).await;
            let answering = echo(listener);
            let answer = within(over_tls(address, &authority, shown)).await;
            assert_eq!(answer.is_ok_and(|answer| answer == b"hello"), served);
            assert_eq!(within(answering).await.unwrap().is_ok(), served);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn invariant_11_a_client_that_never_shakes_hands_keeps_nobody_out_and_leaves_its_place() {
        let (folder, authority) = (Folder::new(), Authority::new());
        let files = folder.pair(&authority, "localhost");
        let (mut listener, address) = listen(Listen::Tls(LOOPBACK, files), 2, PATIENCE).await;
        let _silent = TcpStream::connect(address).await.unwrap();
        let silent = listener.accept().await;
        // It has shaken no hand, and the next one is accepted all the same.
        let _next = TcpStream::connect(address).await.unwrap();
        let _second = listener.accept().await;
        let refused = silent.open().await.map(drop).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        let _third = TcpStream::connect(address).await.unwrap();
        listener.accept().await;
    }

    #[tokio::test]
    async fn processes_of_this_machine_are_served_on_a_unix_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("internal.sock");
        let listens = Listen::UnixSocket { path: path.clone(), access: SocketAccess::User };
        let (listener, _) = listen(listens, 1, PATIENCE).await;
        let served = echo(listener);
        let stream = UnixStream::connect(&path).await.unwrap();
        assert_eq!(within(says_hello(stream)).await.unwrap(), b"hello");
        within(served).await.unwrap().unwrap();
        assert!(!path.exists(), "it goes with its listener");
    }
}
