//! HTTP requests to servers on this machine, and to no others.

use std::net::SocketAddr;

use http::{Request, Response, Uri};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use tokio::net::TcpStream;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, io::TokioIo};

/// Sends what a component sends.
#[derive(Debug)]
pub(crate) struct Loopback;

/// What is left to do for a request once its answer's head is there.
type Rest = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Loopback {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Rest,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Rest), Error>> + Send> {
        Box::new(async {
            let nothing: Rest = Box::new(async { Ok(()) });
            Ok((send(request).await?, nothing))
        })
    }
}

/// Sends a request on a connection of its own.
pub(crate) async fn send(mut request: Request<WasiBody>) -> Result<Response<WasiBody>, Error> {
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let address = authority.and_then(|authority| authority.parse::<SocketAddr>().ok());
    let address = address.filter(|address| address.ip().is_loopback());
    let stream = TcpStream::connect(address.ok_or(Error::HttpRequestDenied)?);
    let stream = stream.await.map_err(Error::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map(Uri::from).ok_or(Error::HttpRequestUriInvalid)?;
    let answer = sender.send_request(request).await?;
    Ok(answer.map(|body| body.map_err(Error::from).boxed_unsync()))
}
