//! Everything that a chat can hold, by the whole way: client, Envoy, bot, handoff, agent, webhook,
//! Envoy, client.

use baton_tests::{
    envoy::Hold,
    sdk::{ANDROID, IOS, Profile, Screen, Sdk, Speaker},
    wait::until,
    world::{is_over, posted},
};
use serde_json::{Value, json};
use tokio::join;

use crate::{
    agent_desktop::AgentDesktop,
    scenes::showing_all,
    stage::{AGENT_IS_SHOWN, Stage, Way, begin},
};

/// A user who came to an agent, and the conversation.
async fn served(stage: &Stage, profile: Profile) -> (Sdk, Value) {
    let client = begin(profile, stage.address()).await;
    client.hears(Speaker::Bot, "Which location?").await;
    client.gets_across("an agent please").await;
    client.sees_events("HandoffAccepted", 1).await;
    let conversation = stage.queued(&client).await;
    stage.world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    client.sees_events("LiveAgentJoined", 1).await;
    (client, conversation)
}

/// Waits until Genesys' truth about the conversation is as it is wanted.
async fn at_genesys(stage: &Stage, conversation: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let look = async || Some(stage.world.truth(conversation).await).filter(&wanted);
    until("the conversation at Genesys", look).await
}

/// Attachments, quick replies, typing of either side and a transfer; the agent ends it.
async fn an_agent_ends_it(hold: Hold) {
    let stage = showing_all(Way::Behind(hold), AGENT_IS_SHOWN).await;
    let (client, conversation) = served(&stage, IOS).await;
    let act = async |action: Value| stage.world.act(&conversation, action).await;
    let mut desktop = AgentDesktop::open(&stage.world, &conversation).await;
    client.send("EVENT_TYPE_USER_TYPING", &json!({"state": "TYPING_STATE_STARTED"}));
    assert_eq!(desktop.sees_typing().await["conversationId"], conversation["id"]);
    act(json!({"action": "type"})).await;
    client.sees("the agent typing", |screen| typed(screen, "STARTED")).await;
    act(json!({"action": "answer", "shape": "attachment-image-with-text"})).await;
    act(json!({"action": "answer", "shape": "structured-quickreply"})).await;
    let screen = client.hears(Speaker::Agent, "Which team?").await;
    assert!(typed(&client.sees("a pause", |screen| typed(screen, "STOPPED")).await, "STOPPED"));
    let of_agent: Vec<Value> = screen
        .log
        .iter()
        .filter(|event| event.name == "LiveAgentMessage")
        .map(|event| event.reading())
        .collect();
    assert_eq!(of_agent[0]["attachments"][0]["type"], "IMAGE");
    assert_eq!(of_agent[0]["name"], "Dana Reyes");
    assert_eq!(of_agent[1]["suggestions"][0]["text"], "Sales");

    client.gets_across("Sales").await;
    let chosen = |truth: &Value| {
        let messages = truth["messages"].as_array().expect("a list");
        messages.iter().any(|one| one["content"][0]["buttonResponse"]["payload"] == "sales")
    };
    at_genesys(&stage, &conversation, chosen).await;

    act(json!({"action": "transfer_to_queue", "queue": "Sales"})).await;
    act(json!({"action": "accept", "user": "Milan"})).await;
    client.sees_events("LiveAgentJoined", 2).await;
    assert!(!client.screen().has_ended, "a transfer is no end");
    act(json!({"action": "answer", "text": "Milan here"})).await;
    client.hears(Speaker::Agent, "Milan here").await;
    act(json!({"action": "end"})).await;
    let end = client.sees_events("SessionEnd", 1).await;
    assert_eq!(end.log.last().expect("events").payload["reason"], "REASON_NATURAL_END");
    client.assert_whole().await;
}

/// The user ends it.
async fn the_user_ends_it(hold: Hold) {
    let stage = showing_all(Way::Behind(hold), AGENT_IS_SHOWN).await;
    let (client, conversation) = served(&stage, ANDROID).await;
    client.gets_across("that is all").await;
    client.end();
    at_genesys(&stage, &conversation, is_over).await;
    let reopened = client.reopened();
    let end = reopened.sees_events("SessionEnd", 1).await;
    assert_eq!(end.log.last().expect("events").payload["reason"], "REASON_USER_END");
    let left = posted(&stage.world.truth(&conversation).await).len();
    assert!(left > 3, "the agent reads that the user left");
}

fn typed(screen: &Screen, state: &str) -> bool {
    screen
        .passing
        .iter()
        .any(|event| event.name == "LiveAgentTyping" && event.reading()["state"] == state)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_an_envoy_that_pauses_everything_arrives_and_either_side_may_end_it() {
    join!(an_agent_ends_it(Hold::Pause), the_user_ends_it(Hold::Pause));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_an_envoy_that_buffers_everything_arrives_and_either_side_may_end_it() {
    join!(an_agent_ends_it(Hold::BufferFilter), the_user_ends_it(Hold::BufferFilter));
}
