use super::{
    channel_bench::{Bench, MINUTE, unreachable},
    ending::Ending,
    frame::{Frame, Loss},
    status::ChannelState,
};

#[test]
fn a_socket_that_is_about_to_close_works_until_its_successor_does() {
    let mut bench = Bench::settled();
    bench.received(1, Frame::SocketClosing);
    assert_eq!(bench.connects(), Some((2, "first")));
    assert!(bench.closes().is_empty());
    assert_eq!(bench.state(), ChannelState::Closing);
    bench.received(1, Frame::SocketClosing);
    assert_eq!(bench.connects(), None);
    bench.opened(2);
    assert_eq!(bench.state(), ChannelState::Open);
    bench.ended(1, Ending::Closed(Some(1000)));
    assert!(!bench.reconciles());
    assert_eq!(bench.state(), ChannelState::Open);
}

#[test]
fn invariant_8_a_hand_over_with_a_gap_is_compared() {
    // The old socket closes before the new one is open.
    let mut bench = Bench::settled();
    bench.received(1, Frame::SocketClosing);
    bench.ended(1, Ending::Closed(Some(1001)));
    assert_eq!(bench.state(), ChannelState::Connecting);
    bench.opened(2);
    assert!(bench.reconciles());
    // The old socket breaks with something left to say.
    let mut bench = Bench::settled();
    bench.received(1, Frame::SocketClosing);
    bench.opened(2);
    bench.ended(1, Ending::Broke);
    assert!(bench.reconciles());
}

#[test]
fn invariant_8_a_successor_that_fails_leaves_the_old_socket_in_place() {
    for ending in [unreachable(), Ending::Refused(404)] {
        let mut bench = Bench::settled();
        bench.received(1, Frame::SocketClosing);
        bench.ended(2, ending);
        assert_eq!(bench.state(), ChannelState::Closing);
        assert!(bench.closes().is_empty());
        bench.ended(1, Ending::Closed(Some(1001)));
        bench.pass_until_due();
        bench.opened(3);
        assert!(bench.reconciles());
    }
}

#[test]
fn a_successor_that_fails_is_followed_by_another_after_a_pause_that_grows() {
    let mut bench = Bench::settled();
    bench.received(1, Frame::SocketClosing);
    let mut waits = Vec::new();
    for socket in 2..7 {
        assert_eq!(bench.connects(), Some((socket, "first")));
        bench.ended(socket, unreachable());
        waits.push(bench.pass_until_due().as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16]);
    bench.opened(7);
    bench.ended(1, Ending::Closed(Some(1001)));
    assert!(!bench.reconciles());
    assert_eq!(bench.state(), ChannelState::Open);
}

#[test]
fn sockets_that_are_told_to_close_as_soon_as_they_are_open_are_replaced_ever_more_slowly() {
    let mut bench = Bench::settled();
    bench.received(1, Frame::SocketClosing);
    bench.opened(2);
    let mut waits = Vec::new();
    for socket in 2..9 {
        bench.received(socket, Frame::SocketClosing);
        assert_eq!(bench.connects(), None);
        assert_eq!(bench.state(), ChannelState::Closing);
        waits.push(bench.pass_until_due().as_secs());
        assert_eq!(bench.connects(), Some((socket + 1, "first")));
        bench.opened(socket + 1);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    // One that lasts ends that.
    bench.pass(MINUTE);
    bench.received(9, Frame::SocketClosing);
    assert_eq!(bench.connects(), Some((10, "first")));
}

#[test]
fn invariant_8_a_socket_that_closes_before_its_successor_is_due_is_a_gap() {
    let mut bench = Bench::open();
    bench.received(1, Frame::SocketClosing);
    bench.ended(1, Ending::Closed(Some(1001)));
    assert_eq!(bench.state(), ChannelState::Reconnecting { attempt: 2 });
    bench.pass_until_due();
    bench.opened(2);
    assert!(bench.reconciles());
}

#[test]
fn a_socket_that_is_told_of_its_successor_leaves_it_alone() {
    for loss in [Loss::NoLongerSubscribed, Loss::Duplicate] {
        let mut bench = Bench::settled();
        bench.received(1, Frame::SocketClosing);
        bench.received(1, Frame::Loss(loss));
        assert!(bench.closes().is_empty());
        bench.ended(1, Ending::Closed(Some(1001)));
        bench.opened(2);
        assert!(bench.reconciles());
        assert_eq!(bench.state(), ChannelState::Open);
    }
}
