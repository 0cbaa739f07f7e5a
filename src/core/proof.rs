//! What a caller proves itself with.

use crate::{
    api_key::{ApiKey, ApiKeyProblem},
    refusal::Refusal,
    signature::{Signature, SignatureProblem},
    tenant::Tenant,
};

/// A proof as shown, well-formed and not yet compared with anything.
#[derive(Debug)]
pub enum Proof {
    /// The signature of the body: the request is a webhook of an integration.
    Signature(Signature),
    /// An API key: the request is a detail event, by EventBridge or by a trigger.
    ApiKey(ApiKey),
}

impl Proof {
    /// Checks that the proof is one of the tenant's, for this body.
    ///
    /// # Errors
    ///
    /// The refusal, if it is not.
    pub fn verify(&self, body: &[u8], tenant: &Tenant) -> Result<(), Refusal> {
        match self {
            Self::Signature(signature) if !tenant.signing_keys.verify(body, signature) => {
                Err(Refusal::Signature(SignatureProblem::Mismatch))
            }
            Self::ApiKey(key) if !tenant.api_keys.verify(key) => {
                Err(Refusal::ApiKey(ApiKeyProblem::Mismatch))
            }
            Self::Signature(_) | Self::ApiKey(_) => Ok(()),
        }
    }
}
