//! The gate: what becomes of a request, decided in two steps and without I/O.
//!
//! [`Gate::head`] sees method, path and headers, [`Gate::body`] the complete body. Whatever the
//! host, nothing of a request goes to the upstream before the second step has said so.

mod judgement;

use alloc::{string::String, sync::Arc, vec::Vec};

use crate::{
    api_key::{self, ApiKey},
    configuration::{Configuration, UnlistedTenants, is_under},
    debug_form::debug_by_length,
    delivery,
    id::Id,
    json::Document,
    json_writing,
    proof::Proof,
    refusal::Refusal,
    signature::{self, Signature},
    tenant::{Tenant, TenantKey, is_segment},
    trace_context::{Traceparent, is_tracestate},
    translation::{translate, translate_detail_event},
};

pub use self::judgement::Judgement;

/// A configuration at work.
#[derive(Debug)]
pub struct Gate {
    configuration: Configuration,
    /// With whose secrets the proof for an unknown tenant is compared, so that it is refused after
    /// the same work as one for a tenant with one secret. A tenant in the middle of the rotation of
    /// its secrets costs a second comparison.
    nobody: Tenant,
}

/// What the head of a request comes to.
#[derive(Debug)]
pub enum Head {
    /// Not a webhook: the request goes on untouched.
    NotOurs,
    /// Refused already.
    Refuse(Refusal),
    /// The host has to look this tenant up; then it goes on as in [`Head::NeedBody`], with what
    /// it found.
    NeedTenant(TenantKey<'static>, Proof),
    /// The host has to hold the request, collect its body up to [`Gate::max_body_bytes`], and
    /// give it to [`Gate::body`] with the proof and the tenant. `None` is nobody's.
    NeedBody(Proof, Option<Arc<Tenant>>),
}

/// What a complete request comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The upstream gets this delivery in place of the request.
    Forward(Forward),
    /// The caller gets the refusal's answer, the upstream gets nothing.
    Refuse(Refusal),
}

/// A delivery on its way.
#[derive(PartialEq, Eq)]
pub struct Forward {
    /// The delivery in JSON; the same bytes on every host.
    pub delivery: Vec<u8>,
    /// The id by which the upstream knows a repetition of it, if there is one
    /// ([`Delivery::stored_as`](delivery::Delivery::stored_as)).
    pub stored_as: Option<Id>,
    /// How many entries it has under `unhandled`, for the metric.
    pub unhandled: usize,
}

debug_by_length!(Forward { stored_as, unhandled; delivery });

impl Gate {
    /// A gate with this configuration.
    pub fn new(configuration: Configuration) -> Self {
        Self { configuration, nobody: Tenant::new(TenantKey::new("", "", ""), [""]) }
    }

    /// What the gate was made with.
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The most bytes that a body may have. A host refuses as soon as there are more, with
    /// [`Refusal::TooLarge`].
    pub const fn max_body_bytes(&self) -> usize {
        self.configuration.max_body_bytes
    }

    /// The first step. `path` may carry a query; the names of `headers` are in lower case.
    pub fn head<'h>(
        &self,
        method: &[u8],
        path: &[u8],
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
    ) -> Head {
        let (key, asked) = match self.route(path) {
            Route::NotOurs => return Head::NotOurs,
            Route::NotFound => return Head::Refuse(Refusal::NotFound),
            Route::Webhook(key, asked) => (key, asked),
        };
        if method != b"POST" {
            return Head::Refuse(Refusal::MethodNotAllowed);
        }
        let values = |wanted: &'static str| {
            headers.clone().filter(move |(name, _)| *name == wanted).map(|(_, value)| value)
        };
        if values("content-type").any(is_of_grpc) {
            return Head::Refuse(Refusal::MediaType);
        }
        let proof = match asked {
            Asked::Signature => Signature::from_header(values(signature::HEADER))
                .map(Proof::Signature)
                .map_err(Refusal::Signature),
            Asked::ApiKey => ApiKey::from_header(values(api_key::HEADER))
                .map(Proof::ApiKey)
                .map_err(Refusal::ApiKey),
        };
        let proof = match proof {
            Ok(proof) => proof,
            Err(refusal) => return Head::Refuse(refusal),
        };
        if values("content-length").any(|length| self.is_too_long(length)) {
            return Head::Refuse(Refusal::TooLarge);
        }
        match self.configuration.tenants.get(&key) {
            Some(tenant) => Head::NeedBody(proof, Some(Arc::clone(tenant))),
            None => match self.configuration.unlisted_tenants {
                UnlistedTenants::Refuse => Head::NeedBody(proof, None),
                UnlistedTenants::LookUp => Head::NeedTenant(key.into_owned(), proof),
            },
        }
    }

    /// The second step for a request that ends with its headers. A body that is empty is no
    /// JSON: there is never anything to forward.
    pub fn no_body(&self, proof: &Proof, tenant: Option<&Tenant>) -> Refusal {
        match self.body(b"", proof, tenant) {
            Verdict::Refuse(refusal) => refusal,
            Verdict::Forward(_) => Refusal::NotJson,
        }
    }

    /// The second step: the complete body, as sent. `tenant` is what the first step or the
    /// look-up gave; without one the request is refused as if its proof were wrong.
    pub fn body(&self, body: &[u8], proof: &Proof, tenant: Option<&Tenant>) -> Verdict {
        if body.len() > self.max_body_bytes() {
            return Verdict::Refuse(Refusal::TooLarge);
        }
        let verified = proof.verify(body, tenant.unwrap_or(&self.nobody));
        let Some(tenant) = tenant else {
            return Verdict::Refuse(Refusal::UnknownTenant);
        };
        if let Err(refusal) = verified {
            return Verdict::Refuse(refusal);
        }
        // Its own limit shows itself only to who has proved to be of it.
        if tenant.policy.max_body_bytes.is_some_and(|most| body.len() > most) {
            return Verdict::Refuse(Refusal::TooLarge);
        }
        let Ok(document) = Document::parse(body) else {
            return Verdict::Refuse(Refusal::NotJson);
        };
        let delivery = match proof {
            Proof::Signature(_) => {
                translate(body, &document, tenant, self.configuration.bot_messages_of(tenant))
            }
            Proof::ApiKey(_) => translate_detail_event(body, &document, tenant),
        };
        let unhandled = delivery.data.unhandled.len();
        let stored_as = delivery.stored_as();
        // A delivery is about as long as its webhook.
        match json_writing::write(&delivery, body.len() + 512) {
            Ok(delivery) => Verdict::Forward(Forward { delivery, stored_as, unhandled }),
            // It has no shape that is not written: there is nothing to fail.
            Err(_) => Verdict::Refuse(Refusal::UpstreamFailed),
        }
    }

    /// The headers of the delivery's request that the edge sets itself, beside those that
    /// [`goes_up`] lets through.
    pub fn delivery_headers(&self) -> [(&'static str, &str); 4] {
        [
            (":method", "POST"),
            (":path", &self.configuration.upstream.path),
            ("content-type", delivery::CONTENT_TYPE),
            ("authorization", &self.configuration.upstream.authorization),
        ]
    }

    /// All headers of the delivery's request but those that begin with a colon: the edge's own, and
    /// of the webhook's those that [`goes_up`] lets through.
    pub fn delivery_headers_beside<'h>(
        &'h self,
        webhook: impl Iterator<Item = (&'h str, &'h [u8])>,
    ) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        let own = self.delivery_headers().map(|(name, value)| (name, value.as_bytes()));
        let kept = webhook.filter(|(name, value)| goes_up(name, value));
        own.into_iter().chain(kept).filter(|(name, _)| !name.starts_with(':'))
    }

    fn route<'p>(&self, path: &'p [u8]) -> Route<'p> {
        let path = path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
        // A path with other bytes is none of ours, unless it begins as ours do.
        let text = path.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        if is_under(text, &self.configuration.upstream.path) {
            return Route::NotFound;
        }
        let under = |prefix: &String| is_under(text, prefix).then_some(prefix.len());
        let Some(prefix) = self.configuration.path_prefixes.iter().filter_map(under).max() else {
            return Route::NotOurs;
        };
        let rest = text.get(prefix..).and_then(|rest| rest.strip_prefix('/'));
        let mut segments = rest.filter(|_| text.len() == path.len()).unwrap_or_default().split('/');
        let mut next = || segments.next();
        match (next(), next(), next(), next(), next()) {
            (Some(account), Some(project), Some(environment), Some(ending), None)
                if [account, project, environment].into_iter().all(is_segment) =>
            {
                let key = TenantKey::new(account, project, environment);
                Asked::at(ending).map_or(Route::NotFound, |asked| Route::Webhook(key, asked))
            }
            _ => Route::NotFound,
        }
    }

    fn is_too_long(&self, content_length: &[u8]) -> bool {
        // What is no number is for the host's HTTP parser to refuse.
        let length = core::str::from_utf8(content_length).ok().and_then(|text| text.parse().ok());
        length.is_some_and(|length: u64| length > self.max_body_bytes() as u64)
    }
}

enum Route<'p> {
    NotOurs,
    NotFound,
    Webhook(TenantKey<'p>, Asked),
}

/// What a webhook's path asks its caller for.
#[derive(Clone, Copy)]
enum Asked {
    Signature,
    ApiKey,
}

impl Asked {
    /// By the last segment of the path.
    fn at(ending: &str) -> Option<Self> {
        match ending {
            "events" => Some(Self::Signature),
            "eventbridge" | "trigger" => Some(Self::ApiKey),
            _ => None,
        }
    }
}

/// Whether a content type is one of gRPC's, whatever follows.
fn is_of_grpc(content_type: &[u8]) -> bool {
    let grpc = b"application/grpc";
    content_type.get(..grpc.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(grpc))
}

/// Whether a header of the webhook may go up with the delivery: what routes and traces it, and
/// nothing that a caller could speak to the upstream with.
pub fn goes_up(name: &str, value: &[u8]) -> bool {
    match name {
        ":authority" | ":scheme" | "x-forwarded-for" | "x-forwarded-proto" | "x-request-id" => true,
        "traceparent" => Traceparent::parse(value).is_some(),
        "tracestate" => is_tracestate(value),
        _ => false,
    }
}

/// What the caller is told in place of the upstream's answer; `None` passes that on.
pub fn refusal_of_upstream(status: u16) -> Option<Refusal> {
    (!(200..300).contains(&status)).then_some(Refusal::UpstreamFailed)
}

#[cfg(test)]
mod tests;
