//! What is missed while a notification channel is away, and how little is asked of Genesys to
//! have it back.

use baton_simulator::DEFAULT_CLIENT_ID;
use baton_tests::{
    customer::Customer,
    wait::until,
    world::{FIRST_MESSAGE, POST, Setting, World},
};
use serde_json::{Value, json};

/// No event comes over any channel.
fn silence() -> Value {
    json!({"notifications": [{"fault": "lose", "probability": 1.0}]})
}

async fn counters(world: &World) -> Value {
    world.genesys.get("/control/v1/counters").await
}

/// The conversation goes from Dana to Milan, and back to the queue, and to Aisha.
async fn change_agents(world: &World, conversation: &Value) {
    for action in [
        json!({"action": "transfer_to_user", "to": "Milan"}),
        json!({"action": "accept"}),
        json!({"action": "transfer_to_queue", "queue": "Sales"}),
        json!({"action": "accept", "user": "Aisha"}),
    ] {
        world.act(conversation, action).await;
    }
}

/// The name in the next event, which has to say that an agent joined.
async fn joined(customer: &mut Customer) -> Value {
    customer.sees(&["LIVE_AGENT_JOINED"]).await.remove(0)["payload"]["agent"]["name"].take()
}

/// The agent who is there now talks, and ends.
async fn is_served_to_the_end(world: &World, customer: &mut Customer, conversation: &Value) {
    world.act(conversation, json!({"action": "answer", "text": "I am the one now"})).await;
    customer.hears("I am the one now").await;
    world.act(conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_8_agents_who_changed_while_the_socket_was_away_are_told() {
    let handoff = format!("{FIRST_MESSAGE}\nagent_name = 'first'");
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.faults(silence()).await;
    change_agents(&world, &conversation).await;
    world.strike(json!({"fault": "close_sockets"})).await;
    // Whoever was there in between may have been seen too.
    let mut name = joined(&mut customer).await;
    while name == "Milan" {
        name = joined(&mut customer).await;
    }
    assert_eq!(name, "Aisha");
    world.faults(json!({})).await;
    is_served_to_the_end(&world, &mut customer, &conversation).await;
}

#[tokio::test]
async fn invariant_8_an_acceptance_and_an_end_within_a_gap_are_told_with_what_was_said() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world
        .faults(json!({
            "notifications": [{"fault": "lose", "probability": 1.0}],
            "webhooks": [{"fault": "lose", "probability": 1.0}],
        }))
        .await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello and goodbye"})).await;
    world.act(&conversation, json!({"action": "end"})).await;
    world.strike(json!({"fault": "close_sockets", "code": 1011})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    customer.hears("Hello and goodbye").await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_8_a_socket_that_breaks_with_the_event_loses_nothing() {
    for code in [json!(1001), json!(1011), Value::Null] {
        let world = World::start().await;
        let (mut customer, conversation) = world.waiting_customer().await;
        let close = json!({"fault": {"close_socket": {"code": code}}, "next": 1});
        world.faults(json!({"notifications": [close]})).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        is_served_to_the_end(&world, &mut customer, &conversation).await;
        assert_eq!(counters(&world).await["channels"][DEFAULT_CLIENT_ID]["total"], 1);
    }
}

#[tokio::test]
async fn invariant_8_a_channel_that_is_evicted_is_replaced_reported_and_all_is_compared() {
    for status in [401, 403, 404] {
        let world = World::start().await;
        let (mut customer, conversation) = world.waiting_customer().await;
        let evict = json!({"fault": "evict_channel", "next": 1});
        world.faults(json!({"notifications": [evict], "dead_channel_status": status})).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        let replaced = |shown: &Value| {
            let channels = shown["channels"].as_array().expect("a list");
            channels.len() == 1 && channels[0]["replaced"] == 1
        };
        world.tenant_standing("live", replaced).await;
        is_served_to_the_end(&world, &mut customer, &conversation).await;
    }
}

#[tokio::test]
async fn invariant_8_a_maintenance_costs_no_event() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    assert_eq!(world.strike(json!({"fault": "announce_maintenance"})).await, 1);
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "transfer_to_user", "to": "Milan"})).await;
    world.act(&conversation, json!({"action": "accept"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_8_while_no_channel_is_to_be_had_the_conversation_is_read_over_rest() {
    let world = World::start().await;
    let fault = json!({"answer": {"status": 503}});
    let matching = "/notifications/";
    world
        .faults(json!({"requests": [{"fault": fault, "matching": matching, "probability": 1.0}]}))
        .await;
    let (mut customer, conversation) = world.waiting_customer().await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_9_tokens_that_are_revoked_in_the_middle_are_asked_for_once() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    assert_eq!(world.strike(json!({"fault": "revoke_tokens"})).await, 1);
    for text in ["One", "Two", "Three"] {
        customer.says(text).await;
    }
    let arrived = |truth: &Value| truth["messages"].as_array().is_some_and(|all| all.len() == 4);
    let truth = world.conversation(&customer, arrived).await;
    let texts: Vec<&Value> =
        truth["messages"].as_array().expect("a list").iter().map(|one| &one["text"]).collect();
    assert_eq!(texts, ["Hello, I need help", "One", "Two", "Three"]);
    is_served_to_the_end(&world, &mut customer, &conversation).await;
    let tokens = &counters(&world).await["token_requests"][DEFAULT_CLIENT_ID];
    assert_eq!((&tokens["total"], &tokens["most_in_flight"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn invariant_9_many_handoffs_share_one_channel_and_one_token_request() {
    let world = World::start().await;
    let mut customers = Vec::new();
    for _ in 0..10 {
        customers.push(world.customer().await);
    }
    for customer in &mut customers {
        customer.say("Hello").await;
    }
    for customer in &mut customers {
        let conversation = world.conversation(customer, |truth| truth["state"] == "queued").await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.socket.events_until(|event| event["type"] == "EVENT_TYPE_LIVE_AGENT_JOINED").await;
    }
    let counted = counters(&world).await;
    assert_eq!(counted["channels"][DEFAULT_CLIENT_ID]["most"], 1);
    assert_eq!(counted["token_requests"][DEFAULT_CLIENT_ID]["total"], 1);
}

#[tokio::test]
async fn invariant_13_events_that_come_twice_or_out_of_order_tell_nothing_twice() {
    let world = World::start().await;
    let late = json!({"fault": {"delay": {"milliseconds": 60}}, "probability": 0.5});
    let twice = json!({"fault": "duplicate", "probability": 1.0});
    world.faults(json!({"seed": 3, "notifications": [late, twice], "webhooks": [twice]})).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "transfer_to_queue", "queue": "Sales"})).await;
    world.act(&conversation, json!({"action": "accept", "user": "Milan"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    is_served_to_the_end(&world, &mut customer, &conversation).await;
}

/// The gauges of this name, by what is asked for in their labels.
fn gauge(metrics: &str, name: &str, label: &str) -> u64 {
    let is_it = |line: &&str| {
        let rest = line.strip_prefix("baton_").and_then(|line| line.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with([' ', '{']) && rest.contains(label))
    };
    let value = |line: &str| line.rsplit(' ').next()?.parse::<u64>().ok();
    metrics.lines().filter(is_it).filter_map(value).sum()
}

/// The metrics, once they are as they are wanted.
async fn metrics(world: &World, wanted: impl Fn(&str) -> bool) -> String {
    until("metrics", async || Some(world.metrics().await).filter(|text| wanted(text))).await
}

#[tokio::test]
async fn the_metrics_show_an_open_channel_and_nothing_that_waits() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    customer.hears("Hello").await;
    let nothing_waits = |text: &str| {
        ["waiting_messages", "waiting_receipts", "waiting_calls"]
            .iter()
            .all(|name| text.contains(&format!("baton_{name}")) && gauge(text, name, "") == 0)
    };
    let text = metrics(&world, nothing_waits).await;
    for (name, label, value) in [
        ("channels", "state=\"open\"", 1),
        ("channels", "", 1),
        ("open_handoffs", "", 1),
        ("tenant_up", "tenant=\"acme/support/live\"", 1),
    ] {
        assert_eq!(gauge(&text, name, label), value, "{name}: {text}");
    }
}

#[tokio::test]
async fn the_metrics_show_a_channel_that_is_away_and_a_message_that_waits() {
    let world = World::start().await;
    let refused = |matching: &str| json!({"fault": {"answer": {"status": 503}}, "matching": matching, "probability": 1.0});
    world.faults(json!({"requests": [refused("/notifications/")]})).await;
    let (mut customer, _) = world.waiting_customer().await;
    world.faults(json!({"requests": [refused("/notifications/"), refused(POST)]})).await;
    customer.says("Is anybody there?").await;
    let is_away = |text: &str| {
        let away = ["reconnecting", "lost"].map(|state| format!("state=\"{state}\""));
        away.iter().map(|label| gauge(text, "channels", label)).sum::<u64>() == 1
    };
    let text =
        metrics(&world, |text| is_away(text) && gauge(text, "waiting_messages", "") == 1).await;
    assert_eq!(gauge(&text, "channels", ""), 1, "{text}");
    // Genesys is there all the same, and does what is asked for the tenant.
    assert_eq!(gauge(&text, "tenant_up", ""), 1, "{text}");
    world.faults(json!({})).await;
    metrics(&world, |text| gauge(text, "channels", "state=\"open\"") == 1).await;
}
