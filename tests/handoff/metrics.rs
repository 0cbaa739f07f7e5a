//! What is counted of a handoff.

use std::time::Duration;

use baton_tests::{
    chat::text_of,
    wait::until,
    world::{POST, World},
};
use serde_json::json;
use tokio::time::sleep;

/// Longer than a few tries to write to the store.
const OUTAGE: Duration = Duration::from_millis(700);

/// Longer than is waited for Genesys to say that a user who left is gone.
const LEAVING: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// Waits until the metrics say all of this.
async fn metrics_say(world: &World, lines: &[&str]) -> String {
    until("the metrics", async || {
        let metrics = world.metrics().await;
        let said = |line: &&str| metrics.contains(&format!("\n{line}\n"));
        lines.iter().all(said).then_some(metrics)
    })
    .await
}

#[tokio::test]
async fn a_handoff_is_counted_from_its_beginning_to_its_end() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    metrics_say(
        &world,
        &[
            r#"baton_handoffs_begun_total{tenant="acme/support/live"} 1"#,
            r#"baton_handoffs{state="queued"} 1"#,
            r#"baton_relay_posts_total{result="taken"} 1"#,
            "baton_relay_seconds_count 1",
            "baton_chat_sockets 1",
        ],
    )
    .await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana Reyes"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    metrics_say(&world, &[r#"baton_handoffs{state="with_agent"} 1"#]).await;
    world.act(&conversation, json!({"action": "answer", "text": "How can I help?"})).await;
    customer.hears("How can I help?").await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;
    let ended = r#"baton_handoffs_ended_total{tenant="acme/support/live",outcome="by_genesys"} 1"#;
    let none = ["opening", "queued", "with_agent", "ending", "leaving", "settling"]
        .map(|stage| format!("baton_handoffs{{state=\"{stage}\"}} 0"));
    let none = none.iter().map(String::as_str);
    metrics_say(&world, &none.chain([ended]).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn an_end_that_the_store_takes_only_at_a_later_try_counts_once() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    // Nothing says that the customer is gone: the user's leaving ends by its time.
    let silent = json!({"fault": {"slow": {"milliseconds": 60_000}}, "probability": 1.0});
    world.faults(json!({"requests": [silent]})).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION"]).await;
    world.break_log();
    world.act(&conversation, json!({"action": "answer", "text": "Goodbye!"})).await;
    metrics_say(&world, &["baton_waiting_deliveries 1", r#"baton_handoffs{state="leaving"} 0"#])
        .await;
    world.advance_clock(LEAVING);
    sleep(OUTAGE).await;
    world.mend_log();
    customer.sees(&["LIVE_AGENT_LEFT"]).await;
    let ended = r#"baton_handoffs_ended_total{tenant="acme/support/live",outcome="by_user"} 1"#;
    metrics_say(&world, &[ended]).await;
}

#[tokio::test]
async fn what_the_process_counts_is_shown_though_the_store_cannot_be_read() {
    let world = World::start().await;
    let (_customer, _) = world.served_customer().await;
    metrics_say(&world, &["baton_store_up 1", "baton_open_handoffs 1"]).await;
    world.break_store();
    let metrics = metrics_say(&world, &["baton_store_up 0", "baton_chat_sockets 1"]).await;
    assert!(!metrics.contains("baton_open_handoffs"), "what is not known is not shown");
    world.mend_store();
    metrics_say(&world, &["baton_store_up 1", "baton_open_handoffs 1"]).await;
}

#[tokio::test]
async fn what_waits_for_genesys_has_an_age() {
    let world = World::start().await;
    let (mut customer, _) = world.served_customer().await;
    let down = json!({"fault": {"answer": {"status": 503}}, "matching": POST, "probability": 1.0});
    world.faults(json!({"requests": [down]})).await;
    customer.say("Is anybody there?").await;
    metrics_say(&world, &["baton_waiting_messages 1"]).await;
    world.advance_clock(jiff::SignedDuration::from_secs(90));
    until("the age of the message", async || {
        let metrics = world.metrics().await;
        let age = metrics.lines().find_map(|line| {
            line.strip_prefix("baton_oldest_waiting_message_age_seconds ")?.parse::<f64>().ok()
        });
        (age.expect("it is there") >= 90.0).then_some(())
    })
    .await;
    world.faults(json!({})).await;
    metrics_say(&world, &["baton_oldest_waiting_message_age_seconds 0.0"]).await;
}

#[tokio::test]
async fn invariant_10_no_metric_names_a_session_or_shows_what_was_said() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    world.act(&conversation, json!({"action": "answer", "text": "How can I help?"})).await;
    let answered = customer.hears("How can I help?").await;
    let metrics = world.metrics().await;
    let conversation_id = conversation["id"].as_str().expect("an id");
    let (session, user) = (&*customer.session.id, &*customer.end_user_id);
    for hidden in [session, user, conversation_id, text_of(&answered), "Dana", "secret", "Bearer"] {
        assert!(!metrics.contains(hidden), "the metrics show {hidden}");
    }
}
