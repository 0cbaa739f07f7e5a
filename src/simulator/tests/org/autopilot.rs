//! Agents that act by themselves.

use std::time::Duration;

use baton_simulator::org::{Autopilot, Switches};
use serde_json::{Value, json};

use crate::scene::Scene;

fn on_autopilot(end_after_messages: Option<u32>) -> Scene {
    let autopilot = Autopilot {
        accept_after_milliseconds: 250,
        greeting: Some("Hello".into()),
        echo: true,
        end_after_messages,
    };
    Scene::with(Switches {
        autopilot: Some(autopilot),
        receipts_for_inbound: false,
        ..Switches::default()
    })
}

fn texts(scene: &mut Scene) -> Vec<Value> {
    scene.webhooks().into_iter().map(|(_, body)| body["text"].clone()).collect()
}

#[test]
fn an_agent_accepts_greets_echoes_and_ends() {
    let mut scene = on_autopilot(Some(2));
    scene.writes("hello");
    assert_eq!(scene.standing(), "alerting");
    scene.passes(Duration::from_millis(250));
    assert_eq!(scene.standing(), "connected");
    assert_eq!(texts(&mut scene), ["Hello"]);
    scene.writes("one");
    assert_eq!(texts(&mut scene), ["one"]);
    scene.writes("two");
    assert_eq!(texts(&mut scene), ["two"]);
    assert_eq!(scene.standing(), "ended");
}

#[test]
fn a_declined_conversation_rings_at_the_next_agent() {
    let mut scene = on_autopilot(None);
    scene.writes("hello");
    let first = scene.participants("agent")[0]["user"]["id"].clone();
    scene.does(json!({ "action": "decline" }));
    scene.passes(Duration::from_millis(250));
    let agents = scene.participants("agent");
    assert_eq!((agents.len(), &agents[1]["state"]), (2, &json!("connected")));
    assert_ne!(agents[1]["user"]["id"], first);
}

#[test]
fn the_switches_are_read_with_their_defaults() {
    let switches: Switches =
        serde_json::from_value(json!({ "autopilot": { "echo": false } })).unwrap();
    assert!(switches.webhooks_carry_conversation_id);
    assert!(!switches.autopilot.unwrap().echo);
    assert!(serde_json::from_value::<Switches>(json!({ "autopliot": null })).is_err());
}

#[test]
fn an_agent_who_never_answers_in_time_leaves_the_queue_waiting_and_the_clock_running() {
    let mut scene = Scene::at_pace(0.0);
    scene
        .org
        .set_switches(Switches { autopilot: Some(Autopilot::default()), ..Default::default() })
        .unwrap();
    scene.writes("hello");
    scene.passes(Duration::from_secs(1));
    assert_eq!(scene.standing(), "alerting");
    assert!(scene.org.next_due().is_some_and(|due| due > scene.now));
}
