//! Agents who come, change, and are consulted.

use crate::{AgentDetails, Input, ReadOutcome, Snapshot, testing::*};

fn named(user_id: &str, name: &str) -> Input {
    let details = AgentDetails { name: Some(name.to_owned()), picture: None };
    Input::Named { user_id: user_id.to_owned(), details: Some(details) }
}

#[test]
fn a_taken_message_is_told_once_and_the_topics_are_wanted() {
    let mut scene = Scene::requested();
    assert_eq!(scene.handoff.wants(), crate::Wants::default());
    scene.accepted();
    scene.accepted();
    assert_eq!(scene.told(), ["accepted"]);
    assert_eq!(scene.handoff.wants().watch, Some(CONVERSATION));
    assert!(!scene.wants_read());
    scene.apply(Input::Reconcile);
    assert!(scene.wants_read());
}

#[test]
fn a_conversation_is_read_even_if_its_topics_never_come() {
    let mut scene = Scene::requested();
    scene.accepted();
    scene.waits(scene.rules.reread_cap);
    assert!(scene.wants_read());
}

#[test]
fn invariant_13_an_agent_who_is_alerted_has_not_joined() {
    let mut scene = Scene::queued();
    scene.hears(user_start("a", 5));
    scene.waits(scene.rules.reread);
    scene.reads(vec![customer(), alerting("a")]);
    for pause in [2, 4, 8, 16, 30, 30] {
        assert!(!scene.wants_read());
        scene.waits(seconds(pause));
        scene.reads(vec![customer(), alerting("a")]);
    }
    assert!(scene.told().is_empty());
    scene.waits(seconds(30));
    scene.reads(vec![customer(), agent("a", 100)]);
    assert_eq!(scene.told(), ["joined 1 a"]);
}

#[test]
fn invariant_13_an_acceptance_proved_three_times_is_told_once() {
    let mut scene = Scene::queued();
    scene.goes_on_to(12);
    scene.agent_wrote(11);
    assert_eq!(scene.told(), ["joined 1 ?"]);
    scene.hears(answered("a", 10));
    scene.reads(vec![customer(), agent("a", 10)]);
    scene.agent_wrote(12);
    scene.hears(answered("a", 10));
    scene.reads(vec![customer(), agent("a", 10)]);
    assert!(scene.told().is_empty());
    assert_eq!(scene.handoff.agent().unwrap().user_id.as_deref(), Some("a"));
}

#[test]
fn a_message_that_overtakes_the_first_answer_of_genesys_is_told_in_order() {
    let mut scene = Scene::requested();
    scene.agent_wrote(1);
    scene.accepted();
    assert_eq!(scene.told(), ["accepted", "joined 1 ?"]);
}

#[test]
fn a_joining_waits_for_the_name_and_messages_wait_for_the_joining() {
    let mut scene = Scene::queued().naming();
    scene.agent_wrote(3);
    assert!(scene.handoff.wants().hold);
    assert_eq!(scene.handoff.wants().name, None);
    scene.reads(vec![customer(), agent("a", 1)]);
    assert_eq!(scene.handoff.wants().name, Some("a"));
    assert!(scene.told().is_empty());
    scene.apply(named("a", "Ann"));
    assert_eq!(scene.told(), ["joined 1 Ann"]);
    assert!(!scene.handoff.wants().hold);
    assert_eq!(scene.handoff.wants().name, None);
}

#[test]
fn a_name_that_comes_too_late_is_kept_without_another_joining() {
    let mut scene = Scene::queued().naming();
    scene.hears(answered("a", 1));
    scene.waits(scene.rules.naming);
    assert_eq!(scene.told(), ["joined 1 a"]);
    scene.apply(named("a", "Ann"));
    assert!(scene.told().is_empty());
    assert!(scene.handoff.agent().unwrap().details.is_some());
}

#[test]
fn a_name_that_is_not_to_be_had_does_not_delay_the_joining() {
    let mut scene = Scene::queued().naming();
    scene.hears(answered("a", 1));
    scene.apply(Input::Named { user_id: "a".to_owned(), details: None });
    assert_eq!(scene.told(), ["joined 1 a"]);
    assert_eq!(scene.handoff.wants().name, None);
}

#[test]
fn the_agent_who_was_announced_stays_so_while_the_next_is_being_named() {
    let mut scene = Scene::with_agent().naming();
    scene.goes_on_to(30);
    scene.hears(user_end("a", 20));
    scene.hears(answered("b", 30));
    assert_eq!(scene.handoff.agent().unwrap().user_id.as_deref(), Some("a"));
    scene.apply(named("b", "Bob"));
    assert_eq!(scene.told(), ["joined 2 Bob"]);
    assert_eq!(scene.handoff.agent().unwrap().user_id.as_deref(), Some("b"));
}

#[test]
fn invariant_7_a_transfer_to_a_queue_is_a_new_joining_and_no_end() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(30);
    scene.hears(user_end("a", 20));
    scene.reads(vec![customer(), agent("a", 10).until(20), other("acd")]);
    assert!(scene.told().is_empty());
    scene.hears(answered("b", 30));
    assert_eq!(scene.told(), ["joined 2 b"]);
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), agent("a", 10).until(20), agent("b", 30)]);
    assert!(scene.told().is_empty());
}

#[test]
fn an_acceptance_that_was_heard_of_costs_no_read() {
    let mut scene = Scene::queued();
    scene.goes_on_to(10);
    scene.hears(answered("a", 10));
    assert_eq!(scene.told(), ["joined 1 a"]);
    scene.waits(scene.rules.bunch);
    assert!(!scene.wants_read());
}

#[test]
fn ends_that_are_heard_of_together_cost_one_read() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(user_end("a", 20));
    scene.hears(customer_end(20));
    assert!(!scene.wants_read());
    scene.reads(vec![customer().until(20), agent("a", 10).until(20)]);
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn invariant_7_a_consulted_colleague_is_announced_only_once_the_agent_has_left() {
    let mut scene = Scene::with_agent();
    scene.hears(user_start("b", 15));
    scene.waits(scene.rules.reread);
    scene.reads(vec![customer(), agent("a", 10), agent("b", 15)]);
    scene.hears(answered("b", 15));
    scene.reads(vec![customer(), agent("a", 10), agent("b", 15)]);
    assert!(scene.told().is_empty());
    scene.hears(user_end("a", 25));
    scene.reads(vec![customer(), agent("a", 10).until(25), agent("b", 15)]);
    assert_eq!(scene.told(), ["joined 2 b"]);
}

#[test]
fn invariant_13_a_snapshot_from_before_the_agent_left_does_not_announce_the_consulted_colleague() {
    let mut scene = Scene::with_agent();
    scene.hears(user_end("a", 25));
    scene.reads(vec![customer(), agent("a", 10), agent("b", 15)]);
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_13_the_same_agent_who_comes_back_joins_again() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(40);
    scene.hears(user_end("a", 20));
    scene.hears(answered("a", 10));
    assert!(scene.told().is_empty());
    scene.hears(answered("a", 35));
    assert_eq!(scene.told(), ["joined 2 a"]);
    scene.reads(vec![customer(), agent("a", 10).until(20), agent("a", 35)]);
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_8_an_agent_who_came_back_within_a_gap_joins_again() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(40);
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), agent("a", 10).until(20), agent("a", 35)]);
    assert_eq!(scene.told(), ["joined 2 a"]);
}

#[test]
fn invariant_8_an_agent_who_changed_within_a_gap_is_told() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(40);
    scene.apply(Input::Reconcile);
    scene.reads(vec![
        customer(),
        agent("a", 10).until(20),
        agent("b", 30).until(34),
        agent("c", 36),
    ]);
    assert_eq!(scene.told(), ["joined 2 c"]);
}

#[test]
fn invariant_13_a_snapshot_that_lags_behind_the_events_joins_nobody_again() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(30);
    scene.hears(user_end("a", 20));
    scene.hears(answered("b", 30));
    assert_eq!(scene.told(), ["joined 2 b"]);
    scene.reads(vec![customer(), agent("a", 10)]);
    assert!(scene.told().is_empty());
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), agent("a", 10).until(20), agent("b", 30)]);
    assert!(scene.told().is_empty());
}

#[test]
fn a_late_message_of_the_agent_who_left_is_no_joining() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(30);
    scene.hears(user_end("a", 20));
    scene.agent_wrote(19);
    assert!(scene.told().is_empty());
    scene.agent_wrote(28);
    assert_eq!(scene.told(), ["joined 2 ?"]);
    scene.reads(vec![customer(), agent("a", 10).until(20), agent("b", 26)]);
    assert!(scene.told().is_empty());
    assert_eq!(scene.handoff.agent().unwrap().user_id.as_deref(), Some("b"));
}

#[test]
fn a_hint_during_a_read_causes_another() {
    let mut scene = Scene::queued();
    scene.apply(Input::Reconcile);
    let ticket = scene.handoff.wants().read.unwrap();
    scene.hears(user_end("a", 5));
    scene.apply(Input::Read { ticket, outcome: ReadOutcome::Failed });
    scene.waits(scene.rules.bunch);
    assert!(scene.wants_read());
}

#[test]
fn an_event_of_another_conversation_changes_nothing() {
    let mut scene = Scene::queued();
    let before = scene.handoff.clone();
    let mut event = answered("a", 10);
    event.conversation_id = Some("c2".into());
    scene.hears(event);
    assert_eq!(scene.handoff, before);
}

#[test]
fn a_proof_from_before_the_handoff_is_only_a_hint() {
    let mut scene = Scene::queued();
    scene.hears(answered("a", -60));
    scene.agent_wrote(-60);
    assert!(scene.told().is_empty());
    scene.waits(scene.rules.bunch);
    assert!(scene.wants_read());
}

#[test]
fn leavings_out_of_order_do_not_hide_the_acceptance_between_them() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(50);
    scene.hears(user_end("a", 40));
    scene.hears(user_end("a", 20));
    scene.hears(answered("a", 30));
    assert_eq!(scene.told(), ["joined 2 a"]);
}

#[test]
fn a_read_is_answered_once() {
    let mut scene = Scene::queued();
    scene.apply(Input::Reconcile);
    let ticket = scene.handoff.wants().read.unwrap();
    let empty = Snapshot { conversation_id: CONVERSATION.to_owned(), participants: Vec::new() };
    let outcome = ReadOutcome::Snapshot(Snapshot { participants: vec![customer()], ..empty });
    scene.apply(Input::Read { ticket, outcome: outcome.clone() });
    let before = scene.handoff.clone();
    scene.apply(Input::Read { ticket, outcome });
    assert_eq!(scene.handoff, before);
}

#[test]
fn an_agent_known_by_a_message_is_the_one_whose_leg_it_was_sent_on() {
    let mut scene = Scene::queued();
    scene.goes_on_to(30);
    scene.agent_wrote(20);
    let before = || agent("a", 10).until(19);
    scene.reads(vec![customer(), before(), agent("b", 20)]);
    scene.hears(user_end("a", 19));
    scene.reads(vec![customer(), before(), agent("b", 20)]);
    assert_eq!(scene.told(), ["joined 1 ?"]);
    assert_eq!(scene.handoff.agent().unwrap().user_id.as_deref(), Some("b"));
}

#[test]
fn invariant_13_an_agent_who_takes_a_parked_conversation_up_again_has_not_joined_anew() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(user_end("a", 20));
    scene.reads(vec![customer(), agent("a", 10).state(crate::State::Live)]);
    scene.goes_on_to(60);
    scene.hears(user_start("a", 60));
    scene.reads(vec![customer(), agent("a", 10)]);
    scene.agent_wrote(61);
    assert_eq!(scene.told(), [""; 0]);
}
