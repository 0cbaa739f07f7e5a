//! What goes along when a handoff begins, whoever begins it.

use baton_tests::{
    bot::ScriptedBot,
    customer::{BEGUN, Customer},
    sidecar::end_user_id,
    world::{Setting, World, is_queued, said},
};
use serde_json::{Value, json};

/// How a handoff begins for a client that its silent bot hands over.
const HANDED_OVER: [&str; 4] =
    ["POLY_AGENT_JOINED", "POLY_AGENT_TRIGGERED_HANDOFF", "POLY_AGENT_LEFT", "HANDOFF_ACCEPTED"];

/// A bot that says this of where to, whatever the user writes.
async fn bot_with(handoff: Value) -> ScriptedBot {
    ScriptedBot::start(move |turn| match turn["type"].as_str() {
        Some("user_message") => (200, json!({ "handoff": handoff })),
        _ => (204, Value::Null),
    })
    .await
}

/// Hints for Genesys.
fn hints(hints: &Value) -> Value {
    json!({"text_chat": {"genesys_integration": hints}})
}

/// A world with these lines for its handoffs, and these further sections.
async fn world(handoff: &str, sections: &str) -> World {
    let (handoff, sections) = (handoff.to_owned(), sections.to_owned());
    World::start_with(Setting { handoff, sections, ..Setting::default() }, |_| {}).await
}

/// The participant data of the user who waits.
fn attributes(conversation: &Value) -> &Value {
    let participants = conversation["participants"].as_array().expect("a list");
    let customer = participants.iter().find(|one| one["purpose"] == "customer");
    &customer.expect("a customer")["attributes"]
}

/// A customer of whom this is known, whose first message begins a handoff.
async fn begins(world: &World, facts: Value) -> (Customer, Value) {
    let mut customer = world.customer_of(facts).await;
    customer.say("Hello, I need help").await;
    customer.sees(&BEGUN).await;
    let is_there = |truth: &Value| said(truth).last() == Some(&"Hello, I need help");
    let conversation = world.conversation(&customer, is_there).await;
    (customer, conversation)
}

#[tokio::test]
async fn the_flow_learns_whose_session_it_is_unless_the_bot_knows_better() {
    let ann = json!({"custom": {"user": {"id": "ann-7"}}});
    for (given, facts, user_id) in [
        (json!({}), ann.clone(), json!("ann-7")),
        (json!({}), json!({}), Value::Null),
        (json!({"userId": "crm-1"}), ann, json!("crm-1")),
    ] {
        let bot = bot_with(hints(&given)).await;
        let world = world("", &bot.section()).await;
        let mut customer = world.customer_of(facts).await;
        customer.says("an agent please").await;
        customer.sees(&HANDED_OVER).await;
        let conversation = world.conversation(&customer, is_queued).await;
        let attributes = attributes(&conversation);
        assert_eq!(attributes["sessionId"], customer.session.id.as_str());
        assert_eq!(attributes["userId"], user_id, "{given}");
    }
}

#[tokio::test]
async fn the_user_of_an_application_is_known_by_its_own_id_of_the_session() {
    let world = world("", "").await;
    let application = world.application();
    let session = application.opens(&json!({"external_id": "case-7"})).await;
    application.posts(&format!("sessions/{session}/handoff"), &json!({}), 202).await;
    let end_user_id = end_user_id(world.internal, &session).await;
    let conversation = world.conversation_of(&end_user_id, is_queued).await;
    assert_eq!(attributes(&conversation)["userId"], "case-7");
    assert_eq!(attributes(&conversation)["sessionId"], session.as_str());
}

#[tokio::test]
async fn a_chat_that_begins_with_a_human_has_all_that_a_handoff_has() {
    let world = world("start = 'first_message'\nafter = 'keep_open'", "").await;
    let custom = json!({"plan": "gold", "user": {"id": 7}});
    let (mut customer, conversation) = begins(&world, json!({"custom": custom})).await;
    assert_eq!(said(&conversation), ["User joined the conversation", "Hello, I need help"]);
    let attributes = attributes(&conversation);
    assert_eq!(attributes["sessionId"], customer.session.id.as_str());
    assert_eq!(attributes["userId"], "7");
    let path = format!("handoff_state?id={}", customer.session.id);
    let state = world.application().ask("GET", &path, &Value::Null).await;
    let state: Value = serde_json::from_slice(&state.body).expect("JSON");
    assert_eq!(state["data"], custom);

    // A second one tells what was said in the first, and what begins it once.
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START"]).await;
    customer.say("One more thing").await;
    customer.sees(&BEGUN).await;
    let has_both = |truth: &Value| {
        let last = said(truth).last().is_some_and(|last| *last == "One more thing");
        last && is_queued(truth)
    };
    let conversation = world.conversation(&customer, has_both).await;
    let before = said(&conversation)[said(&conversation).len() - 2];
    assert!(before.contains("Hello, I need help") && !before.contains("One more thing"));
}

#[tokio::test]
async fn the_queue_that_a_bot_names_is_told_to_the_client() {
    let billing = "[[tenants.destinations]]\nname = 'billing'\nqueue = 'Sales'\n";
    for (handoff, expected) in [
        (hints(&json!({"queue": "Sales"})), json!({"queue_name": "Sales"})),
        (json!({"destination": "billing"}), json!({"queue_name": "Sales"})),
        (hints(&json!({})), json!({})),
    ] {
        let bot = bot_with(handoff).await;
        let world = world("", &format!("{}{billing}", bot.section())).await;
        let mut customer = world.customer().await;
        customer.says("an agent please").await;
        let accepted = customer.sees(&HANDED_OVER).await.remove(3);
        assert_eq!(accepted["payload"], expected);
    }
}
