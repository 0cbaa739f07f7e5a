//! How a conversation ends, from both sides.

use std::time::Duration;

use baton_simulator::org::Switches;
use serde_json::json;

use crate::scene::Scene;

#[test]
fn an_agent_who_ends_takes_the_customers_leg_along_and_wraps_up_later() {
    let mut scene = Scene::connected();
    scene.passes(Duration::from_secs(100));
    scene.does(json!({ "action": "end" }));
    let events = scene.events();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["user.end", "customer.end"]);
    assert_eq!(events[0].1["disconnectType"], "CLIENT");
    assert_eq!(events[0].1["interactingDurationMs"], 100_000);
    assert_eq!(events[1].1["disconnectType"], "PEER");
    assert_eq!(scene.states("agent"), ["disconnected/client"]);
    assert_eq!(scene.states("customer"), ["disconnected/peer"]);
    assert!(scene.participants("agent")[0].get("endAcwTime").is_none());
    scene.passes(Duration::from_secs(60));
    assert_eq!(scene.story(), ["acw"]);
    assert!(scene.participants("agent")[0]["endAcwTime"].is_string());
    assert_eq!(scene.standing(), "ended");
}

#[test]
fn the_customers_leg_can_outlive_the_agent() {
    let mut scene =
        Scene::with(Switches { customer_leg_outlives_agent: true, ..Switches::default() });
    scene.writes("hello");
    let mut scene = scene.where_dana_accepts();
    scene.does(json!({ "action": "end" }));
    assert_eq!(scene.story(), ["user.end CLIENT"]);
    assert_eq!(scene.states("customer"), ["connected"]);
    assert_eq!(scene.standing(), "unattended");
    scene.writes("still there?");
    assert_eq!(scene.story(), ["flow.start", "flow.end TRANSFER", "acd.start"]);
}

#[test]
fn an_end_can_have_any_reason() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "end", "disconnect_type": "INACTIVITY" }));
    assert_eq!(scene.story(), ["user.end INACTIVITY", "customer.end PEER"]);
}

#[test]
fn a_customer_who_leaves_takes_the_agents_leg_along() {
    let mut scene = Scene::connected();
    let (conversation, customer) = (scene.conversation.clone(), scene.participant("customer"));
    scene.org.disconnect_participant(scene.now, &conversation, &customer).unwrap();
    assert_eq!(scene.story(), ["customer.end CLIENT", "user.end PEER"]);
    assert_eq!(scene.standing(), "ended");
}

#[test]
fn a_customer_who_leaves_while_queued_leaves_no_ghost() {
    let mut scene = Scene::queued();
    let (conversation, customer) = (scene.conversation.clone(), scene.participant("customer"));
    scene.org.disconnect_participant(scene.now, &conversation, &customer).unwrap();
    let events = scene.events();
    assert_eq!(events[0].0, "customer.end");
    assert_eq!((events[1].0.as_str(), &events[1].1["acdOutcome"]), ("acd.end", &json!("ABANDON")));
    assert_eq!(scene.standing(), "ended");
    assert!(scene.tries(json!({ "action": "accept", "user": "Dana" })).is_err());
}

#[test]
fn a_customer_who_leaves_while_an_agent_is_alerted_stops_the_ringing() {
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": "Dana" }));
    let (conversation, customer) = (scene.conversation.clone(), scene.participant("customer"));
    scene.org.disconnect_participant(scene.now, &conversation, &customer).unwrap();
    scene.passes(Duration::from_secs(120));
    assert_eq!(
        scene.story(),
        ["user.start", "customer.end CLIENT", "acd.end PEER", "user.end PEER"]
    );
}

#[test]
fn leaving_twice_changes_nothing_and_is_remembered_twice() {
    let mut scene = Scene::connected();
    let (conversation, customer) = (scene.conversation.clone(), scene.participant("customer"));
    scene.org.disconnect_participant(scene.now, &conversation, &customer).unwrap();
    scene.story();
    scene.org.disconnect_participant(scene.now, &conversation, &customer).unwrap();
    assert_eq!(scene.story(), Vec::<String>::new());
    let truth = scene.org.truth(&conversation).unwrap();
    assert_eq!(truth["disconnect_requests"].as_array().unwrap().len(), 2);
}

#[test]
fn a_leg_can_be_ended_by_its_communication() {
    let mut scene = Scene::connected();
    let conversation = scene.conversation.clone();
    let agent = scene.participant("agent");
    let communication = scene.participants("customer")[0]["peer"].as_str().unwrap().to_owned();
    let org = &mut scene.org;
    let unknown = org.disconnect_communication(scene.now, &conversation, &agent, "nothing");
    assert_eq!(unknown.unwrap_err().status, 404);
    org.disconnect_communication(scene.now, &conversation, &agent, &communication).unwrap();
    assert_eq!(scene.story(), ["user.end CLIENT", "customer.end PEER"]);
}

#[test]
fn a_whole_conversation_can_be_ended() {
    let mut scene = Scene::connected();
    let conversation = scene.conversation.clone();
    scene.org.disconnect_conversation(scene.now, &conversation).unwrap();
    assert_eq!(scene.story(), ["customer.end SYSTEM", "user.end PEER"]);
}

#[test]
fn what_is_not_there_cannot_be_ended() {
    let mut scene = Scene::connected();
    let conversation = scene.conversation.clone();
    let org = &mut scene.org;
    let refusals = [
        org.disconnect_conversation(scene.now, "nothing"),
        org.disconnect_participant(scene.now, "nothing", "nobody"),
        org.disconnect_participant(scene.now, &conversation, "nobody"),
    ];
    assert!(refusals.into_iter().all(|refusal| refusal.unwrap_err().status == 404));
}
