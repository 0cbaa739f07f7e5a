use std::{collections::BTreeSet, time::Duration};

use baton_process::Random;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{
    placement::CONVERSATIONS_PER_CHANNEL,
    refusals::Refused,
    subscriptions::{Batch, Subscriptions},
};
use crate::Pace;

const SECOND: Duration = Duration::from_secs(1);

fn subscriptions(now: Instant) -> Subscriptions {
    let mut subscriptions = Subscriptions::new(&Pace::default(), Random::system());
    subscriptions.begin_empty(now);
    subscriptions
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn granted(subscriptions: &mut Subscriptions, now: Instant) -> Vec<String> {
    subscriptions.succeeded(&Refused::new(), now)
}

/// A channel that has these conversations.
fn with(conversations: &[&str], now: Instant) -> Subscriptions {
    let mut subscriptions = subscriptions(now);
    for conversation in conversations {
        subscriptions.want(conversation, now);
    }
    subscriptions.next(now + SECOND);
    granted(&mut subscriptions, now + SECOND);
    subscriptions
}

#[test]
fn conversations_that_come_together_are_subscribed_in_one_request() {
    let now = Instant::now();
    let mut subscriptions = subscriptions(now);
    assert!(!subscriptions.want("a", now));
    assert!(!subscriptions.want("b", now + Duration::from_millis(20)));
    assert_eq!(subscriptions.due(), Some(now + Duration::from_millis(50)));
    assert_eq!(subscriptions.next(now + Duration::from_millis(49)), None);
    let now = now + Duration::from_millis(50);
    assert_eq!(subscriptions.next(now), Some(Batch::Add(ids(&["a", "b"]))));
    assert_eq!(subscriptions.next(now), None);
    assert_eq!(granted(&mut subscriptions, now), ids(&["a", "b"]));
    assert_eq!(subscriptions.in_place(), ids(&["a", "b"]));
    assert!(subscriptions.want("a", now));
}

#[test]
fn what_comes_while_a_request_is_out_goes_with_the_next() {
    let now = Instant::now();
    let mut subscriptions = subscriptions(now);
    subscriptions.want("a", now);
    assert!(subscriptions.next(now + SECOND).is_some());
    subscriptions.want("b", now + SECOND);
    assert_eq!(subscriptions.next(now + SECOND * 2), None);
    assert_eq!(granted(&mut subscriptions, now + SECOND * 2), ids(&["a"]));
    assert_eq!(subscriptions.next(now + SECOND * 2), Some(Batch::Add(ids(&["b"]))));
}

#[test]
fn removals_are_collected_and_carried_out_by_writing_the_whole_list() {
    let now = Instant::now();
    let mut subscriptions = with(&["a", "b", "c"], now);
    let now = now + SECOND;
    subscriptions.unwant("a", now);
    subscriptions.unwant("b", now + SECOND);
    assert_eq!(subscriptions.next(now + SECOND * 4), None);
    assert_eq!(subscriptions.next(now + SECOND * 5), Some(Batch::Replace(ids(&["c"]))));
    assert_eq!(granted(&mut subscriptions, now + SECOND * 5), ids(&[]));
    assert_eq!(subscriptions.topics(), 4);
}

#[test]
fn a_conversation_that_leaves_while_it_is_subscribed_is_removed_later() {
    let now = Instant::now();
    let mut subscriptions = subscriptions(now);
    subscriptions.want("a", now);
    subscriptions.next(now + SECOND);
    subscriptions.unwant("a", now + SECOND);
    assert_eq!(granted(&mut subscriptions, now + SECOND), ids(&[]));
    assert_eq!(subscriptions.next(now + SECOND * 6), Some(Batch::Replace(ids(&[]))));
}

#[test]
fn one_that_never_was_subscribed_costs_no_request() {
    let now = Instant::now();
    let mut subscriptions = subscriptions(now);
    subscriptions.want("a", now);
    subscriptions.unwant("a", now);
    assert_eq!(subscriptions.next(now + SECOND), None);
    assert_eq!(subscriptions.due(), None);
}

#[test]
fn invariant_9_removals_come_first_where_the_channel_would_overflow() {
    let now = Instant::now();
    let all: Vec<String> = (0..250).map(|number| format!("{number:03}")).collect();
    let mut subscriptions = with(&all.iter().map(String::as_str).collect::<Vec<_>>(), now);
    let now = now + SECOND;
    subscriptions.unwant("000", now);
    subscriptions.want("new", now);
    let Some(Batch::Replace(list)) = subscriptions.next(now + SECOND) else {
        panic!("an overflow");
    };
    assert_eq!(list.len(), 250);
    assert!(!list.contains(&"000".to_owned()));
}

#[test]
fn on_a_channel_of_which_nothing_is_known_the_whole_list_is_written() {
    let now = Instant::now();
    let mut subscriptions = with(&["a", "b"], now);
    subscriptions.begin_anew(now);
    assert_eq!(subscriptions.in_place(), ids(&[]));
    assert_eq!(subscriptions.next(now), Some(Batch::Replace(ids(&["a", "b"]))));
    assert_eq!(granted(&mut subscriptions, now), ids(&["a", "b"]));
}

#[test]
fn topics_are_subscribed_anew_at_half_of_the_channels_life() {
    let now = Instant::now();
    let mut subscriptions = with(&["a"], now);
    let renewal = now + SECOND + Duration::from_hours(12);
    assert_eq!(subscriptions.due(), Some(renewal));
    assert_eq!(subscriptions.next(renewal), Some(Batch::Replace(ids(&["a"]))));
    assert_eq!(granted(&mut subscriptions, renewal), ids(&[]));
    assert_eq!(subscriptions.due(), Some(renewal + Duration::from_hours(12)));
}

#[test]
fn a_channel_that_nobody_needs_is_not_kept_alive() {
    let now = Instant::now();
    let mut subscriptions = with(&["a"], now);
    subscriptions.unwant("a", now + SECOND);
    assert!(subscriptions.next(now + SECOND * 6).is_some());
    granted(&mut subscriptions, now + SECOND * 6);
    assert_eq!(subscriptions.due(), None);
}

#[test]
fn after_a_failure_the_whole_list_is_written_and_not_at_once() {
    let now = Instant::now();
    let mut subscriptions = with(&["a"], now);
    let now = now + SECOND;
    subscriptions.want("b", now);
    assert!(subscriptions.next(now + SECOND).is_some());
    subscriptions.failed(now + SECOND);
    assert_eq!(subscriptions.uncovered().collect::<Vec<_>>(), ["b"]);
    assert_eq!(subscriptions.next(now + SECOND), None);
    assert_eq!(subscriptions.next(now + SECOND * 2), Some(Batch::Replace(ids(&["a", "b"]))));
    assert_eq!(granted(&mut subscriptions, now + SECOND * 2), ids(&["b"]));
    assert_eq!(subscriptions.uncovered().count(), 0);
}

#[test]
fn a_conversation_that_genesys_refuses_stays_uncovered_and_is_asked_for_no_more() {
    let now = Instant::now();
    let mut subscriptions = subscriptions(now);
    subscriptions.want("a", now);
    subscriptions.want("b", now);
    subscriptions.next(now + SECOND);
    let refused = Refused::from([("b".to_owned(), 4)]);
    assert_eq!(subscriptions.succeeded(&refused, now + SECOND), ids(&["a", "b"]));
    assert_eq!(subscriptions.uncovered().collect::<Vec<_>>(), ["b"]);
    subscriptions.want("c", now + SECOND);
    assert_eq!(subscriptions.next(now + SECOND * 2), Some(Batch::Add(ids(&["c"]))));
    subscriptions.unwant("b", now + SECOND * 2);
    assert_eq!(subscriptions.uncovered().count(), 0);
}

#[test]
fn refused_topics_are_counted_and_the_others_of_their_conversation_kept_and_removed() {
    let now = Instant::now();
    let mut subscriptions = with(&["a"], now);
    let now = now + SECOND;
    subscriptions.want("b", now);
    subscriptions.want("c", now);
    assert_eq!(subscriptions.next(now + SECOND), Some(Batch::Add(ids(&["b", "c"]))));
    let refused = Refused::from([("b".to_owned(), 1), ("c".to_owned(), 4)]);
    assert_eq!(subscriptions.succeeded(&refused, now + SECOND), ids(&["b", "c"]));
    assert_eq!((subscriptions.topics(), subscriptions.refused_topics()), (7, 5));
    assert_eq!(subscriptions.uncovered().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(subscriptions.in_place(), ids(&["a", "b"]));
    // Another permission may have come by the next time that the whole list is written.
    subscriptions.unwant("a", now + SECOND);
    let now = now + SECOND * 6;
    assert_eq!(subscriptions.next(now), Some(Batch::Replace(ids(&["b"]))));
    assert_eq!(granted(&mut subscriptions, now), ids(&[]));
    assert_eq!((subscriptions.topics(), subscriptions.refused_topics()), (4, 4));
    subscriptions.unwant("b", now);
    assert_eq!(subscriptions.next(now + SECOND * 5), Some(Batch::Replace(ids(&[]))));
}

#[test]
fn a_rewrite_that_fails_is_tried_again_after_pauses_that_grow() {
    let now = Instant::now();
    let mut subscriptions = with(&["a", "b"], now);
    let mut now = now + SECOND;
    subscriptions.unwant("a", now);
    now += SECOND * 5;
    for pause in [1, 2, 4] {
        assert_eq!(subscriptions.next(now), Some(Batch::Replace(ids(&["b"]))));
        subscriptions.failed(now);
        let due = subscriptions.due().unwrap();
        assert!(due > now && due <= now + SECOND * pause, "{pause}");
        now = due;
    }
}

#[test]
fn one_that_comes_back_while_it_is_removed_is_added_again() {
    let now = Instant::now();
    let mut subscriptions = with(&["a", "b"], now);
    subscriptions.unwant("a", now + SECOND);
    let now = now + SECOND * 6;
    assert_eq!(subscriptions.next(now), Some(Batch::Replace(ids(&["b"]))));
    subscriptions.want("a", now);
    assert_eq!(granted(&mut subscriptions, now), ids(&[]));
    assert_eq!(subscriptions.next(now + SECOND), Some(Batch::Add(ids(&["a"]))));
    assert_eq!(granted(&mut subscriptions, now + SECOND), ids(&["a"]));
}

/// What happens next in a random life of a channel.
#[derive(Clone, Debug)]
enum Step {
    /// A conversation comes, or goes if it is there.
    Toggle(usize),
    Pass(Duration),
    /// A request is carried out or not, and answered or not.
    Answer {
        carried_out: bool,
        answered: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let answer = |(carried_out, answered)| Step::Answer { carried_out, answered };
    prop_oneof![
        (0..300_usize).prop_map(Step::Toggle),
        (0..4_usize).prop_map(Step::Toggle),
        (1..8000_u64).prop_map(|time| Step::Pass(Duration::from_millis(time))),
        any::<(bool, bool)>().prop_map(answer),
    ]
}

proptest! {
    #[test]
    fn invariant_9_whatever_happens_the_channel_never_overflows_and_has_what_it_should(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut now = Instant::now();
        let mut subscriptions = subscriptions(now);
        let mut wanted: BTreeSet<String> = (0..245).map(|id| id.to_string()).collect();
        for id in &wanted {
            subscriptions.want(id, now);
        }
        let mut genesys = BTreeSet::new();
        let mut out = None;
        let quiet = [Step::Pass(SECOND * 60), Step::Answer { carried_out: true, answered: true }];
        for step in steps.into_iter().chain(quiet.into_iter().cycle().take(6)) {
            match step {
                Step::Toggle(id) => {
                    let id = id.to_string();
                    if wanted.remove(&id) {
                        subscriptions.unwant(&id, now);
                    } else if wanted.len() < CONVERSATIONS_PER_CHANNEL {
                        subscriptions.want(&id, now);
                        wanted.insert(id);
                    }
                }
                Step::Pass(time) => now += time,
                Step::Answer { carried_out, answered } => {
                    let Some(batch) = out.take() else { continue };
                    if carried_out {
                        if let Batch::Replace(_) = batch {
                            genesys.clear();
                        }
                        genesys.extend(batch.conversations().iter().cloned());
                        prop_assert!(genesys.len() <= CONVERSATIONS_PER_CHANNEL);
                    }
                    if carried_out && answered {
                        granted(&mut subscriptions, now);
                    } else {
                        subscriptions.failed(now);
                    }
                }
            }
            out = out.or_else(|| subscriptions.next(now));
        }
        prop_assert_eq!(&genesys, &wanted);
        prop_assert_eq!(subscriptions.in_place().len(), wanted.len());
    }
}
