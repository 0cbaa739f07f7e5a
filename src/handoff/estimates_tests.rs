//! What the user is told of the wait in a queue.

use crate::{Input, State, testing::*};

/// The user waits in a queue, whose estimate is asked for every minute.
fn estimating() -> Scene {
    let mut scene = Scene::queued();
    scene.rules.estimates = Some(seconds(60));
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.handoff.wants().estimate, Some("q1"));
    scene
}

fn estimated(queue_id: &str, wait: Option<u64>) -> Input {
    Input::Estimated { queue_id: queue_id.to_owned(), wait: wait.map(seconds) }
}

#[test]
fn an_estimate_is_told_with_the_queues_name_and_again_only_when_it_has_changed() {
    let mut scene = estimating();
    scene.apply(estimated("q1", Some(170)));
    assert_eq!(scene.told(), ["queue 1 Queue q1 180s"]);
    assert_eq!(scene.handoff.wants().estimate, None);
    scene.waits(seconds(59));
    assert_eq!(scene.handoff.wants().estimate, None);
    scene.waits(seconds(1));
    assert_eq!(scene.handoff.wants().estimate, Some("q1"));
    scene.apply(estimated("q1", Some(121)));
    scene.waits(seconds(60));
    assert!(scene.told().is_empty());
    scene.apply(estimated("q1", Some(120)));
    assert_eq!(scene.told(), ["queue 2 Queue q1 120s"]);
}

#[test]
fn where_genesys_has_no_estimate_nothing_is_told_and_it_is_asked_again() {
    let mut scene = estimating();
    scene.apply(estimated("q1", None));
    assert_eq!(scene.handoff.wants().estimate, None);
    scene.waits(seconds(60));
    assert_eq!(scene.handoff.wants().estimate, Some("q1"));
    assert!(scene.told().is_empty());
}

#[test]
fn nothing_is_asked_unless_it_is_configured() {
    let mut scene = Scene::queued();
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.handoff.wants().estimate, None);
    scene.apply(estimated("q1", Some(60)));
    assert!(scene.told().is_empty());
}

#[test]
fn a_queue_that_the_flow_is_slow_to_choose_is_looked_for() {
    let mut scene = Scene::queued();
    scene.rules.estimates = Some(seconds(60));
    scene.apply(Input::Reconcile);
    for pause in [2, 4, 8] {
        scene.reads(vec![customer(), other("workflow")]);
        scene.waits(seconds(pause));
    }
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.handoff.wants().estimate, Some("q1"));
    scene.waits(seconds(300));
    assert!(!scene.wants_read());
}

#[test]
fn an_estimate_of_the_queue_before_is_not_told() {
    let mut scene = estimating();
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), queue("q2")]);
    scene.apply(estimated("q1", Some(60)));
    assert!(scene.told().is_empty());
    assert_eq!(scene.handoff.wants().estimate, Some("q2"));
    scene.apply(estimated("q2", Some(60)));
    assert_eq!(scene.told(), ["queue 1 Queue q2 60s"]);
}

#[test]
fn whoever_talks_with_an_agent_is_told_of_no_queue() {
    let mut scene = estimating().naming();
    scene.hears(answered("a", 10));
    assert_eq!(scene.handoff.wants().estimate, None);
    scene.apply(estimated("q1", Some(60)));
    scene.waits(seconds(600));
    assert_eq!(scene.told(), ["joined 1 a"]);
}

#[test]
fn invariant_7_a_transfer_to_a_queue_is_told_by_its_estimate_alone() {
    let mut scene = estimating();
    scene.apply(estimated("q1", Some(60)));
    scene.goes_on_to(10);
    scene.hears(answered("a", 10));
    scene.goes_on_to(60);
    scene.hears(user_end("a", 60));
    scene.reads(vec![customer(), agent("a", 10).until(60), queue("q1")]);
    assert_eq!(scene.told(), ["queue 1 Queue q1 60s", "joined 1 a"]);
    scene.apply(estimated("q1", Some(60)));
    assert_eq!(scene.told(), ["queue 2 Queue q1 60s"]);
}

#[test]
fn an_estimate_is_rounded_up_to_whole_minutes() {
    for (wait, told) in [(0, 0), (1, 60), (60, 60), (61, 120), (u64::MAX, u64::MAX)] {
        let mut scene = estimating();
        scene.apply(estimated("q1", Some(wait)));
        assert_eq!(scene.told(), [format!("queue 1 Queue q1 {told}s")]);
    }
}

#[test]
fn a_queue_that_has_let_the_user_go_is_not_asked_about() {
    let mut scene = estimating();
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), queue("q1").state(State::Ended), other("workflow")]);
    assert_eq!(scene.handoff.wants().estimate, None);
}
