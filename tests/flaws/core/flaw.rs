//! What is wrong with the edge.

use std::env;

/// What is wrong with the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A body is parsed before anything is verified.
    VerifyAfterParsing,
    /// What is verified is the body as it is written anew, not as it came.
    VerifyReserialised,
    /// Of a tenant's secrets the first is tried, and no other.
    FirstSecretOnly,
    /// Each body is logged.
    LogBody,
}

impl Flaw {
    /// The flaw that the environment asks for.
    pub(crate) fn chosen() -> Option<Self> {
        match env::var("BATON_FLAW").ok()?.as_str() {
            "verify-after-parsing" => Some(Self::VerifyAfterParsing),
            "verify-reserialised" => Some(Self::VerifyReserialised),
            "first-secret-only" => Some(Self::FirstSecretOnly),
            "log-body" => Some(Self::LogBody),
            _ => None,
        }
    }
}
