//! Names that are made up, so many that a worker forgets: what is known of a tenant is none of it.

use baton_simulator::signature;
use baton_tests_hosts::proxy_wasm::{Worker, pairs};

use super::{
    play::{Step, Told},
    *,
};

/// More than a worker remembers.
const MANY: usize = 1_100;

/// How many tenants that nobody knows a worker asks for at a time.
const AT_A_TIME: usize = 20;

/// Somebody asks for a tenant that is not there, and has not sent the body yet.
fn name_one(worker: &mut Worker, number: usize) {
    let path = format!("/webhooks/genesys/made-up/{number}/live/events");
    let signature = signature::base64("what a forger takes for the secret", b"");
    let headers = [
        (":method", "POST"),
        (":path", &path),
        (":authority", "edge.example"),
        ("x-hub-signature-256", &signature),
    ];
    let context = worker.open();
    worker.headers(context, &pairs(&headers), false);
    worker.close(context);
}

/// Makes a worker learn of many names that there is no such tenant.
fn make_names_up(play: &mut Play) {
    for first in (0..MANY).step_by(AT_A_TIME) {
        (first..first + AT_A_TIME).for_each(|number| name_one(&mut play.worker, number));
        play.play(&[Step::Tick]);
        assert_eq!(play.worker.asked().len(), AT_A_TIME, "{first}");
        play.play(&[Step::Told(Told::Unknown); AT_A_TIME]);
        play.play(&[Step::Pass(250)]);
    }
}

#[test]
fn a_secret_that_was_changed_works_at_once_whatever_names_are_made_up_meanwhile() {
    for hold in Hold::BOTH {
        let mut play = Play::new(hold, Tenants::LookedUp, None);
        let ask = |told| [Step::Tick, Step::Told(told)];
        play.play(&[Step::Open(Who::Genesys), Step::Headers(0, false), Step::Rest(0, true)]);
        play.play(&ask(Told::Tenant));
        play.play(&[Step::Open(Who::GenesysNext), Step::Headers(1, false)]);
        make_names_up(&mut play);
        play.play(&[Step::Rest(1, true)]);
        play.play(&ask(Told::NextSecret));
        assert_eq!(play.fates(), [DELIVERED; 2], "{hold:?}");
        play.assert_untroubled(&format!("{hold:?}"));
    }
}

#[test]
fn invariant_11_forgers_do_not_make_a_tenant_be_asked_for_that_was_forgotten() {
    for hold in Hold::BOTH {
        let mut play = Play::new(hold, Tenants::LookedUp, None);
        play.play(&[Step::Open(Who::Genesys), Step::Headers(0, false), Step::Rest(0, true)]);
        play.play(&[Step::Tick, Step::Told(Told::Tenant)]);
        let held = 1..6;
        for which in held.clone() {
            play.play(&[Step::Open(Who::Forger), Step::Headers(which, false)]);
        }
        make_names_up(&mut play);
        let before = play.worker.counter("look_up.asked");
        for which in held {
            play.play(&[Step::Rest(which, true), Step::Tick, Step::Told(Told::Tenant)]);
            assert_eq!(play.fates()[which], refused(401), "{hold:?}");
        }
        assert_eq!(play.worker.counter("look_up.asked"), before + 1, "{hold:?}");
    }
}
