//! What is kept of a look-up.

use alloc::{format, string::String, sync::Arc, vec::Vec};

use super::{Answer, LookUpProblem};
use crate::tenant::{Tenant, TenantKey};

/// What was learnt of a tenant, and when. A host keeps it as bytes; they hold the tenant's
/// secrets, so a host whose store others can read seals them.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// When the answer came.
    pub(super) answered_at: u64,
    /// When it was last asked, whether or not an answer came.
    pub(super) asked_at: u64,
    /// The answer's body; empty, if there is no such tenant.
    body: Vec<u8>,
}

impl Entry {
    /// Under which name a host keeps what was learnt of this tenant.
    pub fn name(key: &TenantKey<'_>) -> String {
        format!("tenant/{key}")
    }

    /// What is kept of this answer.
    ///
    /// # Errors
    ///
    /// [`LookUpProblem`], if the answer says nothing of this tenant.
    pub fn of_answer(
        key: &TenantKey<'_>,
        status: u16,
        body: &[u8],
        now: u64,
    ) -> Result<Self, LookUpProblem> {
        let body = match Answer::read(key, status, body)? {
            Answer::Known(_) => body.to_vec(),
            Answer::Unknown => Vec::new(),
        };
        Ok(Self { answered_at: now, asked_at: now, body })
    }

    /// It is asked again now.
    #[must_use]
    pub fn asked(self, now: u64) -> Self {
        Self { asked_at: now, ..self }
    }

    /// The tenant; `None`, if there is none of this name.
    pub fn tenant(&self, key: &TenantKey<'_>) -> Option<Arc<Tenant>> {
        match Answer::read(key, 200, &self.body) {
            Ok(Answer::Known(tenant)) => Some(tenant),
            _ => None,
        }
    }

    /// Whether there is such a tenant.
    pub fn is_known(&self) -> bool {
        !self.body.is_empty()
    }

    /// Whether both were learnt from the same words: what was made of one serves for the other.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.body == other.body
    }

    /// The bytes of it, for the host's store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.body.len());
        bytes.extend(self.answered_at.to_be_bytes());
        bytes.extend(self.asked_at.to_be_bytes());
        bytes.extend(&self.body);
        bytes
    }

    /// What was kept; `None`, if these bytes are none of an entry.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (answered_at, rest) = bytes.split_first_chunk()?;
        let (asked_at, body) = rest.split_first_chunk()?;
        Some(Self {
            answered_at: u64::from_be_bytes(*answered_at),
            asked_at: u64::from_be_bytes(*asked_at),
            body: body.to_vec(),
        })
    }
}

/// It holds secrets.
impl core::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("answered_at", &self.answered_at)
            .field("asked_at", &self.asked_at)
            .field("is_known", &self.is_known())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"account_id": "acme", "project_id": "shop", "client_env": "live",
        "signature_secrets": ["0123456789abcdef"]}"#;

    const UNKNOWN: &[u8] = br#"{"account_id": "acme", "project_id": "shop", "client_env": "live",
        "known": false}"#;

    fn key() -> TenantKey<'static> {
        TenantKey::new("acme", "shop", "live")
    }

    #[test]
    fn an_entry_is_the_same_after_it_was_kept() {
        for (status, body, is_known) in [(200, BODY, true), (404, UNKNOWN, false)] {
            let entry = Entry::of_answer(&key(), status, body, 7).unwrap().asked(9);
            let kept = Entry::from_bytes(&entry.to_bytes()).unwrap();
            assert_eq!(kept, entry);
            assert_eq!(kept.is_known(), is_known);
            assert_eq!(kept.tenant(&key()).is_some(), is_known);
        }
    }

    #[test]
    fn invariant_12_an_entry_is_of_no_use_for_another_tenant() {
        let entry = Entry::of_answer(&key(), 200, BODY, 7).unwrap();
        assert!(entry.tenant(&TenantKey::new("acme", "shop", "sandbox")).is_none());
    }

    #[test]
    fn an_answer_that_says_nothing_is_not_kept() {
        assert!(Entry::of_answer(&key(), 500, BODY, 7).is_err());
        assert!(Entry::of_answer(&key(), 404, b"", 7).is_err());
        assert!(Entry::of_answer(&key(), 200, b"", 7).is_err());
    }

    #[test]
    fn invariant_11_no_bytes_in_the_store_panic() {
        for length in 0..16 {
            assert!(Entry::from_bytes(&[0xff; 20][..length]).is_none());
        }
        assert!(Entry::from_bytes(&[0xff; 20]).unwrap().tenant(&key()).is_none());
    }

    #[test]
    fn invariant_10_an_entry_does_not_show_its_secrets() {
        let entry = Entry::of_answer(&key(), 200, BODY, 7).unwrap();
        assert_eq!(
            alloc::format!("{entry:?}"),
            "Entry { answered_at: 7, asked_at: 7, is_known: true }"
        );
    }
}
