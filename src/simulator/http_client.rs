//! The HTTP client that webhooks and posts of events go out by.

use baton_tls::TlsError;
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;

/// Sends requests to one origin. It follows no redirect and goes through no proxy. Clones share
/// its connections.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A request with a whole body.
pub(crate) type WholeRequest = Request<Full<Bytes>>;

/// A client for this URL, to which these authorities say who a receiver at `https` is; without any,
/// those that this machine trusts, which are read only where there is TLS to speak.
///
/// # Errors
///
/// [`TlsError`] if nobody's certificate could be checked.
pub(crate) fn http_client(
    url: &Uri,
    authorities: Option<&RootCertStore>,
) -> Result<HttpClient, TlsError> {
    let trusted = match (url.scheme() == Some(&Scheme::HTTPS), authorities) {
        (false, _) => RootCertStore::empty(),
        (true, Some(authorities)) => authorities.clone(),
        (true, None) => baton_tls::system_authorities()?,
    };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(baton_tls::client(trusted)?.with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        // Genesys documents the name as `X-Hub-Signature-256`, not in lower case.
        .http1_title_case_headers(true)
        // Nobody but the delivery may try again, or the number of attempts is wrong.
        .retry_canceled_requests(false)
        .build(connector))
}
