//! A session that was long, or that went on after its agent, as an app gets it that is opened again.

use baton_tests::{
    bot::ScriptedBot,
    sdk::{ANDROID, PROFILES, Profile, Sdk, Speaker},
    world::{FIRST_MESSAGE, Halt},
};
use serde_json::{Value, json};

use crate::stage::{Misfortune, Stage, Way, begin, greeted};

/// More than Android's buffer holds, together with what the bot answers.
const MESSAGES: usize = 140;

/// The most events that Android takes at a time without a loss (Messaging API, 11).
const MOST: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_a_session_longer_than_androids_buffer_is_replayed_without_a_loss() {
    let stage = Stage::set(Way::Direct).await;
    let client = greeted(ANDROID, stage.address()).await;
    for number in 0..MESSAGES {
        client.gets_across(&number.to_string()).await;
    }
    client.sees("the last answer", |screen| screen.texts(Speaker::Bot).len() > MESSAGES).await;
    let screen = client.assert_whole().await;
    assert!(screen.log.len() > 256);
    let reopened = client.reopened();
    let again = reopened.sees("all", |again| again.log.len() == screen.log.len()).await;
    assert!(again.batches.iter().all(|size| *size <= MOST), "{:?}", again.batches);
    assert_eq!(again.overflowed, 0);
}

/// The user asks for a human, whom an agent serves and leaves.
async fn is_served(stage: &Stage, client: &Sdk, times: usize) {
    client.gets_across(&format!("agent number {times}, please")).await;
    client.sees_events("HandoffAccepted", times).await;
    let conversation = stage.queued(client).await;
    stage.world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    client.sees_events("LiveAgentJoined", times).await;
    stage.world.act(&conversation, json!({"action": "end"})).await;
    let left = client.sees_events("SessionStart", times + 1).await;
    assert!(!left.has_ended, "the session goes on");
}

/// A client whose sessions go on after their agent, and where it is served.
async fn kept_open(profile: Profile, has_bot: bool) -> (Stage, Sdk) {
    let after = "after = 'keep_open'";
    if has_bot {
        let stage = Stage::set_handing_over(Way::Direct, after).await;
        let client = stage.greeted_client(profile).await;
        return (stage, client);
    }
    let bot = ScriptedBot::start(|_| (204, Value::Null)).await;
    let handoff = format!("{FIRST_MESSAGE}\n{after}");
    let stage = Stage::set_with(Way::Direct, bot, String::new(), &handoff).await;
    let client = begin(profile, stage.address()).await;
    (stage, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_a_chat_goes_on_after_the_agent_and_so_it_does_where_it_is_opened_again() {
    for profile in PROFILES {
        let (mut stage, client) = kept_open(profile, true).await;
        is_served(&stage, &client, 1).await;
        stage.suffer(Misfortune::Restarted(Halt::Stop), &client).await;
        let said = client.gets_across("thank you").await;
        client.hears(Speaker::Bot, &format!("You said {said}")).await;
        let screen = client.assert_whole().await;
        let names = screen.names();
        let left = names.iter().position(|name| *name == "LiveAgentLeft").expect("it left");
        let next = ["SessionStart", "AgentJoined", "UserMessage", "AgentMessage"];
        assert_eq!(names[left + 1..], next);
        assert_eq!(screen.joins, 1, "the bot is there already");

        let reopened = client.reopened();
        let again = reopened.sees("all", |again| again.log.len() == screen.log.len()).await;
        assert_eq!((again.has_ended, again.joins), (false, 0));
        is_served(&stage, &reopened, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_in_vain_for_a_bot_whenever_its_session_begins_again_loses_nothing() {
    for profile in PROFILES {
        let (stage, client) = kept_open(profile, false).await;
        for times in 1..=2 {
            is_served(&stage, &client, times).await;
        }
        client.sees("asking", |screen| screen.joins == 3).await;
        client.gets_across("is anybody there?").await;
        client.sees_events("HandoffAccepted", 3).await;
        let screen = client.assert_whole().await;
        let is_asking = |name: &&str| *name == "RequestPolyAgentJoin";
        let names: Vec<&str> = screen.names().into_iter().filter(|name| !is_asking(name)).collect();
        let begun = ["SessionStart", "UserMessage", "AgentTriggeredHandoff", "HandoffAccepted"];
        let served = [&begun[..], &["LiveAgentJoined", "LiveAgentLeft"]].concat();
        assert_eq!(names, [&served[..], &served, &begun].concat());
    }
}
