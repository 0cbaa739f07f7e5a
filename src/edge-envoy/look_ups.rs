//! The look-ups of a worker: what a request is told at once, what it waits for, and what is asked.
//!
//! All look-ups are the root context's. A request ends when it likes, and what it asked for would
//! end with it; and a request that goes on with what is known does not wait for the answer. One
//! look-up for a tenant is under way at a time, and who needs the tenant meanwhile waits for it.

use std::{fmt::Display, sync::Arc};

use baton_core::{
    configuration::LookUp,
    exchange::{LONGEST_LOOK_UP, MOST_ANSWER_BYTES, Trouble},
    look_up::{Admission, Answer, Entry, LookUpProblem, Pace, Place, Step},
    tenant::{Tenant, TenantKey},
};
use proxy_wasm::types::LogLevel;

use crate::{
    counters::{Counted, Counters},
    host,
    known::Known,
    plugin::log,
    request::{LookUpFailed, Waiting},
};

/// How many tenants of which nothing is known are looked up at a time: what a caller who makes
/// names up can have this worker ask.
const MOST_STRANGERS_AT_A_TIME: usize = 20;

/// How long it is silent after a line about a look-up that failed.
const REPORT_PAUSE: u64 = 5_000;

/// What the operator is told of a call that Envoy does not take.
const NOT_SENT: &str = "the look-up of a tenant could not be sent: see whether \
    envoy.look_up_cluster names a cluster of this Envoy, and whether that has a host";

/// What the operator is told of a call that cannot even be prepared.
const NOT_BEGUN: &str = "the look-up of a tenant could not be begun: Envoy grants no timer";

/// The look-ups of a worker.
pub(crate) struct LookUps {
    /// The sidecar's cluster.
    cluster: String,
    known: Known,
    /// The tenants that are being asked for: seldom more than a handful.
    asked: Vec<Asked>,
    strangers: Pace,
    reported_at: u64,
}

/// A look-up that is not answered yet.
struct Asked {
    key: TenantKey<'static>,
    /// The number of the host's call; none until the root context has made it.
    call: Option<u32>,
    /// Whether nothing was known of the tenant.
    is_of_a_stranger: bool,
    waiting: Vec<Waiting>,
}

/// A tenant as it is known.
pub(crate) struct Kept {
    key: TenantKey<'static>,
    entry: Entry,
    /// `None`, if there is none of this name.
    pub(crate) tenant: Option<Arc<Tenant>>,
}

/// What comes of a request's need for a tenant.
pub(crate) enum Finding {
    /// It goes on with this.
    Kept(Kept),
    /// It is told when the answer is there.
    Asked,
    /// Nothing more is to be learnt now.
    Nothing,
}

/// What came of a look-up, and who waits for it.
pub(crate) struct Told {
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) tenant: Result<Option<Arc<Tenant>>, LookUpFailed>,
}

impl LookUps {
    /// Look-ups at this cluster, with this credential.
    pub(crate) fn at(cluster: String, authorization: &str) -> Self {
        let known = Known::at(Place::new(&cluster, authorization));
        Self { cluster, known, asked: Vec::new(), strangers: Pace::default(), reported_at: 0 }
    }

    /// The tenant, as the policy has it [request headers].
    pub(crate) fn find(
        &mut self,
        key: TenantKey<'static>,
        look_up: &LookUp,
        counters: &Counters,
        waiting: Waiting,
    ) -> Finding {
        let now = host::now();
        let entry = self.known.entry(&key);
        match (look_up.policy.step(entry.as_ref(), now), entry) {
            (Step::Use, Some(entry)) => Finding::Kept(self.kept(key, entry)),
            (Step::UseAndAsk, Some(entry)) => {
                // Who comes meanwhile, to whichever worker, goes on with what is known.
                let entry = entry.asked(now);
                self.known.keep(&key, &entry);
                // It goes on also if nothing more is to be learnt.
                self.ask(&key, false, counters, None);
                Finding::Kept(self.kept(key, entry))
            }
            (_, entry) => {
                let is_of_a_stranger = !entry.is_some_and(|entry| entry.is_known());
                if is_of_a_stranger && !self.may_ask_for_a_stranger(&key, now) {
                    return Finding::Nothing;
                }
                self.ask(&key, is_of_a_stranger, counters, Some(waiting))
            }
        }
    }

    /// The tenant, because a proof did not match what is known of it: what was learnt since, or what
    /// the policy lets it be asked for [request body and trailers].
    pub(crate) fn find_again(
        &mut self,
        kept: &Kept,
        look_up: &LookUp,
        counters: &Counters,
        waiting: Waiting,
    ) -> Finding {
        let now = host::now();
        let key = &kept.key;
        let entry = self.known.entry(key).unwrap_or_else(|| kept.entry.clone());
        if !entry.says_the_same(&kept.entry) {
            return Finding::Kept(self.kept(key.clone(), entry));
        }
        // Whoever finds it being asked for waits too: the answer may be what makes the proof right.
        let policy = &look_up.policy;
        if !self.is_asked(key) && !self.known.asks_after_mismatch(key, &entry, policy, now) {
            return Finding::Nothing;
        }
        self.ask(key, false, counters, Some(waiting))
    }

    fn kept(&mut self, key: TenantKey<'static>, entry: Entry) -> Kept {
        let tenant = self.known.tenant(&key, &entry);
        Kept { key, entry, tenant }
    }

    /// Has the tenant asked for, unless the root context, who asks, cannot be woken.
    fn ask(
        &mut self,
        key: &TenantKey<'static>,
        is_of_a_stranger: bool,
        counters: &Counters,
        waiting: Option<Waiting>,
    ) -> Finding {
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.key == *key) {
            asked.waiting.extend(waiting);
            return Finding::Asked;
        }
        counters.count(&[(Counted::LookUpsAsked, 1)]);
        if !host::wake_root() {
            self.fail(counters, &NOT_BEGUN);
            return Finding::Nothing;
        }
        let waiting = waiting.into_iter().collect();
        self.asked.push(Asked { key: key.clone(), call: None, is_of_a_stranger, waiting });
        Finding::Asked
    }

    fn is_asked(&self, key: &TenantKey<'static>) -> bool {
        self.asked.iter().any(|asked| asked.key == *key)
    }

    fn may_ask_for_a_stranger(&mut self, key: &TenantKey<'static>, now: u64) -> bool {
        let strangers = self.asked.iter().filter(|asked| asked.is_of_a_stranger).count();
        self.is_asked(key)
            || (strangers < MOST_STRANGERS_AT_A_TIME
                && self.strangers.admits(now) == Admission::Admitted)
    }

    /// Sends what is to be asked, and hands back who waits for what could not be sent [tick of the
    /// root context].
    pub(crate) fn send(&mut self, look_up: &LookUp, counters: &Counters) -> Vec<Told> {
        for asked in self.asked.iter_mut().filter(|asked| asked.call.is_none()) {
            let path = Answer::path(&asked.key);
            asked.call = host::get(&self.cluster, &path, &look_up.authorization, LONGEST_LOOK_UP);
        }
        let failed: Vec<_> = self.asked.extract_if(.., |asked| asked.call.is_none()).collect();
        for _ in &failed {
            self.fail(counters, &NOT_SENT);
        }
        let told = |asked: Asked| Told { waiting: asked.waiting, tenant: Err(LookUpFailed) };
        failed.into_iter().map(told).collect()
    }

    /// Takes the answer to a look-up, and hands back who waits for it [answer to a look-up].
    pub(crate) fn answered(
        &mut self,
        call: u32,
        body_length: usize,
        counters: &Counters,
    ) -> Option<Told> {
        let position = self.asked.iter().position(|asked| asked.call == Some(call))?;
        let Asked { key, waiting, .. } = self.asked.swap_remove(position);
        let tenant = match read(&key, body_length) {
            Ok(entry) => {
                self.known.keep(&key, &entry);
                Ok(self.known.tenant(&key, &entry))
            }
            Err(trouble) => {
                self.fail(counters, &trouble);
                Err(LookUpFailed)
            }
        };
        Some(Told { waiting, tenant })
    }

    /// Counts a look-up that failed, and tells the operator, though not with each.
    fn fail(&mut self, counters: &Counters, trouble: &dyn Display) {
        counters.count(&[(Counted::LookUpsFailed, 1)]);
        let now = host::now();
        if now.abs_diff(self.reported_at) >= REPORT_PAUSE {
            self.reported_at = now;
            log(LogLevel::Warn, &trouble.to_string());
        }
    }
}

/// Reads the answer that has just come.
fn read(key: &TenantKey<'_>, body_length: usize) -> Result<Entry, Trouble> {
    match host::answer_status() {
        // So Envoy answers by itself, if the sidecar does not.
        None | Some(503 | 504) => Err(Trouble::LookUpSilent),
        Some(_) if body_length > MOST_ANSWER_BYTES => {
            Err(Trouble::LookUp(LookUpProblem::Malformed))
        }
        Some(status) => {
            let body = host::answer_body(body_length);
            Entry::of_answer(key, status, &body, host::now()).map_err(Trouble::LookUp)
        }
    }
}
