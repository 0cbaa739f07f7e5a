//! An end user who comes back finds the same conversation (Genesys reference 5).

use std::time::Duration;

use baton_simulator::org::Switches;
use serde_json::json;

use crate::scene::{CUSTOMER, INTEGRATION, Scene};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn a_later_message_joins_the_same_conversation_with_recurring_participants() {
    let mut scene = Scene::connected();
    let first = scene.conversation.clone();
    let (customer, agent) = (scene.participant("customer"), scene.participant("agent"));
    scene.does(json!({ "action": "end" }));
    scene.passes(71 * HOUR);
    scene.story();
    scene.writes("me again");
    assert_eq!(scene.conversation, first);
    assert_eq!(scene.story(), ["customer.start", "flow.start", "flow.end TRANSFER", "acd.start"]);
    scene.does(json!({ "action": "accept", "user": "Dana" }));

    for (purpose, id) in [("customer", customer), ("agent", agent)] {
        let entries = scene.participants(purpose);
        assert_eq!(entries.len(), 2);
        assert!(entries.iter().all(|entry| entry["id"] == id));
        assert_ne!(entries[0]["peer"], entries[1]["peer"]);
    }
    assert_eq!(scene.states("customer"), ["disconnected/peer", "connected"]);
    assert_eq!(scene.states("agent"), ["disconnected/client", "connected"]);
}

#[test]
fn a_message_after_the_window_begins_another_conversation() {
    let mut scene = Scene::connected();
    let first = scene.conversation.clone();
    scene.does(json!({ "action": "end" }));
    scene.passes(73 * HOUR);
    scene.writes("me again");
    assert_ne!(scene.conversation, first);
}

#[test]
fn a_conversation_that_somebody_attends_to_has_no_window() {
    let mut scene = Scene::connected();
    let first = scene.conversation.clone();
    scene.passes(100 * HOUR);
    scene.writes("sorry, I was asleep");
    assert_eq!(scene.conversation, first);
}

#[test]
fn another_end_user_or_integration_has_a_conversation_of_its_own() {
    let mut scene = Scene::connected();
    let body = json!({
        "channel": {
            "from": { "id": "somebody-else", "idType": "email" },
            "time": "2026-05-04T09:15:00Z",
        },
        "text": "hello",
    });
    let taken = scene.receives(&body).unwrap();
    assert_ne!(taken["conversationId"], scene.conversation);
    assert_eq!(scene.org.summaries(Some(CUSTOMER)).len(), 1);
    assert_eq!(scene.org.summaries(None).len(), 2);
    assert_eq!(
        scene.org.thread(scene.now, INTEGRATION, CUSTOMER).as_deref(),
        Some(scene.conversation.as_str())
    );
    assert_eq!(scene.org.thread(scene.now, "another", CUSTOMER), None);
}

#[test]
fn a_message_while_an_agent_is_there_only_is_a_message() {
    let mut scene = Scene::with(Switches { receipts_for_inbound: false, ..Switches::default() });
    scene.writes("hello");
    let mut scene = scene.where_dana_accepts();
    scene.writes("are you there?");
    assert_eq!(scene.webhooks().len(), 0);
    assert_eq!(scene.participants("customer").len(), 1);
    assert_eq!(scene.participants("customer")[0]["messages"].as_array().unwrap().len(), 2);
}
