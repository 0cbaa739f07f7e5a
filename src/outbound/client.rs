//! A request out, a whole answer back.

use std::{fmt, time::Duration};

use baton_tls::TlsError;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::RootCertStore;
use tokio::time::timeout;

use crate::{
    error::OutboundError,
    resolver::Resolver,
    url::{OutboundUrl, Reach},
};

/// Shorter than the minute after which load balancers close a connection that is not used.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests to URLs that tenants gave, over connections that are kept. Clones share them.
/// It has to live in a Tokio runtime.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    reach: Reach,
}

/// How much of everything a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From the first step, which is to resolve the name, to the last byte of the answer.
    pub timeout: Duration,
    /// The longest body that is read.
    pub most_bytes: usize,
}

/// What came back, whatever its status. A redirect is an answer like others: it is not followed.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty if the status is no success, since it is not read then.
    pub body: Bytes,
}

impl GuardedClient {
    /// A client that goes as far as `reach` says. `connect_timeout` is for the look-up of a host's
    /// name, and then for all its addresses together.
    ///
    /// # Errors
    ///
    /// [`TlsError`] where no certificate can be checked.
    pub fn new(reach: Reach, connect_timeout: Duration) -> Result<Self, TlsError> {
        Self::resolving(Resolver::system(reach, connect_timeout), reach, connect_timeout)
    }

    fn resolving(
        resolver: Resolver,
        reach: Reach,
        connect_timeout: Duration,
    ) -> Result<Self, TlsError> {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(baton_tls::client(authorities(reach)?)?.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, reach })
    }

    /// Posts the body once and reads the answer.
    ///
    /// # Errors
    ///
    /// [`OutboundError`] if no whole answer came within `bounds`, or the URL leads where it must
    /// not.
    pub async fn post(
        &self,
        url: &OutboundUrl,
        headers: HeaderMap,
        body: Bytes,
        bounds: Bounds,
    ) -> Result<Answer, OutboundError> {
        // A host that is an address never comes to the resolver.
        if let Some(address) = url.address() {
            self.reach.check(address).map_err(|reserved| OutboundError::Guarded {
                host: url.host().to_owned(),
                reserved,
            })?;
        }
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.uri().clone();
        *request.headers_mut() = headers;
        match timeout(bounds.timeout, self.exchange(request, url.host(), bounds.most_bytes)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(OutboundError::TimedOut { host: url.host().to_owned(), after: bounds.timeout })
            }
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        host: &str,
        most_bytes: usize,
    ) -> Result<Answer, OutboundError> {
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| OutboundError::of_request(&error, host))?;
        let (head, body) = response.into_parts();
        let body = match head.status.is_success() {
            true => Limited::new(body, most_bytes)
                .collect()
                .await
                .map_err(|error| OutboundError::of_body(&*error, host, most_bytes))?
                .to_bytes(),
            false => Bytes::new(),
        };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// Whose word is taken for who a host is. In one's own network, where plain http may be all there
/// is, that may be nobody's.
fn authorities(reach: Reach) -> Result<RootCertStore, TlsError> {
    match (reach, baton_tls::system_authorities()) {
        (Reach::PrivateToo, Err(TlsError::NoAuthorities { .. })) => Ok(RootCertStore::empty()),
        (_, authorities) => authorities,
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
