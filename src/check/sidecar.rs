//! The sidecar that runs.

use std::fmt;

use baton_sidecar::{Examined, Tenant};
use serde_json::Value;

use crate::report::{Findings, Step};

/// A sidecar that runs, as an operator asks it.
pub trait RunningSidecar {
    /// What its internal API has under these segments, after `/internal/v1`.
    fn get(&self, path: &[&str]) -> impl Future<Output = Result<Value, NoAnswer>>;
}

/// Why a sidecar did not answer with what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It has nothing there.
    NotFound,
    /// It refused, or nobody answered: a sentence that says what to do.
    Failed(String),
    /// It was not asked, for want of something: a sentence that says what to do.
    NotAsked(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => formatter.write_str("the sidecar has nothing there"),
            Self::Failed(sentence) | Self::NotAsked(sentence) => formatter.write_str(sentence),
        }
    }
}

/// The tenants for which a sidecar speaks with Genesys.
pub(crate) struct Served(Vec<Value>);

/// Whether the sidecar runs, and takes the credential. Whom it serves, if it is that of this
/// configuration.
pub(crate) async fn check_sidecar(
    sidecar: &impl RunningSidecar,
    store: Option<Examined>,
    findings: &mut Findings<'_>,
) -> Option<Served> {
    match (sidecar.get(&["tenants"]).await, store) {
        (Ok(tenants), Some(Examined::InUse)) => {
            findings.tick(Step::Sidecar, "it answers");
            return tenants.as_array().cloned().map(Served);
        }
        (Ok(_), _) => findings.dash(
            Step::Sidecar,
            "one answers, but it has not this store open: it runs on another machine or with \
             another configuration; check it with its own",
        ),
        (Err(NoAnswer::NotAsked(why)), _) => findings.dash(Step::Sidecar, why),
        (Err(no_answer), Some(Examined::InUse)) => findings.cross(
            Step::Sidecar,
            format!("the store is in use, but not by a sidecar that answers: {no_answer}"),
        ),
        (Err(no_answer), _) => findings.cross(Step::Sidecar, no_answer.to_string()),
    }
    None
}

impl Served {
    /// Tells if the tenant is configured, and not served so.
    pub(crate) fn check(&self, tenant: &Tenant, findings: &mut Findings<'_>) {
        let key = serde_json::to_value(&tenant.key).ok();
        let is_served = self.0.iter().any(|served| served.get("tenant") == key.as_ref());
        // Those without Genesys are not among them.
        if tenant.genesys.is_some() && !is_served {
            let sentence = "it does not speak with Genesys for this tenant, as the configuration \
                            says: start it again, for what was changed takes effect then";
            findings.cross(Step::Sidecar, sentence);
        }
    }
}
