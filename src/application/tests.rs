//! What the API answers, with a store behind it and sessions that do nothing.

use std::num::NonZeroU32;

use axum::{
    body::Body,
    http::{
        Request, StatusCode,
        header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use baton_core::tenant::TenantKey;
use baton_store::{HandoffContext, Step};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower_service::Service;

use crate::{
    Allowance, MAX_BODY_BYTES,
    testing::{Answer, Fixture, SESSION, event, request},
};

const SESSIONS: &str = "/v1/acme/support/sessions";

fn of_session(rest: &str) -> String {
    format!("{SESSIONS}/{SESSION}/{rest}")
}

fn assert_problem(answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(answer.json()["status"], status.as_u16());
}

#[tokio::test]
async fn invariant_12_without_the_projects_key_nothing_is_told() {
    let fixture = Fixture::with(vec![event(1, "SESSION_START", "{}")]).await;
    for (method, path) in [
        ("POST", SESSIONS.to_owned()),
        ("POST", of_session("messages")),
        ("POST", of_session("typing")),
        ("POST", of_session("end")),
        ("POST", of_session("handoff")),
        ("GET", of_session("events")),
        ("POST", of_session("context_links")),
        ("DELETE", of_session("context_links")),
        ("GET", format!("{SESSIONS}/nobody/events")),
    ] {
        for (name, key) in [("x-api-key", "wrong"), ("x-other", "x")] {
            let request = Request::builder().method(method).uri(&path).header(name, key);
            let answer = fixture.exchange(request.body(Body::empty()).unwrap()).await;
            assert_problem(&answer, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
        }
        let elsewhere = path.replace("support", "sales");
        assert_problem(&fixture.ask(method, &elsewhere, "").await, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_not_repeated() {
    let fixture = Fixture::with(Vec::new()).await;
    for body in [
        "{",
        "7",
        "[]",
        "{} {}",
        r#"{"hunter2": 1}"#,
        r#"{"external_id": 7}"#,
        r#"{"external_id": ""}"#,
        r#"{"platform": "a b"}"#,
        r#"{"custom": []}"#,
    ] {
        let answer = fixture.ask("POST", SESSIONS, body).await;
        assert_problem(&answer, StatusCode::BAD_REQUEST);
        assert!(!answer.text().contains("hunter2"));
    }
    let large = json!({"custom": {"a": "x".repeat(9_000)}}).to_string();
    assert_problem(&fixture.ask("POST", SESSIONS, large).await, StatusCode::BAD_REQUEST);
    let huge = " ".repeat(MAX_BODY_BYTES + 1);
    assert_problem(&fixture.ask("POST", SESSIONS, huge).await, StatusCode::PAYLOAD_TOO_LARGE);
    let answer = fixture.ask("GET", &of_session("events?after=x"), "").await;
    assert_problem(&answer, StatusCode::BAD_REQUEST);
    assert_problem(&fixture.ask("GET", "/v1/nothing", "").await, StatusCode::NOT_FOUND);
    assert_problem(&fixture.ask("PUT", SESSIONS, "").await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_session_is_opened_with_an_empty_body_too() {
    let fixture = Fixture::with(Vec::new()).await;
    let answer = fixture.ask("POST", SESSIONS, "").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json(), json!({"session_id": SESSION, "created": true}));
}

#[tokio::test]
async fn events_come_in_pages_that_follow_each_other() {
    let events = (1..=250).map(|number| event(number, "USER_MESSAGE", r#"{"text":"x"}"#));
    let fixture = Fixture::with(events.collect()).await;
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let path = of_session(&format!("events?after={after}"));
        let page = fixture.ask("GET", &path, "").await.json();
        let events = page["events"].as_array().unwrap();
        assert!(events.len() <= 100);
        seen.extend(events.iter().map(|event| event["sequence"].as_u64().unwrap()));
        after = page["next_after"].as_u64().unwrap();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(seen, (1..=250).collect::<Vec<_>>());
    let page = fixture.ask("GET", &of_session("events?after=999"), "").await.json();
    assert_eq!(page, json!({"events": [], "next_after": 999, "more": false, "ended": false}));
}

fn stream_request() -> Request<Body> {
    let mut request = request("GET", &of_session("events"), "");
    let accept = "application/json;q=0.5, text/event-stream".parse().unwrap();
    request.headers_mut().insert(ACCEPT, accept);
    request
}

#[tokio::test]
async fn a_stream_tells_what_comes_and_ends_with_the_session() {
    let fixture = Fixture::with(vec![event(1, "SESSION_START", "{}")]).await;
    let stream = fixture.exchange(stream_request());
    let happens = async {
        let events = vec![event(2, "SESSION_END", "{}")];
        fixture.store.end_session(SESSION, events).await.unwrap();
        fixture.sessions.newest.send_replace(2);
    };
    let (answer, ()) = tokio::join!(stream, happens);
    assert_eq!(answer.headers[CONTENT_TYPE], "text/event-stream");
    let ids: Vec<&str> =
        answer.text().lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["1", "2"]);
    let last = answer.text().lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
    let last: Value = serde_json::from_str(last.unwrap()).unwrap();
    assert_eq!(last["type"], "EVENT_TYPE_SESSION_END");
}

#[tokio::test]
async fn a_stream_ends_when_the_process_stops_and_gives_its_place_back() {
    let fixture = Fixture::with(vec![event(1, "SESSION_START", "{}")]).await;
    let response = fixture.router.clone().call(stream_request()).await.unwrap();
    let full = fixture.exchange(stream_request()).await;
    assert_problem(&full, StatusCode::TOO_MANY_REQUESTS);
    drop(response);
    // The place is free once the follower has noticed.
    let again = loop {
        let response = fixture.router.clone().call(stream_request()).await.unwrap();
        if response.status() == StatusCode::OK {
            break response;
        }
        tokio::task::yield_now().await;
    };
    fixture.stop.begin();
    let body = axum::body::to_bytes(again.into_body(), usize::MAX).await.unwrap();
    assert!(body.len() < 1_000);
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_is_alive() {
    let fixture = Fixture::with(vec![event(1, "SESSION_START", "{}")]).await;
    let response = fixture.router.clone().call(stream_request()).await.unwrap();
    let mut body = response.into_body();
    let start = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(start.starts_with(b"id: 1\n"));
    tokio::time::pause();
    let alive = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(alive.starts_with(b":"));
}

#[tokio::test]
async fn invariant_12_a_shared_id_is_looked_up_in_the_keys_environment_only() {
    let fixture = Fixture::with(Vec::new()).await;
    let sandbox = TenantKey::new("acme", "support", "sandbox");
    fixture.create_session_of(sandbox, "session-2").await;
    // The other environment's comes last.
    for session_id in [SESSION, "session-2"] {
        let body = json!({"of": session_id}).to_string();
        let context = HandoffContext { number: 1, shared_id: Some("call".to_owned()), body };
        let step = Step { context: Some(context), ..Step::default() };
        fixture.store.step(session_id, step).await.unwrap();
    }
    let path = |query: &str| format!("/v1/acme/support/handoff_state?{query}");
    let own = fixture.ask("GET", &path("shared_id=call"), "").await;
    assert_eq!(own.json(), json!({"id": SESSION, "shared_id": "call", "data": {"of": SESSION}}));
    let theirs = fixture.ask("GET", &path("id=session-2"), "").await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_project_that_asks_too_often_is_answered_429() {
    let requests_per_minute_per_tenant = NonZeroU32::new(6).unwrap();
    let allowance = Allowance { requests_per_minute_per_tenant, most_streams: 1 };
    let fixture = Fixture::allowing(allowance, Vec::new()).await;
    let paths = [SESSIONS.to_owned()].into_iter();
    let paths = paths.chain(["messages", "typing", "end", "handoff"].map(of_session));
    for path in paths {
        // A body that nobody reads counts as any other.
        let answer = fixture.ask("POST", &path, r#"{"text": "Hello"}"#).await;
        assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    let last = fixture.ask("GET", &of_session("events"), "").await;
    assert_eq!(last.status, StatusCode::OK);
    for path in [of_session("events"), "/v1/acme/support/handoff_state?id=x".to_owned()] {
        let answer = fixture.ask("GET", &path, "").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers[RETRY_AFTER], "1");
    }
    // Whoever shows no key is not counted, and is told so as ever.
    let stranger = Request::get(of_session("events")).body(Body::empty()).unwrap();
    assert_eq!(fixture.exchange(stranger).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_stream_beyond_all_there_may_be_is_answered_503() {
    let requests_per_minute_per_tenant = NonZeroU32::MAX;
    let allowance = Allowance { requests_per_minute_per_tenant, most_streams: 0 };
    let fixture = Fixture::allowing(allowance, vec![event(1, "SESSION_START", "{}")]).await;
    let refused = fixture.exchange(stream_request()).await;
    assert_problem(&refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers[RETRY_AFTER], "1");
    // What there is may still be read page by page.
    let page = fixture.ask("GET", &of_session("events"), "").await;
    assert_eq!(page.status, StatusCode::OK);
}
