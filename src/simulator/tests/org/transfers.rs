//! How a conversation goes from one to another.

use std::time::Duration;

use baton_simulator::org::{Replaceable, Switches};
use serde_json::json;

use crate::scene::{DANA, MILAN, SALES, SUPPORT, Scene};

#[test]
fn a_transfer_to_a_queue_ends_the_agents_leg_and_nothing_else() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "transfer_to_queue", "queue": "Sales" }));
    assert_eq!(scene.story(), ["user.end TRANSFER", "acd.start"]);
    assert_eq!(scene.states("customer"), ["connected"]);
    assert_eq!(scene.participants("acd")[1]["queue"]["id"], SALES);
    scene.does(json!({ "action": "accept", "user": "Milan" }));
    assert_eq!(scene.story(), ["user.start", "acd.end TRANSFER"]);
}

#[test]
fn a_transfer_to_an_agent_alerts_without_a_queue() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "transfer_to_user", "to": "Milan" }));
    let events = scene.events();
    assert_eq!(events[0].0, "user.end");
    assert_eq!((events[1].0.as_str(), &events[1].1["userId"]), ("user.start", &json!(MILAN)));
    assert_eq!(events[1].1.get("queueId"), None);
    scene.does(json!({ "action": "accept" }));
    assert_eq!(scene.story(), Vec::<String>::new(), "no queue, so no acd.end tells of it");
    assert_eq!(scene.standing(), "connected");
}

#[test]
fn a_transfer_to_an_agent_who_does_not_answer_goes_back_to_the_queue_it_came_from() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "transfer_to_user", "to": "Milan" }));
    scene.passes(Duration::from_secs(30));
    assert_eq!(
        scene.story(),
        ["user.end TRANSFER", "user.start", "user.end NO_ANSWER_TRANSFER", "acd.start"]
    );
    assert_eq!(scene.participants("acd").last().unwrap()["queue"]["id"], SUPPORT);
}

#[test]
fn a_conversation_can_go_back_to_a_flow() {
    let mut scene = Scene::connected();
    scene
        .org
        .set_switches(Switches { flow_keeps_conversation: true, ..Default::default() })
        .unwrap();
    scene.does(json!({ "action": "send_to_flow", "flow": "Survey flow" }));
    assert_eq!(scene.story(), ["user.end TRANSFER", "flow.start"]);
    assert_eq!(scene.standing(), "in_flow");
    scene.does(json!({ "action": "bot_answer", "text": "How did we do?" }));
    scene.does(json!({ "action": "end_flow" }));
    assert_eq!(scene.story(), ["flow.end CLIENT", "customer.end PEER"]);
}

#[test]
fn the_api_transfers_an_agents_participant_to_a_queue_by_id_or_name() {
    for body in [json!({ "queueId": SALES }), json!({ "queueName": "Sales" })] {
        let mut scene = Scene::connected();
        let agent = scene.participant("agent");
        let conversation = scene.conversation.clone();
        scene.org.replace_with_queue(scene.now, &conversation, &agent, &body).unwrap();
        assert_eq!(scene.story(), ["user.end TRANSFER", "acd.start"]);
    }
}

/// A conversation that the flow has put into the queue without members.
fn in_bot_queue(replaceable_in_queue: Replaceable) -> Scene {
    let flow_queue = Some("Bot queue".to_owned());
    let mut scene =
        Scene::with(Switches { flow_queue, replaceable_in_queue, ..Switches::default() });
    scene.writes("I want to talk to a person");
    scene.story();
    scene
}

#[test]
fn nobody_takes_a_conversation_out_of_a_queue_without_members() {
    let mut scene = in_bot_queue(Replaceable::Acd);
    assert_eq!(scene.participants("acd")[0]["name"], "Bot queue");
    let action = serde_json::from_value(json!({ "action": "accept", "user": "Milan" })).unwrap();
    let conversation = scene.conversation.clone();
    let refusal = scene.org.act(scene.now, &conversation, action).unwrap_err();
    assert!(refusal.message.contains("no members"), "{refusal}");
}

#[test]
fn out_of_a_queue_that_participant_is_replaced_that_can_be() {
    let not_connected = "conversations.error.transfer.not.connected";
    let same_party = "conversations.error.transfer.same.party";
    for (replaceable, acd_code, customer_code) in [
        (Replaceable::Acd, None, Some(same_party)),
        (Replaceable::Customer, Some(not_connected), None),
        (Replaceable::Neither, Some(not_connected), Some(same_party)),
    ] {
        for (purpose, expected) in [("acd", acd_code), ("customer", customer_code)] {
            let mut scene = in_bot_queue(replaceable);
            let conversation = scene.conversation.clone();
            let participant = scene.participant(purpose);
            let body = json!({ "queueName": "Sales" });
            let replaced =
                scene.org.replace_with_queue(scene.now, &conversation, &participant, &body);
            assert_eq!(replaced.err().map(|refusal| refusal.code), expected);
            let story: &[&str] =
                if expected.is_none() { &["acd.end TRANSFER", "acd.start"] } else { &[] };
            assert_eq!(scene.story(), story);
        }
    }
}

#[test]
fn the_api_transfers_to_an_agent() {
    let mut scene = Scene::connected();
    let (conversation, agent) = (scene.conversation.clone(), scene.participant("agent"));
    let body = json!({ "userId": MILAN, "transferType": "Unattended" });
    scene.org.replace(scene.now, &conversation, &agent, &body).unwrap();
    assert_eq!(scene.story(), ["user.end TRANSFER", "user.start"]);
}

#[test]
fn a_transfer_that_cannot_be_made_has_genesys_code() {
    let mut scene = Scene::connected();
    let conversation = scene.conversation.clone();
    let (agent, acd) = (scene.participant("agent"), scene.participant("acd"));
    let customer = scene.participant("customer");
    let cases = [
        (&agent, json!({}), "conversations.error.transfer.destination.required"),
        (&agent, json!({ "queueName": "Nobody" }), "conversations.error.queue.not.found"),
        (&agent, json!({ "userId": DANA }), "conversations.error.transfer.same.party"),
        (&acd, json!({ "queueId": SALES }), "conversations.error.transfer.not.connected"),
        (&customer, json!({ "queueId": SALES }), "conversations.error.transfer.same.party"),
        (&agent, json!({ "queueId": SALES, "transferType": "Odd" }), "invalid.value"),
    ];
    for (participant, body, code) in cases {
        let refusal = scene.org.replace(scene.now, &conversation, participant, &body).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (400, code));
    }
    let refusal =
        scene.org.replace(scene.now, &conversation, "nobody", &json!({ "queueId": SALES }));
    assert_eq!(refusal.unwrap_err().status, 404);
    assert_eq!(scene.story(), Vec::<String>::new());
}
