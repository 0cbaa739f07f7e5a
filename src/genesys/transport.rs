//! HTTP to Genesys: a request out, a whole answer back.

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::pace::Pace;

/// Longer answers are not read: a conversation of thousands of messages stays below.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Shorter than the minute after which load balancers close a connection that is not used.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests, over connections that are kept.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    request_timeout: Duration,
}

/// What came back.
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

    /// Sends the request and reads the whole answer, whatever its status.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, TransportError> {
        match timeout(self.request_timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportError::TimedOut(self.request_timeout)),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, TransportError> {
        let response = self.client.request(request).await.map_err(|error| {
            let reason = root_cause(&error);
            match error.is_connect() {
                true => TransportError::Unreachable(reason),
                false => TransportError::Interrupted(reason),
            }
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES)
            .collect()
            .await
            .map_err(|error| TransportError::Interrupted(root_cause(&*error)))?
            .to_bytes();
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
