//! How agents come to a conversation, and what they do while they have it.

use std::time::Duration;

use baton_simulator::org::Switches;
use serde_json::json;

use crate::scene::{DANA, MILAN, SUPPORT, Scene};

#[test]
fn a_first_message_runs_the_flow_and_waits_in_the_queue() {
    let mut scene = Scene::new();
    scene.writes("hello");
    assert_eq!(scene.story(), ["customer.start", "flow.start", "flow.end TRANSFER", "acd.start"]);
    assert_eq!(scene.states("customer"), ["connected"]);
    assert_eq!(scene.states("workflow"), ["disconnected/transfer"]);
    assert_eq!(scene.states("acd"), ["connected"]);
    assert_eq!(scene.standing(), "queued");
}

#[test]
fn an_agent_starts_when_alerted_and_only_acceptance_is_answered() {
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": DANA }));
    let events = scene.events();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].0.as_str(), &events[0].1["userId"]), ("user.start", &json!(DANA)));
    assert_eq!(scene.states("agent"), ["alerting"]);

    scene.passes(Duration::from_secs(5));
    scene.does(json!({ "action": "accept" }));
    let events = scene.events();
    assert_eq!(events.len(), 1);
    let (name, body) = &events[0];
    assert_eq!(name, "acd.end");
    assert_eq!(body["acdOutcome"], "ANSWERED");
    assert_eq!(body["answeredUserId"], DANA);
    assert_eq!(body["queueId"], SUPPORT);
    assert_eq!(scene.states("agent"), ["connected"]);
    assert_eq!(scene.states("acd"), ["disconnected/transfer"]);
}

#[test]
fn the_agents_leg_has_the_customer_as_its_address_and_the_customers_the_integration() {
    let mut scene = Scene::new();
    scene.writes("hello");
    scene.does(json!({ "action": "accept", "user": "Dana" }));
    for (name, body) in scene.events() {
        let (to, from) = (&body["addressTo"], &body["addressFrom"]);
        let customers = name.starts_with("customer");
        assert_eq!(to == crate::scene::CUSTOMER, !customers, "{name}");
        assert_eq!(from == crate::scene::CUSTOMER, customers, "{name}");
        assert_eq!(body["mediaType"], "MESSAGE");
        assert_eq!(body["messageType"], "OPEN");
    }
}

#[test]
fn an_agent_who_lets_it_ring_loses_the_conversation_to_the_queue() {
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": "Dana" }));
    scene.story();
    scene.passes(Duration::from_secs(29));
    assert_eq!(scene.story(), Vec::<String>::new());
    assert_eq!(scene.org.next_due(), Some(scene.now + Duration::from_secs(1)));
    scene.passes(Duration::from_secs(1));
    assert_eq!(scene.story(), ["user.end NO_ANSWER_TRANSFER"]);
    assert_eq!(scene.states("agent"), ["disconnected/transfer.noanswer"]);
    assert_eq!(scene.standing(), "queued");
}

#[test]
fn no_answer_can_be_ordered_before_the_time_out_which_then_is_void() {
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": "Dana" }));
    scene.does(json!({ "action": "no_answer" }));
    assert_eq!(scene.story(), ["user.start", "user.end NO_ANSWER_TRANSFER"]);
    scene.does(json!({ "action": "accept", "user": "Milan" }));
    scene.story();
    scene.passes(Duration::from_secs(60));
    assert_eq!(scene.story(), Vec::<String>::new());
}

#[test]
fn an_agent_who_declines_does_not_end_the_conversation() {
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": "Dana" }));
    scene.does(json!({ "action": "decline" }));
    assert_eq!(scene.story(), ["user.start", "user.end NOT_AVAILABLE_TRANSFER"]);
    assert_eq!(scene.standing(), "queued");
    scene.does(json!({ "action": "accept", "user": "Milan" }));
    assert_eq!(scene.story(), ["user.start", "acd.end TRANSFER"]);
    assert_eq!(scene.standing(), "connected");
}

#[test]
fn two_agents_are_not_alerted_at_once() {
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": "Dana" }));
    assert_eq!(
        scene.tries(json!({ "action": "accept", "user": "Milan" })).unwrap_err().status,
        400
    );
}

#[test]
fn nobody_accepts_a_conversation_that_waits_nowhere() {
    let mut scene = Scene::connected();
    assert!(scene.tries(json!({ "action": "accept", "user": "Milan" })).is_err());
    assert!(scene.tries(json!({ "action": "accept", "user": "nobody" })).is_err());
    assert_eq!(scene.story(), Vec::<String>::new());
}

#[test]
fn a_parked_conversation_goes_on() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "park" }));
    assert_eq!(scene.states("agent"), ["parked"]);
    assert!(scene.participants("agent")[0]["parkTime"].is_string());
    assert_eq!(scene.standing(), "parked");
    assert!(scene.tries(json!({ "action": "answer", "text": "hi" })).is_err());
    scene.does(json!({ "action": "resume" }));
    assert_eq!(scene.states("agent"), ["connected"]);
    assert_eq!(scene.story(), Vec::<String>::new());
}

#[test]
fn parking_can_emit_an_end_that_is_none() {
    let mut scene = Scene::with(Switches { parking_emits_user_end: true, ..Switches::default() });
    scene.writes("hello");
    let mut scene = scene.where_dana_accepts();
    scene.does(json!({ "action": "park" }));
    assert_eq!(scene.story(), ["user.end OTHER"]);
    assert_eq!(scene.states("agent"), ["parked"]);
    scene.does(json!({ "action": "resume" }));
    assert_eq!(scene.story(), ["user.start"]);
}

#[test]
fn a_colleague_who_is_consulted_comes_and_goes_without_an_end() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "consult", "with": "Milan" }));
    scene.does(json!({ "action": "accept", "user": "Milan" }));
    assert_eq!(scene.story(), ["user.start"]);
    assert_eq!(scene.states("agent"), ["connected", "connected"]);
    assert!(scene.tries(json!({ "action": "answer", "user": "Milan", "text": "hi" })).is_err());
    scene.does(json!({ "action": "end_consult" }));
    assert_eq!(scene.story(), ["user.end CLIENT"]);
    assert_eq!(scene.states("agent"), ["connected", "disconnected/client"]);
    assert_eq!(scene.states("customer"), ["connected"]);
}

#[test]
fn a_colleague_who_declines_a_consultation_leaves_the_customer_with_the_agent() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "consult", "with": "Milan" }));
    scene.does(json!({ "action": "decline", "user": "Milan" }));
    assert_eq!(scene.story(), ["user.start", "user.end NOT_AVAILABLE_TRANSFER"]);
    assert_eq!(scene.standing(), "connected");
    assert!(scene.participants("acd").iter().all(|entry| entry["state"] == "disconnected"));
}

#[test]
fn a_consultation_can_be_completed_as_a_transfer() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "consult", "with": "Milan" }));
    scene.does(json!({ "action": "accept", "user": "Milan" }));
    scene.does(json!({ "action": "complete_consult" }));
    assert_eq!(scene.story(), ["user.start", "user.end CONSULT_TRANSFER"]);
    let agents = scene.participants("agent");
    assert_eq!(
        (&agents[1]["state"], &agents[1]["user"]["id"]),
        (&json!("connected"), &json!(MILAN))
    );
    scene.does(json!({ "action": "answer", "text": "Milan here" }));
}

#[test]
fn queues_and_agents_are_told_the_state_of_their_conversations() {
    use baton_simulator::org::Emission;
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "alert", "user": "Dana" }));
    let topics: Vec<String> = scene
        .org
        .take_emissions()
        .into_iter()
        .filter_map(|emission| match emission {
            Emission::Event { topic, .. } => Some(topic),
            Emission::Webhook { .. } => None,
        })
        .filter(|topic| topic.ends_with(".conversations.messages"))
        .collect();
    assert_eq!(
        topics,
        [
            format!("v2.routing.queues.{SUPPORT}.conversations.messages"),
            format!("v2.users.{DANA}.conversations.messages"),
        ]
    );
    assert!(topics.iter().all(|topic| scene.org.topic_exists(topic)));
}
