//! Out of the bot's queue into the agents'.

use crate::{
    Handoff, Input, Leaving, Participant, QueueRef, ReadOutcome, Snapshot, State, Transfer,
    TransferOutcome, TwoQueues, testing::*, transfer::MOST_TRIES,
};

const AGENTS: &str = "Agents";

/// A handoff of an org with two queues; the flow has it still.
fn scene() -> Scene {
    let mut scene = Scene::requested();
    let queues = TwoQueues { bot: QueueRef::Id("bots".to_owned()), agent: QueueRef::parse(AGENTS) };
    scene.handoff = scene.handoff.between(queues);
    scene.accepted();
    scene.apply(Input::Reconcile);
    scene.reads(vec![customer(), other("workflow")]);
    assert_eq!(scene.told(), ["accepted"]);
    scene
}

/// One that a read has shown in the bot's queue.
fn in_bot_queue() -> Scene {
    let mut scene = scene();
    scene.waits(seconds(2));
    scene.reads(vec![customer(), queue("bots")]);
    scene
}

impl Scene {
    /// Which participant Genesys is to be asked to replace.
    fn wanted(&self) -> Option<&str> {
        let transfer = self.handoff.wants().transfer?;
        let Transfer { conversation_id, participant_id, queue } = transfer;
        assert_eq!((conversation_id, queue), (CONVERSATION, &QueueRef::parse(AGENTS)));
        Some(participant_id)
    }

    fn transferred(&mut self, outcome: TransferOutcome) {
        self.apply(Input::Transferred(outcome));
        assert_eq!(self.wanted(), None);
    }

    /// What is wanted is done, and a read shows the conversation in the bot's queue all the same.
    fn is_transferred_in_vain(&mut self, outcome: TransferOutcome) {
        self.transferred(outcome);
        self.waits(self.rules.reread_cap);
        self.reads(vec![customer(), queue("bots")]);
    }
}

#[test]
fn a_conversation_in_the_bots_queue_is_transferred_and_then_left_alone() {
    let mut scene = in_bot_queue();
    assert_eq!(scene.wanted(), Some("acd"));
    scene.transferred(TransferOutcome::Done);
    scene.waits(seconds(2));
    scene.reads(vec![customer(), queue("bots").until(3), queue("q1")]);
    assert_eq!(scene.wanted(), None);
    scene.waits(seconds(300));
    assert!(!scene.wants_read() && scene.told().is_empty());
}

#[test]
fn a_flow_that_is_slow_to_choose_the_bots_queue_is_waited_for() {
    let mut scene = scene();
    for pause in [2, 4, 8] {
        scene.waits(seconds(pause));
        scene.reads(vec![customer(), other("workflow")]);
        assert_eq!(scene.wanted(), None);
    }
    scene.waits(seconds(16));
    scene.reads(vec![customer(), queue("bots")]);
    assert_eq!(scene.wanted(), Some("acd"));
}

#[test]
fn what_is_with_an_agent_or_in_another_queue_needs_no_transfer() {
    for there in [queue("q1"), agent("a", 3), alerting("a"), agent("a", 3).state(State::Live)] {
        let mut scene = scene();
        scene.waits(seconds(2));
        scene.reads(vec![customer(), queue("bots"), there]);
        assert_eq!(scene.wanted(), None);
    }
}

#[test]
fn while_an_agent_is_there_nothing_is_transferred() {
    let mut scene = in_bot_queue();
    scene.goes_on_to(10);
    scene.hears(answered("a", 10));
    assert_eq!(scene.wanted(), None);
    scene.reads(vec![customer(), agent("a", 10), queue("bots")]);
    assert_eq!(scene.wanted(), None);
}

#[test]
fn invariant_7_a_conversation_that_is_revived_into_the_bots_queue_is_transferred_again() {
    let mut scene = in_bot_queue();
    scene.transferred(TransferOutcome::Done);
    scene.goes_on_to(10);
    scene.reads(vec![customer(), queue("q1"), agent("a", 10)]);
    scene.goes_on_to(20);
    scene.hears(user_end("a", 20));
    scene.accepted();
    let gone = agent("a", 10).until(20);
    scene.reads(vec![customer(), gone.clone(), queue("bots")]);
    assert_eq!(scene.wanted(), Some("acd"));
    scene.transferred(TransferOutcome::Done);
    scene.waits(seconds(2));
    scene.reads(vec![customer(), gone, queue("q1")]);
    assert_eq!(scene.wanted(), None);
}

#[test]
fn where_the_queues_own_participant_cannot_be_replaced_the_customers_is() {
    let mut scene = in_bot_queue();
    scene.transferred(TransferOutcome::Refused);
    // Only a read tells that it was not an earlier try that had done it.
    scene.reads(vec![customer(), queue("bots")]);
    assert_eq!(scene.wanted(), Some("p1"));
    scene.transferred(TransferOutcome::Done);
    scene.waits(seconds(2));
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.wanted(), None);
}

#[test]
fn a_participant_without_an_id_cannot_be_replaced() {
    let mut scene = scene();
    scene.waits(seconds(2));
    scene.reads(vec![customer(), Participant { id: String::new(), ..queue("bots") }]);
    assert_eq!(scene.wanted(), Some("p1"));
}

#[test]
fn where_neither_can_be_replaced_the_handoff_fails_and_leaves_no_ghost() {
    let mut scene = in_bot_queue();
    for _ in 0..2 {
        scene.transferred(TransferOutcome::Refused);
        assert!(scene.told().is_empty());
        scene.reads(vec![customer(), queue("bots")]);
    }
    assert_eq!(scene.told(), ["over: not transferred"]);
    assert_eq!(scene.wanted(), None);
    assert_eq!(scene.handoff.wants().disconnect.unwrap().participant_id, "p1");
}

#[test]
fn a_conversation_that_stays_where_it_is_is_not_transferred_for_ever() {
    for outcome in [TransferOutcome::Done, TransferOutcome::Failed] {
        let mut scene = in_bot_queue();
        for participant_id in ["acd", "p1"] {
            for _ in 0..MOST_TRIES {
                assert_eq!(scene.wanted(), Some(participant_id));
                scene.is_transferred_in_vain(outcome);
            }
        }
        assert_eq!(scene.told(), ["over: not transferred"]);
    }
}

#[test]
fn the_pause_between_two_tries_doubles() {
    let mut scene = in_bot_queue();
    for pause in [2, 4, 8, 16] {
        scene.transferred(TransferOutcome::Failed);
        scene.apply(Input::Reconcile);
        scene.reads(vec![customer(), queue("bots")]);
        assert_eq!(scene.wanted(), None);
        scene.waits(seconds(pause));
        scene.apply(Input::Reconcile);
        scene.reads(vec![customer(), queue("bots")]);
        assert_eq!(scene.wanted(), Some("acd"));
    }
}

#[test]
fn what_an_operator_can_mend_is_waited_for() {
    let mut scene = in_bot_queue();
    for participant_id in ["acd", "p1"].into_iter().cycle().take(100) {
        assert_eq!(scene.wanted(), Some(participant_id));
        scene.is_transferred_in_vain(TransferOutcome::Stuck);
    }
    assert!(scene.told().is_empty());
}

#[test]
fn what_an_operator_does_not_mend_in_time_ends_with_the_longest_wait() {
    let mut scene = in_bot_queue();
    scene.rules.longest_wait = Some(seconds(100));
    for _ in 0..4 {
        scene.is_transferred_in_vain(TransferOutcome::Stuck);
    }
    assert_eq!(scene.told(), ["over: timed out"]);
    assert_eq!(scene.wanted(), None);
}

#[test]
fn a_read_that_began_before_the_answer_begins_no_second_transfer() {
    let mut scene = in_bot_queue();
    scene.apply(Input::Reconcile);
    let before = scene.handoff.wants().read.unwrap();
    scene.transferred(TransferOutcome::Refused);
    let conversation_id = CONVERSATION.to_owned();
    let participants = vec![customer(), queue("bots")];
    let snapshot = Snapshot { conversation_id, participants };
    let outcome = ReadOutcome::Snapshot(snapshot);
    scene.apply(Input::Read { ticket: before, outcome });
    assert_eq!(scene.wanted(), None);
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.wanted(), None);
}

#[test]
fn after_a_crash_in_the_middle_a_read_comes_before_another_transfer() {
    let mut scene = in_bot_queue();
    scene.handoff.resume(scene.now, &scene.rules);
    assert_eq!(scene.wanted(), None);
    // What was asked before the crash had been carried out.
    scene.reads(vec![customer(), queue("q1")]);
    assert_eq!(scene.wanted(), None);

    let mut scene = in_bot_queue();
    scene.handoff.resume(scene.now, &scene.rules);
    scene.reads(vec![customer(), queue("bots")]);
    assert_eq!(scene.wanted(), Some("acd"));
}

#[test]
fn a_user_who_leaves_the_bots_queue_is_not_transferred() {
    let mut scene = in_bot_queue();
    scene.apply(Input::Left(Leaving::EndedByUser));
    assert_eq!(scene.wanted(), None);
    scene.transferred(TransferOutcome::Done);
    scene.reads(vec![customer().until(5), queue("bots").until(5)]);
    assert_eq!(scene.told(), ["over: by the user"]);
}

#[test]
fn a_conversation_that_takes_the_place_of_another_is_transferred_anew() {
    let mut scene = in_bot_queue();
    scene.transferred(TransferOutcome::Refused);
    scene.apply(Input::Accepted { conversation_id: "c2".to_owned() });
    let conversation_id = "c2".to_owned();
    let participants = vec![customer(), queue("bots")];
    let snapshot = Snapshot { conversation_id, participants };
    scene.read_is(ReadOutcome::Snapshot(snapshot));
    assert_eq!(scene.handoff.wants().transfer.unwrap().participant_id, "acd");
}

#[test]
fn the_bots_queue_is_not_asked_how_long_the_wait_is() {
    let mut scene = scene();
    scene.rules.estimates = Some(seconds(60));
    scene.waits(seconds(2));
    scene.reads(vec![customer(), queue("bots")]);
    assert_eq!(scene.handoff.wants().estimate, None);
    scene.transferred(TransferOutcome::Done);
    scene.waits(seconds(2));
    scene.reads(vec![customer(), queue("bots").until(3), queue("q1")]);
    assert_eq!(scene.handoff.wants().estimate, Some("q1"));
}

#[test]
fn a_handoff_of_an_earlier_version_has_no_transfer() {
    let mut stored = serde_json::to_value(&Scene::queued().handoff).unwrap();
    stored.as_object_mut().unwrap().remove("transferring").unwrap();
    let restored: Handoff = serde_json::from_value(stored).unwrap();
    assert_eq!(restored, Scene::queued().handoff);
}
