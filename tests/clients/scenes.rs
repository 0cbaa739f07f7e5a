//! Short chats, each played for the frames that it brings.

use baton_tests::{
    bot::ScriptedBot,
    sdk::{ANDROID, IOS, Screen, Sdk, Speaker, Status},
};
use serde_json::{Value, json};

use crate::stage::{AGENT_IS_SHOWN, Stage, Way, begin, greeted};

/// The names of all scenes.
pub(crate) const SCENES: [&str; 11] = [
    "whole_handoff",
    "bot_takes_back",
    "in_queue_flow",
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
        "bot_takes_back" => bot_takes_back().await,
        "in_queue_flow" => in_queue_flow().await,
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

/// What the user says to whoever has the chat, and what the bot says to that.
const THANKS: &str = "thank you";
const WELCOME: &str = "You are welcome.";

/// What Genesys says of its queues is told.
const ESTIMATED: &str = "estimate_every_seconds = 10\n";

/// Shows all that a bot's message can hold, and gives up unless the user is content.
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
                "attachments": [attachment("ATTACHMENT_CONTENT_TYPE_URL")],
                "response_suggestions": [
                    {"message_text": "Main Street"}, {"message_text": "Show me all"},
                ],
            }),
        ),
        (Some("user_message"), "a page") => {
            (200, json!({"destination": "page", "reason": "COMPLEX_QUERY"}))
        }
        (Some("user_message"), "break") => (400, Value::Null),
        (Some("user_message"), THANKS) => (200, json!({ "utterance": WELCOME })),
        (Some("user_message"), _) => (
            200,
            json!({
                "utterance": "One moment.",
                "attachments": [attachment("ATTACHMENT_CONTENT_TYPE_IMAGE")],
                "response_suggestions": [{"message_text": "Yes", "payload": "yes_intent"}],
                "handoff": {"text_chat": {"genesys_integration": {"queue": "Support"}}},
            }),
        ),
        _ => (204, Value::Null),
    }
}

/// A stage with a bot that shows all that it can, and these lines for its handoffs.
pub(crate) async fn showing_all(way: Way, handoff: &str) -> Stage {
    let bot = ScriptedBot::start(shows_all).await;
    let page = "[[tenants.destinations]]\nname = 'page'\nroute = 'https://example.com/help'\n";
    let sections = format!("{}picture = 'https://example.com/ada.png'\n{page}", bot.section());
    let stage = Stage::set_with(way, bot, sections, handoff).await;
    stage.world.switch(switches()).await;
    stage
}

/// An org in which typing passes, and that knows how long a wait may take.
fn switches() -> Value {
    json!({"typing_outbound": true, "typing_inbound": true, "estimated_wait_seconds": 180})
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
    serve(&stage, &client).await;
    ends(&client).await
}

/// After the agent the bot has the chat again.
async fn bot_takes_back() -> Screen {
    let stage = stage(&format!("{AGENT_IS_SHOWN}{ESTIMATED}after = 'keep_open'\n")).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    serve(&stage, &client).await;
    client.sees_events("AgentJoined", 2).await;
    bot_answers(&client).await
}

/// The flow at Genesys says how it stands while the user waits.
async fn in_queue_flow() -> Screen {
    let stage = stage(&format!("{AGENT_IS_SHOWN}in_queue_messages = 'show'\n")).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    let conversation = stage.queued(&client).await;
    let place = json!({"action": "bot_answer", "text": "You are #2 in line"});
    stage.world.act(&conversation, place).await;
    serve(&stage, &client).await;
    ends(&client).await
}

/// An agent serves the user who waits, and leaves.
async fn serve(stage: &Stage, client: &Sdk) {
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
    client.sees_events("LiveAgentLeft", 1).await;
}

/// The session ends.
async fn ends(client: &Sdk) -> Screen {
    client.sees_events("SessionEnd", 1).await;
    client.sees("the end", |screen| screen.status == Status::Closed).await;
    client.assert_whole().await
}

/// The bot has the chat, and speaks next.
async fn bot_answers(client: &Sdk) -> Screen {
    client.gets_across(THANKS).await;
    client.hears(Speaker::Bot, WELCOME).await;
    client.assert_whole().await
}

/// The flow at Genesys ends the wait.
async fn nobody_came() -> Screen {
    let stage = stage(ESTIMATED).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    client.sees_events("HandoffQueueStatus", 1).await;
    let conversation = stage.queued(&client).await;
    stage.world.act(&conversation, json!({"action": "end_flow"})).await;
    client.sees_events("AgentJoined", 2).await;
    bot_answers(&client).await
}

/// No agent is free for as long as the user is to wait.
async fn waited_too_long() -> Screen {
    let stage = stage(&format!("{ESTIMATED}longest_wait_seconds = 2\n")).await;
    let client = client(&stage).await;
    client.gets_across("an agent please").await;
    client.sees_events("HandoffTimeout", 1).await;
    client.sees_events("AgentJoined", 2).await;
    bot_answers(&client).await
}

/// The bot names a destination that is the client's.
async fn left_to_the_client() -> Screen {
    let stage = stage("").await;
    let client = client(&stage).await;
    client.gets_across("a page").await;
    client.sees_events("AgentLeft", 1).await;
    bot_answers(&client).await
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
