//! Short chats, each played for the frames that it brings.

use baton_tests::{
    bot::ScriptedBot,
    sdk::{ANDROID, IOS, Screen, Sdk, Speaker, Status},
    world::FIRST_MESSAGE,
};
use serde_json::{Value, json};

use crate::stage::{AGENT_IS_SHOWN, Stage, Way, begin, greeted};

/// The names of all scenes.
pub(crate) const SCENES: [&str; 10] = [
    "whole_handoff",
    "without_a_bot",
    "nobody_came",
    "waited_too_long",
    "left_to_the_client",
    "bot_is_down",
    "not_allowed",
    "heartbeat",
    "replay",
    "nothing_new",
];

/// Plays a scene; what its client has seen.
pub(crate) async fn play(scene: &str) -> Screen {
    match scene {
        "whole_handoff" => whole_handoff().await,
        "without_a_bot" => without_a_bot().await,
        "nobody_came" => nobody_came().await,
        "waited_too_long" => waited_too_long().await,
        "left_to_the_client" => left_to_the_client().await,
        "bot_is_down" => bot_is_down().await,
        "not_allowed" => not_allowed().await,
        "heartbeat" => heartbeat().await,
        "replay" => replay().await,
        "nothing_new" => nothing_new().await,
        other => panic!("there is no scene {other}"),
    }
}

/// What Genesys says of its queues is told.
const ESTIMATED: &str = "estimate_every_seconds = 10\n";

/// Greets with all that a bot's message can hold, and gives up at once.
fn shows_all(turn: &Value) -> (u16, Value) {
    let attachment = |content_type: &str| {
        json!({
            "title": "Our locations",
            "preview_image_url": "https://example.com/thumb.png",
            "content_url": "https://example.com/locations",
            "content_type": content_type,
            "call_to_action_text": "View locations",
        })
    };
    let text = turn["message"]["text"].as_str().unwrap_or_default();
    match (turn["type"].as_str(), text) {
        (Some("session_start"), _) => (
            200,
            json!({
                "utterance": "Which location?",
                "attachments": [
                    attachment("ATTACHMENT_CONTENT_TYPE_URL"),
                    attachment("ATTACHMENT_CONTENT_TYPE_IMAGE"),
                ],
                "response_suggestions": [
                    {"message_text": "Main Street", "payload": "main"},
                    {"message_text": "Show me all", "payload": "all"},
                ],
            }),
        ),
        (Some("user_message"), "a page") => (200, json!({"destination": "page"})),
        (Some("user_message"), "break") => (400, Value::Null),
        (Some("user_message"), _) => {
            let handoff = json!({"text_chat": {"genesys_integration": {}}});
            (200, json!({"utterance": "One moment.", "handoff": handoff}))
        }
        _ => (204, Value::Null),
    }
}

/// A stage with a bot that shows all that it can, and these lines for its handoffs.
pub(crate) async fn showing_all(way: Way, handoff: &str) -> Stage {
    let bot = ScriptedBot::start(shows_all).await;
    let page = "[[tenants.destinations]]\nname = 'page'\nroute = 'https://example.com/help'\n";
    let sections = format!("{}picture = 'https://example.com/ada.png'\n{page}", bot.section());
    let stage = Stage::set_with(way, bot, sections, handoff).await;
    stage.world.switch(json!({"typing_outbound": true, "estimated_wait_seconds": 180})).await;
    stage
}

async fn stage(handoff: &str) -> Stage {
    showing_all(Way::Direct, handoff).await
}

async fn client(stage: &Stage) -> Sdk {
    let client = begin(ANDROID, stage.address()).await;
    client.hears(Speaker::Bot, "Which location?").await;
    client
}

/// The bot gives up, an agent comes, types, speaks, and ends it.
async fn whole_handoff() -> Screen {
    let stage = stage(&format!("{AGENT_IS_SHOWN}{ESTIMATED}")).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    serve(&stage, &client).await
}

/// The first message begins a handoff.
async fn without_a_bot() -> Screen {
    let bot = ScriptedBot::start(shows_all).await;
    let handoff = format!("{FIRST_MESSAGE}\n{AGENT_IS_SHOWN}{ESTIMATED}");
    let stage = Stage::set_with(Way::Direct, bot, String::new(), &handoff).await;
    stage.world.switch(json!({"typing_outbound": true, "estimated_wait_seconds": 180})).await;
    let client = begin(IOS, stage.address()).await;
    client.gets_across("an agent please").await;
    serve(&stage, &client).await
}

/// An agent serves the user who waits, to the end.
async fn serve(stage: &Stage, client: &Sdk) -> Screen {
    client.sees_events("HandoffQueueStatus", 1).await;
    let conversation = stage.queued(client).await;
    stage.world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    client.sees_events("LiveAgentJoined", 1).await;
    stage.world.act(&conversation, json!({"action": "type"})).await;
    let typing = |screen: &Screen| {
        screen.passing.iter().filter(|event| event.name == "LiveAgentTyping").count()
    };
    client.sees("the agent, who pauses", |screen| typing(screen) == 2).await;
    stage.world.act(&conversation, json!({"action": "answer", "text": "Hi!"})).await;
    client.hears(Speaker::Agent, "Hi!").await;
    stage.world.act(&conversation, json!({"action": "end"})).await;
    client.sees_events("SessionEnd", 1).await;
    client.sees("the end", |screen| screen.status == Status::Closed).await
}

/// The flow at Genesys ends the wait.
async fn nobody_came() -> Screen {
    let stage = stage(ESTIMATED).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    client.sees_events("HandoffQueueStatus", 1).await;
    let conversation = stage.queued(&client).await;
    stage.world.act(&conversation, json!({"action": "end_flow"})).await;
    client.sees_events("AgentJoined", 2).await
}

/// No agent is free for as long as the user is to wait.
async fn waited_too_long() -> Screen {
    let stage = stage(&format!("{ESTIMATED}longest_wait_seconds = 2\n")).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    client.sees_events("HandoffTimeout", 1).await;
    client.sees_events("AgentJoined", 2).await
}

/// The bot names a destination that is the client's.
async fn left_to_the_client() -> Screen {
    let stage = stage("").await;
    let client = client(&stage).await;
    client.gets_across("a page").await;
    client.sees_events("AgentLeft", 1).await
}

async fn bot_is_down() -> Screen {
    let stage = stage("").await;
    let client = client(&stage).await;
    client.gets_across("break").await;
    client.sees_events("SystemMessage", 1).await
}

async fn not_allowed() -> Screen {
    let stage = stage("").await;
    let client = client(&stage).await;
    client.send("EVENT_TYPE_POLY_AGENT_MESSAGE", &json!({}));
    sees_passing(&client, "SystemMessage").await
}

async fn heartbeat() -> Screen {
    let stage = stage("").await;
    let client = client(&stage).await;
    client.send("EVENT_TYPE_HEARTBEAT", &json!({}));
    sees_passing(&client, "Heartbeat").await
}

async fn sees_passing(client: &Sdk, name: &str) -> Screen {
    client.sees(name, |screen| screen.passing.iter().any(|event| event.name == name)).await
}

/// An app is opened again.
async fn replay() -> Screen {
    let stage = Stage::set(Way::Direct).await;
    let client = greeted(IOS, stage.address()).await;
    client.gets_across("my order").await;
    let seen = client.hears(Speaker::Bot, "You said my order").await.log.len();
    let reopened = client.reopened();
    reopened.sees("all again", |screen| screen.log.len() == seen).await
}

/// The network was away, and nothing happened.
async fn nothing_new() -> Screen {
    let stage = Stage::set(Way::Direct).await;
    let client = greeted(IOS, stage.address()).await;
    client.lose_network();
    client.sees("an empty batch", |screen| screen.batches.last() == Some(&0)).await
}
