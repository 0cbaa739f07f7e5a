//! HTTP with a sidecar, by whichever way leads to it.
//!
//! A request has a connection of its own. No proxy is asked and no redirect followed: what is sent
//! goes to the sidecar alone.

use std::{io, path::PathBuf, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Host;

use super::{address::Peer, transport_error::TransportError};

/// How long a connection may take to come about, TLS and all.
const CONNECTING: Duration = Duration::from_secs(5);

/// The way to a sidecar, with what it takes to go it.
pub(super) enum Transport {
    /// Over TCP, in cleartext.
    Cleartext(Peer),
    /// Over TCP, with TLS.
    Tls {
        /// Whom the connection is made to.
        peer: Peer,
        /// The name that its certificate has to have.
        name: ServerName<'static>,
        /// What checks that, and shows a certificate if it has one.
        connector: TlsConnector,
    },
    /// Over this unix socket.
    UnixSocket(PathBuf),
}

/// What comes back, its body not read yet.
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    body: Incoming,
    patience: Duration,
}

/// The bytes of a connection, whatever is below.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Transport {
    /// Sends the request. The answer may begin, and go on, no later than `patience` says.
    ///
    /// # Errors
    ///
    /// [`TransportError`] says why none began.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        patience: Duration,
    ) -> Result<Answer, TransportError> {
        let stream = timeout(CONNECTING, self.connect())
            .await
            .unwrap_or_else(|_| Err(TransportError::Unreachable(io::ErrorKind::TimedOut.into())))?;
        let response = timeout(patience, exchange(stream, request))
            .await
            .map_err(|_| TransportError::Silent(patience))?
            .map_err(TransportError::of_exchange)?;
        Ok(Answer { status: response.status(), body: response.into_body(), patience })
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, TransportError> {
        match self {
            Self::Cleartext(peer) => Ok(Box::new(peer.connect().await?)),
            Self::Tls { peer, name, connector } => {
                let stream = peer.connect().await?;
                let stream = connector.connect(name.clone(), stream).await;
                Ok(Box::new(stream.map_err(TransportError::of_handshake)?))
            }
            Self::UnixSocket(path) => {
                let stream = UnixStream::connect(path).await;
                Ok(Box::new(stream.map_err(TransportError::Unreachable)?))
            }
        }
    }
}

/// Sends the request over a connection that ends with its answer.
async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, hyper::Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let error = match sender.send_request(request).await {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    drop(sender);
    // What ended the connection says more than that the request did not go through.
    Err(match connection.await {
        Ok(Err(cause)) => cause,
        Ok(Ok(())) | Err(_) => error,
    })
}

impl Peer {
    async fn connect(&self) -> Result<TcpStream, TransportError> {
        let stream = match &self.host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), self.port)).await,
            Host::Ipv4(address) => TcpStream::connect((*address, self.port)).await,
            Host::Ipv6(address) => TcpStream::connect((*address, self.port)).await,
        };
        stream.map_err(TransportError::Unreachable)
    }
}

impl Answer {
    /// The next piece of the body; none after the last.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if that was not the last.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            let frame = timeout(self.patience, self.body.frame()).await;
            match frame.map_err(|_| TransportError::Silent(self.patience))? {
                None => return Ok(None),
                Some(frame) => {
                    // What is no data is a trailer, and says nothing to us.
                    if let Ok(data) = frame.map_err(TransportError::of_exchange)?.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// The whole body, as long as it has no more than so many bytes.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if it has, or does not come in time.
    pub(super) async fn whole(self, most_bytes: usize) -> Result<Bytes, TransportError> {
        let body = Limited::new(self.body, most_bytes).collect();
        let body = timeout(self.patience, body).await;
        match body.map_err(|_| TransportError::Silent(self.patience))? {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => Err(match error.downcast() {
                Ok(error) => TransportError::of_exchange(*error),
                // The one other reason there is.
                Err(_) => TransportError::TooLong(most_bytes),
            }),
        }
    }
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
