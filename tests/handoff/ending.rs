//! How a handoff ends at Genesys, and that nothing an agent said is lost by it.

use baton_tests::world::{READ, World};
use serde_json::{Value, json};

/// The route that reads one message.
const MESSAGE: &str = "GET /api/v2/conversations/messages/{conversationId}/messages/{messageId}";

#[tokio::test]
async fn invariant_7_the_handoff_ends_with_the_agent_also_if_the_customers_leg_lives_on() {
    let world = World::start().await;
    world.switch(json!({"customer_leg_outlives_agent": true})).await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
    assert_eq!(world.truth(&conversation).await["state"], "unattended");
}

#[tokio::test]
async fn invariant_7_whatever_word_genesys_has_for_it_an_end_is_an_end() {
    for word in ["CLIENT", "SYSTEM", "TIMEOUT", "TRANSFER", "UNKNOWN"] {
        let world = World::start().await;
        world.switch(json!({"customer_leg_outlives_agent": true})).await;
        let (mut customer, conversation) = world.served_customer().await;
        world.act(&conversation, json!({"action": "end", "disconnect_type": word})).await;
        customer.sees_the_end().await;
    }
}

#[tokio::test]
async fn invariant_13_the_last_message_comes_before_the_leaving_also_if_its_webhook_is_late() {
    // One is late by less than it is waited for, and one by more.
    for milliseconds in [40, 1000] {
        let world = World::start().await;
        let (mut customer, conversation) = world.served_customer().await;
        let late = json!({"fault": {"delay": {"milliseconds": milliseconds}}, "next": 1});
        world.faults(json!({"webhooks": [late]})).await;
        world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.hears("Goodbye").await;
        customer.sees_the_end().await;
    }
}

#[tokio::test]
async fn invariant_13_what_an_agent_said_and_no_webhook_brought_is_fetched_before_the_leaving() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.faults(json!({"webhooks": [{"fault": "lose", "probability": 1.0}]})).await;
    for text in ["One moment", "Here you are", "Goodbye"] {
        world.act(&conversation, json!({"action": "answer", "text": text})).await;
    }
    world.act(&conversation, json!({"action": "end"})).await;
    for text in ["One moment", "Here you are", "Goodbye"] {
        customer.hears(text).await;
    }
    customer.sees_the_end().await;
}

#[tokio::test]
async fn a_message_of_which_genesys_knows_that_it_failed_is_fetched_while_the_handoff_goes_on() {
    let mut world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let last = customer.says_last("Are you there?").await;
    world.stop_sidecar().await;
    let answer = world.act(&conversation, json!({"action": "answer", "text": "Hello?"})).await;
    let failed = |truth: &Value| {
        let messages = truth["messages"].as_array().expect("a list");
        messages.iter().any(|message| {
            message["id"] == answer["message_id"] && message["status"] == "delivery-failed"
        })
    };
    world.conversation(&customer, failed).await;
    world.start_sidecar_again().await;
    customer.reconnect_after(&last).await;
    customer.hears("Hello?").await;
    customer.says("I am back").await;
}

#[tokio::test]
async fn a_message_that_cannot_be_had_does_not_keep_the_customer_waiting() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"answer": {"status": 503}});
    world
        .faults(json!({
            "webhooks": [{"fault": "lose", "probability": 1.0}],
            "requests": [{"fault": fault, "matching": MESSAGE, "probability": 1.0}],
        }))
        .await;
    world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_7_the_customers_end_counts_also_while_genesys_cannot_be_read() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let fault = json!({"answer": {"status": 503}});
    world
        .faults(json!({"requests": [{"fault": fault, "matching": READ, "probability": 1.0}]}))
        .await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
}

#[tokio::test]
async fn invariant_9_the_topics_of_a_handoff_that_has_ended_are_unsubscribed() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let topics = |shown: &Value| -> u64 {
        let channels = shown["channels"].as_array().expect("a list").iter();
        channels.map(|channel| channel["topics"].as_u64().expect("a number")).sum()
    };
    world.tenant_standing("live", |shown| topics(shown) == 4).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
    world.tenant_standing("live", |shown| topics(shown) == 0).await;
}
