//! A whole chat, from the bot to an agent and to its end, with a misfortune at each step.

use baton_tests::{
    sdk::{ANDROID, IOS, Profile, Screen, Sdk, Speaker, Status, decode::Decoded},
    world::Halt,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::join;

use crate::stage::{GREETING, Misfortune, Stage, Way};

/// Plays the chat. At each of its steps the next misfortune comes.
pub(crate) async fn plays_a_whole_chat(
    mut stage: Stage,
    profile: Profile,
    misfortunes: [Misfortune; Misfortune::NUMBER],
) {
    let [with_bot, at_handoff, in_queue, at_answer, with_agent, at_end] = misfortunes;
    let client = stage.greeted_client(profile).await;

    says_in_misfortune(&mut stage, &client, "my order", with_bot).await;
    client.sees("the bot's answer", |screen| screen.texts(Speaker::Bot).len() > 1).await;
    stage.take_nothing().await;
    client.gets_across("an agent please").await;
    client.sees_events("AgentTriggeredHandoff", 1).await;
    says_in_misfortune(&mut stage, &client, "hello?", at_handoff).await;
    assert!(!client.screen().has("HandoffAccepted"));
    stage.take_all().await;
    client.sees_events("HandoffAccepted", 1).await;
    let conversation = stage.queued(&client).await;
    says_in_misfortune(&mut stage, &client, "is anybody there?", in_queue).await;

    stage.world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    stage.world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    stage.suffer(at_answer, &client).await;
    client.hears(Speaker::Agent, "Hello").await;
    says_in_misfortune(&mut stage, &client, "there you are", with_agent).await;
    stage.all_is_posted().await;

    stage.world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
    stage.strike(at_end, &client).await;
    stage.world.act(&conversation, json!({"action": "end"})).await;
    stage.recover(at_end).await;
    client.sees_events("SessionEnd", 1).await;
    client.sees("the end", |screen| screen.status == Status::Closed).await;

    let screen = client.assert_whole().await;
    assert!(screen.has_ended);
    assert_eq!(screen.joins, 1);
    assert_eq!(screen.texts(Speaker::Agent), ["Hello", "Goodbye"]);
    let names = screen.names();
    for name in ["AgentTriggeredHandoff", "AgentLeft", "HandoffAccepted", "LiveAgentJoined"] {
        assert_eq!(names.iter().filter(|one| **one == name).count(), 1, "{name}: {names:?}");
    }
    assert_eq!(names[names.len() - 2..], ["LiveAgentLeft", "SessionEnd"]);
    assert_everybody_heard(&stage, &screen, &conversation).await;
    assert_drains_are_told(&screen, misfortunes);
}

/// Whoever was connected when the sidecar stopped was told to come again.
fn assert_drains_are_told(screen: &Screen, misfortunes: [Misfortune; Misfortune::NUMBER]) {
    let is_drain = |one: &&Misfortune| **one == Misfortune::Restarted(Halt::Stop);
    let drains = misfortunes.iter().filter(is_drain).count();
    let told = screen.closes.iter().filter(|code| **code == Some(1012)).count();
    assert!(told >= drains, "{:?}", screen.closes);
}

/// The user says something while a misfortune happens.
async fn says_in_misfortune(stage: &mut Stage, client: &Sdk, text: &str, misfortune: Misfortune) {
    join!(client.gets_across(text), stage.suffer(misfortune, client));
}

/// What the client shows as said was heard by whoever had the chat, once and in order.
async fn assert_everybody_heard(stage: &Stage, screen: &Screen, conversation: &Value) {
    let of_user = |event: &&Decoded| event.name == "UserMessage";
    let said: Vec<&str> = screen.log.iter().filter(of_user).map(|event| event.text()).collect();
    let to_humans: Vec<String> = stage
        .said_to_humans(conversation)
        .await
        .into_iter()
        .filter(|text| said.contains(&text.as_str()))
        .collect();
    let to_bot = stage.said_to_bot();
    let heard: Vec<&str> = to_bot.iter().chain(&to_humans).map(String::as_str).collect();
    assert_eq!(heard, said);
    assert_eq!(screen.texts(Speaker::Bot)[0], GREETING);
}

/// Plays the chat once for each misfortune, all at the same time.
async fn survives_each(profile: Profile) {
    let play = async |misfortune| {
        let stage = Stage::set(Way::Direct).await;
        plays_a_whole_chat(stage, profile, [misfortune; Misfortune::NUMBER]).await;
    };
    join_all(Misfortune::ALL.map(play)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_an_ios_client_loses_nothing_and_sees_nothing_twice_whatever_befalls_it() {
    survives_each(IOS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_an_android_client_loses_nothing_and_sees_nothing_twice_whatever_befalls_it() {
    survives_each(ANDROID).await;
}
