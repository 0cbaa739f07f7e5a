//! A client lets its session expire after ten minutes without a message (Messaging API, 9): the
//! sidecar does not let it come to that.

use baton_tests::{
    bot::ScriptedBot,
    sdk::{ANDROID, Screen, Sdk, Status},
    sidecar::CONNECTOR_TOKEN,
    wait::until,
    world::FIRST_MESSAGE,
};
use serde_json::{Value, json};
use tokio::join;

use crate::stage::{Stage, Way};

/// A client whose ten minutes take three seconds.
const PACE: f64 = 0.005;

const IN_QUEUE: &str = "It is your turn soon.";
const WITH_AGENT: &str = "Your agent reads.";

/// A user who waits in a queue, where handoffs have these lines.
async fn waits(handoff: &str) -> (Stage, Sdk) {
    let bot = ScriptedBot::start(|_| (204, Value::Null)).await;
    let handoff = format!("{FIRST_MESSAGE}\n{handoff}");
    let stage = Stage::set_with(Way::Direct, bot, String::new(), &handoff).await;
    let client = Sdk::begin(ANDROID, stage.address(), CONNECTOR_TOKEN, PACE).await;
    client.say("Hello?");
    client.sees_events("HandoffAccepted", 1).await;
    (stage, client)
}

/// How often the user was told this.
fn told(screen: &Screen, text: &str) -> usize {
    screen.bubbles.iter().filter(|bubble| bubble.text == text).count()
}

async fn outlives_a_long_queue_and_a_silent_agent() {
    let lines = format!(
        "reassure_after_seconds = 1
        reassurance_in_queue = '{IN_QUEUE}'
        reassurance_with_agent = '{WITH_AGENT}'"
    );
    let (stage, client) = waits(&lines).await;
    client.sees("a long wait", |screen| told(screen, IN_QUEUE) > 3).await;
    let conversation = stage.queued(&client).await;
    stage.world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    client.sees("a silent agent", |screen| told(screen, WITH_AGENT) > 3).await;
    stage.world.act(&conversation, json!({"action": "end"})).await;
    client.sees_events("SessionEnd", 1).await;
    client.assert_whole().await;
}

async fn would_be_lost_without_a_word() {
    let (_stage, client) = waits("reassure_after_seconds = 0").await;
    let expired = Status::Lost("the client let the session expire".to_owned());
    until("the client's end", async || (client.screen().status == expired).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_14_neither_a_long_queue_nor_a_silent_agent_lets_the_client_expire() {
    join!(outlives_a_long_queue_and_a_silent_agent(), would_be_lost_without_a_word());
}
