//! The second step for a host that asks the sidecar by itself, and has its answer as it came.

use super::{Forward, Gate, Head, Verdict};
use crate::{look_up::Answer, refusal::Refusal};

/// What a request comes to whose tenant the host may have looked up.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Not a webhook: the request goes on untouched.
    NotOurs,
    /// The upstream gets this delivery in place of the request.
    Forward(Forward),
    /// The caller gets the refusal's answer, the upstream gets nothing.
    Refuse(Refusal),
    /// The same, because the proof does not match what the sidecar answered. If that was an old
    /// answer, another one may say otherwise: a secret may have been changed.
    Mismatch(Refusal),
}

impl Gate {
    /// The second step: what the head came to, the complete body, and the sidecar's answer, its
    /// status and body, where the head needed a tenant. Without an answer of use such a request is
    /// refused with [`Refusal::TenantLookUpFailed`].
    pub fn judge(&self, head: Head, body: &[u8], answer: Option<(u16, &[u8])>) -> Judgement {
        match head {
            Head::NotOurs => Judgement::NotOurs,
            Head::Refuse(refusal) => Judgement::Refuse(refusal),
            Head::NeedBody(proof, tenant) => self.body(body, &proof, tenant.as_deref()).into(),
            Head::NeedTenant(key, proof) => {
                let found = answer.map(|(status, body)| Answer::read(&key, status, body));
                let tenant = match found {
                    Some(Ok(Answer::Known(tenant))) => Some(tenant),
                    Some(Ok(Answer::Unknown)) => None,
                    Some(Err(_)) | None => return Judgement::Refuse(Refusal::TenantLookUpFailed),
                };
                match self.body(body, &proof, tenant.as_deref()) {
                    Verdict::Refuse(refusal) if refusal.is_mismatch() => {
                        Judgement::Mismatch(refusal)
                    }
                    verdict => verdict.into(),
                }
            }
        }
    }
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Forward(forward) => Self::Forward(forward),
            Verdict::Refuse(refusal) => Self::Refuse(refusal),
        }
    }
}
