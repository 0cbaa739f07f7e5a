use std::collections::BTreeMap;

use proptest::{prelude::*, sample::select};

use super::*;

const WINDOW: Duration = Duration::from_secs(60);

fn start() -> Instant {
    // Some way into the clock, so that a test may look back.
    Instant::now() + WINDOW * 100
}

/// All that go now, in their order.
fn set_out(schedule: &mut Schedule, now: Instant) -> Vec<Place> {
    let rulings = std::iter::from_fn(|| schedule.rule(now));
    rulings
        .filter_map(|ruling| match ruling {
            Ruling::Go(place) => Some(place),
            Ruling::GiveUp(_) => None,
        })
        .collect()
}

/// The same, and all of them are answered at once.
fn go(schedule: &mut Schedule, now: Instant) -> Vec<Place> {
    let places = set_out(schedule, now);
    places.iter().for_each(|place| schedule.leave(*place, now));
    places
}

fn enter(schedule: &mut Schedule, class: Class, count: usize, now: Instant) -> Vec<Place> {
    (0..count).map(|_| schedule.enter(class, now)).collect()
}

fn allowing(allowed: u32, now: Instant) -> Schedule {
    let mut schedule = Schedule::new(WINDOW);
    schedule.learn(Usage { allowed, count: 0, reset: WINDOW }, now);
    schedule
}

#[test]
fn what_matters_more_goes_first_and_within_it_the_oldest() {
    let now = start();
    let mut schedule = allowing(100, now);
    schedule.hold(Duration::from_secs(1), now);
    let mut entered: Vec<Place> = Class::ALL
        .into_iter()
        .rev()
        .filter(|class| *class != Class::Typing)
        .flat_map(|class| enter(&mut schedule, class, 2, now))
        .collect();
    assert_eq!(go(&mut schedule, now), []);
    entered.sort();
    assert_eq!(go(&mut schedule, now + Duration::from_secs(1)), entered);
}

#[test]
fn reconciles_take_a_third_and_the_rest_wait_for_the_window_oldest_first() {
    let now = start();
    let mut schedule = allowing(300, now);
    let entered = enter(&mut schedule, Class::Reconcile, 350, now);
    assert_eq!(go(&mut schedule, now), entered[..100]);
    assert_eq!(schedule.wake_at(), Some(now + WINDOW));
    assert_eq!(go(&mut schedule, now + WINDOW), entered[100..200]);
    // A message does not wait for them.
    let message = schedule.enter(Class::Message, now + WINDOW);
    assert_eq!(go(&mut schedule, now + WINDOW), [message]);
}

#[test]
fn a_message_finds_room_in_a_window_that_the_others_have_filled() {
    let now = start();
    let mut schedule = allowing(300, now);
    for class in Class::ALL.into_iter().filter(|class| *class > Class::Disconnect) {
        enter(&mut schedule, class, 500, now);
    }
    assert_eq!(go(&mut schedule, now).len(), 285);
    let messages = enter(&mut schedule, Class::Message, 16, now);
    assert_eq!(go(&mut schedule, now), messages[..15]);
}

#[test]
fn typing_goes_at_once_or_never() {
    let now = start();
    let mut schedule = allowing(10, now);
    let typing = enter(&mut schedule, Class::Typing, 6, now);
    let rulings: Vec<Ruling> = std::iter::from_fn(|| schedule.rule(now)).collect();
    let expected: Vec<Ruling> = (0..6)
        .map(|number| match number < 5 {
            true => Ruling::Go(typing[number]),
            false => Ruling::GiveUp(typing[number]),
        })
        .collect();
    assert_eq!(rulings, expected);
    assert!(schedule.is_empty());
}

#[test]
fn a_receipt_is_given_up_after_a_window() {
    let now = start();
    let mut schedule = allowing(10, now);
    schedule.hold(WINDOW * 2, now);
    let receipt = schedule.enter(Class::Receipt, now);
    assert_eq!(schedule.rule(now), None);
    assert_eq!(schedule.wake_at(), Some(now + WINDOW));
    assert_eq!(schedule.rule(now + WINDOW), Some(Ruling::GiveUp(receipt)));
}

#[test]
fn retry_after_holds_everybody_and_a_shorter_one_does_not_shorten_it() {
    let now = start();
    let mut schedule = allowing(300, now);
    schedule.hold(Duration::from_secs(37), now);
    schedule.hold(Duration::from_secs(3), now);
    let message = schedule.enter(Class::Message, now);
    let until = now + Duration::from_secs(37);
    assert_eq!(schedule.rule(until - Duration::from_millis(1)), None);
    assert_eq!(schedule.wake_at(), Some(until));
    assert_eq!(schedule.rule(until), Some(Ruling::Go(message)));
}

#[test]
fn what_genesys_has_counted_beyond_ours_is_spent_until_its_window_ends() {
    let now = start();
    let mut schedule = allowing(300, now);
    schedule.enter(Class::Message, now);
    go(&mut schedule, now);
    schedule.learn(Usage { allowed: 300, count: 300, reset: Duration::from_secs(20) }, now);
    assert_eq!(schedule.spent(now), 300);
    let message = schedule.enter(Class::Message, now);
    assert_eq!(go(&mut schedule, now), []);
    assert_eq!(schedule.wake_at(), Some(now + Duration::from_secs(20)));
    assert_eq!(go(&mut schedule, now + Duration::from_secs(20)), [message]);
}

#[test]
fn another_allowance_is_learnt_and_nonsense_is_not() {
    let now = start();
    let mut schedule = Schedule::new(WINDOW);
    assert_eq!(schedule.allowed(), 300);
    schedule.learn(Usage { allowed: 180, count: 0, reset: WINDOW }, now);
    assert_eq!(schedule.allowed(), 180);
    for allowed in [0, u32::MAX] {
        schedule.learn(Usage { allowed, count: u32::MAX, reset: Duration::MAX }, now);
        assert_eq!(schedule.allowed(), 180);
    }
    schedule.enter(Class::Message, now);
    assert_eq!(go(&mut schedule, now + WINDOW).len(), 1);
}

#[test]
fn whoever_leaves_is_not_waited_for() {
    let now = start();
    let mut schedule = allowing(1, now);
    let places = enter(&mut schedule, Class::Message, 3, now);
    assert_eq!(go(&mut schedule, now), places[..1]);
    schedule.leave(places[1], now);
    assert_eq!(go(&mut schedule, now + WINDOW), places[2..]);
    assert_eq!(schedule.wake_at(), None);
}

#[test]
fn a_call_counts_until_a_window_after_its_answer() {
    let now = start();
    let mut schedule = allowing(2, now);
    let places = enter(&mut schedule, Class::Message, 4, now);
    assert_eq!(set_out(&mut schedule, now), places[..2]);
    // Both are under way: nobody knows when they arrive, so nothing is to be awaited but an answer.
    assert_eq!(set_out(&mut schedule, now + WINDOW), []);
    assert_eq!(schedule.wake_at(), None);
    let answer = now + WINDOW + Duration::from_secs(1);
    schedule.leave(places[0], answer);
    assert_eq!(schedule.wake_at(), Some(answer + WINDOW));
    assert_eq!(set_out(&mut schedule, answer + WINDOW), places[2..3]);
    assert_eq!(schedule.spent(answer + WINDOW), 2);
}

/// What happens next in a random history.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter(Class, usize),
    Pass(u64),
    Hold(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (select(Class::ALL.as_slice()), 1..40_usize)
            .prop_map(|(class, count)| Step::Enter(class, count)),
        (0..90_000_u64).prop_map(Step::Pass),
        (0..5_000_u64).prop_map(Step::Hold),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #[test]
    fn never_more_than_the_budget_goes_in_any_window(steps in steps(), allowed in 1..60_u32) {
        let mut now = start();
        let mut schedule = allowing(allowed, now);
        let mut went: Vec<(Instant, Class)> = Vec::new();
        let mut held_until = now;
        for step in steps {
            match step {
                Step::Enter(class, count) => drop(enter(&mut schedule, class, count, now)),
                Step::Pass(milliseconds) => now += Duration::from_millis(milliseconds),
                Step::Hold(milliseconds) => {
                    let pause = Duration::from_millis(milliseconds);
                    schedule.hold(pause, now);
                    held_until = held_until.max(now + pause);
                }
            }
            let places = go(&mut schedule, now);
            prop_assert!(places.is_empty() || now >= held_until);
            prop_assert!(places.is_sorted(), "out of order: {places:?}");
            went.extend(places.iter().map(|place| (now, place.class)));
        }
        for (index, (at, _)) in went.iter().enumerate() {
            let window: Vec<Class> = went[index..]
                .iter()
                .take_while(|(other, _)| *other < *at + WINDOW)
                .map(|(_, class)| *class)
                .collect();
            prop_assert!(window.len() <= allowed as usize);
            let reconciles = window.iter().filter(|class| **class == Class::Reconcile).count();
            prop_assert!(reconciles <= (allowed as usize / 3).max(1));
        }
    }

    #[test]
    fn never_more_than_the_budget_arrives_in_any_window_however_long_it_is_under_way(
        calls in prop::collection::vec((0..20_000_u64, 0..30_000_u64, 0..=100_u64), 1..200),
        allowed in 1..20_u32,
    ) {
        let mut now = start();
        let mut schedule = allowing(allowed, now);
        let mut under_way: BTreeMap<Instant, Vec<Place>> = BTreeMap::new();
        let mut arrived: Vec<Instant> = Vec::new();
        for (pause, journey, share) in calls {
            now += Duration::from_millis(pause);
            let later = under_way.split_off(&now);
            for (answer, places) in std::mem::replace(&mut under_way, later) {
                places.into_iter().for_each(|place| schedule.leave(place, answer));
            }
            schedule.enter(Class::Message, now);
            for place in set_out(&mut schedule, now) {
                arrived.push(now + Duration::from_millis(journey * share / 100));
                under_way.entry(now + Duration::from_millis(journey)).or_default().push(place);
            }
        }
        arrived.sort();
        for (index, at) in arrived.iter().enumerate() {
            let window = arrived[index..].iter().take_while(|other| **other < *at + WINDOW);
            prop_assert!(window.count() <= allowed as usize);
        }
    }

    #[test]
    fn whoever_waits_goes_or_is_given_up_if_one_wakes_when_told(
        counts in prop::collection::vec((select(Class::ALL.as_slice()), 1..30_usize), 1..8),
        allowed in 1..20_u32,
    ) {
        let mut now = start();
        let mut schedule = allowing(allowed, now);
        let mut left: usize = counts.iter().map(|(_, count)| count).sum();
        for (class, count) in counts {
            enter(&mut schedule, class, count, now);
        }
        while left > 0 {
            let rulings: Vec<Ruling> = std::iter::from_fn(|| schedule.rule(now)).collect();
            left -= rulings.len();
            for ruling in rulings {
                if let Ruling::Go(place) = ruling {
                    schedule.leave(place, now);
                }
            }
            match schedule.wake_at() {
                Some(wake_at) => {
                    prop_assert!(wake_at > now, "it would spin");
                    now = wake_at;
                }
                None => prop_assert_eq!(left, 0),
            }
        }
    }
}
