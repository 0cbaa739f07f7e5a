//! What may be asked for.

use std::time::Duration;

use baton_core::tenant::TenantKey;
use baton_genesys::Secret;

/// What is asked of the tenants in the store.
#[derive(Clone, Debug)]
pub enum TenantCommand {
    /// Which there are.
    List,
    /// One of them, without its secrets.
    Show(TenantKey<'static>),
    /// Put it there, in the place of what is there.
    Put {
        /// Which tenant.
        key: TenantKey<'static>,
        /// A piece of a configuration in TOML: its one section `[[tenants]]`, in which a secret is
        /// written as `{ value = "…" }`.
        document: Secret,
    },
    /// Take it out.
    Remove(TenantKey<'static>),
    /// Take another webhook secret beside the one that is in use.
    BeginRotation {
        /// Which tenant.
        key: TenantKey<'static>,
        /// The new secret; a fresh one is made where there is none.
        secret: Option<Secret>,
        /// For how long an edge may use what it has looked up; by default what core's policy says,
        /// and not at all where nobody may look tenants up.
        edge_cache: Option<Duration>,
    },
    /// Take one of the two webhook secrets out.
    EndRotation {
        /// Which tenant.
        key: TenantKey<'static>,
        /// Which of them, and when.
        ending: RotationEnding,
    },
}

/// How a rotation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationEnding {
    /// The older secret goes, once every edge has the new one.
    Finished,
    /// The older secret goes, whether or not every edge has the new one.
    Forced,
    /// The new secret goes, as if the rotation had never begun: for one that was lost, or that
    /// Genesys does not take. Genesys has to sign with the older one.
    Cancelled,
}
