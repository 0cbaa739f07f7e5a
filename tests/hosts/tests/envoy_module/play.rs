//! A play: requests, step by step, and after each step a look at what went up.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

use baton_tests_edge::{
    API_KEY, CREDENTIAL, ENVIRONMENT, PREVIOUS_SECRET, SANDBOX_SECRET, SECRET, configuration,
    environment,
};
use baton_tests_hosts::proxy_wasm::{
    Fault, Hold, Sent, Setting, Sidecar, Stream, Worker, pairs, value_of,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::callers::{MOST_BODY_BYTES, NEXT_SECRET, Request, Who};

/// Where the filter has its tenants from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tenants {
    /// From its configuration.
    Listed,
    /// From the sidecar.
    LookedUp,
}

/// What happens next. A request is named by its position among those of the play, from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A request begins, and nothing of it is there.
    Open(Who),
    /// The headers of a request, and with `true` nothing follows.
    Headers(usize, bool),
    /// Half of what is left of its body.
    Half(usize),
    /// The rest of its body, and with `true` the end. If there is no rest, the end alone.
    Rest(usize, bool),
    /// A part of a body that nobody has signed.
    Forged(usize, bool),
    /// Its trailers.
    Trailers(usize),
    /// The upstream's answer to it.
    Respond(usize, u16),
    /// It is over.
    Close(usize),
    /// The timer runs out.
    Tick,
    /// A timer that nobody has set runs out.
    TickForNothing,
    /// The oldest look-up is answered.
    Told(Told),
    /// What becomes of look-ups from now on.
    Sidecar(Sidecar),
    /// So many milliseconds pass.
    Pass(u64),
    /// Envoy gets a configuration that is right, or wrong.
    Reload(bool),
}

impl Step {
    /// The same step for another request.
    pub(super) const fn of(self, which: usize) -> Self {
        match self {
            Self::Headers(_, end) => Self::Headers(which, end),
            Self::Half(_) => Self::Half(which),
            Self::Rest(_, end) => Self::Rest(which, end),
            Self::Forged(_, end) => Self::Forged(which, end),
            Self::Trailers(_) => Self::Trailers(which),
            Self::Respond(_, status) => Self::Respond(which, status),
            Self::Close(_) => Self::Close(which),
            other => other,
        }
    }
}

/// What the sidecar says of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The tenant as it is listed elsewhere.
    Tenant,
    /// The tenant, once its secret was changed.
    NextSecret,
    /// Another tenant than was asked for.
    Another,
    /// That there is none.
    Unknown,
    /// Nothing that is the sidecar's: the path is not there.
    NotFound,
    /// Nothing in time: Envoy says so for it.
    Silence,
    /// An answer without a status.
    NoStatus,
    /// That it takes no such credential.
    Unauthorized,
    /// Something that is no tenant.
    Malformed,
    /// Too much.
    TooMuch,
}

impl Told {
    pub(super) const ALL: [Self; 10] = [
        Self::Tenant,
        Self::NextSecret,
        Self::Another,
        Self::Unknown,
        Self::NotFound,
        Self::Silence,
        Self::NoStatus,
        Self::Unauthorized,
        Self::Malformed,
        Self::TooMuch,
    ];

    /// The status and the body for whoever asked by this path.
    fn answer(self, path: &str) -> (Option<u16>, String) {
        let key = path.trim_start_matches("/internal/v1/tenants/").trim_end_matches("/edge");
        let mut names = key.split('/').map(ToOwned::to_owned);
        let [account, project, environment] =
            [(); 3].map(|()| names.next().expect("three names in the path"));
        let unknown = json!({
            "account_id": account, "project_id": project, "client_env": environment, "known": false,
        });
        let unknown = unknown.to_string();
        let (secrets, keys) = match (&*environment, self) {
            (_, Self::NextSecret) => (vec![NEXT_SECRET], vec![]),
            ("live", _) => (vec![SECRET, PREVIOUS_SECRET], vec![API_KEY]),
            ("sandbox", _) => (vec![SANDBOX_SECRET], vec![]),
            _ => return (Some(404), unknown),
        };
        let digest = |key: &&str| -> String {
            Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let tenant = json!({
            "account_id": account,
            "project_id": project,
            "client_env": if self == Self::Another { "another" } else { &environment },
            "signature_secrets": secrets,
            "api_keys": keys.iter().map(digest).collect::<Vec<_>>(),
        });
        match self {
            Self::Tenant | Self::NextSecret | Self::Another => (Some(200), tenant.to_string()),
            Self::Unknown => (Some(404), unknown),
            Self::NotFound => (Some(404), String::new()),
            Self::Silence => (Some(504), "upstream request timeout".to_owned()),
            Self::NoStatus => (None, tenant.to_string()),
            Self::Unauthorized => (Some(401), tenant.to_string()),
            Self::Malformed => (Some(200), "{".to_owned()),
            Self::TooMuch => (Some(200), format!("{tenant}{}", " ".repeat(70_000))),
        }
    }
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    /// Whether the upstream has seen something of it.
    pub(super) went_up: bool,
    /// What the caller was answered.
    pub(super) answered: Option<u16>,
}

/// A worker at play.
pub(super) struct Play {
    pub(super) worker: Worker,
    hold: Hold,
    tenants: Tenants,
    requests: Vec<Played>,
    /// Numbers the requests, so that none is like another.
    first_number: usize,
}

/// A request of the play.
struct Played {
    context: u32,
    who: Who,
    number: usize,
    request: Request,
    /// How much of the body was sent.
    sent: usize,
    /// What came in of the body, whoever wrote it.
    came: Vec<u8>,
}

impl Play {
    pub(super) fn new(hold: Hold, tenants: Tenants, fault: Option<Fault>) -> Self {
        Self::numbered(hold, tenants, fault, 0)
    }

    fn numbered(hold: Hold, tenants: Tenants, fault: Option<Fault>, first_number: usize) -> Self {
        let worker = Worker::start(Setting {
            hold,
            configuration: document(hold, tenants),
            environment: variables(),
            fault,
        });
        Self { worker, hold, tenants, requests: Vec::new(), first_number }
    }

    /// Plays these steps; after each, nothing has gone up that is not verified.
    pub(super) fn play(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(*step);
            self.assert_verified(step);
        }
    }

    /// What has become of each request.
    pub(super) fn fates(&self) -> Vec<Fate> {
        (0..self.requests.len()).map(|position| self.fate(position)).collect()
    }

    /// How many requests there are.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    fn fate(&self, position: usize) -> Fate {
        let stream = self.stream(position);
        Fate {
            went_up: stream.and_then(Stream::upstream).is_some(),
            answered: stream.and_then(Stream::answer).map(|answer| answer.status),
        }
    }

    fn stream(&self, position: usize) -> Option<&Stream> {
        self.worker.stream(self.requests.get(position)?.context)
    }

    /// No call was made where Envoy does not grant it, and nothing trapped.
    pub(super) fn assert_untroubled(&self, case: &str) {
        assert_eq!(self.worker.troubles(), [""; 0], "{case}");
    }

    /// Nothing trapped.
    pub(super) fn assert_untrapped(&self, case: &str) {
        let troubles = self.worker.troubles();
        assert!(
            !troubles.iter().any(|trouble| trouble.contains("trapped")),
            "{case}: {troubles:?}"
        );
    }

    fn step(&mut self, step: Step) {
        let worker = &mut self.worker;
        match step {
            Step::Open(who) => {
                let number = self.first_number + self.requests.len();
                let (context, request) = (worker.open(), who.request(number));
                let came = Vec::new();
                self.requests.push(Played { context, who, number, request, sent: 0, came });
            }
            Step::Headers(which, end) => {
                if let Some(played) = self.requests.get(which) {
                    worker.headers(played.context, &played.request.headers, end);
                }
            }
            Step::Half(which) => {
                let left =
                    self.requests.get(which).map(|played| played.request.body.len() - played.sent);
                self.send(which, left.unwrap_or_default() / 2, false);
            }
            Step::Rest(which, end) => self.send(which, usize::MAX, end),
            Step::Forged(which, end) => {
                if let Some(played) = self.requests.get_mut(which) {
                    played.came.extend_from_slice(b" forged");
                    worker.body(played.context, b" forged", end);
                }
            }
            Step::Trailers(which) => {
                if let Some(played) = self.requests.get(which) {
                    worker.trailers(played.context, &pairs(&[("x-trailer", "1")]));
                }
            }
            Step::Respond(which, status) => {
                if let Some(played) = self.requests.get(which) {
                    worker.respond(played.context, status);
                }
            }
            Step::Close(which) => {
                if let Some(played) = self.requests.get(which)
                    && worker.stream(played.context).is_some()
                {
                    worker.close(played.context);
                }
            }
            Step::Tick => worker.tick(),
            Step::TickForNothing => worker.tick_for_nothing(),
            Step::Told(told) => {
                if let Some((call, path)) = worker.asked().first() {
                    let (status, body) = told.answer(path);
                    worker.answer(*call, status, body.as_bytes());
                }
            }
            Step::Sidecar(sidecar) => worker.set_sidecar(sidecar),
            Step::Pass(milliseconds) => worker.pass(milliseconds),
            Step::Reload(right) => {
                let document = document(self.hold, self.tenants);
                let document = if right { document } else { document.replace("tenants", "tenant") };
                worker.reload(&document);
            }
        }
    }

    fn send(&mut self, which: usize, most: usize, end: bool) {
        let Some(played) = self.requests.get_mut(which) else { return };
        let rest = &played.request.body[played.sent..];
        let part = &rest[..rest.len().min(most)];
        played.sent += part.len();
        played.came.extend_from_slice(part);
        self.worker.body(played.context, part, end);
    }

    /// What the upstream has seen of each request is nothing, or its delivery, or all of it, if it is
    /// none of ours.
    fn assert_verified(&self, step: &Step) {
        for played in &self.requests {
            let Some(stream) = self.worker.stream(played.context) else { continue };
            let Some(sent) = stream.upstream() else { continue };
            let case = format!("{:?}, {:?}, at {step:?}", self.hold, played.who);
            if played.who == Who::Visitor {
                if let Some(headers) = &sent.headers {
                    assert_eq!(*headers, played.request.headers, "{case}");
                }
                assert!(played.came.starts_with(&sent.body), "{case}");
            } else {
                assert!(played.who.is_good(), "{case}: it went up");
                let delivery = delivery(self.hold, played.who, played.number);
                assert_eq!(without_length(sent), without_length(&delivery), "{case}");
            }
        }
    }
}

/// The same without its length, which is right if it is there. Without it a delivery is as good.
fn without_length(sent: &Sent) -> Sent {
    let mut sent = sent.clone();
    let headers = sent.headers.as_mut().expect("headers");
    if let Some(length) = value_of(headers, "content-length") {
        assert_eq!(str::from_utf8(length), Ok(&*sent.body.len().to_string()));
        headers.retain(|(name, _)| name != b"content-length");
    }
    sent
}

/// What goes up of a webhook when nothing is in its way.
fn delivery(hold: Hold, who: Who, number: usize) -> Sent {
    type Deliveries = BTreeMap<(&'static str, Who, usize), Sent>;
    static DELIVERIES: LazyLock<Mutex<Deliveries>> = LazyLock::new(Mutex::default);
    let key = (hold.word(), who, number);
    if let Some(sent) = DELIVERIES.lock().unwrap().get(&key) {
        return sent.clone();
    }
    let request = who.request(number);
    let configuration = document(hold, Tenants::Listed);
    let configuration = match who {
        Who::GenesysNext => configuration.replace("_SECRET_PREVIOUS", "_SECRET_NEXT"),
        _ => configuration,
    };
    let environment = variables();
    let mut worker = Worker::start(Setting { hold, configuration, environment, fault: None });
    let context = worker.open();
    worker.headers(context, &request.headers, false);
    worker.body(context, &request.body, true);
    let sent = worker.stream(context).and_then(Stream::upstream).expect("a delivery").clone();
    assert_is_a_delivery(&sent, number);
    DELIVERIES.lock().unwrap().insert(key, sent.clone());
    sent
}

/// It is whole, as the edge addresses it, and with nothing of the caller's but what may go up.
fn assert_is_a_delivery(sent: &Sent, number: usize) {
    let headers = sent.headers.as_ref().expect("headers");
    let authorization = format!("Bearer {CREDENTIAL}");
    for (name, value) in [
        (":path", "/internal/v1/deliveries"),
        ("content-type", "application/cloudevents+json"),
        ("authorization", &authorization),
        ("x-request-id", "a-request"),
    ] {
        assert_eq!(value_of(headers, name), Some(value.as_bytes()), "{name}");
    }
    for name in ["x-hub-signature-256", "x-api-key", "x-baton-tenant"] {
        assert_eq!(value_of(headers, name), None, "{name}");
    }
    let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
    assert_eq!(body["specversion"], "1.0");
    assert!(body.to_string().contains(&number.to_string()), "{body}");
    assert!(sent.whole && sent.trailers.is_empty());
}

pub(super) fn variables() -> Vec<(String, String)> {
    let variable = |name: &str| (name.to_owned(), environment(name).expect("a secret"));
    let next = ("GENESYS_WEBHOOK_SECRET_NEXT".to_owned(), NEXT_SECRET.to_owned());
    ENVIRONMENT.into_iter().map(variable).chain([next]).collect()
}

/// The filter's configuration.
pub(super) fn document(hold: Hold, tenants: Tenants) -> String {
    let changes = match tenants {
        Tenants::Listed => json!({
            "envoy": {"hold": hold.word()},
            "max_body_bytes": MOST_BODY_BYTES,
        }),
        Tenants::LookedUp => json!({
            "envoy": {"hold": hold.word(), "look_up_cluster": "sidecar_look_ups"},
            "max_body_bytes": MOST_BODY_BYTES,
            "tenants": [],
            "unlisted_tenants": "look_up",
            "look_up": {"credential": {"env": "BATON_LOOK_UP_CREDENTIAL"}},
        }),
    };
    configuration(changes.as_object().expect("an object"))
}
