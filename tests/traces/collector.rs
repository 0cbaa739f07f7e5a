//! An OTLP collector on loopback that keeps what it gets.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span},
};
use prost::Message;
use tokio::net::TcpListener;

type Kept = Arc<Mutex<Vec<ResourceSpans>>>;

/// A collector. It ends with the test.
pub(crate) struct Collector {
    /// Where it takes spans.
    pub(crate) address: SocketAddr,
    kept: Kept,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let kept = Kept::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, kept }
    }

    /// All spans that came.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let scopes = kept.iter().flat_map(|of_resource| &of_resource.scope_spans);
        scopes.flat_map(|of_scope| &of_scope.spans).cloned().collect()
    }

    /// Under which name they came.
    pub(crate) fn service(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let resource = kept.first().and_then(|spans| spans.resource.clone()).expect("a resource");
        text(&resource.attributes, "service.name")
    }
}

async fn take(State(kept): State<Kept>, body: Bytes) -> StatusCode {
    let request = ExportTraceServiceRequest::decode(body).expect("a request");
    kept.lock().unwrap_or_else(PoisonError::into_inner).extend(request.resource_spans);
    StatusCode::OK
}

/// What a span says under this name, as text.
pub(crate) fn attribute(span: &Span, name: &str) -> String {
    text(&span.attributes, name)
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|found| found.value.as_ref()?.value.clone());
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{name}: {other:?} of {attributes:?}"),
    }
}

/// An id, as it stands in a `traceparent`.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
