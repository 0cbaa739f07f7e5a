//! What is delivered may be of a handoff before this one.

use baton_core::lifecycle::{LifecycleEvent, LifecycleKind};

use crate::{Delivered, Handoff, Input, testing::*};

/// A delivery that arrives so many seconds after the request, and brings neither a message nor a
/// step.
fn arrived(seconds: i64) -> Delivered {
    Delivered {
        received_at: at(seconds),
        conversation_id: Some(CONVERSATION.to_owned()),
        steps: Vec::new(),
        written_at: None,
    }
}

/// The same with a step.
fn arrived_with(seconds: i64, step: LifecycleEvent<'static>) -> Input {
    Input::Delivered(Delivered { steps: vec![step], ..arrived(seconds) })
}

/// The end of the customer's leg, from a source that does not say when it was.
fn end_without_time() -> LifecycleEvent<'static> {
    LifecycleEvent { time_ms: None, ..customer_end(0) }
}

impl Scene {
    /// The first handoff of its session, just requested.
    fn first() -> Self {
        let mut scene = Self::requested();
        scene.handoff = scene.handoff.first_of_session();
        scene
    }

    fn knows_conversation(&self) -> bool {
        self.handoff.conversation_id().is_some()
    }
}

#[test]
fn invariant_13_what_an_agent_wrote_in_the_handoff_before_accepts_nothing() {
    let mut scene = Scene::requested();
    scene.agent_wrote(-60);
    assert!(scene.told().is_empty() && !scene.knows_conversation());
    scene.apply(Input::Refused);
    assert_eq!(scene.told(), ["over: refused"]);
}

#[test]
fn invariant_13_what_arrived_before_the_request_accepts_nothing_whatever_genesys_clock_says() {
    for mut scene in [Scene::requested(), Scene::queued()] {
        scene.apply(written(at(-1), at(600)));
        scene.apply(arrived_with(-1, answered("a", 600)));
        assert!(scene.told().is_empty());
    }
}

#[test]
fn invariant_7_steps_of_a_conversation_that_is_not_known_accept_nothing_and_end_nothing() {
    let mut scene = Scene::requested();
    for kind in LifecycleKind::ALL {
        scene.apply(arrived_with(2, event(kind, Some("a"), at(1))));
    }
    scene.apply(Input::Delivered(arrived(2)));
    assert!(!scene.knows_conversation());
    scene.waits(seconds(3600));
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_7_an_end_that_does_not_say_when_it_was_is_no_more_than_a_reason_to_read() {
    let mut scene = Scene::queued();
    scene.apply(arrived_with(5, end_without_time()));
    scene.waits(scene.rules.bunch);
    assert!(scene.wants_read());
    scene.waits(seconds(3600));
    assert!(scene.told().is_empty());
}

#[test]
fn an_agents_message_makes_the_conversation_of_a_later_handoff_known() {
    let mut scene = Scene::requested();
    scene.goes_on_to(20);
    scene.agent_wrote(20 - 4);
    assert_eq!(scene.told(), ["accepted", "joined 1 ?"]);
    assert!(scene.knows_conversation());
}

#[test]
fn a_first_handoff_is_what_is_told_of_however_far_the_clocks_are_apart() {
    for ahead in [-3600, 3600] {
        let mut scene = Scene::first();
        scene.goes_on_to(20);
        scene.apply(Input::Delivered(arrived(20)));
        assert_eq!(scene.told(), ["accepted"]);
        scene.agent_wrote(20 + ahead);
        assert_eq!(scene.told(), ["joined 1 ?"]);
        scene.reads(vec![customer(), agent("a", 18 + ahead)]);
        assert_eq!(scene.handoff.agent().unwrap().user_id.as_deref(), Some("a"));
    }
}

#[test]
fn in_a_later_handoff_an_agent_whom_clocks_hide_has_joined_as_soon_as_a_read_shows_it() {
    let mut scene = Scene::queued();
    scene.goes_on_to(20);
    scene.agent_wrote(20 - 3600);
    assert!(scene.told().is_empty());
    scene.reads(vec![customer(), agent("a", 18 - 3600)]);
    assert_eq!(scene.told(), ["joined 1 a"]);
}

#[test]
fn a_handoff_of_which_no_store_says_whether_it_was_the_first_may_have_had_one_before() {
    let mut stored = serde_json::to_value(&Scene::first().handoff).unwrap();
    stored.as_object_mut().unwrap().remove("is_first").unwrap();
    let restored: Handoff = serde_json::from_value(stored).unwrap();
    assert_eq!(restored, Scene::requested().handoff);
}
