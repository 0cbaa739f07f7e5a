//! What the answers look like, over the internal API and from `baton tenant --json` alike.

use baton_core::tenant::TenantKey;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{TenantBookError, document::Rotation};
use crate::internal::TenantNamed;

/// The tenants in the store.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoredTenants {
    /// In the order of their keys.
    pub(crate) tenants: Vec<ListedTenant>,
}

/// A tenant in the store.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedTenant {
    #[schema(value_type = TenantNamed)]
    pub(crate) tenant: TenantKey<'static>,
    /// When it was changed last, RFC 3339.
    pub(crate) changed_at: String,
    pub(crate) takes_effect: TakesEffect,
    /// Present while its webhook secret is being rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotation: Option<ShownRotation>,
}

/// A tenant in the store with what is said of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownTenant {
    #[serde(flatten)]
    pub(crate) listed: ListedTenant,
    /// The section `[[tenants]]`; in the place of a secret stands since when it is there.
    #[schema(value_type = Object)]
    pub(crate) section: Value,
}

/// That a tenant was put into the store or taken out.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantChange {
    #[schema(value_type = TenantNamed)]
    pub(crate) tenant: TenantKey<'static>,
    pub(crate) change: Change,
    pub(crate) takes_effect: TakesEffect,
    /// What it should better not hold.
    pub(crate) warnings: Vec<String>,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Added,
    Changed,
    Unchanged,
    Removed,
}

/// Whether a tenant is served as it stands in the store.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TakesEffect {
    Now,
    /// At the next start of the sidecar.
    AtRestart,
}

/// The two steps of a rotation. Both secrets are taken in between.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownRotation {
    /// RFC 3339.
    pub(crate) begun_at: String,
    /// From when every edge has the new secret, so that Genesys may sign with it; RFC 3339.
    pub(crate) switch_genesys_from: String,
}

/// That a rotation has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotationBegun {
    #[schema(value_type = TenantNamed)]
    pub(crate) tenant: TenantKey<'static>,
    /// The new secret, where it was made here: it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    #[serde(flatten)]
    pub(crate) rotation: ShownRotation,
    /// For how long it was taken that an edge may use what it has looked up.
    pub(crate) edge_cache_seconds: u64,
    pub(crate) takes_effect: TakesEffect,
}

/// That a rotation has ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotationEnded {
    #[schema(value_type = TenantNamed)]
    pub(crate) tenant: TenantKey<'static>,
    pub(crate) takes_effect: TakesEffect,
}

impl From<&Rotation> for ShownRotation {
    fn from(rotation: &Rotation) -> Self {
        Self {
            begun_at: time(rotation.begun_at_ms),
            switch_genesys_from: time(rotation.switch_from_ms),
        }
    }
}

/// A time as it is shown: RFC 3339, UTC, to the second.
pub(crate) fn time(ms: i64) -> String {
    Timestamp::from_second(ms.div_euclid(1000)).unwrap_or_default().to_string()
}

pub(crate) fn to_json(answer: impl Serialize) -> Result<Value, TenantBookError> {
    serde_json::to_value(answer).map_err(|_| TenantBookError::Unwritable)
}
