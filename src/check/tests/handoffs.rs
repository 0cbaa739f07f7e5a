//! A whole handoff.

use baton_check::{Outcome, Step};
use serde_json::json;

use crate::world::{Setting, World, assert_says, crosses};

/// What the report says of the handoff, in order.
async fn handoff(world: &World) -> Vec<(Outcome, String)> {
    let report = world.check().await;
    let handoff = report.findings.into_iter().filter(|finding| finding.step == Step::Handoff);
    handoff.map(|finding| (finding.outcome, finding.sentence)).collect()
}

#[tokio::test]
async fn a_handoff_comes_to_the_queue_and_is_ended() {
    let world = World::start(Setting { handoff: true, ..Setting::default() }).await;
    let stages = handoff(&world).await;
    assert!(stages.iter().all(|(outcome, _)| *outcome == Outcome::Passed), "{stages:#?}");
    let [(_, made), (_, came), (_, ended)] = &stages[..] else { panic!("{stages:#?}") };
    assert_says(made, &["made the conversation"]);
    assert_says(came, &["it came to "]);
    assert_says(ended, &["it was ended"]);
    let conversations = world.get_control("conversations").await;
    assert_eq!(conversations.as_array().map(Vec::len), Some(1), "{conversations}");
    assert!(conversations.to_string().contains("baton-check-"), "{conversations}");
}

#[tokio::test]
async fn a_handoff_that_cannot_be_ended_says_which_conversation_is_left() {
    let lacking = Setting::without("conversation:communication:disconnect");
    let world = World::start(Setting { handoff: true, ..lacking }).await;
    let stages = handoff(&world).await;
    let (outcome, sentence) = stages.last().unwrap();
    assert_eq!(*outcome, Outcome::Failed);
    assert_says(sentence, &["could not be ended", "conversation:communication:disconnect"]);
}

#[tokio::test]
async fn a_flow_that_keeps_the_conversation_proves_no_handoff_and_it_is_ended() {
    let world = World::start(Setting { handoff: true, ..Setting::default() }).await;
    let org = json!({
        "typing_inbound": true,
        "typing_outbound": true,
        "integrations_show_secrets": true,
        "flow_keeps_conversation": true,
    });
    world.put("org", org).await;
    let stages = handoff(&world).await;
    let [_, (outcome, came), (_, ended)] = &stages[..] else { panic!("{stages:#?}") };
    assert_eq!(*outcome, Outcome::NotProven);
    assert_says(came, &["a flow", "transfers to a queue"]);
    assert_says(ended, &["it was ended"]);
}

#[tokio::test]
async fn a_conversation_that_cannot_be_watched_is_told_as_one_that_is_left() {
    let world = World::start(Setting { handoff: true, ..Setting::default() }).await;
    let reading = "GET /api/v2/conversations/messages/{conversationId}";
    let refused =
        json!({ "fault": { "answer": { "status": 400 } }, "matching": reading, "probability": 1 });
    world.put("faults", json!({ "requests": [refused] })).await;
    let stages = handoff(&world).await;
    let [_, (lost, _), (left, sentence)] = &stages[..] else { panic!("{stages:#?}") };
    assert_eq!((*lost, *left), (Outcome::Failed, Outcome::Failed));
    assert_says(sentence, &["could not be ended, end it in Genesys"]);
}

#[tokio::test]
async fn a_message_that_genesys_does_not_take_begins_no_handoff() {
    let lacking = Setting::without("conversation:message:receive");
    let world = World::start(Setting { handoff: true, ..lacking }).await;
    let report = world.check().await;
    let crosses = crosses(&report);
    let steps: Vec<Step> = crosses.iter().map(|(step, ..)| *step).collect();
    assert_eq!(steps, [Step::Permission, Step::Handoff]);
    assert_says(crosses[1].2, &["conversation:message:receive"]);
}
