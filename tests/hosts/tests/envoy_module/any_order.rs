//! Callbacks in any order, also in those that Envoy never has.

use baton_tests_hosts::proxy_wasm::{Call, Fault, Sidecar};
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    test_runner::{Config, RngAlgorithm, RngSeed, TestRunner},
};

use super::{
    play::{Step, Told},
    *,
};

/// How many plays there are in a run.
const PLAYS: u32 = 400;

#[test]
fn invariant_1_callbacks_in_any_order_let_nothing_unverified_go_on() {
    let plays = (select(&Hold::BOTH[..]), tenants(), vec(step(), 1..40));
    run(plays, |(hold, tenants, steps)| {
        let mut play = Play::new(hold, tenants, None);
        play.play(&steps);
        play.assert_untrapped("in any order");
    });
}

#[test]
fn invariant_11_callbacks_in_any_order_and_a_call_that_fails_do_not_trap() {
    let fault = (0..200_usize, 1..=10_u32)
        .prop_map(|(call, status)| Fault { call: Call::Number(call), status });
    let plays = (select(&Hold::BOTH[..]), tenants(), vec(step(), 1..40), fault);
    run(plays, |(hold, tenants, steps, fault)| {
        let mut play = Play::new(hold, tenants, Some(fault));
        play.play(&steps);
        play.assert_untrapped("in any order");
    });
}

#[test]
fn requests_that_come_at_once_do_not_disturb_each_other() {
    let scenes = (vec(select(scenes::listed()), 2..5), vec(any::<usize>(), 40));
    run((select(&Hold::BOTH[..]), scenes), |(hold, (scenes, turns))| {
        let mut play = Play::new(hold, Tenants::Listed, None);
        let mut rests: Vec<_> = scenes.iter().map(|scene| scene.steps.clone()).collect();
        for (which, rest) in rests.iter_mut().enumerate() {
            play.play(&[rest.remove(0)]);
            rest.iter_mut().for_each(|step| *step = step.of(which));
            rest.reverse();
        }
        for turn in turns {
            let count = rests.len();
            if let Some(step) = rests[turn % count].pop() {
                play.play(&[step]);
            }
        }
        rests.iter().for_each(|rest| rest.iter().rev().for_each(|step| play.play(&[*step])));
        let alone: Vec<_> = scenes.iter().flat_map(|scene| scene.fates.clone()).collect();
        assert_eq!(play.fates(), alone);
        play.assert_untroubled("at once");
    });
}

/// Plays many of them, the same ones each time.
fn run<S: Strategy>(plays: S, play: impl Fn(S::Value))
where
    S::Value: std::fmt::Debug,
{
    let config = Config {
        cases: PLAYS,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&plays, |value| {
        play(value);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn tenants() -> impl Strategy<Value = Tenants> {
    select(&[Tenants::Listed, Tenants::LookedUp][..])
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0..4_usize;
    let who = prop_oneof![2 => Just(Who::Genesys), 3 => select(&Who::ALL[..])];
    prop_oneof![
        3 => who.prop_map(Step::Open),
        4 => (which(), any::<bool>(), any::<bool>())
            .prop_map(|(which, one, other)| Step::Headers(which, one && other)),
        3 => which().prop_map(Step::Half),
        4 => (which(), any::<bool>()).prop_map(|(which, end)| Step::Rest(which, end)),
        1 => (which(), any::<bool>()).prop_map(|(which, end)| Step::Forged(which, end)),
        2 => which().prop_map(Step::Trailers),
        1 => (which(), select(&[200, 302, 408, 500][..]))
            .prop_map(|(which, status)| Step::Respond(which, status)),
        1 => which().prop_map(Step::Close),
        3 => Just(Step::Tick),
        1 => Just(Step::TickForNothing),
        3 => option::weighted(0.4, select(&Told::ALL[..]))
            .prop_map(|told| Step::Told(told.unwrap_or(Told::Tenant))),
        1 => select(&[Sidecar::There, Sidecar::Unknown, Sidecar::Empty][..])
            .prop_map(Step::Sidecar),
        1 => select(&[1_u64, 5_000, 61_000][..]).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Reload),
    ]
}
