//! What is sealed of a tenant.

use std::collections::BTreeMap;

use baton_core::tenant::TenantKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toml::Table;
use zeroize::Zeroizing;

use super::{TenantBookError, answer::time};
use crate::configuration::StoredSection;

/// A tenant's section, with when its secrets came there.
#[derive(Clone)]
pub(crate) struct Document {
    section: StoredSection,
    /// Under the place of each secret: milliseconds since 1970, UTC.
    since: BTreeMap<String, i64>,
    rotation: Option<Rotation>,
}

/// A rotation of the webhook secret that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rotation {
    /// Milliseconds since 1970, UTC.
    pub(crate) begun_at_ms: i64,
    /// From when every edge has the new secret; the same.
    pub(crate) switch_from_ms: i64,
}

/// The form in which it is sealed. A member that is added has a default.
#[derive(Serialize, Deserialize)]
struct Sealed {
    section: Table,
    since: BTreeMap<String, i64>,
    rotation: Option<Rotation>,
}

impl Document {
    /// The document of this section. A secret that stands in the one before is as old as there.
    pub(crate) fn new(section: StoredSection, before: Option<&Self>, now: Timestamp) -> Self {
        let known: BTreeMap<String, i64> = before.map(Self::ages).unwrap_or_default();
        let age = |secret: &str| known.get(secret).copied().unwrap_or(now.as_millisecond());
        let secrets = section.secrets().into_iter();
        let since = secrets.map(|(place, secret)| (place, age(&secret))).collect();
        Self { section, since, rotation: None }
    }

    /// The same while its webhook secret is being rotated.
    pub(crate) fn in_rotation(self, rotation: Rotation) -> Self {
        Self { rotation: Some(rotation), ..self }
    }

    pub(crate) const fn key(&self) -> &TenantKey<'static> {
        self.section.key()
    }

    pub(crate) const fn section(&self) -> &StoredSection {
        &self.section
    }

    pub(crate) const fn rotation(&self) -> Option<&Rotation> {
        self.rotation.as_ref()
    }

    /// Whether Genesys, which signs with a secret of the other one, is not known by this one.
    pub(crate) fn has_other_signature_secrets_than(&self, other: &Self) -> bool {
        let (own, others) = (self.section.signature_secrets(), other.section.signature_secrets());
        !others.is_empty() && !others.iter().any(|secret| own.contains(secret))
    }

    /// The section; in the place of each secret stands since when it is there.
    pub(crate) fn shown(&self) -> Value {
        let shown = self.section.without_secrets(|place| {
            let since = self.since.get(place).copied().unwrap_or_default();
            BTreeMap::from([("set_since", time(since))])
        });
        serde_json::to_value(shown).unwrap_or_else(|_| json!({}))
    }

    /// The bytes that are sealed.
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, TenantBookError> {
        let Self { section, since, rotation } = self.clone();
        let sealed = Sealed { section: section.table().clone(), since, rotation };
        let bytes = serde_json::to_vec(&sealed).map_err(|_| TenantBookError::Unwritable)?;
        Ok(Zeroizing::new(bytes))
    }

    /// The document of such bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, TenantBookError> {
        let sealed = serde_json::from_slice(bytes).map_err(|_| TenantBookError::Unreadable)?;
        let Sealed { section, since, rotation } = sealed;
        let section = StoredSection::of_table(section).map_err(|_| TenantBookError::Unreadable)?;
        Ok(Self { section, since, rotation })
    }

    /// How old each secret is, by the secret itself.
    fn ages(&self) -> BTreeMap<String, i64> {
        let secrets = self.section.secrets().into_iter();
        secrets.filter_map(|(place, secret)| Some((secret, *self.since.get(&place)?))).collect()
    }
}
