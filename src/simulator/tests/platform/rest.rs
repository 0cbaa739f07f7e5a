//! Tokens, permissions, limits and error bodies, over real HTTP.

use std::time::Duration;

use baton_simulator::{DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, OauthClient};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Answer, Simulator, message};

const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials";

/// The answer has the form of Genesys' error body and no field beyond `further`.
fn assert_error(answer: &Answer, status: u16, code: &str, further: &[&str]) {
    let body = &answer.body;
    assert_eq!((answer.status, &body["code"]), (status, &json!(code)), "{answer:?}");
    assert_eq!(body["status"], status);
    assert!(body["message"].is_string());
    assert!(body["details"].is_array() && body["errors"].is_array());
    assert_eq!(body["contextId"], answer.header("inin-correlation-id"));
    let usual = ["message", "code", "status", "contextId", "details", "errors"];
    for name in body.as_object().unwrap().keys() {
        assert!(usual.contains(&name.as_str()) || further.contains(&name.as_str()), "{name}");
    }
}

async fn queues(simulator: &Simulator, token: &str) -> Answer {
    simulator.call(Method::GET, "routing/queues", token, Value::Null).await
}

#[tokio::test]
async fn a_token_is_given_for_basic_credentials_and_for_form_fields() {
    let simulator = Simulator::start().await;
    let basic = Some((DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET));
    let form = format!(
        "{CLIENT_CREDENTIALS}&client_id={DEFAULT_CLIENT_ID}&client_secret={DEFAULT_CLIENT_SECRET}"
    );
    for (basic, form) in [(basic, CLIENT_CREDENTIALS), (None, form.as_str())] {
        let answer = simulator.ask_for_token(basic, form).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["token_type"], "bearer");
        assert_eq!(answer.body["expires_in"], 86_400);
        let token = answer.body["access_token"].as_str().unwrap();
        assert_eq!(queues(&simulator, token).await.status, 200);
    }
    let requests = &simulator.counters().await["token_requests"][DEFAULT_CLIENT_ID];
    assert_eq!(*requests, json!({ "total": 2, "in_flight": 0, "most_in_flight": 1 }));
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_form_of_oauth() {
    let simulator = Simulator::start().await;
    let wrong_secret = Some((DEFAULT_CLIENT_ID, "wrong"));
    let right = Some((DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET));
    let cases = [
        (Some(("nobody", "wrong")), CLIENT_CREDENTIALS, 400, "invalid_client"),
        (wrong_secret, CLIENT_CREDENTIALS, 401, "invalid_client"),
        (right, "grant_type=password", 400, "unsupported_grant_type"),
        (None, CLIENT_CREDENTIALS, 400, "invalid_request"),
    ];
    for (basic, form, status, error) in cases {
        let answer = simulator.ask_for_token(basic, form).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)));
        assert!(answer.body["description"].is_string());
        assert_eq!(answer.body["description"], answer.body["error_description"]);
    }
}

#[tokio::test]
async fn a_call_without_a_good_token_is_unauthorized() {
    let simulator = Simulator::start().await;
    let url = format!("http://{}/api/v2/routing/queues", simulator.host);
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 401);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "authentication.required");
    let unknown = queues(&simulator, "unknown").await;
    assert_error(&unknown, 401, "bad.credentials", &[]);
}

#[tokio::test]
async fn a_token_expires_with_its_life() {
    let simulator = Simulator::at_pace(0.0).await;
    let token = simulator.token().await;
    assert_eq!(queues(&simulator, &token).await.status, 200);
    let expired = async {
        loop {
            let answer = queues(&simulator, &token).await;
            if answer.status != 200 {
                break answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let expired = tokio::time::timeout(Duration::from_secs(30), expired).await.unwrap();
    assert_error(&expired, 401, "bad.credentials", &[]);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let simulator = Simulator::with(|configuration| {
        configuration.oauth_clients.push(OauthClient {
            id: "weak".into(),
            secret: "secret".into(),
            permissions: [].into(),
        });
    })
    .await;
    let token = simulator.token_of("weak", "secret").await;
    let further = ["messageWithParams", "messageParams"];
    let inbound = simulator.send_message(&token, "hi").await;
    assert_error(&inbound, 403, "missing.permissions", &further);
    assert_eq!(inbound.body["messageParams"]["permissions"], "conversation:message:receive");
    let any = simulator.call(Method::POST, "conversations/c/disconnect", &token, Value::Null);
    let any = any.await;
    assert_error(&any, 403, "missing.any.permissions", &further);
    assert!(
        any.body["message"]
            .as_str()
            .unwrap()
            .ends_with("assigned: conversation:communication:disconnect")
    );
}

#[tokio::test]
async fn the_301st_request_of_a_minute_is_refused_and_says_when_to_come_again() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    for count in 1..=300 {
        let answer = queues(&simulator, &token).await;
        assert_eq!(answer.status, 200, "{count}");
        assert_eq!(answer.header("inin-ratelimit-count"), count.to_string());
        assert_eq!(answer.header("inin-ratelimit-allowed"), "300");
        let reset: u64 = answer.header("inin-ratelimit-reset").parse().unwrap();
        assert!((1..=60).contains(&reset));
    }
    let refused = queues(&simulator, &token).await;
    assert_error(&refused, 429, "too.many.requests.retry.after", &["limit"]);
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert!(refused.body["message"].as_str().unwrap().contains(&format!("[{seconds}]")));
    assert_eq!(
        refused.body["limit"],
        json!({
            "key": "client.credentials.token.rate.per.minute",
            "namespace": "platform.api",
            "value": 300,
        })
    );
    assert_eq!(queues(&simulator, &simulator.token().await).await.status, 200);
    assert_eq!(simulator.counters().await["rate_limited"], 1);
}

#[tokio::test]
async fn the_rate_window_follows_the_time_scale() {
    let simulator = Simulator::at_pace(0.0).await;
    let token = simulator.token().await;
    for _ in 0..310 {
        let answer = queues(&simulator, &token).await;
        if answer.status == 401 {
            return;
        }
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("inin-ratelimit-count"), "1");
    }
}

#[tokio::test]
async fn a_body_over_512000_bytes_is_refused() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let empty = message("").to_string().len();
    let answer = simulator.send_message(&token, &"a".repeat(512_001 - empty)).await;
    assert_error(&answer, 413, "request.entity.too.large", &["limit"]);
    let largest = simulator.send_message(&token, &"a".repeat(512_000 - empty)).await;
    assert_ne!(largest.status, 413);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_no_json_not_taken() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let nothing = simulator.call(Method::GET, "nothing/here", &token, Value::Null).await;
    assert_error(&nothing, 404, "not.found", &[]);
    let user = simulator.call(Method::GET, "users/nobody", &token, Value::Null).await;
    assert_error(&user, 404, "not.found", &["entityId", "entityName"]);
    let no_type =
        simulator.call(Method::POST, &simulator.message_path(), &token, Value::Null).await;
    assert_error(&no_type, 415, "unsupported.media.type", &[]);
    let path = "notifications/channels";
    let method = simulator.call(Method::DELETE, path, &token, Value::Null).await;
    assert_error(&method, 405, "method.not.allowed", &[]);
}

#[tokio::test]
async fn a_message_comes_in_and_its_unknown_fields_are_counted() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let mut body = message("hi");
    body["direction"] = json!("Inbound");
    body["channel"]["from"]["phone"] = json!("1");
    let answer = simulator.call(Method::POST, &simulator.message_path(), &token, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert!(answer.body["conversationId"].is_string());
    assert_eq!(answer.body["channel"]["messageId"], "gw-0001");
    let counters = simulator.counters().await;
    assert_eq!(counters["unknown_fields"], json!({ "channel.from.phone": 1, "direction": 1 }));
    let route = "POST /api/v2/conversations/messages/{integrationId}/inbound/open/message";
    assert_eq!(counters["requests"][route], 1);
}

#[tokio::test]
async fn what_was_sent_is_shown_and_what_was_refused_at_the_door_is_not() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let body = message("hi");
    simulator.call(Method::POST, &simulator.message_path(), "no-token", body.clone()).await;
    simulator.call(Method::POST, &simulator.message_path(), &token, body.clone()).await;
    simulator.call(Method::GET, "routing/queues?name=Sales", &token, Value::Null).await;
    let message_path = simulator.message_path();
    let (path, query) = message_path.split_once('?').unwrap();
    let requests = simulator.control(Method::GET, "requests", Value::Null).await;
    let expected = json!([
        {
            "method": "POST", "path": format!("/api/v2/{path}"), "query": query, "body": body,
        },
        { "method": "GET", "path": "/api/v2/routing/queues", "query": "name=Sales" },
    ]);
    assert_eq!(requests, expected);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let path = "routing/queues?pageSize=2&pageNumber=2";
    let page = simulator.call(Method::GET, path, &token, Value::Null).await.body;
    assert_eq!(page["total"], 4);
    assert_eq!(page["pageCount"], 2);
    assert_eq!(page["entities"].as_array().unwrap().len(), 2);
    let named = simulator.call(Method::GET, "routing/queues?name=Sales", &token, Value::Null);
    assert_eq!(named.await.body["entities"][0]["name"], "Sales");
    let bad = simulator.call(Method::GET, "routing/queues?pageSize=0", &token, Value::Null);
    assert_error(&bad.await, 400, "invalid.value", &[]);
}

#[tokio::test]
async fn an_integration_can_be_made_and_is_listed_without_its_secret() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let path = "conversations/messaging/integrations/open";
    let body = json!({
        "name": "Second",
        "outboundNotificationWebhookUrl": "http://127.0.0.1:9/second",
        "outboundNotificationWebhookSignatureSecretToken": "hush-hush-hush-hush",
    });
    let made = simulator.call(Method::POST, path, &token, body).await;
    assert_eq!(made.status, 200, "{made:?}");
    let list = simulator.call(Method::GET, path, &token, Value::Null).await.body;
    assert_eq!(list["total"], 2);
    assert!(!list.to_string().contains("hush"));
    let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
    let one = simulator.call(Method::GET, &one, &token, Value::Null).await;
    assert_eq!(one.body["name"], "Second");
}

#[tokio::test]
async fn the_wait_in_a_queue_is_estimated_where_something_is_known_of_it() {
    let simulator = Simulator::with(|configuration| {
        configuration.oauth_clients.push(OauthClient {
            id: "weak".into(),
            secret: "secret".into(),
            permissions: [].into(),
        });
    })
    .await;
    let token = simulator.token().await;
    let support = queues(&simulator, &token).await.body["entities"][0]["id"].clone();
    let of = |queue: &str, medium: &str| {
        format!("routing/queues/{queue}/mediatypes/{medium}/estimatedwaittime")
    };
    let path = of(support.as_str().unwrap(), "message");
    let ask =
        async |path: &str, token: &str| simulator.call(Method::GET, path, token, Value::Null).await;
    assert_eq!(ask(&path, &token).await.body, json!({ "results": [] }));
    simulator.control(Method::PUT, "org", json!({ "estimated_wait_seconds": 95 })).await;
    let known = json!([{ "intent": "MESSAGE", "formula": "BEST", "estimatedWaitTimeSeconds": 95 }]);
    assert_eq!(ask(&path, &token).await.body["results"], known);
    assert_eq!(ask(&of("nowhere", "message"), &token).await.status, 404);
    assert_eq!(ask(&of(support.as_str().unwrap(), "pigeon"), &token).await.status, 400);
    let weak = simulator.token_of("weak", "secret").await;
    let further = ["messageWithParams", "messageParams"];
    assert_error(&ask(&path, &weak).await, 403, "missing.permissions", &further);
}
