//! What takes the spans to the collector.

use std::time::Duration;

use baton_outbound::TlsError;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::{Authorization, CollectorUrl, TARGET, Traces, collector::Collector};

/// How many spans wait for the collector at most; of more, the newest are dropped.
const QUEUE: usize = 4096;

/// How long spans are gathered before they are sent.
const GATHERED: Duration = Duration::from_secs(2);

/// Where spans go, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The collector.
    pub collector: CollectorUrl,
    /// What it knows us by, if it asks for that.
    pub authorization: Option<Authorization>,
    /// What part of the traces that begin here are kept, from 0 to 1. One that began before the
    /// edge is kept if whoever began it says so.
    pub sample_ratio: f64,
    /// Under which name the collector shows this program.
    pub service_name: String,
}

/// Why nothing can be exported.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The collector's certificate could not be checked.
    #[error("no certificate can be checked")]
    Tls(#[from] TlsError),
    /// The exporter does not take the settings.
    #[error("the exporter cannot be set up")]
    Exporter(#[from] ExporterBuildError),
}

/// Takes spans to a collector, until it is shut down. It never holds up whoever makes them.
#[derive(Debug)]
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// Begins, in a Tokio runtime. Nothing is sent before there are spans.
    ///
    /// # Errors
    ///
    /// [`StartError`]; that a collector is there is not asked.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let Settings { collector, authorization, sample_ratio, service_name } = settings;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(collector.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Collector::new(collector, authorization)?)
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_scheduled_delay(GATHERED)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample_ratio)));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(sampler)
            .with_resource(Resource::builder_empty().with_service_name(service_name).build())
            .build();
        Ok(Self(provider))
    }

    /// The layer of the log's subscriber that takes the spans, and nothing else.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let is_ours = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target() == TARGET;
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracer(self.0.tracer("baton"))
            .with_filter(filter_fn(is_ours))
    }

    /// What is handed to whoever makes spans.
    pub fn traces(&self) -> Traces {
        Traces::On
    }

    /// Sends what is left, for so long at most. What is not sent by then is lost.
    pub async fn shut_down(self, within: Duration) {
        let shut_down = move || self.0.shutdown_with_timeout(within);
        match tokio::task::spawn_blocking(shut_down).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last spans are lost"),
            Err(error) => tracing::warn!(%error, "the last spans are lost"),
        }
    }
}

#[cfg(test)]
#[path = "exporter_tests.rs"]
mod tests;
