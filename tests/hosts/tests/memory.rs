//! Memory stays as it is, however many requests there are.
//!
//! `BATON_SOAK_REQUESTS` says how many, and `BATON_SEED` which; what memory there is is printed as it
//! goes on. A long run is made one test after the other (`--test-threads 1`): then the memory of the
//! whole process counts, too, which among other tests says nothing.

use std::{env, fs};

use baton_simulator::signature;
use baton_tests_edge::{ENVIRONMENT, SECRET, WEBHOOK_PATH, configuration, environment};
use baton_tests_hosts::{
    BareGate, BareGates, Judged,
    proxy_wasm::{Hold, Setting, Worker, pairs},
};
use serde_json::{Map, json};

/// The variable that makes the run a long one.
const SOAK: &str = "BATON_SOAK_REQUESTS";

/// How often memory is looked at.
const LOOKS: u64 = 10;

/// A request of the run.
struct Request {
    path: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Whether it ought to be delivered.
    is_good: bool,
}

/// Requests by chance, the same ones for the same seed.
struct Requests(u64);

impl Requests {
    fn chance(&mut self, below: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// A good one, a forged one, one that is no JSON, one that is too long, or one of nobody.
    fn next(&mut self) -> Request {
        let kind = self.chance(8);
        let (id, length) = (self.chance(u64::MAX), self.chance(3_000));
        let text = "a".repeat(usize::try_from(length).expect("a length"));
        let message = json!({
            "id": format!("{id:016x}"), "type": "Text", "direction": "Outbound", "text": text,
        });
        let body = match kind {
            0 => "no JSON".to_owned(),
            1 => format!("{message}{}", " ".repeat(8_192)),
            _ => message.to_string(),
        };
        let secret = if kind == 2 { "a secret that nobody has" } else { SECRET };
        let signed = signature::base64(secret, body.as_bytes());
        let path = if kind == 3 { "/webhooks/genesys/made/up/live/events" } else { WEBHOOK_PATH };
        let headers = vec![(signature::HEADER.to_ascii_lowercase(), signed)];
        Request { path, headers, body: body.into_bytes(), is_good: kind > 3 }
    }
}

#[test]
fn invariant_11_an_instance_of_the_gate_that_serves_many_requests_does_not_grow() {
    let gates = gates();
    let mut gate = gates.instantiate();
    let mut requests = Requests(seed());
    is_flat("one instance of the gate", || {
        judge(&mut gate, &requests.next());
        gate.memory()
    });
}

#[test]
fn invariant_11_instances_of_the_gate_leave_nothing_behind() {
    let gates = gates();
    let mut requests = Requests(seed());
    is_flat("an instance for each request", || {
        let mut gate = gates.instantiate();
        judge(&mut gate, &requests.next());
        if env::var_os(SOAK).is_some() { resident() } else { gate.memory() }
    });
}

#[test]
fn invariant_11_the_module_for_envoy_does_not_grow_with_the_requests() {
    let changes = json!({"envoy": {"hold": "pause"}, "max_body_bytes": 8_192});
    let mut worker = Worker::start(Setting {
        hold: Hold::Pause,
        configuration: configuration(changes.as_object().expect("an object")),
        environment: variables(),
        fault: None,
    });
    let mut requests = Requests(seed());
    is_flat("the module for Envoy", || {
        let request = requests.next();
        let (name, value) = &request.headers[0];
        let headers = pairs(&[(":method", "POST"), (":path", request.path), (name, value)]);
        let context = worker.open();
        worker.headers(context, &headers, false);
        worker.body(context, &request.body, true);
        let stream = worker.stream(context).expect("a request");
        assert_eq!(stream.upstream().is_some(), request.is_good);
        worker.respond(context, 200);
        worker.close(context);
        worker.forget_log();
        worker.memory()
    });
}

/// Serves all requests of the run, and looks at the memory now and then: once a tenth of them was
/// served, it does not grow by more than an eighth.
fn is_flat(what: &str, mut serve: impl FnMut() -> usize) {
    let requests = number(SOAK, 3_000);
    let mut settled = None;
    for served in 1..=requests {
        let memory = serve();
        if served % (requests / LOOKS).max(1) == 0 {
            eprintln!(
                "{what}: {served} requests, {} KiB, {} KiB resident",
                memory / 1024,
                resident() / 1024
            );
            let settled = *settled.get_or_insert(memory);
            assert!(memory <= settled + settled / 8, "{what}: {settled} bytes, then {memory}");
        }
    }
}

fn judge(gate: &mut BareGate, request: &Request) {
    let judged = gate.judge(request.path, &request.headers, &request.body, None);
    assert_eq!(matches!(judged, Judged::Forwarded(_)), request.is_good, "{judged:?}");
}

fn gates() -> BareGates {
    let changes = json!({"max_body_bytes": 8_192});
    BareGates::unmetered(&configuration(changes.as_object().unwrap_or(&Map::new())), &variables())
}

fn variables() -> Vec<(String, String)> {
    let variable = |name: &str| (name.to_owned(), environment(name).expect("a secret"));
    ENVIRONMENT.into_iter().map(variable).collect()
}

/// How much of this process is in memory, in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kibibytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes * 1024
}

fn seed() -> u64 {
    number("BATON_SEED", 1)
}

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}
