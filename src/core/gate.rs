//! The gate: what becomes of a request, decided in two steps and without I/O.
//!
//! [`Gate::head`] sees method, path and headers, [`Gate::body`] the complete body. Whatever the
//! host, nothing of a request goes to the upstream before the second step has said so.

use alloc::{string::String, sync::Arc, vec::Vec};

use crate::{
    configuration::{Configuration, UnlistedTenants, is_under},
    delivery,
    json::Document,
    refusal::Refusal,
    signature::{HEADER, Signature, SignatureProblem, SigningKeys},
    tenant::{Tenant, TenantKey, is_segment},
    translation::translate,
};

/// A configuration at work.
#[derive(Debug)]
pub struct Gate {
    configuration: Configuration,
    /// What the signature for an unknown tenant is compared with, so that it is refused after
    /// the same work as one for a tenant with one secret. A tenant in the middle of a rotation
    /// costs a second comparison.
    nobody: SigningKeys,
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
    NeedTenant(TenantKey<'static>, Signature),
    /// The host has to hold the request, collect its body up to [`Gate::max_body_bytes`], and
    /// give it to [`Gate::body`] with the signature and the tenant. `None` is nobody's.
    NeedBody(Signature, Option<Arc<Tenant>>),
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
#[derive(Debug, PartialEq, Eq)]
pub struct Forward {
    /// The delivery in JSON; the same bytes on every host.
    pub delivery: Vec<u8>,
    /// How many entries it has under `unhandled`, for the metric.
    pub unhandled: usize,
}

impl Gate {
    /// A gate with this configuration.
    pub fn new(configuration: Configuration) -> Self {
        Self { configuration, nobody: SigningKeys::new([""]) }
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
        let key = match self.route(path) {
            Route::NotOurs => return Head::NotOurs,
            Route::NotFound => return Head::Refuse(Refusal::NotFound),
            Route::Webhook(key) => key,
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
        let signature = match Signature::from_header(values(HEADER)) {
            Ok(signature) => signature,
            Err(problem) => return Head::Refuse(Refusal::Signature(problem)),
        };
        if values("content-length").any(|length| self.is_too_long(length)) {
            return Head::Refuse(Refusal::TooLarge);
        }
        match self.configuration.tenants.get(&key) {
            Some(tenant) => Head::NeedBody(signature, Some(Arc::clone(tenant))),
            None => match self.configuration.unlisted_tenants {
                UnlistedTenants::Refuse => Head::NeedBody(signature, None),
                UnlistedTenants::LookUp => Head::NeedTenant(key.into_owned(), signature),
            },
        }
    }

    /// The second step for a request that ends with its headers. A body that is empty is no
    /// JSON: there is never anything to forward.
    pub fn no_body(&self, signature: &Signature, tenant: Option<&Tenant>) -> Refusal {
        match self.body(b"", signature, tenant) {
            Verdict::Refuse(refusal) => refusal,
            Verdict::Forward(_) => Refusal::NotJson,
        }
    }

    /// The second step: the complete body, as sent. `tenant` is what the first step or the
    /// look-up gave; without one the request is refused as if its signature were wrong.
    pub fn body(&self, body: &[u8], signature: &Signature, tenant: Option<&Tenant>) -> Verdict {
        if body.len() > self.max_body_bytes() {
            return Verdict::Refuse(Refusal::TooLarge);
        }
        let signing_keys = tenant.map_or(&self.nobody, |tenant| &tenant.signing_keys);
        let verified = signing_keys.verify(body, signature);
        let Some(tenant) = tenant else {
            return Verdict::Refuse(Refusal::UnknownTenant);
        };
        if !verified {
            return Verdict::Refuse(Refusal::Signature(SignatureProblem::Mismatch));
        }
        let Ok(document) = Document::parse(body) else {
            return Verdict::Refuse(Refusal::NotJson);
        };
        let delivery = translate(body, &document, tenant, self.configuration.bot_messages);
        let unhandled = delivery.data.unhandled.len();
        // A delivery is about as long as its webhook.
        let mut bytes = Vec::with_capacity(body.len() + 256);
        match serde_json::to_writer(&mut bytes, &delivery) {
            Ok(()) => Verdict::Forward(Forward { delivery: bytes, unhandled }),
            // Its maps have text for keys and it is written to memory: there is nothing to fail.
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
            (Some(account), Some(project), Some(environment), Some("events"), None)
                if [account, project, environment].into_iter().all(is_segment) =>
            {
                Route::Webhook(TenantKey::new(account, project, environment))
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
    Webhook(TenantKey<'p>),
}

/// Whether a content type is one of gRPC's, whatever follows.
fn is_of_grpc(content_type: &[u8]) -> bool {
    let grpc = b"application/grpc";
    content_type.get(..grpc.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(grpc))
}

/// Whether a header of the webhook may go up with the delivery: what routes and traces it, and
/// nothing that a caller could speak to the upstream with.
pub fn goes_up(name: &str) -> bool {
    matches!(
        name,
        ":authority"
            | ":scheme"
            | "x-forwarded-for"
            | "x-forwarded-proto"
            | "x-request-id"
            | "traceparent"
            | "tracestate"
    )
}

/// What the caller is told in place of the upstream's answer; `None` passes that on.
pub fn refusal_of_upstream(status: u16) -> Option<Refusal> {
    (!(200..300).contains(&status)).then_some(Refusal::UpstreamFailed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::SigningKey;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const PATH: &[u8] = b"/webhooks/genesys/acme/support/live/events";
    const BODY: &[u8] = br#"{"id":"m","type":"Text","text":"hello"}"#;

    fn gate() -> Gate {
        let document = br#"{
            "upstream": {"credential": {"env": "CREDENTIAL"}},
            "tenants": [],
            "unlisted_tenants": "look_up"
        }"#;
        let environment = |_: &str| Some(SECRET.into());
        Gate::new(Configuration::parse(document, &environment).unwrap())
    }

    fn head(path: &[u8]) -> Head {
        let signature = SigningKey::new(SECRET).sign(BODY).to_base64();
        gate().head(b"POST", path, [(HEADER, signature.as_bytes())].into_iter())
    }

    #[test]
    fn a_tenant_that_is_not_listed_is_looked_up_when_the_configuration_says_so() {
        let Head::NeedTenant(key, signature) = head(PATH) else { panic!("a look-up") };
        assert_eq!(key, TenantKey::new("acme", "support", "live"));

        let found = Tenant::new(key.clone(), [SECRET]);
        assert!(matches!(gate().body(BODY, &signature, Some(&found)), Verdict::Forward(_)));

        let other = Tenant::new(key, ["another secret of the same tenant"]);
        let mismatch = Verdict::Refuse(Refusal::Signature(SignatureProblem::Mismatch));
        assert_eq!(gate().body(BODY, &signature, Some(&other)), mismatch);

        let unknown = Verdict::Refuse(Refusal::UnknownTenant);
        assert_eq!(gate().body(BODY, &signature, None), unknown);
    }

    #[test]
    fn invariant_1_nothing_is_looked_up_for_a_request_that_is_refused_anyway() {
        assert!(matches!(head(b"/webhooks/genesys/acme/support"), Head::Refuse(_)));
        let unsigned = gate().head(b"POST", PATH, [].into_iter());
        assert!(matches!(unsigned, Head::Refuse(Refusal::Signature(SignatureProblem::Missing))));
    }
}
