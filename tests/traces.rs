//! The trace of a webhook, from Envoy through the sidecar to the client, and that of a message on
//! its way to Genesys, as a collector sees them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "traces/collector.rs"]
mod collector;

use baton_simulator::signature;
use baton_tests::{
    CREDENTIAL, SECRET, WEBHOOK_PATH,
    chat::{Session, Socket, text_of},
    customer::{BEGUN, Customer},
    envoy::{Envoy, Hold},
    http1,
    process::{Home, Process},
    sidecar::{
        ADMIN_CREDENTIAL, CONNECTOR_TOKEN, INTEGRATION, SANDBOX_CONNECTOR_TOKEN, end_user_id,
        sidecar_at, sidecar_configuration,
    },
    simulator::Simulator,
    wait::until,
};
use serde_json::{Map, Value, json};

use collector::{Collector, attribute, hex};

/// The trace that a proxy before Envoy began.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The span of it that called Envoy.
const CALLER: &str = "b7ad6b7169203331";

/// What an agent writes.
const WRITTEN: &str = "a word that only the customer may read";

fn traceparent() -> (String, String) {
    ("traceparent".to_owned(), format!("00-{TRACE}-{CALLER}-01"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_one_trace_from_the_edge_to_the_client() {
    let collector = Collector::start().await;
    let mut home = Home::with(|store| traced(&sidecar_configuration(store), &collector));
    let process = home.start().await;
    let envoy = Envoy::start(Hold::Pause, process.place.internal, &Map::new()).await;
    let session = Session::make(process.place.chat).await;
    let mut client = Socket::open(process.place.chat, &session).await;
    assert_eq!(client.event().await["type"], "EVENT_TYPE_SESSION_START");

    let body = webhook(&end_user_id(process.place.internal, &session.id).await);
    let headers = [(signature::HEADER.to_owned(), signature::base64(SECRET, &body)), traceparent()];
    let request = http1::request("POST", WEBHOOK_PATH, &headers, &body);
    assert_eq!(http1::exchange(envoy.address, &request).await.status, 200);
    assert_eq!(text_of(&client.event().await), WRITTEN);
    process.stop().await;

    let spans = collector.spans();
    let of_trace: Vec<_> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let names: Vec<_> = of_trace.iter().map(|span| &*span.name).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let named = |name: &str| *of_trace.iter().find(|span| span.name == name).unwrap();
    let (intake, append, show) = (named("intake"), named("append"), named("show"));
    assert_eq!(hex(&intake.parent_span_id), CALLER);
    assert_eq!(append.parent_span_id, intake.span_id);
    assert_eq!(show.parent_span_id, append.span_id);
    assert_eq!(attribute(intake, "result"), "new");
    assert_eq!(attribute(append, "session.id"), session.id);
    assert_eq!(collector.service(), "baton-of-a-test");

    let everything = format!("{spans:?}");
    for secret in [WRITTEN, SECRET, CREDENTIAL, CONNECTOR_TOKEN, session.access_token()] {
        assert!(!everything.contains(secret), "a span shows {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_names_no_trace_or_two_begins_one() {
    let collector = Collector::start().await;
    let mut home = Home::with(|store| traced(&sidecar_configuration(store), &collector));
    let process = home.start().await;
    for (id, traces) in [("one", vec![]), ("two", vec![traceparent(), traceparent()])] {
        deliver(&process, id, json!([]), traces).await;
    }
    process.stop().await;
    let spans = collector.spans();
    let intakes: Vec<_> = spans.iter().filter(|span| span.name == "intake").collect();
    assert_eq!(intakes.len(), 2);
    assert!(intakes.iter().all(|span| span.parent_span_id.is_empty()));
    assert_ne!(intakes[0].trace_id, intakes[1].trace_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_logged_of_a_delivery_names_its_trace() {
    let collector = Collector::start().await;
    let mut home = Home::with(|store| traced(&sidecar_configuration(store), &collector));
    let process = home.start().await;
    deliver(&process, "one", json!([{ "unreadable": true }]), vec![traceparent()]).await;
    let line = until("a line of the log", async || {
        let log = home.log();
        log.lines().find(|line| line.contains("a part of a delivery is skipped")).map(str::to_owned)
    })
    .await;
    assert!(line.contains(TRACE), "{line}");
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_genesys_is_a_trace_with_the_calls_that_it_takes() {
    let collector = Collector::start().await;
    let genesys = Simulator::start_without_edge().await;
    let mut home = Home::with(|store| traced(&sidecar_at(store, genesys.address()), &collector));
    let process = home.start().await;
    let place = process.place;
    let mut customer = Customer::arrive(place.chat, place.internal, CONNECTOR_TOKEN).await;
    customer.say(WRITTEN).await;
    customer.sees(&BEGUN).await;
    process.stop().await;

    let spans = collector.spans();
    let relay = spans.iter().find(|span| span.name == "relay").expect("a relay");
    assert!(relay.parent_span_id.is_empty());
    let call = spans.iter().find(|span| span.parent_span_id == relay.span_id);
    let call = call.expect("a call of Genesys");
    assert_eq!((&*call.name, &call.trace_id), ("genesys call", &relay.trace_id));
    assert_eq!(attribute(call, "http.request.method"), "POST");
    assert_eq!(attribute(call, "http.response.status_code"), "202");
    let everything = format!("{spans:?}");
    for secret in [WRITTEN, baton_simulator::DEFAULT_CLIENT_SECRET, ADMIN_CREDENTIAL] {
        assert!(!everything.contains(secret), "a span shows {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_of_the_bot_and_a_webhook_to_an_application_are_traces() {
    let collector = Collector::start().await;
    // Of the last tenant.
    let more = "[tenants.bot]
        builtin = true
        [[tenants.webhooks]]
        url = 'http://127.0.0.1:9/events'
        secret = { env = 'WEBHOOK_SECRET' }
        allow_private = true";
    let mut home = Home::with(|store| {
        format!("{}{more}\n", traced(&sidecar_configuration(store), &collector))
    });
    let environment = [("WEBHOOK_SECRET", format!("whsec_{}", "c2VjcmV0".repeat(4)))];
    let process = home.try_start(&environment).await.unwrap_or_else(|| panic!("{}", home.log()));
    let session = Session::make_with(process.place.chat, SANDBOX_CONNECTOR_TOKEN).await;
    let mut client = Socket::open(process.place.chat, &session).await;
    client.send("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", json!({}), None).await;
    client.say(WRITTEN, "1").await;
    while client.event().await["type"] != "EVENT_TYPE_POLY_AGENT_MESSAGE" {}
    process.stop().await;
    let spans = collector.spans();
    let named = |name: &str| spans.iter().find(|span| span.name == name).expect("a span");
    let turn = named("bot turn");
    assert_eq!(attribute(turn, "session.id"), session.id);
    assert_eq!(attribute(turn, "result"), "answered");
    let webhook = named("application webhook");
    assert_eq!(attribute(webhook, "server.address"), "127.0.0.1");
    // OpenTelemetry's word for a call that failed.
    assert_eq!(webhook.status.as_ref().map(|status| status.code), Some(2));
    assert!(!format!("{spans:?}").contains(WRITTEN), "a span shows what was said");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_3_a_collector_that_is_not_there_costs_no_delivery() {
    let nowhere = "traces.endpoint = 'http://127.0.0.1:9'\n";
    let mut home = Home::with(|store| format!("{nowhere}{}", sidecar_configuration(store)));
    let process = home.start().await;
    deliver(&process, "one", json!([]), vec![traceparent()]).await;
    process.stop().await;
    assert!(home.log().contains("the collector does not take spans"), "{}", home.log());
}

fn traced(configuration: &str, collector: &Collector) -> String {
    format!(
        "traces.endpoint = 'http://{}'\ntraces.service_name = 'baton-of-a-test'\n{configuration}",
        collector.address
    )
}

/// A webhook with an agent's message to this end user.
fn webhook(end_user_id: &str) -> Vec<u8> {
    let webhook = json!({
        "id": "c4ca4238a0b923820dcc509a6f75849b",
        "channel": {
            "id": INTEGRATION,
            "platform": "Open",
            "type": "Private",
            "to": { "id": end_user_id, "idType": "Opaque" },
            "from": { "nickname": "Acme", "id": INTEGRATION, "idType": "Opaque" },
            "time": "2026-05-07T12:00:00.000Z",
        },
        "type": "Text",
        "text": WRITTEN,
        "originatingEntity": "Human",
        "direction": "Outbound",
    });
    webhook.to_string().into_bytes()
}

/// Delivers these events to a session, as an edge would.
async fn deliver(process: &Process, id: &str, events: Value, traces: Vec<(String, String)>) {
    let session = Session::make(process.place.chat).await;
    let internal = process.place.internal;
    let delivery = json!({
        "specversion": "1.0",
        "id": baton_core::id::Id::of_parts(&[id.as_bytes()]),
        "type": "baton.genesys.text",
        "subject": end_user_id(internal, &session.id).await,
        "data": {
            "tenant": { "account_id": "acme", "project_id": "support", "client_env": "live" },
            "genesys": { "integration_id": INTEGRATION },
            "events": events,
        },
    });
    let authorization = ("authorization".to_owned(), format!("Bearer {CREDENTIAL}"));
    let headers: Vec<_> = traces.into_iter().chain([authorization]).collect();
    let body = delivery.to_string().into_bytes();
    let request = http1::request("POST", "/internal/v1/deliveries", &headers, &body);
    assert_eq!(http1::exchange(internal, &request).await.status, 200);
}
