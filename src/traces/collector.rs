//! The way to the collector.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use baton_outbound::{Bounds, GuardedClient, OutboundUrl, Reach, TlsError, UrlProblem};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

/// How far a collector may be away: anywhere.
const REACH: Reach = Reach::PrivateToo;

/// How long a batch may take.
const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(5), most_bytes: 64 << 10 };

/// Where an OTLP collector takes traces over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorUrl(OutboundUrl, String);

impl CollectorUrl {
    /// Of a collector at this address: `/v1/traces` is put behind it, as OpenTelemetry has it.
    ///
    /// # Errors
    ///
    /// [`UrlProblem`] where it is no URL of http or https.
    pub fn parse(endpoint: &str) -> Result<Self, UrlProblem> {
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        Ok(Self(OutboundUrl::parse(&url, REACH)?, url))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.1
    }
}

/// What the collector knows us by: the whole value of the header `authorization`, never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization(HeaderValue);

/// Why a text is no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has a letter in it that no header may have")]
pub struct AuthorizationProblem;

impl Authorization {
    /// Of a text such as `Bearer …` or `Basic …`.
    ///
    /// # Errors
    ///
    /// [`AuthorizationProblem`] if the text cannot stand in a header.
    pub fn parse(text: &str) -> Result<Self, AuthorizationProblem> {
        let mut value = HeaderValue::try_from(text).map_err(|_| AuthorizationProblem)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// Sends batches. The exporter has a thread of its own, and the runtime does the work.
#[derive(Debug)]
pub(crate) struct Collector {
    url: CollectorUrl,
    authorization: Option<Authorization>,
    client: GuardedClient,
    runtime: Handle,
    /// Whether it was said that the collector takes nothing.
    complained: AtomicBool,
}

impl Collector {
    /// Has to be called in the runtime.
    pub(crate) fn new(
        url: CollectorUrl,
        authorization: Option<Authorization>,
    ) -> Result<Self, TlsError> {
        let client = GuardedClient::new(REACH, BOUNDS.timeout)?;
        let (runtime, complained) = (Handle::current(), AtomicBool::new(false));
        Ok(Self { url, authorization, client, runtime, complained })
    }

    /// Says once that spans are lost, and once that they are not any more.
    fn note(&self, problem: Option<&str>) {
        let host = self.url.0.host();
        match (problem, self.complained.swap(problem.is_some(), Ordering::Relaxed)) {
            (Some(problem), false) => tracing::warn!(
                host,
                problem,
                "the collector does not take spans, which are lost meanwhile; check traces.endpoint and traces.authorization"
            ),
            (None, true) => tracing::info!(host, "the collector takes spans again"),
            (Some(_), true) | (None, false) => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut head, body) = request.into_parts();
        if let Some(Authorization(value)) = &self.authorization {
            head.headers.insert(AUTHORIZATION, value.clone());
        }
        let (client, url) = (self.client.clone(), self.url.0.clone());
        let sent = async move { client.post(&url, head.headers, body, BOUNDS).await };
        let answer = match self.runtime.spawn(sent).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                self.note(Some(&error.to_string()));
                return Err(Box::new(error));
            }
            Err(error) => return Err(Box::new(error)),
        };
        let refused =
            (!answer.status.is_success()).then(|| format!("it answers {}", answer.status));
        self.note(refused.as_deref());
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        Ok(response)
    }
}
