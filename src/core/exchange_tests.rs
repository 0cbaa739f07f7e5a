//! Exchanges on a host that writes down what it is asked to do.

use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::*;
use crate::{configuration::Configuration, look_up::Pace, signature::SigningKey};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "abcdef0123456789abcdef0123456789";
const BODY: &[u8] = br#"{"id":"m","type":"Text","text":"hello"}"#;
const PATH: &str = "/webhooks/genesys/acme/shop/live/events";

/// What a host is asked, one line each.
#[derive(Default)]
struct Script {
    time: u64,
    body: Option<Vec<u8>>,
    kept: BTreeMap<String, Vec<u8>>,
    /// What the sidecar says of the tenant; `None` for a sidecar that is away.
    sidecar: Option<Response>,
    upstream: Option<Response>,
    /// Where an instance is used again.
    pace: Option<Pace>,
    log: Vec<String>,
    reported: Vec<String>,
}

impl Host for Script {
    fn now(&self) -> u64 {
        self.time
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        match self.body.clone() {
            Some(body) if body.len() > most => Err(BodyProblem::TooLarge),
            Some(body) => Ok(body),
            None => Err(BodyProblem::Broken),
        }
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response> {
        let headers = request.headers.iter();
        let headers: Vec<_> =
            headers.map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect();
        self.log.push(format!("deliver {} {}", request.path, headers.join("; ")));
        assert!(request.body.starts_with(b"{\"specversion\""));
        self.upstream.clone()
    }

    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response> {
        self.log.push(format!("look up {path} {authorization}"));
        let mut answer = self.sidecar.clone()?;
        if Some(&answer) == unknown().as_ref() {
            let names = path.split('/').skip(4).zip(["0", "1", "2"]);
            let quoted = |text| format!("\"{text}\"");
            let put_in = |body: String, (name, place)| body.replace(&quoted(place), &quoted(name));
            let body = String::from_utf8(answer.body).unwrap();
            answer.body = names.fold(body, put_in).into_bytes();
        }
        Some(answer)
    }

    fn admits_stranger(&mut self) -> Admission {
        let time = self.time;
        self.pace.as_mut().map_or(Admission::Admitted, |pace| pace.admits(time))
    }

    async fn kept(&mut self, name: &str) -> Option<Vec<u8>> {
        self.kept.get(name).cloned()
    }

    async fn keep(&mut self, name: &str, bytes: &[u8]) {
        self.kept.insert(name.to_owned(), bytes.to_vec());
    }

    fn report(&mut self, trouble: &Trouble) {
        self.reported.push(trouble.to_string());
    }
}

fn gate(unlisted: &str) -> Gate {
    let document = format!(
        r#"{{
            "upstream": {{"credential": {{"env": "CREDENTIAL"}}}},
            "tenants": [],
            "max_body_bytes": 1000,
            "unlisted_tenants": "{unlisted}",
            "look_up": {{"credential": {{"env": "LOOK_UP"}}, "fresh_seconds": 60,
                        "stale_seconds": 600, "unknown_seconds": 10}}
        }}"#
    );
    let environment = |name: &str| Some(format!("{name}-0123456789abcdef"));
    Gate::new(Configuration::parse(document.as_bytes(), &environment).unwrap())
}

fn tenant(secret: &str) -> Option<Response> {
    let body = format!(
        r#"{{"account_id": "acme", "project_id": "shop", "client_env": "live",
            "signature_secrets": ["{secret}"]}}"#
    );
    Some(Response { status: 200, body: body.into_bytes() })
}

fn answer(status: u16) -> Option<Response> {
    Some(Response { status, body: b"{}".to_vec() })
}

/// What the sidecar says of a tenant that it does not have; whose names it repeats is the host's to
/// put in.
fn unknown() -> Option<Response> {
    let body = r#"{"account_id": "0", "project_id": "1", "client_env": "2", "known": false}"#;
    Some(Response { status: 404, body: body.into() })
}

fn script() -> Script {
    Script {
        time: 1_000_000,
        body: Some(BODY.to_vec()),
        sidecar: tenant(SECRET),
        upstream: answer(200),
        ..Script::default()
    }
}

/// One request, signed with this secret.
fn request(host: &mut Script, secret: &str) -> Outcome {
    let signature = SigningKey::new(secret).sign(BODY).to_base64();
    let headers = [
        ("x-hub-signature-256".to_owned(), signature.into_bytes()),
        ("x-request-id".to_owned(), b"7".to_vec()),
        ("authorization".to_owned(), b"Bearer forged".to_vec()),
        ("x-baton-anything".to_owned(), b"forged".to_vec()),
    ];
    sees_through(&gate("look_up"), PATH, &headers, host)
}

/// One request for a tenant that callers made up, in an account of its own.
fn made_up(host: &mut Script, number: usize) -> Outcome {
    let signature = SigningKey::new(SECRET).sign(BODY).to_base64();
    let headers = [("x-hub-signature-256".to_owned(), signature.into_bytes())];
    let path = format!("/webhooks/genesys/made-up-{number}/shop/live/events");
    sees_through(&gate("look_up"), &path, &headers, host)
}

fn sees_through(gate: &Gate, path: &str, headers: &[Header], host: &mut Script) -> Outcome {
    let head = RequestHead { method: b"POST", path: path.as_bytes(), headers };
    let mut exchange = pin!(exchange(gate, &head, host));
    match exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("nothing in it waits"),
    }
}

fn mismatch() -> Outcome {
    Outcome::Refused(Refusal::Signature(crate::signature::SignatureProblem::Mismatch))
}

const LOOKS_UP: &str =
    "look up /internal/v1/tenants/acme/shop/live/edge Bearer LOOK_UP-0123456789abcdef";
const DELIVERS: &str = "deliver /internal/v1/deliveries \
     content-type: application/cloudevents+json; \
     authorization: Bearer CREDENTIAL-0123456789abcdef; x-request-id: 7";

#[test]
fn a_webhook_becomes_a_delivery_and_the_upstreams_answer_is_the_callers() {
    let mut host = script();
    assert_eq!(request(&mut host, SECRET), Outcome::Taken(answer(200).unwrap()));
    assert_eq!(host.log, [LOOKS_UP, DELIVERS]);
}

#[test]
fn a_tenant_that_was_looked_up_is_not_asked_for_again_while_it_is_fresh() {
    let mut host = script();
    for _ in 0..3 {
        assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)));
        host.time += 19_000;
    }
    assert_eq!(host.log.iter().filter(|line| **line == LOOKS_UP).count(), 1);
}

#[test]
fn invariant_1_what_is_refused_reaches_no_upstream() {
    let mut host = script();
    assert_eq!(request(&mut host, OTHER_SECRET), mismatch());
    host.body = Some(vec![b' '; 1_001]);
    assert_eq!(request(&mut host, SECRET), Outcome::Refused(Refusal::TooLarge));
    host.body = None;
    assert_eq!(request(&mut host, SECRET), mismatch());
    assert_eq!(host.log, [LOOKS_UP]);
}

#[test]
fn a_request_that_is_not_ours_is_left_alone_and_one_that_is_refused_anyway_looks_nothing_up() {
    let mut host = script();
    assert_eq!(sees_through(&gate("look_up"), "/", &[], &mut host), Outcome::NotOurs);
    let refused = sees_through(&gate("look_up"), PATH, &[], &mut host);
    assert!(matches!(refused, Outcome::Refused(_)));
    assert!(host.log.is_empty());
}

#[test]
fn a_secret_that_was_rotated_counts_at_once() {
    let mut host = script();
    request(&mut host, SECRET);
    host.sidecar = tenant(OTHER_SECRET);
    host.time += 6_000;
    assert!(matches!(request(&mut host, OTHER_SECRET), Outcome::Taken(_)));
    assert_eq!(request(&mut host, SECRET), mismatch());
}

#[test]
fn invariant_11_forged_webhooks_do_not_make_a_tenant_be_looked_up_without_bound() {
    let mut host = script();
    for _ in 0..100 {
        assert_eq!(request(&mut host, OTHER_SECRET), mismatch());
        host.time += 100;
    }
    assert_eq!(host.log.len(), 2, "{:?}", host.log);
}

#[test]
fn while_the_sidecar_is_away_a_known_tenant_goes_on_and_another_is_asked_to_come_again() {
    let mut host = script();
    request(&mut host, SECRET);
    host.sidecar = None;
    host.time += 599_000;
    assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)));
    host.time += 1_000;
    let refused = Outcome::Refused(Refusal::TenantLookUpFailed);
    assert_eq!(request(&mut host, SECRET), refused);
    for nonsense in [answer(500), answer(401), answer(404), answer(200)] {
        let mut host = Script { sidecar: nonsense, ..script() };
        assert_eq!(request(&mut host, SECRET), refused);
        assert!(host.kept.is_empty());
    }
}

#[test]
fn a_tenant_that_is_not_there_is_refused_as_if_the_signature_were_wrong() {
    let mut host = Script { sidecar: unknown(), ..script() };
    for _ in 0..2 {
        let refused = Outcome::Refused(Refusal::UnknownTenant);
        assert_eq!(request(&mut host, SECRET), refused);
    }
    assert_eq!(host.log, [LOOKS_UP]);
    host.time += 10_000;
    host.sidecar = tenant(SECRET);
    assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)));
}

#[test]
fn invariant_11_names_that_callers_make_up_do_not_fill_a_store() {
    let mut host = script();
    request(&mut host, SECRET);
    host.sidecar = unknown();
    for number in 0..2_000 {
        let refused = Outcome::Refused(Refusal::UnknownTenant);
        assert_eq!(made_up(&mut host, number), refused);
    }
    assert_eq!(host.kept.len(), 257);
    host.sidecar = None;
    assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)));
}

#[test]
fn that_one_tenant_is_not_there_says_nothing_of_another_that_shares_its_name_in_the_store() {
    let mut host = Script { sidecar: unknown(), ..script() };
    // Among so many some share one.
    for number in 0..300 {
        made_up(&mut host, number);
    }
    assert!(host.kept.len() < 256);
    assert_eq!(host.log.len(), 300, "each was looked up");
    made_up(&mut host, 299);
    assert_eq!(host.log.len(), 300, "and the last is known not to be there");
}

#[test]
fn a_tenant_that_was_taken_away_is_gone() {
    let mut host = script();
    request(&mut host, SECRET);
    host.sidecar = unknown();
    host.time += 60_000;
    for _ in 0..2 {
        let refused = Outcome::Refused(Refusal::UnknownTenant);
        assert_eq!(request(&mut host, SECRET), refused);
    }
    assert_eq!(host.log.iter().filter(|line| **line == LOOKS_UP).count(), 2);
    assert_eq!(host.kept.len(), 1);
}

#[test]
fn invariant_11_an_instance_that_is_used_again_looks_up_so_many_strangers_in_a_second() {
    let mut host = Script { pace: Some(Pace::default()), ..script() };
    request(&mut host, SECRET);
    host.sidecar = unknown();
    host.time += 1_000;
    host.log.clear();
    let outcomes: Vec<_> = (0..150).map(|number| made_up(&mut host, number)).collect();
    let (looked_up, refused) = outcomes.split_at(100);
    assert!(looked_up.iter().all(|it| *it == Outcome::Refused(Refusal::UnknownTenant)));
    assert!(refused.iter().all(|it| *it == Outcome::Refused(Refusal::TenantLookUpFailed)));
    assert_eq!((host.log.len(), host.reported.len()), (100, 1), "{:?}", host.reported);
    assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)), "it is known");
    // What was known once is no stranger, however old.
    host.time += 600_000;
    host.sidecar = tenant(SECRET);
    (0..150).for_each(|number| drop(made_up(&mut host, number)));
    assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)));
}

#[test]
fn what_the_store_lost_or_garbled_is_looked_up_again() {
    let mut host = script();
    request(&mut host, SECRET);
    for bytes in host.kept.values_mut() {
        bytes.truncate(7);
    }
    assert!(matches!(request(&mut host, SECRET), Outcome::Taken(_)));
    assert_eq!(host.log.iter().filter(|line| **line == LOOKS_UP).count(), 2);
}

#[test]
fn an_upstream_that_does_not_take_a_delivery_is_withheld() {
    for upstream in [None, answer(500), answer(404), answer(302), answer(100)] {
        let mut host = Script { upstream, ..script() };
        assert_eq!(request(&mut host, SECRET), Outcome::Refused(Refusal::UpstreamFailed));
    }
}

#[test]
fn the_credentials_do_not_show_themselves() {
    let shown = format!("{:?}", gate("look_up").configuration());
    assert!(!shown.contains("0123456789abcdef"), "{}", shown.to_string());
}

#[test]
fn invariant_10_a_request_and_an_answer_show_how_long_they_are_and_nothing_of_themselves() {
    let headers = [("x-api-key".to_owned(), b"a secret".to_vec())];
    let head = RequestHead { method: b"POST", path: b"/?a secret", headers: &headers };
    let request = DeliveryRequest {
        path: "/a secret",
        headers: vec![("authorization", b"a secret")],
        body: b"a secret",
    };
    let response = Response { status: 202, body: b"a secret".to_vec() };
    let reply = Outcome::Taken(response.clone()).reply();
    let outcome = Outcome::Taken(response.clone());
    let shown = format!("{head:?} {request:?} {response:?} {reply:?} {outcome:?}");
    assert!(!shown.contains("secret") && !shown.contains("97, 32, 115"), "{shown}");
    assert_eq!(format!("{response:?}"), "Response { status: 202, length_of_body: Some(8) }");
}

#[test]
fn the_caller_gets_the_refusals_answer_or_the_upstreams() {
    let taken = Outcome::Taken(Response { status: 202, body: b"{}".to_vec() }).reply();
    assert_eq!((taken.status, &*taken.body), (202, &b"{}"[..]));
    let refused = Outcome::Refused(Refusal::UpstreamFailed).reply();
    assert_eq!(refused.status, 503);
    assert!(refused.headers.contains(&("retry-after", "5")));
    assert_eq!(Outcome::NotOurs.reply().status, 404);
}

#[test]
fn invariant_10_the_operator_is_told_in_a_line_without_a_secret_why_a_request_got_503() {
    let silent = Script { upstream: None, ..script() };
    let refusing = Script { upstream: answer(500), ..script() };
    let away = Script { sidecar: None, ..script() };
    let wrong = Script { sidecar: answer(403), ..script() };
    let malformed = Script { sidecar: answer(200), ..script() };
    for (mut host, begin) in [
        (silent, "the upstream gave no whole answer to a delivery within 8 s: "),
        (refusing, "the upstream answered a delivery 500: "),
        (away, "the look-up of a tenant got no whole answer within 2 s: "),
        (wrong, "the look-up of a tenant was answered 403: "),
        (malformed, "the look-up of a tenant was answered with another one: "),
    ] {
        assert!(matches!(request(&mut host, SECRET), Outcome::Refused(_)));
        let [line] = &host.reported[..] else { panic!("one line: {:?}", host.reported) };
        assert!(line.starts_with(begin), "{line}");
        assert!(!line.contains('\n') && !line.contains("0123456789abcdef"), "{line}");
    }
}

#[test]
fn a_request_that_is_refused_for_its_own_sake_is_not_reported() {
    let mut host = script();
    assert_eq!(request(&mut host, OTHER_SECRET), mismatch());
    assert_eq!(request(&mut host, SECRET), Outcome::Taken(answer(200).unwrap()));
    assert!(host.reported.is_empty(), "{:?}", host.reported);
}
