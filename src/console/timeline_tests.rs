//! The timeline: order, changes, whose chat it is, delays, and its end of memory.

use baton_simulator::delivery::Answer;
use serde_json::{Value, json};

use crate::{
    Direction, Entry, Lane, Outcome, Timeline,
    testing::{
        CONVERSATION, answered, chat, fault, heartbeat, notification, passing, post, post_answered,
        typing_webhook, webhook, webhook_answered,
    },
};

fn entry(timeline: &Timeline, number: u64) -> Entry {
    timeline.entry(number).unwrap()
}

fn payload(timeline: &Timeline, number: u64) -> Value {
    serde_json::from_str(entry(timeline, number).payload.unwrap().get()).unwrap()
}

/// The numbers of the entries that have changed since, in order.
fn changed_after(timeline: &Timeline, change: u64) -> Vec<u64> {
    timeline.changes_after(change, usize::MAX).iter().map(|change| change.entry.number).collect()
}

#[test]
fn a_webhook_is_under_way_until_it_is_answered() {
    let mut timeline = Timeline::new();
    timeline.happened(&webhook(0, 1, 1, "Hello!"));
    let begun = entry(&timeline, 1);
    assert_eq!((begun.lane, begun.direction), (Lane::Webhook, Direction::ToBaton));
    assert_eq!((begun.title.as_str(), begun.summary.as_deref()), ("Text", Some("Hello!")));
    assert_eq!((begun.outcome, begun.status), (Outcome::UnderWay, None));
    timeline.happened(&webhook_answered(1, 1, Answer::Status(200)));
    let settled = entry(&timeline, 1);
    assert_eq!((settled.outcome, settled.status), (Outcome::Ok, Some(200)));
    assert_eq!((settled.took_milliseconds, settled.attempt), (Some(3.2), Some(1)));
    assert_eq!(settled.at, "2026-11-21T20:15:00.000Z");
    let headers = &payload(&timeline, 1)["headers"];
    assert_eq!(headers["X-Hub-Signature-256"], "sha256=abc");
}

#[test]
fn each_attempt_of_a_webhook_has_an_entry_and_its_own_outcome() {
    let mut timeline = Timeline::new();
    let answers = [
        (Answer::Status(503), Outcome::Failed),
        (Answer::Error("Request timed out".to_owned()), Outcome::Failed),
        (Answer::Status(401), Outcome::Refused),
    ];
    for (number, (answer, outcome)) in (1..).zip(answers) {
        timeline.happened(&webhook(0, 7, number, "Hello!"));
        timeline.happened(&webhook_answered(7, number, answer));
        let entry = entry(&timeline, number.into());
        assert_eq!((entry.attempt, entry.outcome), (Some(number), outcome));
    }
}

#[test]
fn a_request_is_told_without_ids_and_its_answer_comes_to_the_same_entry() {
    let mut timeline = Timeline::new();
    timeline.happened(&post(5));
    timeline.happened(&notification(1, "customer.start"));
    timeline.happened(&post_answered(5, Some(202)));
    let request = entry(&timeline, 1);
    assert_eq!(request.title, "POST /api/v2/conversations/messages/{…}/inbound/open/message");
    assert_eq!((request.lane, request.outcome), (Lane::Rest, Outcome::Ok));
    assert_eq!(request.summary.as_deref(), Some("Help!"));
    assert_eq!(request.conversation_id.as_deref(), Some(CONVERSATION));
    assert_eq!(payload(&timeline, 1)["answer"]["id"], "m0");
    assert_eq!(changed_after(&timeline, 0), [2, 1], "the newest change comes last");
}

#[test]
fn a_choice_that_was_tapped_is_told_by_its_text() {
    let mut timeline = Timeline::new();
    timeline.happened(&post(5));
    let tapped =
        json!({ "buttonResponse": { "type": "QuickReply", "text": "Sales", "payload": "s" } });
    timeline.happened(&answered(5, Some(202), &tapped));
    assert_eq!(entry(&timeline, 1).summary.as_deref(), Some("Sales"));
}

#[test]
fn a_request_whose_answer_was_lost_has_failed() {
    let mut timeline = Timeline::new();
    timeline.happened(&post(5));
    timeline.happened(&post_answered(5, None));
    assert_eq!(entry(&timeline, 1).outcome, Outcome::Failed);
}

#[test]
fn a_notification_is_told_by_the_end_of_its_topic_and_a_heartbeat_is_not_told() {
    let mut timeline = Timeline::new();
    timeline.happened(&heartbeat());
    timeline.happened(&notification(0, "user.start"));
    assert_eq!(changed_after(&timeline, 0), [1]);
    let told = entry(&timeline, 1);
    assert_eq!((told.lane, told.title.as_str()), (Lane::Notification, "user.start"));
    assert_eq!(told.conversation_id.as_deref(), Some(CONVERSATION));
}

#[test]
fn what_happened_before_the_session_was_known_gets_it_later() {
    let mut timeline = Timeline::new();
    timeline.happened(&post(5));
    timeline.happened(&notification(0, "customer.start"));
    timeline.happened(&post_answered(5, Some(202)));
    assert_eq!(entry(&timeline, 1).session_id, None);
    let before = timeline.last_change();
    timeline.session_began("session", "end-user");
    assert_eq!(changed_after(&timeline, before), [1, 2]);
    timeline.happened(&webhook(1, 1, 1, "Hello!"));
    for number in 1..=3 {
        assert_eq!(entry(&timeline, number).session_id.as_deref(), Some("session"), "{number}");
    }
}

#[test]
fn who_types_is_told_on_the_chats_lane() {
    let mut timeline = Timeline::new();
    timeline.passed(&passing(0, "EVENT_TYPE_USER_TYPING", &json!({})));
    let started = json!({ "state": "TYPING_STATE_STARTED" });
    timeline.passed(&passing(1, "EVENT_TYPE_LIVE_AGENT_TYPING", &started));
    let (user, agent) = (entry(&timeline, 1), entry(&timeline, 2));
    assert_eq!((user.lane, user.direction), (Lane::Chat, Direction::FromClient));
    assert_eq!((user.title.as_str(), user.summary), ("USER_TYPING", None));
    assert_eq!((agent.lane, agent.direction), (Lane::Chat, Direction::ToClient));
    assert_eq!(agent.summary.as_deref(), Some("On"));
    assert_eq!(payload(&timeline, 2)["payload"], started);
    assert_eq!(agent.session_id.as_deref(), Some("session"));
}

#[test]
fn typing_has_the_delay_since_its_webhook_and_its_end_has_none() {
    let mut timeline = Timeline::new();
    timeline.session_began("session", "end-user");
    timeline.happened(&typing_webhook(100));
    for (at, state) in [(108, "STARTED"), (300, "STOPPED")] {
        let state = json!({ "state": format!("TYPING_STATE_{state}") });
        timeline.passed(&passing(at, "EVENT_TYPE_LIVE_AGENT_TYPING", &state));
    }
    assert_eq!(entry(&timeline, 2).took_milliseconds, Some(8.0));
    assert_eq!(entry(&timeline, 3).took_milliseconds, None);
}

#[test]
fn an_agents_message_has_the_delay_since_its_webhook_set_out() {
    let mut timeline = Timeline::new();
    timeline.happened(&webhook(100, 1, 1, "Hello!"));
    timeline.appended(&chat(
        112,
        "LIVE_AGENT_MESSAGE",
        &json!({"text": "Hello!", "message_id": "m1"}),
    ));
    let shown = entry(&timeline, 2);
    assert_eq!((shown.lane, shown.direction), (Lane::Chat, Direction::ToClient));
    assert_eq!((shown.title.as_str(), shown.took_milliseconds), ("LIVE_AGENT_MESSAGE", Some(12.0)));
    assert_eq!(payload(&timeline, 2)["type"], "EVENT_TYPE_LIVE_AGENT_MESSAGE");
}

#[test]
fn an_agent_who_joins_has_the_delay_since_the_notification_of_the_same_session() {
    let mut timeline = Timeline::new();
    let joined = |at| chat(at, "LIVE_AGENT_JOINED", &json!({"agent": {"name": "Dana"}}));
    timeline.happened(&notification(0, "user.start"));
    timeline.appended(&joined(5));
    assert_eq!(entry(&timeline, 2).took_milliseconds, None, "it may be of another session");
    timeline.session_began("session", "end-user");
    timeline.happened(&webhook(6, 1, 1, "Hello!"));
    timeline.appended(&joined(30));
    let entry = entry(&timeline, 4);
    assert_eq!((entry.took_milliseconds, entry.summary.as_deref()), (Some(30.0), Some("Dana")));
}

#[test]
fn what_the_user_said_comes_from_the_client_and_has_no_delay() {
    let mut timeline = Timeline::new();
    timeline.appended(&chat(0, "USER_MESSAGE", &json!({"text": "Help!"})));
    let said = entry(&timeline, 1);
    assert_eq!((said.direction, said.took_milliseconds), (Direction::FromClient, None));
    assert_eq!(said.session_id.as_deref(), Some("session"));
}

#[test]
fn a_fault_stands_on_the_lane_that_it_strikes() {
    let mut timeline = Timeline::new();
    timeline.happened(&fault("webhook", json!("duplicate")));
    timeline.happened(&fault("request", json!({"answer": {"status": 429}})));
    timeline.happened(&fault("now", json!({"fault": "close_sockets", "code": null})));
    let told = [1, 2, 3].map(|number| entry(&timeline, number));
    let told = told.map(|entry| (entry.lane, entry.title, entry.outcome));
    let struck = |lane, title: &str| (lane, title.to_owned(), Outcome::Failed);
    assert_eq!(
        told,
        [
            struck(Lane::Webhook, "Fault: duplicate"),
            struck(Lane::Rest, "Fault: answer"),
            struck(Lane::Notification, "Fault: close_sockets"),
        ]
    );
}

#[test]
fn whoever_has_seen_a_change_gets_what_came_after_it_and_each_entry_once() {
    let mut timeline = Timeline::new();
    timeline.happened(&webhook(0, 1, 1, "one"));
    timeline.happened(&webhook(1, 2, 1, "two"));
    let seen = timeline.last_change();
    assert!(changed_after(&timeline, seen).is_empty());
    timeline.happened(&webhook_answered(1, 1, Answer::Status(200)));
    assert_eq!(changed_after(&timeline, seen), [1]);
    assert_eq!(changed_after(&timeline, 0), [2, 1]);
    assert!(timeline.changes_after(0, 1)[0].entry.payload.is_none(), "lists have no payloads");
}

#[test]
fn invariant_11_the_newest_ten_thousand_entries_are_kept_and_no_more() {
    let mut timeline = Timeline::new();
    timeline.happened(&post(1));
    for number in 0..10_000 {
        timeline.happened(&notification(number, "user.start"));
    }
    assert!(timeline.entry(1).is_none());
    assert_eq!(changed_after(&timeline, 0).len(), 10_000);
    timeline.happened(&post_answered(1, Some(202)));
    assert_eq!(timeline.entry(2).unwrap().title, "user.start", "nothing else is changed");
}

#[test]
fn invariant_11_large_payloads_push_older_entries_out() {
    let mut timeline = Timeline::new();
    let text = "x".repeat(1 << 20);
    for sending in 0..70 {
        timeline.happened(&webhook(0, sending, 1, &text));
    }
    let kept = changed_after(&timeline, 0).len();
    assert!((60..64).contains(&kept), "{kept} payloads of a mebibyte are kept");
    assert!(timeline.entry(70).is_some());
}

#[test]
fn invariant_10_the_debug_form_of_an_entry_shows_no_text() {
    let mut timeline = Timeline::new();
    timeline.happened(&webhook(0, 1, 1, "a text of the customer's"));
    let debug = format!("{:?} {timeline:?}", entry(&timeline, 1));
    assert!(!debug.contains("a text"), "{debug}");
}
