//! How a handoff ends, and what does not end it.

use crate::{DisconnectOutcome, Input, Leaving, ReadOutcome, Snapshot, State, testing::*};

#[test]
fn invariant_7_an_agent_who_declines_does_not_end_the_handoff() {
    let mut scene = Scene::queued();
    scene.goes_on_to(5);
    scene.hears(user_end("a", 5));
    scene.reads(vec![customer(), alerting("a").until(5)]);
    assert!(!scene.wants_read());
    scene.waits(seconds(2));
    scene.reads(vec![customer(), alerting("a").until(5), other("acd")]);
    scene.waits(seconds(3600));
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_7_a_parked_conversation_goes_on() {
    let mut scene = Scene::with_agent();
    scene.hears(user_end("a", 20));
    scene.reads(vec![customer(), agent("a", 10).state(State::Live)]);
    scene.waits(seconds(60));
    assert!(scene.told().is_empty());
    assert!(scene.handoff.is_open());
}

#[test]
fn invariant_7_the_customers_end_is_the_handoffs_end() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(user_end("a", 20));
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20)]);
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
    assert!(!scene.handoff.is_open());
    assert_eq!(scene.handoff.wants(), crate::Wants::default());
    for input in [Input::Event(answered("b", 21)), written(at(21), at(21)), Input::Tick] {
        scene.apply(input);
    }
    scene.apply(Input::Left(Leaving::EndedByUser));
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_7_nobody_left_but_the_customer_is_an_end_once_seen_twice() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(user_end("a", 20));
    scene.reads(vec![customer(), agent("a", 10).until(20)]);
    scene.hears(user_end("a", 20));
    scene.reads(vec![customer(), agent("a", 10).until(20)]);
    assert!(scene.told().is_empty());
    scene.waits(seconds(2));
    scene.reads(vec![customer(), agent("a", 10).until(20)]);
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn an_end_that_was_heard_of_before_the_api_shows_it_is_read_again() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer(), agent("a", 10)]);
    scene.waits(seconds(2));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20)]);
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn a_handoff_that_nobody_joined_ends_without_a_leaving() {
    let mut scene = Scene::queued();
    scene.hears(customer_end(5));
    scene.reads(vec![customer().until(5)]);
    assert_eq!(scene.told(), ["over: by Genesys"]);
}

#[test]
fn a_flow_that_is_slow_to_begin_does_not_end_the_handoff() {
    let mut scene = Scene::requested();
    scene.accepted();
    scene.apply(Input::Reconcile);
    scene.read_is(ReadOutcome::NotFound);
    scene.waits(seconds(2));
    scene.reads(vec![customer()]);
    scene.waits(seconds(4));
    scene.reads(vec![customer()]);
    scene.waits(seconds(8));
    scene.reads(vec![customer(), other("workflow")]);
    assert_eq!(scene.told(), ["accepted"]);
}

#[test]
fn a_conversation_that_never_is_there_ends_the_handoff_at_last() {
    let mut scene = Scene::requested();
    scene.accepted();
    scene.apply(Input::Reconcile);
    scene.read_is(ReadOutcome::NotFound);
    scene.waits(seconds(30));
    assert_eq!(scene.told(), ["accepted"]);
    scene.read_is(ReadOutcome::NotFound);
    assert_eq!(scene.told(), ["over: by Genesys"]);
}

#[test]
fn a_customer_who_was_heard_to_leave_is_gone_if_no_read_says_otherwise() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    for _ in 0..3 {
        scene.read_is(ReadOutcome::Failed);
        scene.waits(seconds(8));
    }
    assert!(scene.told().is_empty());
    scene.waits(seconds(6));
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn the_last_message_comes_before_the_leaving() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12).sent("m2", 19)]);
    assert_eq!(scene.handoff.wants().check, ["m1", "m2"]);
    scene.apply(Input::Missing(vec!["m2".to_owned()]));
    assert!(scene.told().is_empty());
    scene.agent_wrote(19);
    assert_eq!(scene.handoff.wants().check, ["m2"]);
    scene.apply(Input::Missing(Vec::new()));
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn a_message_that_never_arrives_is_fetched_before_the_leaving() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)]);
    scene.apply(Input::Missing(vec!["m1".to_owned()]));
    assert!(scene.handoff.wants().fetch.is_empty());
    scene.waits(scene.rules.last_messages);
    scene.apply(Input::Missing(vec!["m1".to_owned()]));
    assert_eq!(scene.handoff.wants().fetch, ["m1"]);
    scene.apply(Input::Fetched { message_id: "m1".to_owned(), arrived: true });
    assert!(scene.told().is_empty());
    assert_eq!(scene.handoff.wants().check, ["m1"]);
    scene.apply(Input::Missing(Vec::new()));
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn a_message_that_cannot_be_had_does_not_hold_up_the_end_for_ever() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)]);
    scene.waits(scene.rules.end_at_latest);
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
    assert!(scene.handoff.is_open());
    scene.apply(Input::Missing(vec!["m1".to_owned()]));
    scene.apply(Input::Fetched { message_id: "m1".to_owned(), arrived: false });
    assert!(!scene.handoff.is_open());
}

#[test]
fn invariant_8_a_message_that_an_outage_swallowed_is_fetched_while_the_handoff_goes_on() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(200);
    scene.apply(Input::Reconcile);
    let a = agent("a", 10).sent("old", 50).sent("new", 199);
    scene.reads(vec![customer(), a.clone()]);
    assert_eq!(scene.handoff.wants().check, ["old"]);
    scene.apply(Input::Missing(vec!["old".to_owned()]));
    assert_eq!(scene.handoff.wants().fetch, ["old"]);
    scene.apply(Input::Fetched { message_id: "old".to_owned(), arrived: false });
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), a]);
    assert!(scene.handoff.wants().check.is_empty());
    assert!(scene.handoff.wants().fetch.is_empty());
}

#[test]
fn a_message_of_a_handoff_before_in_the_same_conversation_is_not_asked_for() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(200);
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), agent("z", -90).until(-60).sent("old", -70), agent("a", 10)]);
    assert!(scene.handoff.wants().check.is_empty());
    assert!(scene.told().is_empty());
}

#[test]
fn the_first_agent_is_announced_even_if_known_only_by_a_message_after_the_end() {
    let mut scene = Scene::queued();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)]);
    scene.agent_wrote(12);
    assert_eq!(scene.told(), ["joined 1 ?"]);
    scene.apply(Input::Missing(Vec::new()));
    assert_eq!(scene.told(), ["left 1 ?", "over: by Genesys"]);
}

#[test]
fn a_first_message_that_is_refused_fails_the_handoff() {
    let mut scene = Scene::requested();
    scene.apply(Input::Refused);
    assert_eq!(scene.told(), ["over: refused"]);
    assert!(!scene.handoff.is_open());
}

#[test]
fn a_user_who_leaves_waits_for_the_confirmation() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.apply(Input::Left(Leaving::EndedByUser));
    scene.reads(vec![customer(), agent("a", 10)]);
    let wanted = scene.handoff.wants().disconnect.unwrap();
    assert_eq!((wanted.conversation_id, wanted.participant_id), (CONVERSATION, "p1"));
    scene.apply(Input::Disconnected(DisconnectOutcome::Done));
    assert!(scene.handoff.wants().disconnect.is_none());
    scene.hears(customer_end(21));
    scene.reads(vec![customer().until(21), agent("a", 10).until(21)]);
    assert_eq!(scene.told(), ["left 1 a", "over: by the user"]);
    assert!(!scene.handoff.is_open());
}

#[test]
fn a_user_who_leaves_is_told_in_time_and_the_work_goes_on() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.apply(Input::Left(Leaving::EndedByUser));
    scene.read_is(ReadOutcome::Failed);
    scene.waits(scene.rules.leaving);
    assert_eq!(scene.told(), ["left 1 a", "over: by the user"]);
    assert!(scene.handoff.is_over() && scene.handoff.is_open());
    scene.reads(vec![customer(), agent("a", 10)]);
    scene.apply(Input::Disconnected(DisconnectOutcome::Failed));
    scene.waits(seconds(30));
    scene.reads(vec![customer(), agent("b", 60)]);
    scene.apply(Input::Disconnected(DisconnectOutcome::Gone));
    assert!(scene.told().is_empty());
    assert!(!scene.handoff.is_open());
}

#[test]
fn a_user_who_leaves_while_the_handoff_opens_leaves_no_ghost() {
    let mut scene = Scene::requested();
    scene.apply(Input::Left(Leaving::Abandoned));
    scene.waits(scene.rules.leaving);
    assert_eq!(scene.told(), ["over: abandoned"]);
    assert!(scene.handoff.is_open());
    scene.accepted();
    scene.reads(vec![customer(), other("workflow")]);
    assert!(scene.handoff.wants().disconnect.is_some());
    scene.apply(Input::Disconnected(DisconnectOutcome::Done));
    scene.waits(seconds(30));
    scene.reads(vec![customer().until(12)]);
    assert!(!scene.handoff.is_open());
    assert!(scene.told().is_empty());
}

#[test]
fn a_user_who_leaves_before_a_refusal_is_simply_gone() {
    let mut scene = Scene::requested();
    scene.apply(Input::Left(Leaving::EndedByUser));
    scene.apply(Input::Refused);
    assert_eq!(scene.told(), ["over: by the user"]);
    assert!(!scene.handoff.is_open());
}

#[test]
fn a_user_who_leaves_while_genesys_ends_is_told_one_end() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)]);
    scene.apply(Input::Left(Leaving::EndedByUser));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)]);
    scene.waits(seconds(60));
    assert_eq!(scene.told(), ["left 1 a", "over: by the user"]);
}

#[test]
fn a_message_taken_after_the_end_leaves_no_ghost() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20)]);
    assert!(!scene.handoff.is_open());
    scene.told();
    scene.apply(Input::Accepted { conversation_id: CONVERSATION.to_owned() });
    scene.reads(vec![customer().until(20), customer(), other("workflow")]);
    assert!(scene.handoff.wants().disconnect.is_some());
    assert!(scene.told().is_empty());
}

#[test]
fn a_message_that_begins_another_conversation_takes_the_handoff_along() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(30);
    scene.apply(Input::Accepted { conversation_id: "c2".to_owned() });
    assert_eq!(scene.handoff.wants().watch, Some("c2"));
    scene.hears(customer_end(20));
    let shows = |participants| {
        let conversation_id = "c2".to_owned();
        ReadOutcome::Snapshot(Snapshot { conversation_id, participants })
    };
    scene.read_is(shows(vec![customer()]));
    scene.waits(seconds(2));
    scene.read_is(shows(vec![customer()]));
    let mut event = answered("a", 30);
    event.conversation_id = Some("c2".into());
    scene.hears(event);
    assert_eq!(scene.told(), ["joined 2 a"]);
}

#[test]
fn invariant_7_the_end_of_a_handoff_before_does_not_end_the_next_in_the_same_conversation() {
    let mut scene = Scene::requested();
    scene.accepted();
    scene.apply(Input::Reconcile);
    let before = || vec![customer().until(-10), agent("z", -90).until(-10)];
    // Genesys has yet to show what it has taken.
    scene.reads(before());
    scene.hears(user_end("z", -10));
    scene.hears(customer_end(-10));
    scene.reads(before());
    scene.waits(seconds(2));
    scene.reads([before(), vec![customer(), other("workflow")]].concat());
    for _ in 0..9 {
        scene.hears(customer_end(-10));
        scene.read_is(ReadOutcome::Failed);
        scene.waits(seconds(30));
    }
    assert_eq!(scene.told(), ["accepted"]);
    scene.hears(answered("a", 270));
    assert_eq!(scene.told(), ["joined 1 a"]);
}

#[test]
fn a_message_that_revives_the_conversation_keeps_the_handoff_open() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    let ended = || vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)];
    scene.reads(ended());
    scene.accepted();
    scene.reads([ended(), vec![customer(), other("workflow")]].concat());
    scene.apply(Input::Missing(Vec::new()));
    scene.waits(seconds(60));
    assert!(scene.told().is_empty());
    assert!(!scene.handoff.is_over());
}

#[test]
fn a_revival_that_a_read_shows_before_it_is_answered_keeps_the_handoff_open() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    let ended = || vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)];
    scene.reads(ended());
    scene.apply(Input::Reconcile);
    scene.reads([ended(), vec![customer(), other("workflow")]].concat());
    scene.apply(Input::Missing(Vec::new()));
    assert!(scene.told().is_empty());
}

#[test]
fn a_customer_who_cannot_be_disconnected_is_left_at_last() {
    let mut scene = Scene::queued();
    scene.apply(Input::Left(Leaving::EndedByUser));
    scene.read_is(ReadOutcome::Failed);
    scene.waits(scene.rules.leaving);
    assert_eq!(scene.told(), ["over: by the user"]);
    assert!(scene.handoff.is_open() && scene.handoff.takes_messages());
    scene.waits(scene.rules.detaching);
    assert!(!scene.handoff.is_open() && !scene.handoff.takes_messages());
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn an_end_that_nobody_attended_to_still_waits_for_the_last_messages() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.reads(vec![customer().until(20), agent("a", 10).until(20).sent("m1", 12)]);
    scene.now = at(3_600);
    scene.handoff.resume(scene.now, &scene.rules);
    scene.apply(Input::Missing(vec!["m1".to_owned()]));
    assert_eq!(scene.handoff.wants().fetch, ["m1"]);
    scene.apply(Input::Fetched { message_id: "m1".to_owned(), arrived: true });
    assert_eq!(scene.told(), [""; 0]);
    scene.apply(Input::Missing(Vec::new()));
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}
