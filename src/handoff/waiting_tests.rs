//! A user who waits too long.

use std::time::Duration;

use crate::{DisconnectOutcome, Handoff, Input, Leaving, ReadOutcome, Snapshot, testing::*};

/// The user waits in a queue, for five minutes at the longest.
fn waiting() -> Scene {
    let mut scene = Scene::requested();
    scene.rules.longest_wait = Some(seconds(300));
    scene.accepted();
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.told(), ["accepted"]);
    scene
}

#[test]
fn a_wait_that_is_too_long_ends_the_handoff_and_the_customer_is_disconnected() {
    let mut scene = waiting();
    scene.goes_on_to(299);
    assert!(!scene.wants_read());
    scene.goes_on_to(300);
    assert!(scene.told().is_empty());
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.told(), ["over: timed out"]);
    assert!(scene.handoff.is_over() && scene.handoff.is_open() && !scene.handoff.is_waiting());
    assert_eq!(scene.handoff.wants().disconnect.unwrap().participant_id, "p1");
    scene.apply(Input::Disconnected(DisconnectOutcome::Done));
    scene.waits(seconds(30));
    scene.reads(vec![customer().until(301)]);
    assert!(!scene.handoff.is_open());
    assert!(scene.told().is_empty());
}

#[test]
fn without_a_longest_wait_the_user_waits_as_long_as_it_takes() {
    let mut scene = Scene::queued();
    scene.waits(Duration::from_hours(30));
    scene.reads(vec![customer(), queue("q1")]);
    assert!(scene.told().is_empty() && scene.handoff.is_waiting());
}

#[test]
fn invariant_13_an_agent_who_accepts_as_the_wait_runs_out_has_joined() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer(), agent("a", 299)]);
    assert_eq!(scene.told(), ["joined 1 a"]);
    scene.waits(Duration::from_hours(1));
    assert!(scene.told().is_empty());
}

#[test]
fn an_agent_who_is_heard_to_accept_before_the_last_read_is_answered_has_joined() {
    for proof in [Input::Event(answered("a", 300)), written(at(300), at(300))] {
        let mut scene = waiting();
        scene.goes_on_to(300);
        scene.apply(proof);
        assert_eq!(scene.told().len(), 1);
        scene.reads(vec![customer(), queue("q1")]);
        scene.waits(seconds(3600));
        assert!(scene.told().is_empty() && !scene.handoff.is_over());
    }
}

#[test]
fn an_agent_who_is_being_named_is_no_reason_to_give_up() {
    let mut scene = waiting().naming();
    scene.goes_on_to(299);
    scene.hears(answered("a", 299));
    scene.goes_on_to(301);
    assert_eq!(scene.told(), ["joined 1 a"]);
    scene.waits(seconds(3600));
    assert!(scene.told().is_empty());
}

#[test]
fn a_read_that_began_before_the_wait_ran_out_does_not_decide() {
    let mut scene = waiting();
    scene.goes_on_to(299);
    scene.apply(Input::Reconcile);
    let before = scene.handoff.wants().read.unwrap();
    scene.goes_on_to(300);
    let participants = vec![customer(), queue("q1")];
    let outcome = Snapshot { conversation_id: CONVERSATION.to_owned(), participants };
    scene.apply(Input::Read { ticket: before, outcome: ReadOutcome::Snapshot(outcome) });
    assert!(scene.told().is_empty());
    scene.reads(vec![customer(), agent("a", 300)]);
    assert_eq!(scene.told(), ["joined 1 a"]);
}

#[test]
fn an_agent_who_is_alerted_as_the_wait_runs_out_has_half_a_minute_more() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer(), alerting("a")]);
    scene.waits(seconds(10));
    scene.reads(vec![customer(), alerting("a")]);
    assert!(scene.told().is_empty());
    scene.waits(seconds(10));
    scene.reads(vec![customer(), agent("a", 315)]);
    assert_eq!(scene.told(), ["joined 1 a"]);

    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer(), alerting("a")]);
    scene.waits(scene.rules.end_at_latest);
    assert_eq!(scene.told(), ["over: timed out"]);
}

#[test]
fn an_agent_who_declines_after_the_wait_has_run_out_ends_it() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer(), alerting("a")]);
    scene.hears(user_end("a", 305));
    scene.reads(vec![customer(), alerting("a").until(305), queue("q1")]);
    assert_eq!(scene.told(), ["over: timed out"]);
}

#[test]
fn a_wait_that_runs_out_while_nothing_can_be_read_ends_all_the_same() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    for _ in 0..3 {
        scene.read_is(ReadOutcome::Failed);
        scene.waits(seconds(8));
    }
    assert!(scene.told().is_empty());
    scene.waits(seconds(6));
    assert_eq!(scene.told(), ["over: timed out"]);
    scene.reads(vec![customer(), agent("a", 290)]);
    assert!(scene.told().is_empty());
    assert!(scene.handoff.wants().disconnect.is_some());
}

#[test]
fn a_wait_that_runs_out_before_genesys_took_a_message_leaves_no_ghost() {
    let mut scene = Scene::requested();
    scene.rules.longest_wait = Some(seconds(300));
    scene.handoff = Handoff::requested(at(0), &scene.rules);
    scene.goes_on_to(300);
    assert_eq!(scene.told(), ["over: timed out"]);
    assert!(!scene.handoff.takes_messages());
    scene.accepted();
    scene.reads(vec![customer(), queue("q1")]);
    assert!(scene.handoff.wants().disconnect.is_some());
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_13_an_agent_who_comes_after_the_wait_has_run_out_is_not_told() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.told(), ["over: timed out"]);
    scene.hears(user_start("a", 300));
    scene.hears(answered("a", 301));
    scene.agent_wrote(302);
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), agent("a", 301)]);
    scene.apply(Input::Named { user_id: "a".to_owned(), details: None });
    assert!(scene.told().is_empty());
    assert!(scene.handoff.wants().disconnect.is_some());
}

#[test]
fn invariant_7_the_wait_for_the_next_agent_after_a_transfer_has_no_end() {
    let mut scene = waiting();
    scene.goes_on_to(10);
    scene.hears(answered("a", 10));
    scene.goes_on_to(60);
    scene.hears(user_end("a", 60));
    scene.reads(vec![customer(), agent("a", 10).until(60), queue("q2")]);
    scene.waits(Duration::from_hours(1));
    assert_eq!(scene.told(), ["joined 1 a"]);
    scene.hears(answered("b", 3600));
    assert_eq!(scene.told(), ["joined 2 b"]);
}

#[test]
fn a_user_who_leaves_as_the_wait_runs_out_has_left() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.apply(Input::Left(Leaving::EndedByUser));
    scene.reads(vec![customer(), queue("q1")]);
    assert!(scene.told().is_empty());
    scene.waits(seconds(60));
    assert_eq!(scene.told(), ["over: by the user"]);
}

#[test]
fn a_conversation_that_ended_as_the_wait_ran_out_was_ended_by_genesys() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer().until(299)]);
    assert_eq!(scene.told(), ["over: by Genesys"]);
}

#[test]
fn invariant_7_an_agent_who_came_and_went_unheard_ends_the_wait() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer().until(300), agent("a", 290).until(300)]);
    scene.waits(seconds(60));
    assert_eq!(scene.told(), ["over: by Genesys"]);

    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.reads(vec![customer(), agent("a", 290).until(300), queue("q2")]);
    scene.waits(Duration::from_hours(1));
    scene.reads(vec![customer(), agent("b", 3_900)]);
    assert_eq!(scene.told(), ["joined 1 b"]);
}

#[test]
fn a_wait_that_ran_out_while_nobody_looked_is_read_before_it_ends() {
    let mut scene = waiting();
    scene.goes_on_to(300);
    scene.now = at(7200);
    scene.handoff.resume(scene.now, &scene.rules);
    scene.apply(Input::Tick);
    assert!(scene.told().is_empty());
    scene.reads(vec![customer(), agent("a", 400)]);
    assert_eq!(scene.told(), ["joined 1 a"]);
}

#[test]
fn another_longest_wait_holds_for_whoever_waits_already() {
    let mut scene = waiting();
    scene.rules.longest_wait = Some(seconds(600));
    scene.goes_on_to(300);
    assert!(!scene.wants_read());
    scene.rules.longest_wait = Some(seconds(200));
    scene.apply(Input::Tick);
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.told(), ["over: timed out"]);
}
