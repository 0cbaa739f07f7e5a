//! A call to the host that fails, whichever it is and however: what goes up is verified all the same,
//! nothing traps, and the next request is served.

use baton_tests_hosts::proxy_wasm::{Call, Fault};

use super::{play::Step, scenes::Scene, *};

/// Statuses of the ABI: not found, which is like nothing, and the host's own failure.
const STATUSES: [u32; 2] = [1, 10];

#[test]
fn invariant_1_whichever_call_to_the_host_fails_nothing_unverified_goes_on() {
    for hold in Hold::BOTH {
        for scene in scenes::all().into_iter().filter(is_played) {
            for fault in faults(hold, &scene) {
                fails(hold, &scene, fault);
            }
        }
    }
}

#[test]
fn invariant_1_whichever_call_at_the_start_fails_nothing_unverified_goes_on() {
    for hold in Hold::BOTH {
        for tenants in [Tenants::Listed, Tenants::LookedUp] {
            let scenes = scenes::all().into_iter().filter(|scene| scene.tenants == tenants);
            let scene = scenes.take(1).next().expect("a scene");
            let calls = 0..calls_at_the_start(hold, tenants);
            for fault in calls.flat_map(in_each_way) {
                fails(hold, &scene, fault);
            }
        }
    }
}

#[test]
fn invariant_11_a_call_that_failed_is_forgotten_with_its_request() {
    let again =
        |which| [Step::Open(Who::Genesys), Step::Headers(which, false), Step::Rest(which, true)];
    for hold in Hold::BOTH {
        for scene in scenes::listed().into_iter().filter(is_played) {
            for fault in faults(hold, &scene) {
                let mut play = Play::new(hold, scene.tenants, Some(fault));
                play.play(&scene.steps);
                let next = play.len();
                play.play(&again(next));
                assert_eq!(play.fates()[next], DELIVERED, "{hold:?}, {fault:?}, {scene:?}");
            }
        }
    }
}

#[test]
fn a_look_up_that_cannot_be_begun_is_503_at_once() {
    for hold in Hold::BOTH {
        for status in STATUSES {
            let call = Call::Each("proxy_set_tick_period_milliseconds");
            let mut play = Play::new(hold, Tenants::LookedUp, Some(Fault { call, status }));
            for which in [0, 1] {
                play.play(&[Step::Open(Who::Genesys), Step::Headers(which, false)]);
                assert_eq!(play.fates()[which], refused(503), "{hold:?}, {status}");
            }
            assert_eq!(play.worker.counter("look_up.failed"), 2, "{hold:?}, {status}");
            play.assert_untroubled(&format!("{hold:?}, {status}"));
        }
    }
}

/// Plays the scene with a call that fails.
fn fails(hold: Hold, scene: &Scene, fault: Fault) {
    let mut play = Play::new(hold, scene.tenants, Some(fault));
    play.play(&scene.steps);
    play.assert_untrapped(&format!("{hold:?}, {fault:?}, {scene:?}"));
}

/// Of those who come to the same, one is enough: Genesys, and a forger.
fn is_played(scene: &Scene) -> bool {
    let is_another = |step: &Step| match step {
        Step::Open(who) => ![Who::Genesys, Who::GenesysNext, Who::Forger].contains(who),
        _ => false,
    };
    !scene.steps.iter().any(is_another)
}

/// Each call of the scene but those at the start, failing in each way.
fn faults(hold: Hold, scene: &Scene) -> impl Iterator<Item = Fault> + use<> {
    let mut play = Play::new(hold, scene.tenants, None);
    play.play(&scene.steps);
    let calls = calls_at_the_start(hold, scene.tenants)..play.worker.calls_made();
    calls.flat_map(in_each_way)
}

fn calls_at_the_start(hold: Hold, tenants: Tenants) -> usize {
    Play::new(hold, tenants, None).worker.calls_made()
}

fn in_each_way(call: usize) -> [Fault; 2] {
    STATUSES.map(|status| Fault { call: Call::Number(call), status })
}
