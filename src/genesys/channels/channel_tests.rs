use std::time::Duration;

use baton_process::Random;
use tokio::time::Instant;

use super::{
    channel::Channel,
    channel_bench::{Bench, MINUTE, address, unreachable},
    effect::{Effect, Existence},
    ending::Ending,
    frame::{Frame, Loss},
    refusals::Refused,
    report::Report,
    status::ChannelState,
    subscriptions::Batch,
};
use crate::Pace;

#[test]
fn invariant_9_there_is_no_channel_before_a_conversation_needs_one() {
    let mut channel = Channel::new(&Pace::default(), &Random::system());
    channel.look(Instant::now());
    assert!(channel.take_effects().is_empty());
    assert_eq!(channel.state(), ChannelState::Dormant);
    assert!(!channel.is_used());
    assert!(Bench::new().acquires());
}

#[test]
fn a_conversation_is_compared_once_its_topics_are_in_place_on_an_open_socket() {
    let mut bench = Bench::new();
    assert_eq!(bench.state(), ChannelState::Creating);
    bench.made("first");
    assert_eq!(bench.connects(), Some((1, "first")));
    assert_eq!(bench.state(), ChannelState::Connecting);
    bench.opened(1);
    assert_eq!(bench.state(), ChannelState::Open);
    assert_eq!(bench.batch(), Some(&Batch::Add(vec!["c".to_owned()])));
    assert!(!bench.reconciles());
    bench.subscribed();
    assert!(bench.reconciles());
}

#[test]
fn a_conversation_that_is_watched_once_more_is_compared_at_once() {
    let mut bench = Bench::open();
    bench.act(|channel, now| channel.want("c", now));
    assert!(bench.reconciles());
}

#[test]
fn invariant_8_after_a_drop_the_same_channel_is_connected_and_all_is_compared() {
    let mut bench = Bench::settled();
    bench.ended(1, Ending::Broke);
    assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: 1 });
    assert_eq!(bench.pass_until_due(), Duration::from_secs(1));
    assert_eq!(bench.connects(), Some((2, "first")));
    bench.opened(2);
    assert!(bench.reconciles());
    assert_eq!(bench.batch(), None);
    assert_eq!(bench.state(), ChannelState::Open);
}

#[test]
fn invariant_8_topics_granted_while_the_socket_is_away_are_compared_when_it_is_back() {
    let mut bench = Bench::new();
    bench.made("first");
    bench.opened(1);
    bench.ended(1, Ending::Broke);
    bench.subscribed();
    assert!(!bench.reconciles());
    bench.pass_until_due();
    bench.opened(2);
    assert!(bench.reconciles());
}

#[test]
fn invariant_8_a_channel_that_is_gone_is_replaced_and_gets_all_topics_again() {
    for status in [401, 403, 404] {
        let mut bench = Bench::settled();
        bench.ended(1, Ending::Closed(Some(1001)));
        bench.pass_until_due();
        bench.ended(2, Ending::Refused(status));
        assert!(bench.forgets("first"));
        assert!(bench.reports(&Report::Replaced(Loss::Gone)));
        assert!(bench.acquires());
        bench.made("second");
        assert_eq!(bench.connects(), Some((3, "second")));
        bench.opened(3);
        assert_eq!(bench.batch(), Some(&Batch::Add(vec!["c".to_owned()])));
        bench.subscribed();
        assert!(bench.reconciles());
        assert_eq!(bench.channel.status(1).replaced, 1);
    }
}

#[test]
fn a_channel_that_is_gone_before_it_ever_lasted_is_replaced_after_a_pause() {
    let mut bench = Bench::open();
    bench.received(1, Frame::Loss(Loss::Gone));
    assert_eq!(bench.closes(), [1]);
    assert!(bench.verifies("first"));
    bench.verified(Existence::Denied);
    assert!(bench.forgets("first"));
    assert!(!bench.acquires());
    assert_eq!(bench.pass_until_due(), Duration::from_secs(1));
    assert!(bench.acquires());
}

#[test]
fn invariant_9_channels_that_are_gone_one_after_the_other_are_made_less_and_less_often() {
    let mut bench = Bench::new();
    let mut waits = Vec::new();
    for round in 1..6 {
        bench.made(&format!("channel {round}"));
        bench.ended(round, Ending::Refused(404));
        bench.verified(Existence::Denied);
        // A handoff ends and the next begins: that changes nothing.
        bench.act(|channel, now| channel.unwant("c", now));
        bench.act(|channel, now| channel.want("c", now));
        assert!(!bench.acquires());
        waits.push(bench.pass_until_due().as_secs());
        assert!(bench.acquires());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16]);
}

#[test]
fn invariant_9_a_refusal_that_is_not_about_the_channel_costs_no_channel() {
    let unknown = Existence::Unknown("no token".to_owned());
    for existence in [Existence::Confirmed, unknown] {
        let mut bench = Bench::new();
        bench.adopted("first");
        let mut waits = Vec::new();
        for socket in 1..5 {
            bench.ended(socket, Ending::Refused(403));
            assert!(bench.verifies("first"));
            bench.verified(existence.clone());
            assert!(!bench.forgets("first"));
            waits.push(bench.pass_until_due().as_secs());
            assert_eq!(bench.connects(), Some((socket + 1, "first")));
        }
        assert_eq!(waits, [1, 2, 4, 8]);
        bench.opened(5);
        assert_eq!(bench.state(), ChannelState::Open);
        assert_eq!(bench.channel.status(1).replaced, 0);
    }
}

#[test]
fn topics_that_are_not_found_at_a_channel_that_exists_cost_no_channel() {
    let mut bench = Bench::new();
    bench.made("first");
    bench.opened(1);
    let request = bench.request;
    bench.act(|channel, now| channel.subscribing_failed(request, true, now));
    assert!(bench.verifies("first"));
    assert_eq!(bench.state(), ChannelState::Connecting);
    bench.verified(Existence::Confirmed);
    assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: 1 });
    bench.pass_until_due();
    bench.opened(2);
    bench.subscribe();
    assert!(bench.reconciles());
}

#[test]
fn what_was_verified_of_another_channel_changes_nothing() {
    let mut bench = Bench::open();
    bench.verified(Existence::Denied);
    assert_eq!(bench.state(), ChannelState::Open);
}

#[test]
fn a_channel_whose_loss_is_told_in_band_is_replaced() {
    for loss in [Loss::Gone, Loss::TokenRevoked] {
        let mut bench = Bench::settled();
        bench.received(1, Frame::Loss(loss));
        assert_eq!(bench.closes(), [1]);
        assert!(bench.reports(&Report::Replaced(loss)));
        assert!(bench.acquires());
    }
}

#[test]
fn a_channel_that_subscribing_does_not_find_is_replaced() {
    let mut bench = Bench::settled();
    bench.act(|channel, now| channel.want("d", now));
    bench.pass_until_due();
    assert!(bench.batch().is_some());
    let request = bench.request;
    bench.act(|channel, now| channel.subscribing_failed(request, true, now));
    assert_eq!(bench.closes(), [1]);
    assert!(bench.acquires());
}

#[test]
fn what_is_told_of_an_earlier_channel_changes_nothing() {
    let mut bench = Bench::settled();
    bench.received(1, Frame::Loss(Loss::Gone));
    bench.made("second");
    bench.opened(2);
    bench.act(|channel, now| channel.subscribed(1, &Refused::new(), now));
    assert!(!bench.reconciles());
    bench.act(|channel, now| channel.subscribing_failed(1, true, now));
    assert_eq!(bench.state(), ChannelState::Open);
    bench.ended(1, Ending::Broke);
    assert_eq!(bench.state(), ChannelState::Open);
}

#[test]
fn a_channel_without_its_topics_is_connected_again_and_written_anew() {
    let mut bench = Bench::settled();
    bench.received(1, Frame::Loss(Loss::NoLongerSubscribed));
    assert_eq!(bench.closes(), [1]);
    bench.pass_until_due();
    assert_eq!(bench.connects(), Some((2, "first")));
    bench.opened(2);
    assert_eq!(bench.batch(), Some(&Batch::Replace(vec!["c".to_owned()])));
    assert!(!bench.reconciles());
    bench.subscribed();
    assert!(bench.reconciles());
}

#[test]
fn an_adopted_channel_is_written_anew() {
    let mut bench = Bench::new();
    bench.adopted("remembered");
    bench.opened(1);
    assert_eq!(bench.batch(), Some(&Batch::Replace(vec!["c".to_owned()])));
}

#[test]
fn invariant_8_after_the_tenth_failure_all_are_polled_until_the_channel_is_back() {
    let mut bench = Bench::settled();
    bench.ended(1, Ending::Silent);
    let mut waits = Vec::new();
    for socket in 2..11 {
        assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: socket as u32 - 1 });
        assert!(bench.channel.polled().is_empty());
        waits.push(bench.pass_until_due().as_secs());
        bench.ended(socket, unreachable());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30]);
    assert_eq!(bench.state(), ChannelState::Lost { attempt: 10 });
    assert!(bench.reconciles());
    assert!(bench.reports(&Report::Lost { attempt: 10, reason: "no route".to_owned() }));
    assert_eq!(bench.channel.polled(), ["c"]);
    assert_eq!(bench.pass_until_due(), Duration::from_secs(30));
    bench.ended(11, unreachable());
    assert_eq!(bench.state(), ChannelState::Lost { attempt: 11 });
    // One that comes now does not wait for the next poll.
    bench.act(|channel, now| channel.want("c", now));
    assert!(bench.reconciles());
    bench.pass_until_due();
    bench.opened(12);
    assert!(bench.reports(&Report::Back));
    assert!(bench.reconciles());
    assert!(bench.channel.polled().is_empty());
    assert_eq!(bench.state(), ChannelState::Open);
}

#[test]
fn failures_are_forgotten_once_a_socket_has_lasted_and_not_before() {
    let mut bench = Bench::settled();
    bench.ended(1, Ending::Broke);
    bench.pass_until_due();
    bench.opened(2);
    bench.ended(2, Ending::Broke);
    assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: 2 });
    bench.pass_until_due();
    bench.opened(3);
    bench.pass(MINUTE);
    bench.ended(3, Ending::Broke);
    assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: 1 });
}

#[test]
fn a_channel_that_cannot_be_had_is_tried_again() {
    let mut bench = Bench::new();
    bench.act(|channel, now| channel.acquired(Err("no token".to_owned()), now));
    assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: 1 });
    let reason = "no token".to_owned();
    assert!(bench.reports(&Report::Reconnecting { attempt: 1, reason }));
    bench.pass_until_due();
    assert!(bench.acquires());
}

#[test]
fn a_second_owner_is_told_from_chance_reported_once_and_its_absence_noticed() {
    let mut bench = Bench::settled();
    let mut reported = 0;
    for socket in 1..8 {
        bench.ended(socket, Ending::Closed(Some(1000)));
        reported += u32::from(bench.reports(&Report::Contested));
        assert_eq!(bench.state() == ChannelState::Contested, socket >= 3, "{socket}");
        bench.pass_until_due();
        bench.opened(socket + 1);
    }
    assert_eq!(reported, 1);
    assert_eq!(bench.state(), ChannelState::Contested);
    assert_eq!(bench.channel.polled(), ["c"]);
    bench.pass(MINUTE);
    assert_eq!(bench.state(), ChannelState::Open);
    assert!(bench.channel.polled().is_empty());
}

#[test]
fn a_second_owner_is_also_told_by_genesys_own_words() {
    for loss in [Loss::NoLongerSubscribed, Loss::Duplicate] {
        let mut bench = Bench::settled();
        for socket in 1..4 {
            assert_ne!(bench.state(), ChannelState::Contested);
            bench.received(socket, Frame::Loss(loss));
            assert_eq!(bench.closes(), [socket]);
            if socket < 3 {
                bench.pass_until_due();
                bench.opened(socket + 1);
            }
        }
        assert!(bench.reports(&Report::Contested));
        assert!(bench.reconciles());
        assert_eq!(bench.state(), ChannelState::Contested);
        assert_eq!(bench.pass_until_due(), Duration::from_secs(30));
    }
}

#[test]
fn channels_that_are_evicted_one_after_the_other_have_no_second_owner() {
    let mut bench = Bench::settled();
    for round in 0..5 {
        let socket = round * 2 + 1;
        bench.ended(socket, Ending::Closed(Some(1001)));
        assert_ne!(bench.state(), ChannelState::Contested);
        bench.pass_until_due();
        bench.ended(socket + 1, Ending::Refused(404));
        if !bench.acquires() {
            bench.verified(Existence::Denied);
            bench.pass_until_due();
        }
        bench.made(&format!("channel {round}"));
        bench.opened(socket + 2);
    }
}

#[test]
fn a_server_in_trouble_is_no_second_owner() {
    let mut bench = Bench::settled();
    for socket in 1..8 {
        bench.ended(socket, Ending::Closed(Some(1012)));
        assert_ne!(bench.state(), ChannelState::Contested);
        bench.pass_until_due();
        bench.opened(socket + 1);
    }
}

#[test]
fn a_refused_conversation_is_compared_and_polled() {
    let mut bench = Bench::new();
    bench.made("first");
    bench.opened(1);
    let refused = Refused::from([("c".to_owned(), 3)]);
    bench.act(|channel, now| channel.subscribed(1, &refused, now));
    assert!(bench.reconciles());
    assert_eq!(bench.channel.polled(), ["c"]);
    let status = bench.channel.status(1);
    assert_eq!((status.topics, status.refused), (1, 3));
}

#[test]
fn a_channel_that_nobody_needs_is_not_fought_for() {
    let mut bench = Bench::settled();
    bench.act(|channel, now| channel.unwant("c", now));
    bench.ended(1, Ending::Broke);
    assert_eq!(bench.state(), ChannelState::Dormant);
    assert_eq!(bench.channel.due(), None);
    bench.pass(Duration::from_secs(1));
    bench.act(|channel, now| channel.want("d", now));
    assert_eq!(bench.connects(), Some((2, "first")));
}

#[test]
fn one_that_nobody_needs_any_more_while_it_waits_is_left_alone() {
    let mut bench = Bench::settled();
    bench.ended(1, Ending::Broke);
    bench.act(|channel, now| channel.unwant("c", now));
    bench.pass_until_due();
    assert_eq!(bench.connects(), None);
    assert_eq!(bench.state(), ChannelState::Dormant);
}

#[test]
fn where_a_channel_is_shows_in_no_debug_form() {
    let bench = Bench::open();
    assert!(!format!("{:?}", bench.channel).contains("streaming.example"));
    let address = address("streaming-0-secret");
    let effects = [
        Effect::Verify(address.id.clone()),
        Effect::Forget(address.id.clone()),
        Effect::Connect { socket: 1, address },
    ];
    assert!(!format!("{effects:?}").contains("secret"));
}
