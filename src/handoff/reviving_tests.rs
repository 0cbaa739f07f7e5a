//! A user's message that overtakes the end: Genesys opens the conversation again for it.

use crate::{Input, Leaving, ReadOutcome, Snapshot, testing::*};

/// What shows the end, as it was before the message.
fn ended() -> ReadOutcome {
    let participants = vec![customer().until(20), agent("a", 10).until(20)];
    ReadOutcome::Snapshot(Snapshot { conversation_id: CONVERSATION.to_owned(), participants })
}

#[test]
fn invariant_7_a_read_from_before_a_message_that_revives_the_conversation_does_not_end_it() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.waits(scene.rules.bunch);
    let before = scene.handoff.wants().read.expect("a read is wanted");
    scene.accepted();
    scene.apply(Input::Read { ticket: before, outcome: ended() });
    assert!(scene.told().is_empty());
    scene.reads(vec![customer(), agent("a", 10).until(20), other("acd")]);
    scene.waits(seconds(3600));
    assert!(scene.told().is_empty());
}

#[test]
fn invariant_7_a_message_that_is_taken_after_the_customers_end_revives_an_unreadable_conversation()
{
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.read_is(ReadOutcome::Failed);
    scene.accepted();
    scene.waits(seconds(60));
    assert!(scene.told().is_empty());
    scene.read_is(ended());
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
}

#[test]
fn a_user_who_leaves_waits_for_a_read_that_is_newer_than_the_last_message() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.apply(Input::Left(Leaving::EndedByUser));
    let before = scene.handoff.wants().read.expect("a read is wanted");
    scene.accepted();
    scene.apply(Input::Read { ticket: before, outcome: ended() });
    assert!(scene.told().is_empty());
    scene.reads(vec![customer(), agent("a", 10).until(20), other("acd")]);
    assert!(scene.handoff.wants().disconnect.is_some());
}

#[test]
fn a_customer_who_came_back_unseen_is_disconnected_after_the_end() {
    let mut scene = Scene::with_agent();
    scene.goes_on_to(20);
    scene.hears(customer_end(20));
    scene.waits(seconds(30));
    assert_eq!(scene.told(), ["left 1 a", "over: by Genesys"]);
    scene.reads(vec![customer(), agent("a", 10).until(20), other("acd")]);
    assert!(scene.handoff.wants().disconnect.is_some());
    assert!(scene.told().is_empty());
}
