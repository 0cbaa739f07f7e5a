//! The comparison of a proof takes as long wherever it differs: shown by the number of instructions,
//! which is the same to the last one.
//!
//! What a caller shows is decoded before it is compared. That takes longer for some texts than for
//! others, and tells the caller nothing but what it has sent itself; so of a hexadecimal text a
//! digit is only ever exchanged for a digit, and a letter for a letter.

use std::{collections::BTreeSet, iter::once};

use baton_core::{api_key, signature};
use baton_simulator::signature::{base64, hex};
use baton_tests_edge::{
    API_KEY, ENVIRONMENT, PREVIOUS_SECRET, SECRET, WEBHOOK_PATH, configuration, environment,
};
use baton_tests_hosts::{
    BareGates, Judged,
    proxy_wasm::{Headers, Hold, Setting, Worker},
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

const BODY: &[u8] = br#"{"id":"m1","type":"Text","text":"hello"}"#;

/// A request: its path, its proof, and what the sidecar says of its tenant, if it is asked.
#[derive(Clone, Debug)]
struct Shown {
    path: String,
    header: (String, String),
    tenant: Option<String>,
}

impl Shown {
    fn signature(value: String) -> Self {
        let header = (signature::HEADER.to_owned(), value);
        Self { path: WEBHOOK_PATH.to_owned(), header, tenant: None }
    }

    fn key(value: &str) -> Self {
        let header = (api_key::HEADER.to_owned(), value.to_owned());
        Self { path: WEBHOOK_PATH.replace("/events", "/trigger"), header, tenant: None }
    }

    /// The same, for a tenant that is looked up and has the keys of these digests.
    fn looked_up(self, digests: &[&str]) -> Self {
        let tenant = json!({
            "account_id": "acme", "project_id": "support", "client_env": "live",
            "signature_secrets": [SECRET], "api_keys": digests,
        });
        Self { tenant: Some(tenant.to_string()), ..self }
    }
}

/// Who judges a request: what it comes to, and how many instructions that takes.
trait Judge {
    fn judge(&self, shown: &Shown) -> (String, u64);
}

/// The gate as a component.
struct Component {
    listed: BareGates,
    looking_up: BareGates,
}

impl Component {
    fn new() -> Self {
        let gates = |changes| BareGates::metered(&configuration(&changes), &variables());
        Self { listed: gates(Map::new()), looking_up: gates(looking_up()) }
    }
}

impl Judge for Component {
    fn judge(&self, shown: &Shown) -> (String, u64) {
        let gates = if shown.tenant.is_some() { &self.looking_up } else { &self.listed };
        let mut gate = gates.instantiate();
        let before = gate.instructions();
        let headers = [shown.header.clone()];
        let judged = match gate.judge(&shown.path, &headers, BODY, shown.tenant.as_deref()) {
            Judged::Forwarded(_) => "forwarded".to_owned(),
            Judged::Refused(reason) => reason,
            Judged::NotOurs => "not ours".to_owned(),
        };
        (judged, gate.instructions() - before)
    }
}

/// The module for Envoy.
struct Module(Hold);

impl Judge for Module {
    fn judge(&self, shown: &Shown) -> (String, u64) {
        let mut changes = if shown.tenant.is_some() { looking_up() } else { Map::new() };
        changes.insert(
            "envoy".to_owned(),
            json!({"hold": self.0.word(), "look_up_cluster": "sidecar"}),
        );
        let mut worker = Worker::start(Setting {
            hold: self.0,
            configuration: configuration(&changes),
            environment: variables(),
            fault: None,
        });
        let (name, value) = &shown.header;
        let headers = [(":method", "POST"), (":path", &shown.path), (name, value)];
        let headers: Headers =
            headers.map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into())).into();
        let context = worker.open();
        let instructions = worker.instructions(|worker| {
            worker.headers(context, &headers, false);
            worker.tick();
            if let (Some(tenant), Some((call, _))) = (&shown.tenant, worker.asked().first()) {
                worker.answer(*call, Some(200), tenant.as_bytes());
            }
            worker.body(context, BODY, true);
        });
        let stream = worker.stream(context).expect("a request");
        let judged = match (stream.upstream(), stream.answer()) {
            (Some(_), None) => "forwarded",
            (None, Some(answer)) if answer.status == 401 => "refused",
            _ => "something else",
        };
        assert_eq!(worker.troubles(), [""; 0]);
        (judged.to_owned(), instructions)
    }
}

fn judges() -> Vec<Box<dyn Judge>> {
    vec![
        Box::new(Component::new()),
        Box::new(Module(Hold::Pause)),
        Box::new(Module(Hold::BufferFilter)),
    ]
}

/// All of these come to the same, with as many instructions; returns what it is.
fn assert_alike(judge: &dyn Judge, shown: &[Shown]) -> String {
    let judged: BTreeSet<_> = shown.iter().map(|shown| judge.judge(shown)).collect();
    let mut judged = judged.into_iter();
    let (Some((what, instructions)), None) = (judged.next(), judged.next()) else {
        let each: Vec<_> = shown.iter().map(|shown| (judge.judge(shown), shown)).collect();
        panic!("not all alike: {each:#?}");
    };
    assert!(instructions > 1_000, "{what}: {instructions} instructions are no comparison");
    what
}

/// The text with the digit at each place exchanged for another, one place at a time; and with all of
/// them exchanged. In `places` there is one for each byte of what the text stands for.
fn changed(text: &str, places: impl Iterator<Item = usize> + Clone) -> Vec<String> {
    let change = |text: &mut Vec<u8>, place: usize| {
        text[place] = match text[place] {
            digit @ (b'0' | b'a' | b'A') => digit + 1,
            digit @ (b'+' | b'/') => digit ^ 4,
            digit => digit - 1,
        };
    };
    let text = text.as_bytes();
    let one = places.clone().map(|place| {
        let mut text = text.to_vec();
        change(&mut text, place);
        text
    });
    let mut all = text.to_vec();
    places.for_each(|place| change(&mut all, place));
    one.chain(once(all)).map(|text| String::from_utf8(text).expect("ASCII")).collect()
}

#[test]
fn invariant_2_a_signature_takes_as_long_wherever_it_differs() {
    let begin = "sha256=".len();
    let in_base64 = base64(SECRET, BODY);
    // The last digit before the padding has spare bits.
    let base64_places = begin..in_base64.len() - 2;
    let in_hex = hex(SECRET, BODY);
    let hex_places = (begin..in_hex.len()).step_by(2);
    for judge in judges() {
        assert_eq!(judge.judge(&Shown::signature(in_base64.clone())).0, "forwarded");
        assert_eq!(judge.judge(&Shown::signature(in_hex.clone())).0, "forwarded");
        for texts in
            [changed(&in_base64, base64_places.clone()), changed(&in_hex, hex_places.clone())]
        {
            let shown: Vec<_> = texts.into_iter().map(Shown::signature).collect();
            let what = assert_alike(&*judge, &shown);
            assert!(["refused", "signature_mismatch"].contains(&&*what), "{what}");
        }
    }
}

#[test]
fn invariant_2_a_signature_takes_as_long_with_whichever_secret_it_was_made() {
    for judge in judges() {
        let shown = [SECRET, PREVIOUS_SECRET].map(|secret| Shown::signature(base64(secret, BODY)));
        assert_eq!(assert_alike(&*judge, &shown), "forwarded");
    }
}

#[test]
fn invariant_2_an_api_key_takes_as_long_wherever_its_digest_differs() {
    let digest = digest(API_KEY);
    let key = Shown::key(API_KEY);
    let shown: Vec<_> = changed(&digest, (0..digest.len()).step_by(2))
        .iter()
        .map(|digest| key.clone().looked_up(&[digest]))
        .collect();
    for judge in judges() {
        assert_eq!(judge.judge(&key.clone().looked_up(&[&digest])).0, "forwarded");
        let what = assert_alike(&*judge, &shown);
        assert!(["refused", "api_key_mismatch"].contains(&&*what), "{what}");
    }
}

#[test]
fn invariant_2_an_api_key_takes_as_long_whichever_of_two_it_is() {
    let keys = [API_KEY, &API_KEY.to_uppercase()];
    let digests = keys.map(digest);
    let digests = [&*digests[0], &digests[1]];
    let shown = keys.map(|key| Shown::key(key).looked_up(&digests));
    for judge in judges() {
        assert_eq!(assert_alike(&*judge, &shown), "forwarded");
    }
}

fn digest(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn variables() -> Vec<(String, String)> {
    let variable = |name: &str| (name.to_owned(), environment(name).expect("a secret"));
    ENVIRONMENT.into_iter().map(variable).collect()
}

fn looking_up() -> Map<String, Value> {
    let members = json!({
        "tenants": [],
        "unlisted_tenants": "look_up",
        "look_up": {"credential": {"env": "BATON_LOOK_UP_CREDENTIAL"}},
    });
    members.as_object().expect("an object").clone()
}
