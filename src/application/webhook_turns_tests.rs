//! Who goes out beside whom, and when nobody does.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// An event's own pause, longer than any that is shared.
const OWN_PAUSE: Duration = Duration::from_secs(600);

fn failed(tries: u32) -> Outcome {
    let tries = Tries { made: tries, refused: 0 };
    Outcome::Failed { again: Some((tries, OWN_PAUSE)), asked: Duration::ZERO }
}

/// Begins with as many sessions as may be begun with, of those from `first` on.
fn begin_all(turns: &mut Turns<'_>, first: u64, now: Instant) -> Vec<Turn> {
    let sessions = first..;
    sessions.map_while(|session| turns.has_room(now).then(|| turns.begin(session))).collect()
}

#[test]
fn so_many_sessions_go_out_beside_each_other_and_no_more() {
    let (pace, now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    let begun = begin_all(&mut turns, 1, now);
    assert_eq!(begun.len(), MOST_AT_ONCE);
    assert_eq!(turns.next_at(now), None);
    let others = turns.others().unwrap();
    assert_eq!((others.after, others.except), (16, (1..=16).collect()));
    turns.end(&begun[3], Outcome::Answered, now);
    assert!(turns.has_room(now));
    assert!(!turns.others().unwrap().except.contains(&4));
}

#[test]
fn an_event_that_fails_waits_by_itself_while_the_others_go_on() {
    let (pace, now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    let wrong = turns.begin(1);
    turns.end(&wrong, failed(1), now);
    // The next one shows whether it is the endpoint that fails.
    let begun = begin_all(&mut turns, 2, now);
    assert_eq!(begun.len(), 1);
    turns.end(&begun[0], Outcome::Answered, now);
    assert_eq!(begin_all(&mut turns, 2, now).len(), MOST_AT_ONCE);
    assert_eq!(turns.begin_again(now + OWN_PAUSE - SECOND), None);
    let again = turns.begin_again(now + OWN_PAUSE).unwrap();
    assert_eq!((again.session, again.tries.made), (1, 1));
}

#[test]
fn an_event_that_fails_again_and_again_never_holds_up_the_others() {
    let (pace, mut now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    let wrong = turns.begin(1);
    turns.end(&wrong, failed(1), now);
    for tries in 2..100 {
        now += OWN_PAUSE;
        let wrong = turns.begin_again(now).unwrap();
        turns.end(&wrong, failed(tries), now);
        assert!(turns.has_room(now));
    }
}

#[test]
fn an_endpoint_that_takes_nothing_gets_one_try_at_a_time_with_growing_pauses() {
    let (pace, mut now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    // All of these say the same.
    for turn in begin_all(&mut turns, 1, now) {
        turns.end(&turn, failed(1), now);
    }
    let mut pauses = Vec::new();
    for session in 100..107 {
        let probe = begin_all(&mut turns, session, now);
        assert_eq!(probe.len(), 1);
        turns.end(&probe[0], failed(1), now);
        let next = turns.next_at(now).unwrap();
        assert!(!turns.has_room(next - SECOND) && turns.has_room(next));
        pauses.push((next - now).as_secs());
        now = next;
    }
    assert_eq!(pauses, [5, 10, 20, 40, 60, 60, 60]);
    let probe = turns.begin(200);
    turns.end(&probe, Outcome::Answered, now);
    assert_eq!(begin_all(&mut turns, 300, now).len(), MOST_AT_ONCE);
}

#[test]
fn an_endpoint_that_asks_to_be_left_alone_is_left_alone() {
    let (pace, now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    let turn = turns.begin(1);
    turns.end(&turn, Outcome::Failed { again: None, asked: 90 * SECOND }, now);
    assert!(turns.is_empty() && !turns.has_room(now + 89 * SECOND));
    assert_eq!(turns.next_at(now), Some(now + 90 * SECOND));
    assert!(turns.has_room(now + 90 * SECOND));
}

#[test]
fn the_sessions_that_wait_for_another_try_are_not_more_than_so_many() {
    let (pace, now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    for session in 0..MOST_WAITING as u64 {
        assert!(turns.others().is_some());
        let turn = turns.begin(session);
        turns.end(&turn, failed(1), now);
    }
    assert_eq!(turns.others(), None);
    let turn = turns.begin_again(now + OWN_PAUSE).unwrap();
    turns.end(&turn, Outcome::Unsent, now);
    assert!(turns.others().is_some());
}

#[test]
fn any_number_of_wrong_events_leaves_a_turn_for_the_others() {
    let (pace, mut now) = (WebhookPace::default(), Instant::now());
    let mut turns = Turns::new(&pace, now);
    for session in 0..100 {
        let turn = turns.begin(session);
        turns.end(&turn, failed(1), now);
    }
    now += 2 * OWN_PAUSE;
    assert!(!turns.prefers_others());
    let again = turns.begin_again(now).unwrap();
    turns.end(&again, failed(2), now);
    assert!(turns.prefers_others());
    let other = turns.begin(1_000);
    turns.end(&other, Outcome::Answered, now);
    assert!(!turns.prefers_others());
}
