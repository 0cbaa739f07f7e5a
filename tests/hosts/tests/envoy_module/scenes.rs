//! Scenes as Envoy plays them, and what comes of each.

use super::{
    play::{Step, Told},
    *,
};
use Step::{Close, Half, Headers, Open, Pass, Respond, Rest, Tick, Trailers};
use baton_tests_hosts::proxy_wasm::Sidecar;

/// What happens, and what comes of each request.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) tenants: Tenants,
    pub(super) steps: Vec<Step>,
    pub(super) fates: Vec<Fate>,
}

impl Scene {
    fn listed(name: &'static str, steps: &[&[Step]], fates: &[Fate]) -> Self {
        Self { name, tenants: Tenants::Listed, steps: steps.concat(), fates: fates.to_vec() }
    }

    fn looked_up(name: &'static str, steps: &[&[Step]], fates: &[Fate]) -> Self {
        Self { tenants: Tenants::LookedUp, ..Self::listed(name, steps, fates) }
    }

    /// Plays it, and returns the play for whoever wants to see more of it.
    fn perform(&self, hold: Hold) -> Play {
        let case = format!("{hold:?}, {}", self.name);
        let mut play = Play::new(hold, self.tenants, None);
        play.play(&self.steps);
        assert_eq!(play.fates(), self.fates, "{case}");
        play.assert_untroubled(&case);
        play
    }
}

/// A request with its headers and all of its body, in one packet: Envoy calls for it, and for the
/// end.
const fn whole(which: usize, who: Who) -> [Step; 4] {
    [Open(who), Headers(which, false), Rest(which, false), Rest(which, true)]
}

/// A request whose body comes in pieces.
const fn in_pieces(which: usize, who: Who) -> [Step; 6] {
    [Open(who), Headers(which, false), Half(which), Half(which), Half(which), Rest(which, true)]
}

/// A request with a body and trailers.
const fn with_trailers(which: usize, who: Who) -> [Step; 5] {
    [Open(who), Headers(which, false), Half(which), Rest(which, false), Trailers(which)]
}

/// A request with headers and trailers alone.
const fn with_trailers_alone(which: usize, who: Who) -> [Step; 3] {
    [Open(who), Headers(which, false), Trailers(which)]
}

/// A request that ends with its headers.
const fn headers_alone(which: usize, who: Who) -> [Step; 2] {
    [Open(who), Headers(which, true)]
}

/// A look-up that is sent and answered with the tenant.
const LOOK_UP: [Step; 2] = [Tick, Step::Told(Told::Tenant)];

/// What a whole request comes to, however it comes in.
const COMES_TO: [(Who, Fate); 17] = [
    (Who::Genesys, DELIVERED),
    (Who::GenesysBefore, DELIVERED),
    (Who::GenesysInHex, DELIVERED),
    (Who::GenesysForSandbox, DELIVERED),
    (Who::Trigger, DELIVERED),
    (Who::GenesysNext, refused(401)),
    (Who::ForgedTrigger, refused(401)),
    (Who::Forger, refused(401)),
    (Who::Neighbour, refused(401)),
    (Who::Unsigned, refused(401)),
    (Who::Stranger, refused(401)),
    (Who::NoJson, refused(400)),
    (Who::TooMuch, refused(413)),
    (Who::TooLong, refused(413)),
    (Who::Reader, refused(405)),
    (Who::Grpc, refused(415)),
    (Who::Intruder, refused(404)),
];

/// What a request comes to that has no body.
const COMES_TO_WITHOUT_BODY: [(Who, Fate); 5] = [
    (Who::Genesys, refused(401)),
    (Who::Forger, refused(401)),
    (Who::Unsigned, refused(401)),
    (Who::Nothing, refused(400)),
    (Who::Reader, refused(405)),
];

/// Scenes of tenants that are listed.
pub(super) fn listed() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for (who, fate) in COMES_TO {
        scenes.push(Scene::listed("a request whole", &[&whole(0, who)], &[fate]));
        scenes.push(Scene::listed("a request in pieces", &[&in_pieces(0, who)], &[fate]));
        scenes.push(Scene::listed("a request with trailers", &[&with_trailers(0, who)], &[fate]));
    }
    for (who, fate) in COMES_TO_WITHOUT_BODY {
        scenes.push(Scene::listed("headers alone", &[&headers_alone(0, who)], &[fate]));
        scenes.push(Scene::listed("trailers alone", &[&with_trailers_alone(0, who)], &[fate]));
    }
    for steps in [
        &whole(0, Who::Visitor)[..],
        &with_trailers(0, Who::Visitor),
        &headers_alone(0, Who::Visitor),
    ] {
        let fate = delivered_and_answered(404);
        scenes.push(Scene::listed("a visitor", &[steps, &[Respond(0, 404)]], &[fate]));
    }
    for (status, answered) in [(200, 200), (202, 202), (302, 503), (404, 503), (500, 503)] {
        scenes.push(Scene::listed(
            "an answer of the upstream",
            &[&whole(0, Who::Genesys), &[Respond(0, status)]],
            &[delivered_and_answered(answered)],
        ));
    }
    // So Envoy answers by itself, before the filter has: a caller who is too slow.
    scenes.push(Scene::listed(
        "an answer of Envoy's own",
        &[&[Open(Who::Genesys), Headers(0, false), Half(0), Respond(0, 408)]],
        &[refused(408)],
    ));
    scenes
}

/// Scenes of tenants that are looked up.
pub(super) fn looked_up() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for (who, fate) in COMES_TO {
        for steps in [&whole(0, who)[..], &in_pieces(0, who), &with_trailers(0, who)] {
            scenes.push(Scene::looked_up("answered last", &[steps, &LOOK_UP], &[fate]));
            let first = [&steps[..2], &LOOK_UP, &steps[2..]];
            scenes.push(Scene::looked_up("answered first", &first, &[fate]));
            let between = [&steps[..3], &LOOK_UP, &steps[3..]];
            scenes.push(Scene::looked_up("answered between", &between, &[fate]));
        }
    }
    for (who, fate) in COMES_TO_WITHOUT_BODY {
        for steps in [&headers_alone(0, who)[..], &with_trailers_alone(0, who)] {
            scenes.push(Scene::looked_up("no body", &[steps, &LOOK_UP], &[fate]));
        }
    }
    for (told, status) in [
        (Told::Unknown, 401),
        (Told::NextSecret, 401),
        (Told::NotFound, 503),
        (Told::Another, 503),
        (Told::Silence, 503),
        (Told::NoStatus, 503),
        (Told::Unauthorized, 503),
        (Told::Malformed, 503),
        (Told::TooMuch, 503),
    ] {
        for who in [Who::Genesys, Who::Forger] {
            let answer = [Tick, Step::Told(told)];
            let steps: &[&[Step]] = &[&whole(0, who), &answer];
            scenes.push(Scene::looked_up("told no tenant", steps, &[refused(status)]));
        }
    }
    for sidecar in [Sidecar::Unknown, Sidecar::Empty] {
        let steps: &[&[Step]] = &[
            &[Step::Sidecar(sidecar)],
            &in_pieces(0, Who::Genesys),
            &[Tick],
            &whole(1, Who::Forger),
            &[Tick],
        ];
        scenes.push(Scene::looked_up("no way to ask", steps, &[refused(503), refused(503)]));
        let early: &[&[Step]] =
            &[&[Step::Sidecar(sidecar), Open(Who::Genesys), Headers(0, false), Tick]];
        scenes.push(Scene::looked_up("no way to ask, said early", early, &[refused(503)]));
    }
    scenes.push(Scene::looked_up("no answer yet", &[&whole(0, Who::Genesys), &[Tick]], &[WAITING]));
    scenes.extend(looked_up_again());
    scenes
}

/// Scenes in which something is known of the tenant already.
fn looked_up_again() -> Vec<Scene> {
    let known = [&whole(0, Who::Genesys)[..], &LOOK_UP].concat();
    let wait = [Pass(5_000)];
    let next = [Tick, Step::Told(Told::NextSecret)];
    vec![
        Scene::looked_up(
            "two who wait for one answer",
            &[&whole(0, Who::Genesys), &whole(1, Who::Forger), &LOOK_UP],
            &[DELIVERED, refused(401)],
        ),
        Scene::looked_up(
            "what is known is not asked for again",
            &[&known, &whole(1, Who::Genesys), &whole(2, Who::Forger)],
            &[DELIVERED, DELIVERED, refused(401)],
        ),
        Scene::looked_up(
            "a mismatch asks again, and waits",
            &[&known, &wait, &whole(1, Who::Forger), &[Tick]],
            &[DELIVERED, WAITING],
        ),
        Scene::looked_up(
            "a mismatch that is one still",
            &[&known, &wait, &with_trailers(1, Who::Forger), &LOOK_UP],
            &[DELIVERED, refused(401)],
        ),
        Scene::looked_up(
            "a mismatch, and no answer",
            &[&known, &wait, &whole(1, Who::Forger), &[Tick, Step::Told(Told::Silence)]],
            &[DELIVERED, refused(401)],
        ),
        Scene::looked_up(
            "a secret that was changed",
            &[&known, &wait, &whole(1, Who::GenesysNext), &next, &whole(2, Who::Genesys)],
            &[DELIVERED, DELIVERED, refused(401)],
        ),
        Scene::looked_up(
            "a stale tenant goes on, and is asked for beside",
            &[&known, &[Pass(61_000)], &whole(1, Who::Genesys), &next, &whole(2, Who::GenesysNext)],
            &[DELIVERED, DELIVERED, DELIVERED],
        ),
        Scene::looked_up(
            "who has gone is not told",
            &[
                &whole(0, Who::Genesys),
                &with_trailers(1, Who::Genesys),
                &[Close(0)],
                &LOOK_UP,
                &whole(2, Who::Genesys),
            ],
            &[WAITING, DELIVERED, DELIVERED],
        ),
        Scene::looked_up(
            "who was answered by Envoy meanwhile",
            &[
                &[Open(Who::Genesys), Headers(0, false), Half(0), Respond(0, 408), Close(0)],
                &LOOK_UP,
            ],
            &[WAITING],
        ),
        Scene::looked_up(
            "who is over the limit while a tenant is asked for",
            &[&in_pieces(0, Who::TooMuch), &whole(1, Who::Genesys), &LOOK_UP],
            &[refused(413), DELIVERED],
        ),
    ]
}

pub(super) fn all() -> Vec<Scene> {
    listed().into_iter().chain(looked_up()).collect()
}

#[test]
fn invariant_1_scenes_with_listed_tenants_end_as_they_have_to() {
    for hold in Hold::BOTH {
        listed().iter().for_each(|scene| drop(scene.perform(hold)));
    }
}

#[test]
fn invariant_1_scenes_with_looked_up_tenants_end_as_they_have_to() {
    for hold in Hold::BOTH {
        looked_up().iter().for_each(|scene| drop(scene.perform(hold)));
    }
}

#[test]
fn a_request_may_end_at_any_point_and_the_next_one_is_served() {
    for hold in Hold::BOTH {
        for scene in all() {
            for length in 1..scene.steps.len() {
                let case = format!("{hold:?}, {scene:?} up to {length}");
                let mut play = Play::new(hold, scene.tenants, None);
                play.play(&scene.steps[..length]);
                let next = play.len();
                play.play(&(0..next).map(Close).collect::<Vec<_>>());
                play.play(&[Step::Sidecar(Sidecar::There), Tick, Step::Told(Told::Silence)]);
                play.play(&[&whole(next, Who::Genesys)[..], &LOOK_UP].concat());
                play.assert_untroubled(&case);
                let fates = play.fates();
                assert!(
                    fates[next] == DELIVERED || scene.steps.contains(&Step::Told(Told::NextSecret)),
                    "{case}: {fates:?}"
                );
            }
        }
    }
}
