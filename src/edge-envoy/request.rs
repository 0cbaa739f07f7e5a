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
    gate::{Forward, Head, Verdict, goes_up, refusal_of_upstream},
    id::Id,
    proof::Proof,
    recent_deliveries::DUPLICATE,
    refusal::{Answer, Refusal},
    tenant::Tenant,
};
use proxy_wasm::types::{Action, LogLevel};

use crate::{
    counters::Counted,
    headers::{self, Header},
    host,
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
    /// Nothing of it is known. Its headers come first: whatever else came would be held.
    New,
    /// Not a webhook: nothing of it is our business.
    Passing,
    /// A webhook that is held until there is all to judge it by.
    Held(Held),
    /// Its delivery is with the upstream.
    Forwarded(Forwarded),
    /// Answered by the filter, with this status. The callbacks that follow are about that answer.
    Answered(u16),
}

/// A webhook that is held.
struct Held {
    proof: Proof,
    tenant: Whose,
    body: Body,
}

impl Held {
    /// Whether its body is still to come. Of a request that ended with its headers there is none,
    /// and those headers are not a delivery's.
    const fn is_coming(&self) -> bool {
        matches!(self.body, Body::Coming)
    }
}

/// A delivery that is with the upstream.
struct Forwarded {
    tenant: Option<Arc<Tenant>>,
    /// The id under which the upstream stores it, if it does.
    stored_as: Option<Id>,
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
            RefCell::new(Self { plugin, state: State::New, waiting })
        })
    }

    /// The headers are there, and with `end_of_stream` nothing follows.
    pub(crate) fn headers(&mut self, end_of_stream: bool) -> Action {
        let Some(plugin) = self.plugin.clone() else {
            return self.refuse(Refusal::UpstreamFailed);
        };
        let headers = host::request_headers();
        let Some(headers) = headers.as_deref().and_then(headers::read) else {
            return self.refuse(Refusal::UpstreamFailed);
        };
        let value = |wanted| headers.iter().find(|(name, _)| *name == wanted);
        let [method, path] =
            [":method", ":path"].map(|name| value(name).map_or(&[][..], |(_, value)| value));
        let (proof, tenant) = match plugin.gate.head(method, path, headers.iter().copied()) {
            Head::NotOurs => {
                self.state = State::Passing;
                return Action::Continue;
            }
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
            (State::Held(held), Some(plugin)) if held.is_coming() => {
                if buffered > plugin.gate.max_body_bytes() {
                    self.refuse(Refusal::TooLarge)
                } else if end_of_stream {
                    self.complete(&plugin)
                } else {
                    Action::Pause
                }
            }
            _ => Action::Pause,
        }
    }

    /// The trailers are there: the body has ended before them.
    pub(crate) fn trailers(&mut self) -> Action {
        match (&self.state, self.plugin.clone()) {
            (State::Passing, _) => Action::Continue,
            (State::Held(held), Some(plugin)) if held.is_coming() => {
                if host::drop_request_trailers() {
                    self.complete(&plugin)
                } else {
                    self.refuse(Refusal::UpstreamFailed)
                }
            }
            _ => Action::Pause,
        }
    }

    /// The headers of an answer are there: the upstream's, the filter's own, or the host's.
    pub(crate) fn response_headers(&mut self) {
        match &self.state {
            State::New | State::Passing | State::Held(_) => {}
            State::Forwarded(forwarded) => self.upstream_answered(forwarded.stored_as),
            // To a request of gRPC Envoy puts 200 on every answer of its own making.
            State::Answered(status) => {
                if host::response_status() != Some(*status) {
                    host::set_response_status(*status);
                }
            }
        }
    }

    /// The upstream has answered the delivery; if it took it, it stores it under this id.
    fn upstream_answered(&mut self, stored_as: Option<Id>) {
        let status = host::response_status();
        let refusal = status.map_or(Some(Refusal::UpstreamFailed), refusal_of_upstream);
        match (refusal, stored_as, &self.plugin) {
            (Some(refusal), ..) => {
                self.refuse(refusal);
            }
            (None, Some(id), Some(plugin)) => plugin.stored(id),
            _ => {}
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
        if !held.is_coming() && self.judge(plugin) == Action::Continue {
            host::resume_request();
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> Action {
        if let Some(plugin) = &self.plugin {
            let counted = (Counted::Refused(refusal), 1);
            plugin.counters.count_for(self.state.tenant().map(Arc::as_ref), &[counted]);
            log(LogLevel::Debug, refusal.label());
        }
        self.answer(refusal.label(), refusal.answer())
    }

    /// Answers in the upstream's place.
    fn answer(&mut self, verdict: &str, answer: Answer) -> Action {
        self.note(verdict);
        self.state = State::Answered(answer.status);
        host::reply(answer.status, answer.headers, answer.body);
        Action::Pause
    }

    /// Notes the verdict for the access log, and whose the webhook is as far as that is known.
    fn note(&self, verdict: &str) {
        host::tell_access_log("baton.verdict", verdict);
        if let Some(tenant) = self.state.tenant() {
            host::tell_access_log("baton.tenant", tenant.name());
        }
    }

    /// Holds the request while its body comes in. Its headers are those of the delivery from
    /// here on; the content length is none of them, because it would be the webhook's.
    fn hold(&mut self, plugin: &Plugin, headers: &[Header<'_>], held: Held) -> Action {
        let own = plugin.gate.delivery_headers().map(|(name, value)| (name, value.as_bytes()));
        let kept = headers.iter().filter(|(name, value)| goes_up(name, value)).copied();
        if !host::set_request_headers(own.into_iter().chain(kept)) {
            return self.refuse(Refusal::UpstreamFailed);
        }
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
                match mem::replace(&mut held.tenant, Whose::Settled(None)) {
                    Whose::Kept(kept) => self.judge_again(plugin, kept, refusal),
                    whose => {
                        held.tenant = whose;
                        self.refuse(refusal)
                    }
                }
            }
            Verdict::Refuse(refusal) => self.refuse(refusal),
            Verdict::Forward(forward) => self.forward(plugin, &forward, length),
        }
    }

    /// The verdict on a request whose proof does not match what is known of its tenant.
    fn judge_again(&mut self, plugin: &Plugin, kept: Kept, refusal: Refusal) -> Action {
        let (whose, is_known) = match plugin.find_again(&kept, self.waiting.clone()) {
            Finding::Nothing => (Whose::Settled(kept.tenant), true),
            Finding::Asked => (Whose::Asked(Some(kept)), false),
            Finding::Kept(changed) => (Whose::Settled(changed.tenant), false),
        };
        if let State::Held(held) = &mut self.state {
            held.tenant = whose;
        }
        if is_known { self.refuse(refusal) } else { self.judge(plugin) }
    }

    /// The delivery of a verified body of so many bytes goes up, unless the upstream has it.
    fn forward(&mut self, plugin: &Plugin, forward: &Forward, length: usize) -> Action {
        let tenant = self.state.tenant().cloned();
        if forward.stored_as.is_some_and(|id| plugin.is_stored(&id)) {
            plugin.counters.count_for(tenant.as_deref(), &[(Counted::Duplicates, 1)]);
            return self.answer("duplicate", DUPLICATE);
        }
        if !host::set_request_body(&forward.delivery) {
            return self.refuse(Refusal::UpstreamFailed);
        }
        if plugin.gate.configuration().envoy.hold == EnvoyHold::Pause {
            host::set_content_length(forward.delivery.len());
        }
        let counted = [
            (Counted::Accepted, 1),
            (Counted::Bytes, length),
            (Counted::Unhandled, forward.unhandled),
        ];
        plugin.counters.count_for(tenant.as_deref(), &counted);
        self.note("accepted");
        self.state = State::Forwarded(Forwarded { tenant, stored_as: forward.stored_as });
        Action::Continue
    }
}

impl State {
    /// Whose the webhook is, as far as that is known.
    fn tenant(&self) -> Option<&Arc<Tenant>> {
        match self {
            Self::Held(held) => held.tenant.known(),
            Self::Forwarded(forwarded) => forwarded.tenant.as_ref(),
            Self::New | Self::Passing | Self::Answered(_) => None,
        }
    }
}

impl Whose {
    /// The tenant, as far as it is known.
    const fn known(&self) -> Option<&Arc<Tenant>> {
        match self {
            Self::Settled(tenant) => tenant.as_ref(),
            Self::Kept(kept) | Self::Asked(Some(kept)) => kept.tenant.as_ref(),
            Self::Asked(None) => None,
        }
    }
}
