//! One request and its answer, on a host that hands over whole requests and sends some itself.
//!
//! Such hosts differ in their calls only, which are the [`Host`] trait; what is done with them, and
//! in which order, is here once. Envoy's filter is no such host: it is called, and has an order of
//! its own.

mod kept;
mod looked_up;
mod trouble;
mod upstream_address;

pub use self::{
    trouble::Trouble,
    upstream_address::{NoUpstreamAddress, UpstreamAddress},
};

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::time::Duration;

use crate::{
    debug_form::debug_by_length,
    gate::{Gate, Head, Verdict, refusal_of_upstream},
    look_up::Admission,
    proof::Proof,
    refusal::{Answer, Refusal},
    tenant::Tenant,
};

/// A header: its name in lower case and its value.
pub type Header = (String, Vec<u8>);

/// The head of a request.
pub struct RequestHead<'r> {
    /// The method, such as `POST`.
    pub method: &'r [u8],
    /// The path, with its query if there is one.
    pub path: &'r [u8],
    /// Its headers.
    pub headers: &'r [Header],
}

debug_by_length!(RequestHead<'r> { ; method, path, headers });

/// A request to the upstream: a `POST`.
pub struct DeliveryRequest<'d> {
    /// The path at the upstream.
    pub path: &'d str,
    /// All its headers but those that the host makes itself, such as `content-length`.
    pub headers: Vec<(&'d str, &'d [u8])>,
    /// The delivery.
    pub body: &'d [u8],
}

debug_by_length!(DeliveryRequest<'d> { ; path, headers, body });

/// An answer of the upstream or of a look-up.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

debug_by_length!(Response { status; body });

/// What the caller gets.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case; `content-length` is the host's to make.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: Cow<'static, [u8]>,
}

debug_by_length!(Reply { status; headers, body });

/// How long a look-up may take: the caller waits for it.
pub const LONGEST_LOOK_UP: Duration = Duration::from_secs(2);

/// How long a delivery may take. Genesys gives up after ten seconds (Genesys reference, 2.2).
pub const LONGEST_DELIVERY: Duration = Duration::from_secs(8);

/// How long a body may take to arrive.
pub const LONGEST_BODY: Duration = Duration::from_secs(10);

/// The most bytes of an answer to a look-up or a delivery.
pub const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// Why a request has no body to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyProblem {
    /// It has more bytes than are allowed.
    TooLarge,
    /// It broke off. Whoever sent it is most likely gone.
    Broken,
}

/// The calls of a host. It holds them to the limits above, so that an exchange ends.
#[expect(async_fn_in_trait, reason = "each host has one executor, and knows what its futures are")]
pub trait Host {
    /// The host's time in milliseconds, since whatever moment it likes.
    fn now(&self) -> u64;

    /// The whole body of the request, if it has so many bytes at most.
    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem>;

    /// Sends a delivery; `None` without a complete answer.
    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response>;

    /// Sends a `GET` with this path and `Authorization` to the sidecar; `None` without a complete
    /// answer.
    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response>;

    /// Whether a tenant of which nothing is known is looked up now, by the
    /// [`Pace`](crate::look_up::Pace) that all requests of an instance share. Where each request
    /// has an instance of its own there is none. Nor is there where nothing is kept: of every
    /// tenant nothing is known there.
    fn admits_stranger(&mut self) -> Admission {
        Admission::Admitted
    }

    /// What was kept under this name.
    async fn kept(&mut self, name: &str) -> Option<Vec<u8>>;

    /// Keeps these bytes, which hold secrets, for requests to come. It may fail: then it is looked
    /// up more often.
    async fn keep(&mut self, name: &str, bytes: &[u8]);

    /// Tells the operator why a request got 503 that was right, or may have been. A host without a
    /// log does nothing.
    fn report(&mut self, _trouble: &Trouble) {}
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not a webhook: the host does with it what it would do without an edge.
    NotOurs,
    /// The caller gets the refusal's answer.
    Refused(Refusal),
    /// The upstream has taken the delivery, and its answer is the caller's.
    Taken(Response),
}

impl Outcome {
    /// What the caller gets, where nothing lies behind the edge that a request which is no webhook
    /// could go on to.
    pub fn reply(self) -> Reply {
        match self {
            Self::NotOurs => Refusal::NotFound.into(),
            Self::Refused(refusal) => refusal.into(),
            Self::Taken(Response { status, body }) => {
                Reply { status, headers: &[], body: body.into() }
            }
        }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let Answer { status, headers, body } = refusal.answer();
        Self { status, headers, body: body.as_bytes().into() }
    }
}

/// Sees one request through.
pub async fn exchange(gate: &Gate, head: &RequestHead<'_>, host: &mut impl Host) -> Outcome {
    match verdict(gate, head, host).await {
        Err(outcome) => outcome,
        Ok(Verdict::Refuse(refusal)) => Outcome::Refused(refusal),
        Ok(Verdict::Forward(forward)) => deliver(gate, head, &forward.delivery, host).await,
    }
}

async fn verdict(
    gate: &Gate,
    head: &RequestHead<'_>,
    host: &mut impl Host,
) -> Result<Verdict, Outcome> {
    let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    match gate.head(head.method, head.path, headers) {
        Head::NotOurs => Err(Outcome::NotOurs),
        Head::Refuse(refusal) => Err(Outcome::Refused(refusal)),
        Head::NeedBody(proof, tenant) => {
            let body = body(gate, &proof, tenant.as_deref(), host).await?;
            Ok(gate.body(&body, &proof, tenant.as_deref()))
        }
        Head::NeedTenant(key, proof) => {
            let found = looked_up::find(gate, &key, host).await.map_err(Outcome::Refused)?;
            let body = body(gate, &proof, found.tenant.as_deref(), host).await?;
            let verdict = gate.body(&body, &proof, found.tenant.as_deref());
            match verdict {
                Verdict::Refuse(refusal) if refusal.is_mismatch() => {
                    match looked_up::find_again(gate, &key, found, host).await {
                        Some(changed) => Ok(gate.body(&body, &proof, changed.as_deref())),
                        None => Ok(verdict),
                    }
                }
                _ => Ok(verdict),
            }
        }
    }
}

/// The body; one that is too large is refused with no look at it.
async fn body(
    gate: &Gate,
    proof: &Proof,
    tenant: Option<&Tenant>,
    host: &mut impl Host,
) -> Result<Vec<u8>, Outcome> {
    match host.body(gate.max_body_bytes()).await {
        Ok(body) => Ok(body),
        Err(BodyProblem::TooLarge) => Err(Outcome::Refused(Refusal::TooLarge)),
        Err(BodyProblem::Broken) => Err(Outcome::Refused(gate.no_body(proof, tenant))),
    }
}

async fn deliver(
    gate: &Gate,
    head: &RequestHead<'_>,
    delivery: &[u8],
    host: &mut impl Host,
) -> Outcome {
    let webhook = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let request = DeliveryRequest {
        path: &gate.configuration().upstream.path,
        headers: gate.delivery_headers_beside(webhook).collect(),
        body: delivery,
    };
    let Some(answer) = host.deliver(request).await else {
        host.report(&Trouble::UpstreamSilent);
        return Outcome::Refused(Refusal::UpstreamFailed);
    };
    match refusal_of_upstream(answer.status) {
        Some(refusal) => {
            host.report(&Trouble::UpstreamAnswered(answer.status));
            Outcome::Refused(refusal)
        }
        None => Outcome::Taken(answer),
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
