//! The gate, which a flaw may let do the right things in a wrong way.

pub use baton_core::gate::*;

use std::ops::Deref;

use baton_core::{gate as right, json::Document, proof::Proof, refusal::Refusal, tenant::Tenant};

use crate::{configuration::Configuration, flaw::Flaw, rewriting::rewritten};

/// A gate as it should be, or with a flaw in its second step.
#[derive(Debug)]
pub struct Gate {
    right: right::Gate,
    flaw: Option<Flaw>,
}

impl Gate {
    /// A gate with this configuration.
    pub fn new(configuration: Configuration) -> Self {
        Self { right: right::Gate::new(configuration.0), flaw: Flaw::chosen() }
    }

    /// What the gate was made with.
    pub const fn configuration(&self) -> &baton_core::configuration::Configuration {
        self.right.configuration()
    }

    /// The second step: the complete body.
    pub fn body(&self, body: &[u8], proof: &Proof, tenant: Option<&Tenant>) -> Verdict {
        match self.flaw {
            Some(Flaw::VerifyAfterParsing) if Document::parse(body).is_err() => {
                Verdict::Refuse(Refusal::NotJson)
            }
            Some(Flaw::VerifyReserialised) => {
                self.right.body(rewritten(body).as_bytes(), proof, tenant)
            }
            Some(Flaw::LogBody) => {
                eprintln!("{}", String::from_utf8_lossy(body));
                self.right.body(body, proof, tenant)
            }
            _ => self.right.body(body, proof, tenant),
        }
    }

    /// The second step for a request that ends with its headers.
    pub fn no_body(&self, proof: &Proof, tenant: Option<&Tenant>) -> Refusal {
        match self.body(b"", proof, tenant) {
            Verdict::Refuse(refusal) => refusal,
            Verdict::Forward(_) => Refusal::NotJson,
        }
    }
}

impl Deref for Gate {
    type Target = right::Gate;

    fn deref(&self) -> &Self::Target {
        &self.right
    }
}
