//! The bot's flow can react to each state of a handover.

use baton_tests::{
    bot::ScriptedBot,
    customer::Customer,
    world::{World, is_queued},
};
use serde_json::{Value, json};

use crate::bot::{HANDED_OVER, bot_is_told, greeted, hands_over, world};

#[tokio::test]
async fn the_bot_is_told_each_state_that_a_handover_can_come_to() {
    let bot = ScriptedBot::start(|turn| match turn["handover"]["state"].as_str() {
        Some("update") => (200, json!({"destination": "anywhere"})),
        _ => hands_over(turn),
    })
    .await;
    let world = world(&bot, "after = 'keep_open'\nin_queue_messages = 'show'").await;
    let mut customer = greeted(&world).await;
    let mut states = Vec::new();

    let conversation = handed_over(&world, &mut customer).await;
    let third = json!({"action": "bot_answer", "text": "You are third."});
    world.act(&conversation, third).await;
    let status = customer.sees(&["HANDOFF_QUEUE_STATUS"]).await.remove(0);
    let expected = json!({"display_message": "You are third.", "queue_name": "Sales"});
    assert_eq!(status["payload"], expected);
    states.extend(["queued", "update", "already_in_progress"]);
    bot_is_told(&bot, &states).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START", "POLY_AGENT_JOINED"]).await;
    states.extend(["active", "completed"]);
    bot_is_told(&bot, &states).await;

    let conversation = handed_over(&world, &mut customer).await;
    world.act(&conversation, json!({"action": "end_flow"})).await;
    customer.sees(&["HANDOFF_FAILED", "POLY_AGENT_JOINED"]).await;
    states.extend(["queued", "error"]);
    bot_is_told(&bot, &states).await;
    let failed = bot.turns().pop().expect("a turn");
    assert_eq!(failed["handover"], json!({"state": "error", "reason": "no_agents"}));

    handed_over(&world, &mut customer).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    states.extend(["queued", "cancelled"]);
    bot_is_told(&bot, &states).await;
}

/// The conversation of a customer who has just been handed over, and waits.
async fn handed_over(world: &World, customer: &mut Customer) -> Value {
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    world.conversation(customer, is_queued).await
}
