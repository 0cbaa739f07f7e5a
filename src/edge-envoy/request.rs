//! One request through the filter.
//!
//! The request is held from its headers on: by pausing there, or by the buffer filter that
//! stands after this one. Its headers are replaced in the header phase, the only one in which
//! both ways allow it; its body, and with it everything that a caller sent, leaves only when the
//! gate says so, when both are there: the whole body, at whichever comes first of its end and the
//! trailers, and the tenant, which may have to be looked up.

use std::{
    cell::RefCell,
    mem,
    rc::{Rc, Weak},
    sync::Arc,
};

use baton_core::{
    configuration::EnvoyHold,
    gate::{Head, Verdict, goes_up, refusal_of_upstream},
    proof::Proof,
    refusal::Refusal,
    tenant::Tenant,
};
use proxy_wasm::types::{Action, LogLevel};

use crate::{
    host::{self, Header},
    look_ups::{Finding, Kept},
    plugin::{Plugin, log},
};

/// One request. Without a plugin, for want of a good configuration, it is refused.
pub(crate) struct Request {
    plugin: Option<Rc<Plugin>>,
    state: State,
    /// How an answer to a look-up finds it.
    waiting: Waiting,
}

/// How far the request has come.
enum State {
    /// Not a webhook: nothing of it is our business. So is a stream before its headers, which
    /// are the first thing that there is of it.
    Passing,
    /// A webhook that is held until there is all to judge it by.
    Held(Held),
    /// Its delivery is with the upstream.
    Forwarded,
    /// Answered by the filter, with this status. The callbacks that follow are about that answer.
    Answered(u16),
}

/// A webhook that is held.
struct Held {
    proof: Proof,
    tenant: Whose,
    body: Body,
}

/// Whose webhook it is.
enum Whose {
    /// This tenant's, for good: it is listed, or was asked for just now. `None` is nobody's.
    Settled(Option<Arc<Tenant>>),
    /// This tenant's, as far as it is known; if the proof does not match, it may be asked for.
    Kept(Kept),
    /// It is being asked for. If no answer comes, it is this tenant's, as far as that was known.
    Asked(Option<Kept>),
}

/// How much of a body is there.
#[derive(Clone, Copy)]
enum Body {
    /// It is coming in.
    Coming,
    /// It is complete.
    Complete,
    /// The request ends with its headers; there is no callback for its body.
    None,
}

/// No answer came that says something of the tenant.
#[derive(Clone, Copy)]
pub(crate) struct LookUpFailed;

/// A request that waits for an answer to a look-up. It may be gone by then.
#[derive(Clone)]
pub(crate) struct Waiting {
    context_id: u32,
    request: Weak<RefCell<Request>>,
}

impl Waiting {
    /// Tells the request what came of the look-up [root context].
    pub(crate) fn tell(&self, plugin: &Plugin, tenant: Result<Option<Arc<Tenant>>, LookUpFailed>) {
        if let Some(request) = self.request.upgrade()
            && host::speak_for(self.context_id)
        {
            request.borrow_mut().looked_up(plugin, tenant);
        }
    }
}

impl Request {
    pub(crate) fn new(context_id: u32, plugin: Option<Rc<Plugin>>) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|request| {
            let waiting = Waiting { context_id, request: Weak::clone(request) };
            RefCell::new(Self { plugin, state: State::Passing, waiting })
        })
    }

    /// The headers are there, and with `end_of_stream` nothing follows.
    pub(crate) fn headers(&mut self, end_of_stream: bool) -> Action {
        let Some(plugin) = self.plugin.clone() else {
            return self.refuse(Refusal::UpstreamFailed);
        };
        let headers = host::request_headers();
        let borrowed = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let value = |wanted| borrowed.clone().find(|(name, _)| *name == wanted);
        let [method, path] = [":method", ":path"].map(|name| value(name).unwrap_or_default().1);
        let (proof, tenant) = match plugin.gate.head(method, path, borrowed) {
            Head::NotOurs => return Action::Continue,
            Head::Refuse(refusal) => return self.refuse(refusal),
            Head::NeedBody(proof, tenant) => (proof, Whose::Settled(tenant)),
            Head::NeedTenant(key, proof) => match plugin.find(key, self.waiting.clone()) {
                Finding::Kept(kept) => (proof, Whose::Kept(kept)),
                Finding::Asked => (proof, Whose::Asked(None)),
                Finding::Nothing => return self.refuse(Refusal::TenantLookUpFailed),
            },
        };
        if end_of_stream {
            self.state = State::Held(Held { proof, tenant, body: Body::None });
            self.judge(&plugin)
        } else {
            self.hold(&plugin, &headers, Held { proof, tenant, body: Body::Coming })
        }
    }

    /// So many bytes of the body are there, and with `end_of_stream` these are all.
    pub(crate) fn body(&mut self, buffered: usize, end_of_stream: bool) -> Action {
        match (&self.state, self.plugin.clone()) {
            (State::Passing, _) => Action::Continue,
            (State::Held(_), Some(plugin)) if buffered > plugin.gate.max_body_bytes() => {
                self.refuse(Refusal::TooLarge)
            }
            (State::Held(_), Some(plugin)) if end_of_stream => self.complete(&plugin),
            _ => Action::Pause,
        }
    }

    /// The trailers are there: the body has ended before them.
    pub(crate) fn trailers(&mut self) -> Action {
        match (&self.state, self.plugin.clone()) {
            (State::Passing, _) => Action::Continue,
            (State::Held(_), Some(plugin)) => {
                host::drop_request_trailers();
                self.complete(&plugin)
            }
            _ => Action::Pause,
        }
    }

    /// The headers of an answer are there: the upstream's, the filter's own, or the host's.
    pub(crate) fn response_headers(&mut self) {
        match self.state {
            State::Passing | State::Held(_) => {}
            State::Forwarded => {
                let status = host::response_status();
                let refusal = status.map_or(Some(Refusal::UpstreamFailed), refusal_of_upstream);
                if let Some(refusal) = refusal {
                    self.refuse(refusal);
                }
            }
            // To a request of gRPC Envoy puts 200 on every answer of its own making.
            State::Answered(status) => {
                if host::response_status() != Some(status) {
                    host::set_response_status(status);
                }
            }
        }
    }

    /// What came of the look-up that the request waits for.
    fn looked_up(&mut self, plugin: &Plugin, tenant: Result<Option<Arc<Tenant>>, LookUpFailed>) {
        // It may have been refused meanwhile.
        let State::Held(held) = &mut self.state else { return };
        let Whose::Asked(known) = &mut held.tenant else { return };
        let tenant = match (tenant, known.take()) {
            (Ok(tenant), _) => tenant,
            (Err(LookUpFailed), Some(known)) => known.tenant,
            (Err(LookUpFailed), None) => {
                self.refuse(Refusal::TenantLookUpFailed);
                return;
            }
        };
        held.tenant = Whose::Settled(tenant);
        // Until the body is complete there is nothing to judge, and nothing to let go on: the host
        // hands the body over all the same.
        if !matches!(held.body, Body::Coming) && self.judge(plugin) == Action::Continue {
            host::resume_request();
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> Action {
        let answer = refusal.answer();
        self.state = State::Answered(answer.status);
        if let Some(plugin) = &self.plugin {
            plugin.counters.refuse(refusal);
            log(LogLevel::Debug, refusal.label());
        }
        host::reply(answer.status, answer.headers, answer.body);
        Action::Pause
    }

    /// Holds the request while its body comes in. Its headers are those of the delivery from
    /// here on; the content length is none of them, because it would be the webhook's.
    fn hold(&mut self, plugin: &Plugin, headers: &[Header], held: Held) -> Action {
        let own = plugin.gate.delivery_headers().map(|(name, value)| (name, value.as_bytes()));
        let kept = headers.iter().filter(|(name, _)| goes_up(name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_slice()));
        host::set_request_headers(own.into_iter().chain(kept).collect());
        self.state = State::Held(held);
        match plugin.gate.configuration().envoy.hold {
            EnvoyHold::Pause => Action::Pause,
            EnvoyHold::BufferFilter => Action::Continue,
        }
    }

    /// The body is complete.
    fn complete(&mut self, plugin: &Plugin) -> Action {
        if let State::Held(held) = &mut self.state {
            held.body = Body::Complete;
        }
        self.judge(plugin)
    }

    /// The verdict on a request of which everything is there, unless its tenant is being asked for.
    fn judge(&mut self, plugin: &Plugin) -> Action {
        let State::Held(held) = &mut self.state else { return Action::Pause };
        let tenant = match &held.tenant {
            Whose::Settled(tenant) => tenant.as_deref(),
            Whose::Kept(kept) => kept.tenant.as_deref(),
            Whose::Asked(_) => return Action::Pause,
        };
        let (length, verdict) = match held.body {
            Body::None => (0, Verdict::Refuse(plugin.gate.no_body(&held.proof, tenant))),
            _ => {
                // One byte over the limit is enough for the gate to see that there is more.
                let body = host::request_body(plugin.gate.max_body_bytes() + 1);
                (body.len(), plugin.gate.body(&body, &held.proof, tenant))
            }
        };
        match verdict {
            Verdict::Refuse(refusal) if refusal.is_mismatch() => {
                match mem::replace(&mut held.tenant, Whose::Asked(None)) {
                    Whose::Kept(kept) => self.judge_again(plugin, kept, refusal),
                    _ => self.refuse(refusal),
                }
            }
            Verdict::Refuse(refusal) => self.refuse(refusal),
            Verdict::Forward(forward) => {
                host::set_request_body(&forward.delivery);
                if plugin.gate.configuration().envoy.hold == EnvoyHold::Pause {
                    host::set_content_length(forward.delivery.len());
                }
                plugin.counters.accept(length, &forward);
                self.state = State::Forwarded;
                Action::Continue
            }
        }
    }

    /// The verdict on a request whose proof does not match what is known of its tenant.
    fn judge_again(&mut self, plugin: &Plugin, kept: Kept, refusal: Refusal) -> Action {
        let whose = match plugin.find_again(&kept, self.waiting.clone()) {
            Finding::Nothing => return self.refuse(refusal),
            Finding::Asked => Whose::Asked(Some(kept)),
            Finding::Kept(changed) => Whose::Settled(changed.tenant),
        };
        if let State::Held(held) = &mut self.state {
            held.tenant = whose;
        }
        self.judge(plugin)
    }
}
