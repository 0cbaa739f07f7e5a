//! HTTP to Genesys: a request out, a whole answer back.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::pace::Pace;

/// Of an answer that is an error no more is read. Genesys' are a few hundred bytes long.
const MOST_ERROR_BYTES: usize = 64 << 10;

/// Shorter than the minute after which load balancers close a connection that is not used.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests, over connections that are kept.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    request_timeout: Duration,
}

/// What came back. An error that is too long has no body: what matters is its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why nothing came back.
#[derive(Clone, Debug)]
pub(crate) enum TransportError {
    /// No connection came about: nothing was sent.
    Unreachable(String),
    /// The connection was lost after something was sent.
    Interrupted(String),
    /// It took too long. What was sent by then is not known.
    TimedOut(Duration),
    /// It was carried out, but the answer is longer than so many bytes.
    TooLong(usize),
}

impl Transport {
    pub(crate) fn new(tls: &Arc<ClientConfig>, pace: &Pace) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(pace.connect_timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(ClientConfig::clone(tls))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, request_timeout: pace.request_timeout }
    }

    /// Sends the request and reads the whole answer, whatever its status; of one that is no error
    /// at most so many bytes.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        most_bytes: usize,
    ) -> Result<Answer, TransportError> {
        match timeout(self.request_timeout, self.exchange(request, most_bytes)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportError::TimedOut(self.request_timeout)),
        }
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        most_bytes: usize,
    ) -> Result<Answer, TransportError> {
        let response = self.client.request(request).await.map_err(|error| {
            let reason = root_cause(&error);
            match error.is_connect() {
                true => TransportError::Unreachable(reason),
                false => TransportError::Interrupted(reason),
            }
        })?;
        let (head, body) = response.into_parts();
        let is_success = head.status.is_success();
        let most_bytes = if is_success { most_bytes } else { MOST_ERROR_BYTES };
        let body = match Limited::new(body, most_bytes).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if !error.is::<LengthLimitError>() => {
                return Err(TransportError::Interrupted(root_cause(&*error)));
            }
            Err(_) if is_success => return Err(TransportError::TooLong(most_bytes)),
            Err(_) => Bytes::new(),
        };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// The innermost error alone: the outer ones only say that a request failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
