//! What a set-up makes over the Platform API, and what comes of it.

use std::collections::BTreeSet;

use baton_simulator::{OauthClient, signature};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Simulator, message};
use crate::event_posts::arrived;
use crate::receiver::Receiver;
use crate::receiver::Reply::Status;

const INTEGRATIONS: &str = "conversations/messaging/integrations/open";
const SETTINGS: &str = "conversations/messaging/settings";
const RECIPIENTS: &str = "routing/message/recipients";
const SECRET: &str = "a-secret-of-the-new-one";

/// The answer's body, of a call that is carried out.
async fn done(simulator: &Simulator, method: Method, path: &str, body: Value) -> Value {
    let token = simulator.token().await;
    let answer = simulator.call(method, path, &token, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

fn typing(inbound: &str, outbound: &str) -> Value {
    json!({ "typing": { "on": { "inbound": inbound, "outbound": outbound } } })
}

async fn new_integration(simulator: &Simulator, url: &str) -> String {
    let body = json!({
        "name": "New",
        "outboundNotificationWebhookUrl": url,
        "outboundNotificationWebhookSignatureSecretToken": SECRET,
    });
    id(&done(simulator, Method::POST, INTEGRATIONS, body).await)
}

#[tokio::test]
async fn webhooks_go_where_the_integration_says_and_are_signed_with_its_secret() {
    let receiver = Receiver::answering(&[Status(200)]).await;
    let simulator = Simulator::at_pace(0.01).await;
    let integration = new_integration(&simulator, "http://127.0.0.1:9/events").await;
    let change = json!({ "outboundNotificationWebhookUrl": receiver.url });
    let path = format!("{INTEGRATIONS}/{integration}");
    let changed = done(&simulator, Method::PATCH, &path, change).await;
    assert_eq!(changed["outboundNotificationWebhookUrl"], receiver.url);

    let token = simulator.token().await;
    let path = format!("conversations/messages/{integration}/inbound/open/message");
    simulator.call(Method::POST, &path, &token, message("Hello")).await;
    arrived(&receiver, 1).await;
    let received = &receiver.received()[0];
    let expected = signature::base64(SECRET, &received.body);
    assert_eq!(received.header(signature::HEADER), Some(expected.as_str()));
}

#[tokio::test]
async fn typing_passes_as_the_messaging_setting_says() {
    let receiver = Receiver::answering(&[Status(200)]).await;
    let simulator = Simulator::at_pace(0.01).await;
    let integration = new_integration(&simulator, &receiver.url).await;
    let flow = &done(&simulator, Method::GET, "flows", Value::Null).await["entities"][0];
    let recipient = format!("{RECIPIENTS}/{integration}");
    done(&simulator, Method::PUT, &recipient, json!({ "flow": { "id": flow["id"] } })).await;
    let body = json!({ "name": "Chat", "event": typing("Enabled", "Disabled") });
    let setting = done(&simulator, Method::POST, SETTINGS, body).await;
    assert_eq!(setting["event"], typing("Enabled", "Disabled"));
    let path = format!("{INTEGRATIONS}/{integration}");
    let change = json!({ "messagingSetting": { "id": setting["id"] } });
    let changed = done(&simulator, Method::PATCH, &path, change).await;
    assert_eq!(changed["messagingSetting"]["name"], "Chat");

    let token = simulator.token().await;
    let path = format!(
        "conversations/messages/{integration}/inbound/open/message?prefetchConversationId=true"
    );
    let begun = simulator.call(Method::POST, &path, &token, message("Hello")).await;
    let conversation = begun.body["conversationId"].as_str().unwrap();
    let actions = format!("conversations/{conversation}/actions");
    let act = |action: Value| simulator.control(Method::POST, &actions, action);
    act(json!({ "action": "accept", "user": "Dana" })).await;
    act(json!({ "action": "type" })).await;
    act(json!({ "action": "answer", "text": "one" })).await;
    let path = format!("{SETTINGS}/{}", id(&setting));
    let body = json!({ "event": typing("Enabled", "Enabled") });
    assert_eq!(done(&simulator, Method::PATCH, &path, body).await["version"], "2");
    act(json!({ "action": "type" })).await;
    arrived(&receiver, 3).await;
    let kinds: Vec<_> = receiver
        .received()
        .iter()
        .map(|received| {
            let body: Value = serde_json::from_slice(&received.body).unwrap();
            body["type"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["Receipt", "Text", "Event"]);
}

#[tokio::test]
async fn nobody_gets_what_comes_in_where_no_flow_takes_it() {
    let simulator = Simulator::start().await;
    let integration = new_integration(&simulator, "http://127.0.0.1:9/events").await;
    let path = format!("{RECIPIENTS}/{integration}");
    let recipient = done(&simulator, Method::GET, &path, Value::Null).await;
    assert_eq!(recipient.get("flow"), None);
    let token = simulator.token().await;
    let path = format!(
        "conversations/messages/{integration}/inbound/open/message?prefetchConversationId=true"
    );
    let begun = simulator.call(Method::POST, &path, &token, message("Hello")).await;
    let path = format!("conversations/messages/{}", begun.body["conversationId"].as_str().unwrap());
    let conversation = done(&simulator, Method::GET, &path, Value::Null).await;
    assert_eq!(conversation["participants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_simulated_org_refuses_what_a_role_does_not_allow_and_names_it() {
    let simulator = Simulator::with(|configuration| {
        configuration.oauth_clients.push(OauthClient {
            id: "weak".into(),
            secret: "secret".into(),
            permissions: BTreeSet::new(),
        });
    })
    .await;
    let token = simulator.token_of("weak", "secret").await;
    let content = "conversations/messaging/supportedcontent";
    let integration = format!("{INTEGRATIONS}/{}", simulator.integration);
    let recipient = format!("{RECIPIENTS}/{}", simulator.integration);
    for (method, path, permission) in [
        (Method::GET, SETTINGS, "messaging:setting:view"),
        (Method::POST, SETTINGS, "messaging:setting:add"),
        (Method::PATCH, "conversations/messaging/settings/x", "messaging:setting:edit"),
        (Method::GET, content, "messaging:supportedContent:view"),
        (Method::POST, content, "messaging:supportedContent:add"),
        (Method::PATCH, integration.as_str(), "messaging:integration:edit"),
        (Method::POST, "routing/queues", "routing:queue:add"),
        (Method::GET, recipient.as_str(), "routing:message:manage"),
        (Method::PUT, recipient.as_str(), "routing:message:manage"),
        (Method::GET, "flows", "architect:flow:view"),
    ] {
        let body = if method == Method::GET { Value::Null } else { json!({}) };
        let refused = simulator.call(method.clone(), path, &token, body).await;
        assert_eq!(refused.status, 403, "{method} {path}");
        assert_eq!(refused.body["messageParams"]["permissions"], permission, "{method} {path}");
    }
}

#[tokio::test]
async fn what_genesys_would_not_take_is_refused() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let integration = format!("{INTEGRATIONS}/{}", simulator.integration);
    let recipient = format!("{RECIPIENTS}/{}", simulator.integration);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let none = format!("{INTEGRATIONS}/{unknown}");
    for (method, path, body, status) in [
        (Method::POST, SETTINGS, json!({}), 400),
        (Method::POST, SETTINGS, json!({ "name": "x", "event": typing("On", "Off") }), 400),
        (Method::POST, "routing/queues", json!({}), 400),
        (Method::POST, "routing/queues", json!({ "name": "Support" }), 409),
        (
            Method::PATCH,
            integration.as_str(),
            json!({ "outboundNotificationWebhookSignatureSecretToken": "short" }),
            400,
        ),
        (
            Method::PATCH,
            integration.as_str(),
            json!({ "messagingSetting": { "id": unknown } }),
            404,
        ),
        (Method::PATCH, none.as_str(), json!({}), 404),
        (Method::PUT, recipient.as_str(), json!({}), 400),
        (Method::PUT, recipient.as_str(), json!({ "flow": { "id": unknown } }), 404),
    ] {
        let refused = simulator.call(method.clone(), path, &token, body.clone()).await;
        assert_eq!(refused.status, status, "{method} {path} {body}: {refused:?}");
    }
}

#[tokio::test]
async fn a_secret_is_shown_by_an_org_that_is_told_to() {
    let simulator = Simulator::start().await;
    let path = format!("{INTEGRATIONS}/{}", simulator.integration);
    let field = "outboundNotificationWebhookSignatureSecretToken";
    assert_eq!(done(&simulator, Method::GET, &path, Value::Null).await[field], "**********");
    simulator.control(Method::PUT, "org", json!({ "integrations_show_secrets": true })).await;
    let shown = done(&simulator, Method::GET, &path, Value::Null).await;
    assert_eq!(shown[field], "at-least-16-chars-long");
}
