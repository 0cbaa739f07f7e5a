//! Spans on their way to a collector that is none.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, header::AUTHORIZATION},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span as Exported, status::StatusCode},
};
use prost::Message;
use tokio::{net::TcpListener, sync::Mutex, time::timeout};
use tracing::{Instrument, field::Empty, subscriber::with_default};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use super::*;
use crate::TraceContext;

const PARENT: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Clone, Default)]
struct Fake {
    spans: Arc<Mutex<Vec<Exported>>>,
    /// What stood in the header of the last request.
    authorization: Arc<Mutex<Option<HeaderValue>>>,
}

impl Fake {
    async fn start() -> (Self, SocketAddr) {
        let fake = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/v1/traces", post(take)).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (fake, address)
    }
}

async fn take(State(fake): State<Fake>, headers: HeaderMap, body: Bytes) {
    *fake.authorization.lock().await = headers.get(AUTHORIZATION).cloned();
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
    fake.spans.lock().await.extend(scopes.flat_map(|scope| scope.spans));
}

fn settings(address: SocketAddr, sample_ratio: f64) -> Settings {
    let collector = CollectorUrl::parse(&format!("http://{address}/")).unwrap();
    let service_name = "baton".to_owned();
    Settings { collector, authorization: None, sample_ratio, service_name }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_are_children_of_the_trace_that_came_and_of_each_other() {
    let (fake, address) = Fake::start().await;
    let exporter = Exporter::start(settings(address, 0.0)).unwrap();
    let subscriber = Registry::default().with(exporter.layer());
    let carried = with_default(subscriber, || {
        let parent = TraceContext::parse(PARENT).unwrap();
        let span = crate::span!(exporter.traces(), Some(&parent), "intake", "consumer", size = 7);
        let carried = TraceContext::of(&span).unwrap().to_string();
        span.in_scope(|| {
            tracing::error!("a line of the log is no part of a trace");
            drop(tracing::error_span!("nor is another span"));
            let call = crate::child!("call", "client", http.response.status_code = Empty);
            crate::answered(&call, Some(503));
        });
        carried
    });
    exporter.shut_down(Duration::from_secs(10)).await;
    let spans = fake.spans.lock().await;
    assert_eq!(*fake.authorization.lock().await, None);
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (intake, call) = (named("intake"), named("call"));
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert!(spans.iter().all(|span| span.events.is_empty()));
    assert_eq!(intake.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    assert_eq!(call.parent_span_id, intake.span_id);
    let code = |span: &Exported| span.status.as_ref().map(|status| status.code());
    assert_eq!(code(call), Some(StatusCode::Error));
    assert_eq!(code(intake), Some(StatusCode::Unset));
    assert_eq!(call.trace_id, intake.trace_id);
    assert!(carried.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{carried}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_begins_here_is_kept_as_often_as_the_ratio_says() {
    for (ratio, kept) in [(0.0, 0), (1.0, 1)] {
        let (fake, address) = Fake::start().await;
        let exporter = Exporter::start(settings(address, ratio)).unwrap();
        let subscriber = Registry::default().with(exporter.layer());
        with_default(subscriber, || {
            drop(crate::span!(exporter.traces(), None, "relay", "internal"));
        });
        exporter.shut_down(Duration::from_secs(10)).await;
        assert_eq!(fake.spans.lock().await.len(), kept, "{ratio}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_11_a_collector_that_never_answers_holds_nobody_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let exporter = Exporter::start(settings(silent.local_addr().unwrap(), 1.0)).unwrap();
    let subscriber = Registry::default().with(exporter.layer());
    with_default(subscriber, || {
        for _ in 0..QUEUE * 3 {
            drop(crate::span!(exporter.traces(), None, "relay", "internal"));
        }
    });
    let shut_down = exporter.shut_down(Duration::from_millis(50));
    timeout(Duration::from_secs(30), shut_down).await.expect("it gives up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_asks_for_a_credential_gets_it() {
    let (fake, address) = Fake::start().await;
    let authorization = Authorization::parse("Bearer hunter2").unwrap();
    assert_eq!(format!("{authorization:?}"), "Authorization(Sensitive)");
    let settings = Settings { authorization: Some(authorization), ..settings(address, 1.0) };
    let exporter = Exporter::start(settings).unwrap();
    let subscriber = Registry::default().with(exporter.layer());
    with_default(subscriber, || {
        drop(crate::span!(exporter.traces(), None, "relay", "internal"));
    });
    exporter.shut_down(Duration::from_secs(10)).await;
    let shown = fake.authorization.lock().await.clone();
    assert_eq!(shown.unwrap(), "Bearer hunter2");
    assert_eq!(Authorization::parse("Bearer hunter2\n"), Err(crate::AuthorizationProblem));
}

#[tokio::test]
async fn without_a_collector_no_span_is_made() {
    let subscriber = Registry::default();
    with_default(subscriber, || {
        let begun = crate::span!(Traces::Off, None, "intake", "consumer");
        assert!(begun.is_none());
        begun.in_scope(|| assert!(crate::child!("call", "client").is_none()));
    });
    async { assert!(crate::child!("call", "client").is_none()) }
        .instrument(crate::span!(Traces::Off, None, "intake", "consumer"))
        .await;
}
