//! Looks whether everything that a handoff needs is there: `baton check`.
//!
//! ```text
//! store ─ sidecar ─┬─ of each tenant: region ─ token ─ permissions ─ integration ─ channel
//!                  └───────────────────────── webhook ─ handoff (only if it is asked for)
//! ```
//!
//! Each step says what it found, with a tick, a cross, or a dash for what was left out or cannot be
//! told, and what to do. A step that needs one that failed is a dash, so that one mistake is one
//! cross. Nothing is changed but for what `test_webhook` and `handoff` say.

mod channel;
mod handoff;
mod integration;
mod permissions;
mod region;
mod report;
mod sidecar;
mod store;
mod tenant;
mod test_webhook;
mod webhook;
mod webhook_url;

use baton_genesys::Pace;
use baton_sidecar::{Clock, Configuration, ConfigurationProblem, Random};
use url::Url;

use crate::{report::Findings, sidecar::check_sidecar, store::check_store, tenant::check_tenant};

pub use report::{Finding, Outcome, Report, Step};
pub use sidecar::{NoAnswer, RunningSidecar};

/// What is looked at beside the usual.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the edge is reached from outside, such as `https://chat.example.com`: what comes
    /// before `/webhooks/genesys`. Without it, where Genesys sends its webhooks.
    pub public_url: Option<Url>,
    /// Whether a whole handoff is tried. Agents see it.
    pub handoff: bool,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The configuration, with the tenants of the file and of the store.
    pub configuration: &'s Configuration,
    /// What there is to warn of in it.
    pub warnings: &'s [ConfigurationProblem],
    /// Why the tenants of the store are not among them, if they are not.
    pub left_out: Option<&'s str>,
}

/// Time and chance.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// How long things take at Genesys.
    pub pace: Pace,
    /// What time it is.
    pub clock: Clock,
    /// Where fresh ids come from.
    pub random: Random,
}

impl Surroundings {
    /// Those of this machine, with Genesys' own pace.
    pub fn system() -> Self {
        Self { pace: Pace::default(), clock: Clock::system(), random: Random::system() }
    }
}

/// Looks at everything that the configuration names. Each finding is told as soon as it is known.
pub async fn check(
    subject: Subject<'_>,
    options: &Options,
    surroundings: &Surroundings,
    sidecar: &impl RunningSidecar,
    tell: &mut dyn FnMut(&Finding),
) -> Report {
    let mut findings = Findings::new(tell);
    check_configuration(subject, &mut findings);
    let configuration = subject.configuration;
    let store = check_store(&configuration.store_path, &mut findings);
    let served = check_sidecar(sidecar, store, &mut findings).await;
    for tenant in &configuration.tenants {
        findings.begin(&tenant.key);
        if let Some(served) = &served {
            served.check(tenant, &mut findings);
        }
        check_tenant(tenant, options, surroundings, sidecar, &mut findings).await;
    }
    findings.report()
}

fn check_configuration(subject: Subject<'_>, findings: &mut Findings<'_>) {
    let Subject { configuration, warnings, left_out } = subject;
    for warning in warnings {
        findings.dash(Step::Configuration, warning.to_string());
    }
    if let Some(why) = left_out {
        findings.cross(Step::Configuration, format!("no tenant of the store is checked: {why}"));
    }
    let names: Vec<String> =
        configuration.tenants.iter().map(|tenant| tenant.key.to_string()).collect();
    match names.as_slice() {
        [] => findings.cross(Step::Configuration, "there is no tenant: add one with baton setup"),
        names => findings.tick(Step::Configuration, format!("there is {}", names.join(", "))),
    }
}
