//! One request through the filter.
//!
//! The request is held from its headers on: by pausing there, or by the buffer filter that
//! stands after this one. Its headers are replaced in the header phase, the only one in which
//! both ways allow it; its body, and with it everything that a caller sent, leaves only when the
//! gate says so, at whichever comes first of the end of the body and the trailers.

use std::{rc::Rc, sync::Arc};

use baton_core::{
    configuration::EnvoyHold,
    gate::{Head, Verdict, goes_up, refusal_of_upstream},
    proof::Proof,
    refusal::Refusal,
    tenant::Tenant,
};
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::{Action, LogLevel},
};

use crate::{
    host::{self, Header},
    plugin::{Plugin, log},
};

/// One request. Without a plugin, for want of a good configuration, it is refused.
pub(crate) struct Stream {
    plugin: Option<Rc<Plugin>>,
    state: State,
}

/// How far the request has come.
enum State {
    /// Not a webhook: nothing of it is our business. So is a stream before its headers, which
    /// are the first thing that there is of it.
    Passing,
    /// A webhook that is held until its body is complete.
    Held(Proof, Option<Arc<Tenant>>),
    /// Its delivery is with the upstream.
    Forwarded,
    /// Answered by the filter, with this status. The callbacks that follow are about that answer.
    Answered(u16),
}

impl Stream {
    pub(crate) const fn new(plugin: Option<Rc<Plugin>>) -> Self {
        Self { plugin, state: State::Passing }
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
    fn hold(
        &mut self,
        plugin: &Plugin,
        headers: &[Header],
        proof: Proof,
        tenant: Option<Arc<Tenant>>,
    ) -> Action {
        let own = plugin.gate.delivery_headers().map(|(name, value)| (name, value.as_bytes()));
        let kept = headers.iter().filter(|(name, _)| goes_up(name));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_slice()));
        host::set_request_headers(own.into_iter().chain(kept).collect());
        self.state = State::Held(proof, tenant);
        match plugin.gate.configuration().envoy_hold {
            EnvoyHold::Pause => Action::Pause,
            EnvoyHold::BufferFilter => Action::Continue,
        }
    }

    /// The body is complete: the verdict.
    fn finish(&mut self, plugin: &Plugin) -> Action {
        // One byte over the limit is enough for the gate to see that there is more.
        let body = host::request_body(plugin.gate.max_body_bytes() + 1);
        let verdict = match &self.state {
            State::Held(proof, tenant) => plugin.gate.body(&body, proof, tenant.as_deref()),
            _ => return Action::Pause,
        };
        match verdict {
            Verdict::Refuse(refusal) => self.refuse(refusal),
            Verdict::Forward(forward) => {
                host::set_request_body(&forward.delivery);
                if plugin.gate.configuration().envoy_hold == EnvoyHold::Pause {
                    host::set_content_length(forward.delivery.len());
                }
                plugin.counters.accept(body.len(), &forward);
                self.state = State::Forwarded;
                Action::Continue
            }
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let Some(plugin) = self.plugin.clone() else {
            return self.refuse(Refusal::UpstreamFailed);
        };
        let headers = host::request_headers();
        let borrowed = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let value = |wanted| borrowed.clone().find(|(name, _)| *name == wanted);
        let [method, path] = [":method", ":path"].map(|name| value(name).unwrap_or_default().1);
        match plugin.gate.head(method, path, borrowed) {
            Head::NotOurs => Action::Continue,
            Head::Refuse(refusal) => self.refuse(refusal),
            Head::NeedTenant(..) => self.refuse(Refusal::TenantLookUpFailed),
            // No body follows, and no callback for it.
            Head::NeedBody(proof, tenant) if end_of_stream => {
                self.refuse(plugin.gate.no_body(&proof, tenant.as_deref()))
            }
            Head::NeedBody(proof, tenant) => self.hold(&plugin, &headers, proof, tenant),
        }
    }

    fn on_http_request_body(&mut self, buffered: usize, end_of_stream: bool) -> Action {
        match (&self.state, self.plugin.clone()) {
            (State::Passing, _) => Action::Continue,
            (State::Held(..), Some(plugin)) if buffered > plugin.gate.max_body_bytes() => {
                self.refuse(Refusal::TooLarge)
            }
            (State::Held(..), Some(plugin)) if end_of_stream => self.finish(&plugin),
            _ => Action::Pause,
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        match (&self.state, self.plugin.clone()) {
            (State::Passing, _) => Action::Continue,
            (State::Held(..), Some(plugin)) => {
                host::drop_request_trailers();
                self.finish(&plugin)
            }
            _ => Action::Pause,
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        match self.state {
            State::Passing | State::Held(..) => Action::Continue,
            State::Forwarded => {
                let status = host::response_status();
                match status.map_or(Some(Refusal::UpstreamFailed), refusal_of_upstream) {
                    Some(refusal) => self.refuse(refusal),
                    None => Action::Continue,
                }
            }
            // To a request of gRPC Envoy puts 200 on every answer of its own making.
            State::Answered(status) => {
                if host::response_status() != Some(status) {
                    host::set_response_status(status);
                }
                Action::Continue
            }
        }
    }
}
