//! The way to a socket (Messaging API, 2 to 5).

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use baton_sidecar::{Clock, Limits};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Chat, OTHER_TOKEN, Running, TOKEN, ok, tamper};

async fn refusal(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    assert!(response.headers().contains_key("x-polyai-correlation-id"));
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"], body["message"]);
    (status, body["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_token_leads_to_a_session_and_to_a_socket_whose_first_event_is_session_start() {
    let sidecar = Running::start().await;
    let request = sidecar
        .access_token_request()
        .header("x-token", TOKEN)
        .header("x-host", "https://WWW.example.com:443/")
        .header("x-polyai-correlation-id", "5649193e-0000-4000-8000-000000000000");
    let response = request.send().await.unwrap();
    let correlation_id = response.headers().get("x-polyai-correlation-id").unwrap();
    assert_eq!(correlation_id, "5649193e-0000-4000-8000-000000000000");
    let answer = ok(response).await;
    assert_eq!((&answer["expires_in"], &answer["token_type"]), (&86_400.into(), &"Bearer".into()));
    assert_eq!(answer["access_token"].as_str().unwrap().split('.').count(), 3);

    let chat = sidecar.session().await;
    let batch = sidecar.socket(&chat).await.batch().await;
    let [start] = batch.as_slice() else { panic!("{batch:?}") };
    assert_eq!(start["type"], "EVENT_TYPE_SESSION_START");
    assert_eq!(start["sequence"], 1);
    let capabilities = json!({
        "streaming": false,
        "max_message_size_bytes": 120_000,
        "max_reconnect_attempts": 0,
        "heartbeat_interval_seconds": 30,
    });
    assert_eq!(start["payload"]["capabilities"], capabilities);
}

#[tokio::test]
async fn genesys_knows_the_session_under_an_id_of_its_own() {
    let sidecar = Running::start().await;
    let (one, other) = (sidecar.session().await, sidecar.session().await);
    assert_ne!(one.end_user_id, other.end_user_id);
    assert!(!one.end_user_id.contains(&one.session_id));
    let random = one.end_user_id.strip_prefix("baton-").unwrap();
    assert_eq!(random.len(), 32);
    assert!(random.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn the_access_token_is_refused_in_the_words_that_the_clients_know() {
    let sidecar = Running::start().await;
    let request = || sidecar.access_token_request();
    let cases = [
        (request(), "Missing authentication headers"),
        (request().header("x-token", TOKEN), "Missing authentication headers"),
        (request().header("x-host", "www.example.com"), "Missing authentication headers"),
        (
            request().header("x-token", "unknown").header("x-host", "www.example.com"),
            "Connector token does not exist",
        ),
        (
            request().header("x-token", TOKEN).header("x-host", "https://example.com"),
            "Failed to validate connector",
        ),
        (
            request().header("x-token", OTHER_TOKEN).header("x-host", "www.example.com"),
            "Failed to validate connector",
        ),
    ];
    for (request, text) in cases {
        assert_eq!(refusal(request).await, (401, text.to_owned()));
    }
}

#[tokio::test]
async fn a_session_is_refused_in_the_words_that_the_clients_know() {
    let sidecar = Running::start().await;
    let token = sidecar.access_token(TOKEN, "www.example.com").await;
    let request = || sidecar.sessions_request();
    let cases = [
        (request(), 400, "Missing access token"),
        (request().header("authorization", "Basic x"), 401, "Missing authentication headers"),
        (request().bearer_auth("a.b.c"), 401, "Invalid access token"),
        (request().bearer_auth(&token).body("{"), 400, "Error parsing request"),
        (request().bearer_auth(&token).body("7"), 400, "Error parsing request"),
        (request().bearer_auth(&token).body("x".repeat(70_000)), 413, "Error parsing request"),
    ];
    for (request, status, text) in cases {
        assert_eq!(refusal(request).await, (status, text.to_owned()));
    }
    let bodies = ["", "{}", r#"{"streaming_enabled":true,"platform":"ios","unknown":[1]}"#];
    for body in bodies {
        let response = request().bearer_auth(&token).body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{body}");
    }
}

#[tokio::test]
async fn a_socket_is_refused_only_if_the_chat_cannot_be_had() {
    let sidecar = Running::start().await;
    let (chat, other) = (sidecar.session().await, sidecar.session().await);
    let foreign = sidecar.session_of(OTHER_TOKEN, "other.example").await;
    let (id, token) = (&chat.session_id, &chat.access_token);
    let (other, foreign) = (&other.access_token, &foreign.access_token);
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (query, status, text) in [
        (String::new(), 400, "invalid connection parameters"),
        (format!("?session_id={id}"), 400, "invalid connection parameters"),
        (format!("?access_token={token}"), 400, "invalid connection parameters"),
        (format!("?access_token=&session_id={id}"), 400, "invalid connection parameters"),
        (format!("?access_token=x&session_id={id}"), 401, "authentication failed"),
        (format!("?access_token={other}&session_id={id}"), 401, "authentication failed"),
        (format!("?access_token={foreign}&session_id={id}"), 401, "authentication failed"),
        (format!("?access_token={token}&session_id={unknown}"), 404, "session not found"),
    ] {
        let Err((refused, body)) = sidecar.upgrade(&query).await else { panic!("{query}") };
        assert_eq!(
            (refused, &body["error"], &body["message"]),
            (status, &text.into(), &text.into())
        );
    }
}

#[tokio::test]
async fn invariant_14_a_token_opens_its_session_for_as_long_as_that_lives() {
    let second = Arc::new(AtomicI64::new(1_778_155_200));
    let clock = Clock::new({
        let second = Arc::clone(&second);
        move || Timestamp::from_second(second.load(Ordering::Relaxed)).unwrap()
    });
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let sidecar = Running::start_as(directory, |sidecar| sidecar.with_clock(clock)).await;
    let (chat, other) = (sidecar.session().await, sidecar.session().await);
    second.fetch_add(86_400, Ordering::Relaxed);
    let mut socket = sidecar.live_socket(&chat).await;
    let refused = async |session_id: &str, token: &str| {
        let query = format!("?access_token={token}&session_id={session_id}");
        sidecar.upgrade(&query).await.map(drop).unwrap_err().0
    };
    assert_eq!(refused(&chat.session_id, &other.access_token).await, 401);
    let request = sidecar.sessions_request().bearer_auth(&chat.access_token);
    assert_eq!(refusal(request).await, (401, "Invalid access token".to_owned()));

    socket.send(json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}})).await;
    assert_eq!(socket.close_code().await, 1000);
    assert_eq!(refused(&chat.session_id, &chat.access_token).await, 401);
}

#[tokio::test]
async fn invariant_14_nothing_else_in_the_query_is_a_reason_to_refuse() {
    let sidecar = Running::start().await;
    let Chat { session_id, access_token, .. } = sidecar.session().await;
    for more in ["&cursor=1&cursor=2", "&cursor=%ff", "&cursor", "&&=&%", "&session_id=x", "&x=1"] {
        let query = format!("?access_token={access_token}&session_id={session_id}{more}");
        assert!(sidecar.upgrade(&query).await.is_ok(), "{more}");
    }
}

#[tokio::test]
async fn an_answer_is_the_last_on_its_connection() {
    let sidecar = Running::start().await;
    let response = sidecar.access_token_request().send().await.unwrap();
    assert_eq!(response.headers().get("connection").unwrap(), "close");
}

/// What a browser asks before a page of this origin may ask for an access token.
async fn preflight(sidecar: &Running, path: &str, origin: &str) -> reqwest::Response {
    let url = format!("http://{}{path}", sidecar.chat);
    let request = reqwest::Client::new().request(reqwest::Method::OPTIONS, url);
    let request = request.header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "x-token,x-host");
    request.header("origin", origin).send().await.unwrap()
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_of_a_tenants_host_may_ask_and_no_other_may() {
    let sidecar = Running::start().await;
    for path in ["/api/v1/access-token", "/api/v1/sessions"] {
        for origin in ["https://www.example.com", "https://shop.www.example.com:8443"] {
            let response = preflight(&sidecar, path, origin).await;
            assert_eq!(response.status(), StatusCode::NO_CONTENT);
            assert_eq!(header(&response, "access-control-allow-origin"), Some(origin));
            assert_eq!(header(&response, "access-control-allow-methods"), Some("POST"));
            let allowed = header(&response, "access-control-allow-headers").unwrap();
            for name in
                ["x-token", "x-host", "x-polyai-correlation-id", "authorization", "content-type"]
            {
                assert!(allowed.split(", ").any(|allowed| allowed == name), "{name}");
            }
            assert_eq!(header(&response, "vary"), Some("origin"));
            assert_eq!(header(&response, "access-control-allow-credentials"), None);
        }
        for origin in ["https://example.com", "https://evil.org", "null"] {
            let response = preflight(&sidecar, path, origin).await;
            assert_eq!(header(&response, "access-control-allow-origin"), None, "{origin}");
            assert_eq!(header(&response, "vary"), Some("origin"));
        }
    }
    let response = preflight(&sidecar, "/ws", "https://www.example.com").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_page_can_read_its_answer_and_its_refusal() {
    let sidecar = Running::start().await;
    let origin = "https://www.example.com";
    let request = || sidecar.access_token_request().header("origin", origin);
    let admitted = request().header("x-token", TOKEN).header("x-host", origin);
    for (request, status) in [(admitted, StatusCode::OK), (request(), StatusCode::UNAUTHORIZED)] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "access-control-allow-origin"), Some(origin));
        let exposed = header(&response, "access-control-expose-headers");
        assert_eq!(exposed, Some("x-polyai-correlation-id, retry-after"));
        assert_eq!(header(&response, "vary"), Some("origin"));
    }
}

#[tokio::test]
async fn invariant_12_a_page_gets_no_token_of_a_tenant_on_whose_hosts_it_is_not() {
    let sidecar = Running::start().await;
    for origin in ["https://other.example", "https://evil.org", "null"] {
        let request = sidecar.access_token_request();
        let request = request.header("x-token", TOKEN).header("x-host", "www.example.com");
        let refused = refusal(request.header("origin", origin)).await;
        assert_eq!(refused, (401, "Failed to validate connector".to_owned()), "{origin}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_the_same_form() {
    let sidecar = Running::start().await;
    let http = reqwest::Client::new();
    let url = |path: &str| format!("http://{}{path}", sidecar.chat);
    let (nothing, method) = ("not found".to_owned(), "method not allowed".to_owned());
    assert_eq!(refusal(http.post(url("/api/v1/unknown"))).await, (404, nothing));
    assert_eq!(refusal(http.get(url("/api/v1/sessions"))).await, (405, method));
}

#[tokio::test]
async fn invariant_11_a_correlation_id_that_is_too_long_or_not_plain_is_replaced() {
    let sidecar = Running::start().await;
    let long = "x".repeat(129);
    for given in ["a b", "\u{e9}", &long] {
        let given = reqwest::header::HeaderValue::from_bytes(given.as_bytes()).unwrap();
        let request = sidecar.access_token_request().header("x-polyai-correlation-id", &given);
        let response = request.send().await.unwrap();
        let answered = response.headers().get("x-polyai-correlation-id").unwrap();
        assert_ne!(answered, given);
        assert_eq!(answered.len(), 36);
    }
}

#[tokio::test]
async fn what_a_client_says_of_its_session_is_kept() {
    let sidecar = Running::start().await;
    let token = sidecar.access_token(TOKEN, "www.example.com").await;
    let request = sidecar.sessions_request().bearer_auth(&token);
    let facts = json!({"streaming_enabled": true, "platform": "android", "custom": {"plan": "a"}});
    let answer = ok(request.json(&facts).send().await.unwrap()).await;
    let session_id = answer["session_id"].as_str().unwrap();
    let session = sidecar.store.session(session_id).await.unwrap().unwrap().details;
    assert_eq!(session.platform.as_deref(), Some("android"));
    assert_eq!(session.custom.as_deref(), Some(r#"{"plan":"a"}"#));
}

#[tokio::test]
async fn invariant_14_a_token_opens_its_session_also_when_the_key_was_replaced() {
    let second = Arc::new(AtomicI64::new(1_778_155_200));
    let clock = Clock::new({
        let second = Arc::clone(&second);
        move || Timestamp::from_second(second.load(Ordering::Relaxed)).unwrap()
    });
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let sidecar = Running::start_as(directory, |sidecar| sidecar.with_clock(clock.clone())).await;
    let chat = sidecar.session().await;
    let directory = sidecar.stop().await;
    second.fetch_add(31 * 86_400, Ordering::Relaxed);

    let sidecar = Running::start_as(directory, |sidecar| sidecar.with_clock(clock)).await;
    let fresh = sidecar.session().await;
    let header = |chat: &Chat| chat.access_token.split('.').next().unwrap().to_owned();
    assert_ne!(header(&chat), header(&fresh), "each names its key");
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
    assert_eq!(sidecar.socket(&fresh).await.batch().await.len(), 1);
}

#[tokio::test]
async fn invariant_14_a_token_opens_its_session_also_when_its_key_is_forgotten() {
    let sidecar = Running::start().await;
    let (chat, ended) = (sidecar.session().await, sidecar.session().await);
    let mut socket = sidecar.live_socket(&ended).await;
    socket.send(json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}})).await;
    assert_eq!(socket.close_code().await, 1000);
    let directory = sidecar.stop().await;
    tamper(&directory, "DELETE FROM signing_key");

    let sidecar = Running::start_in(directory, Limits::default()).await;
    assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
    // There it was good for what lives, and is for nothing else.
    let query =
        |session_id: &str| format!("?access_token={}&session_id={session_id}", chat.access_token);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let other = sidecar.session().await;
    for query in [
        query(unknown),
        query(&other.session_id),
        format!("?access_token={}&session_id={}", ended.access_token, ended.session_id),
    ] {
        assert_eq!(sidecar.upgrade(&query).await.map(drop).unwrap_err().0, 401, "{query}");
    }
    let request = sidecar.sessions_request().bearer_auth(&chat.access_token);
    assert_eq!(refusal(request).await, (401, "Invalid access token".to_owned()));
    // While the store cannot tell, nobody is sent away for good.
    sidecar.tamper("ALTER TABLE session RENAME TO gone");
    assert_eq!(sidecar.socket(&chat).await.close_code().await, 1013);
}
