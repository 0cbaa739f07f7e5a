//! What goes wrong over the wire: forgers, wrong credentials, what is malformed, and servers that
//! fail and hold what they got against the sidecar.

use baton_simulator::signature;
use baton_tests::{
    CREDENTIAL, SECRET, WEBHOOK_PATH,
    chat::Session,
    customer::Customer,
    sidecar::{ADMIN_CREDENTIAL, SANDBOX_CONNECTOR_TOKEN},
    simulator::statuses,
    wait::until,
};
use serde_json::{Value, json};

use crate::{
    marked::Marked,
    stage::{Stage, TENANT, secret},
    well::greeted,
    words,
};

/// What somebody shows who has no right to anything.
const WRONG: &str = "Wx6-shown-by-somebody/who+has no right";

/// The same as a secret.
pub(crate) fn wrong() -> Marked {
    Marked::secret("what somebody showed who has no right", WRONG)
}

/// Webhooks that are forged, and some that are signed and no message.
pub(crate) async fn forgers(stage: &Stage) {
    let edge = stage.envoy.address;
    let body = json!({"id": "m3", "type": "Text", "text": words::FORGED}).to_string();
    let (wrong, right) =
        (signature::base64(WRONG, body.as_bytes()), signature::base64(SECRET, body.as_bytes()));
    let changed = body.replace("m3", "m4");
    for (signed, body) in [(&*wrong, &*body), (WRONG, &body), (&right, &changed), ("", &body)] {
        let headers = [(signature::HEADER, signed), ("authorization", WRONG)];
        for path in [WEBHOOK_PATH, "/webhooks/genesys/acme/support/sandbox/events"] {
            let answer = stage.asks(edge, ("POST", path), &headers, body.as_bytes()).await;
            assert_eq!(answer.status, 401, "{path}");
        }
    }
    for source in ["eventbridge", "trigger"] {
        let path = format!("/webhooks/genesys/{TENANT}/{source}");
        let answer = stage.asks(edge, ("POST", &path), &[("x-api-key", WRONG)], b"{}").await;
        assert_eq!(answer.status, 401);
    }
    let order = json!({
        "shape": "text-agent", "to": "nobody", "text": words::FORGED, "signature": "forged",
    });
    assert_eq!(statuses(&stage.genesys.send(order).await), [401]);
    for (body, status) in [
        (format!("{{\"text\": \"{}\"", words::MALFORMED), 400),
        (json!(words::MALFORMED).to_string(), 200),
        (json!({"type": [words::MALFORMED], "text": {"a": words::MALFORMED}}).to_string(), 200),
        (json!({"type": words::MALFORMED, "channel": words::MALFORMED}).to_string(), 200),
    ] {
        assert_eq!(statuses(&stage.genesys.send_raw(&body).await), [status], "{body}");
    }
}

/// Each listener is shown what it does not take, and what it takes for another purpose.
pub(crate) async fn wrong_credentials(stage: &Stage) {
    let credentials = [WRONG, CREDENTIAL, secret("HANDOFF_CREDENTIAL"), secret("APPLICATION_KEY")];
    let bearers = credentials.map(|credential| format!("Bearer {credential}"));
    for bearer in &bearers {
        let headers = [("authorization", &**bearer), ("x-api-key", WRONG)];
        for (method, path) in [
            ("GET", "/internal/v1/tenants"),
            ("GET", "/internal/v1/stored_tenants"),
            ("GET", "/internal/v1/dead_letters"),
            ("GET", "/internal/v1/sessions/of-nobody"),
            ("POST", "/internal/v1/store/backup"),
            ("POST", "/internal/v1/tenants/acme/support/live/token"),
            ("GET", "/internal/v1/tenants/acme/support/live/edge"),
            ("PUT", "/internal/v1/stored_tenants/acme/support/live"),
        ] {
            let answer = stage.asks(stage.internal, (method, path), &headers, b"").await;
            assert!([401, 403, 404].contains(&answer.status), "{path}: {}", answer.status);
        }
    }
    for credential in [WRONG, ADMIN_CREDENTIAL] {
        let bearer = format!("Bearer {credential}");
        let headers = [("authorization", &*bearer)];
        let answer =
            stage.asks(stage.internal, ("POST", "/internal/v1/deliveries"), &headers, b"{}").await;
        assert_eq!(answer.status, 401);
        let by_key = [("x-api-key", credential)];
        for headers in [&headers[..], &by_key] {
            let path = "/v1/acme/support/sessions";
            let answer = stage.asks(stage.application, ("POST", path), headers, b"{}").await;
            assert_eq!(answer.status, 401);
        }
        stage.asks(stage.observation, ("GET", "/metrics/more"), &headers, b"").await;
    }
    chat_clients_without_right(stage).await;
}

async fn chat_clients_without_right(stage: &Stage) {
    let bearer = format!("Bearer {WRONG}");
    let percent_encoded = WRONG.replace('/', "%2F").replace('+', "%2B").replace(' ', "%20");
    for chat in [stage.envoy.address, stage.chat] {
        let headers = [("x-token", WRONG), ("x-host", "www.example.com")];
        stage.asks(chat, ("POST", "/api/v1/access-token"), &headers, b"{}").await;
        let headers = [("authorization", &*bearer)];
        stage.asks(chat, ("POST", "/api/v1/sessions"), &headers, b"{}").await;
        let path = format!("/ws?access_token={percent_encoded}&session_id={percent_encoded}");
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        stage.asks(chat, ("GET", &path), &upgrade, b"").await;
    }
}

/// Deliveries and frames that are no such thing, with words in them.
pub(crate) async fn malformed(stage: &Stage) {
    let bearer = format!("Bearer {CREDENTIAL}");
    let headers = [("authorization", &*bearer), ("content-type", "application/cloudevents+json")];
    let word = words::MALFORMED;
    for body in [
        format!("{{\"id\": \"{word}"),
        json!(word).to_string(),
        json!({"specversion": word, "id": word, "type": word, "data": {word: word}}).to_string(),
        delivery(json!([{"type": word, "payload": word, "id": word}])).to_string(),
        delivery(json!([{"unreadable": word}])).to_string(),
    ] {
        let request = ("POST", "/internal/v1/deliveries");
        stage.asks(stage.internal, request, &headers, body.as_bytes()).await;
    }
    let application = stage.application();
    for body in [json!({"external_id": [word]}), json!({"messages": word}), json!(word)] {
        let answer = application.ask("POST", "sessions", &body).await;
        stage.evidence.add("the answer to an application", answer.body);
    }
    let mut customer = greeted(stage).await;
    customer.socket.send("EVENT_TYPE_USER_MESSAGE", json!({"text": [word]}), None).await;
    customer.socket.send(word, json!(word), Some(json!(word))).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
}

fn delivery(events: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": "00000000-0000-8000-8000-00000000000a",
        "source": "/webhooks",
        "type": "baton.genesys.text",
        "subject": "nobody",
        "data": {
            "tenant": {"account_id": "acme", "project_id": "support", "client_env": "live"},
            "genesys": {"message_id": "m", "integration_id": "i"},
            "events": events, "receipts": [], "lifecycle": [], "unhandled": [],
        },
    })
}

/// A bot that fails, and one that answers nonsense, with its credential in what it says.
pub(crate) async fn a_bot_that_fails(stage: &Stage) {
    let mut customer = greeted(stage).await;
    for text in [words::BREAKS_THE_BOT, words::CONFUSES_THE_BOT] {
        customer.says(text).await;
        customer.sees(&["SYSTEM_MESSAGE"]).await;
    }
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
}

/// A Genesys that echoes: it fails, refuses for good, and gives no token any more. And an endpoint
/// of an application that leads elsewhere.
pub(crate) async fn a_genesys_that_echoes(stage: &Stage) {
    let mut customer = hostile_customer(stage).await;
    customer.says(words::REFUSED).await;
    stage.hostile.is_asked("/inbound/open/message").await;
    stage.hostile.is_asked_again("/inbound/open/message").await;
    stage.hostile.answer(422);
    customer.sees(&["POLY_AGENT_TRIGGERED_HANDOFF", "HANDOFF_FAILED"]).await;
    stage.hostile.is_asked("/hook").await;

    let mut refused = hostile_customer(stage).await;
    stage.hostile.answer(401);
    stage.hostile.refuse_tokens();
    refused.says(words::REFUSED).await;
    stage.hostile.is_asked_again("/oauth/token").await;
    assert!(!stage.hostile.was_asked("/elsewhere"), "a redirect is not followed");
}

/// A customer of the tenant whose Genesys echoes.
async fn hostile_customer(stage: &Stage) -> Customer {
    Customer::arrive(stage.chat, stage.internal, SANDBOX_CONNECTOR_TOKEN).await
}

/// A customer of the tenant whose OAuth client is refused.
pub(crate) async fn a_client_that_genesys_refuses(stage: &Stage) {
    let token = secret("REFUSED_CONNECTOR_TOKEN");
    let session = Session::make_with(stage.chat, token).await;
    let mut customer = Customer::enter(stage.chat, stage.internal, session).await;
    customer.says(words::REFUSED).await;
    let bearer = format!("Bearer {ADMIN_CREDENTIAL}");
    let is_refused = async || {
        let request = ("GET", "/internal/v1/tenants");
        let answer = stage.asks(stage.internal, request, &[("authorization", &bearer)], b"").await;
        String::from_utf8_lossy(&answer.body).contains("refuses the OAuth client").then_some(())
    };
    until("a refusal", is_refused).await;
}
