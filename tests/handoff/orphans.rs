//! A tenant is taken out of the configuration while chats of its go on: by mistake, or for good.

use std::time::Duration;

use baton_simulator::OauthClient;
use baton_tests::{
    customer::{BEGUN, Customer},
    wait::until,
    world::{FIRST_MESSAGE, Halt, POST, Setting, World, is_queued, said},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::sleep;

/// The route by which receipts come in.
const RECEIPT: &str = "POST /api/v2/conversations/messages/{integrationId}/inbound/open/receipt";

/// Longer than a session waits for a client.
const IDLE: SignedDuration = SignedDuration::from_secs(601);

/// What the metrics say when nothing waits for anybody.
const NOTHING: [&str; 5] = [
    "baton_open_handoffs 0",
    "baton_waiting_messages 0",
    "baton_oldest_waiting_message_age_seconds 0.0",
    r#"baton_orphans{kind="handoff"} 0"#,
    r#"baton_orphans{kind="message"} 0"#,
];

fn sandbox() -> OauthClient {
    OauthClient::with_every_permission("sandbox-client", "the-secret-of-the-sandbox-client")
}

/// A world with a second tenant. Nothing that we say by ourselves keeps its chats alive.
async fn world() -> World {
    let handoff = format!("{FIRST_MESSAGE}\nreassure_after_seconds = 0");
    let setting = Setting { handoff, sandbox: Some(sandbox()), ..Setting::default() };
    let world = World::start_with(setting, |org| org.oauth_clients.push(sandbox())).await;
    world.add_sandbox_integration().await;
    world
}

/// A customer of the second tenant whom Dana attends to.
async fn served_customer(world: &World) -> (Customer, Value) {
    let mut customer = world.sandbox_customer().await;
    customer.say("Hello, I need help").await;
    customer.sees(&BEGUN).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    (customer, conversation)
}

/// What was under way of a customer when the sidecar stopped.
struct CutOff {
    customer: Customer,
    conversation: Value,
    /// Genesys' id of an agent's message, of which Genesys has no receipt.
    unreceipted: Value,
    /// The customer's message that Genesys does not have: the last event of the log.
    unsent: Value,
}

/// A customer of the second tenant whom Dana attends to, with a message and a receipt that Genesys
/// has not taken when the sidecar stops.
async fn cut_off(world: &mut World) -> CutOff {
    let (mut customer, conversation) = served_customer(world).await;
    let down = |route| json!({"fault": {"answer": {"status": 503}}, "matching": route, "probability": 1.0});
    world.faults(json!({"requests": [down(POST), down(RECEIPT)]})).await;
    let said = json!({"action": "answer", "text": "How can I help?"});
    let unreceipted = world.act(&conversation, said).await["message_id"].clone();
    customer.hears("How can I help?").await;
    let unsent = customer.says_last("My parcel is lost").await;
    metrics_say(world, &["baton_waiting_messages 1", "baton_waiting_receipts 1"]).await;
    world.halt_sidecar(Halt::Crash).await;
    world.faults(json!({})).await;
    CutOff { customer, conversation, unreceipted, unsent }
}

/// Starts the sidecar with the second tenant, or without it.
async fn start(world: &mut World, sandbox: Option<OauthClient>) {
    world.configure_sandbox(sandbox);
    world.start_sidecar_again().await;
}

async fn metrics_say(world: &World, lines: &[&str]) {
    let mut last = String::new();
    until("the metrics", async || {
        last = world.metrics().await;
        let said = |line: &&str| last.contains(&format!("\n{line}\n"));
        lines.iter().all(said).then_some(())
    })
    .await;
}

async fn has_ended(world: &World, customer: &Customer) -> bool {
    let path = format!("/internal/v1/sessions/{}", customer.session.id);
    let shown = world.operate("GET", &path, "").await;
    serde_json::from_slice::<Value>(&shown.body).expect("JSON")["ended"] == true
}

/// What the metrics say while a handoff and a message of the second tenant wait for it.
const ORPHANED: [&str; 5] = [
    "baton_waiting_messages 0",
    "baton_oldest_waiting_message_age_seconds 0.0",
    "baton_waiting_receipts 1",
    r#"baton_orphans{kind="handoff"} 1"#,
    r#"baton_orphans{kind="message"} 1"#,
];

#[tokio::test]
async fn invariant_6_a_chat_goes_on_whose_tenant_was_left_out_of_the_configuration_by_mistake() {
    let mut world = world().await;
    let CutOff { mut customer, conversation, unreceipted, unsent } = cut_off(&mut world).await;
    start(&mut world, None).await;
    metrics_say(&world, &ORPHANED).await;
    // What waits is looked at in the meantime.
    sleep(Duration::from_secs(2)).await;
    metrics_say(&world, &ORPHANED).await;
    world.stop_sidecar().await;
    start(&mut world, Some(sandbox())).await;
    let arrived = |truth: &Value| {
        let messages = truth["messages"].as_array().expect("a list");
        let receipted = messages.iter().any(|message| {
            message["id"] == unreceipted && message["receipts"][0]["status"] == "Delivered"
        });
        receipted && said(truth) == ["Hello, I need help", "My parcel is lost"]
    };
    world.conversation(&customer, arrived).await;
    customer.reconnect_after(&unsent).await;
    world.act(&conversation, json!({"action": "answer", "text": "I'll look for it"})).await;
    customer.hears("I'll look for it").await;
    metrics_say(&world, &["baton_open_handoffs 1", r#"baton_orphans{kind="handoff"} 0"#]).await;
}

#[tokio::test]
async fn what_waits_for_a_tenant_that_stays_away_comes_to_rest() {
    let mut world = world().await;
    let CutOff { customer, .. } = cut_off(&mut world).await;
    start(&mut world, None).await;
    metrics_say(&world, &ORPHANED).await;
    world.advance_clock(IDLE);
    until("the end", async || has_ended(&world, &customer).await.then_some(())).await;
    metrics_say(&world, &NOTHING).await;
    metrics_say(&world, &[r#"baton_dead_letters_total{kind="message"} 1"#]).await;
    let letters = world.operate("GET", "/internal/v1/dead_letters?kind=message", "").await;
    let letters: Value = serde_json::from_slice(&letters.body).expect("JSON");
    let letter = &letters["dead_letters"][0];
    assert_eq!(letter["session_id"], customer.session.id);
    let reason = letter["reason"].as_str().expect("a reason");
    assert!(reason.contains("configuration"), "{reason}");
    // And it stays so when the tenant is there again.
    world.stop_sidecar().await;
    start(&mut world, Some(sandbox())).await;
    metrics_say(&world, &NOTHING).await;
}

#[tokio::test]
async fn a_chat_that_was_silent_for_long_waits_for_its_tenant_as_well() {
    let mut world = world().await;
    let (mut customer, _) = served_customer(&world).await;
    world.advance_clock(SignedDuration::from_hours(3));
    world.stop_sidecar().await;
    start(&mut world, None).await;
    customer.reconnect().await;
    let mut other = world.customer().await;
    other.socket.close().await;
    world.advance_clock(IDLE);
    until("the end", async || has_ended(&world, &other).await.then_some(())).await;
    assert!(!has_ended(&world, &customer).await, "its client is connected");
}
