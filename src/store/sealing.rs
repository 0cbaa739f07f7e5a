//! Seals what nobody may read who has the store's file alone.
//!
//! XChaCha20-Poly1305 under the operator's master key, with a fresh random nonce for each seal. What
//! is sealed, and whose it is, goes into the seal too: a row that is moved to another tenant does
//! not open there.

use baton_core::tenant::TenantKey;
use baton_process::Random;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use crate::{MasterKey, StoreError};

/// The form of what is sealed, as its first byte: version, nonce, then what the cipher gives.
const VERSION: u8 = 1;

const NONCE_BYTES: usize = 24;

/// What the check value holds: known, so that whatever opens to it was sealed under the same key.
const CHECK: &[u8] = b"the master key of this store";

/// Seals and opens under one master key. Clones share the randomness.
#[derive(Clone, Debug)]
pub struct Sealing {
    key: MasterKey,
    random: Random,
}

/// What is sealed.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'s> {
    /// The document of this tenant.
    Tenant(&'s TenantKey<'s>),
    /// The value that tells a wrong master key.
    Check,
}

impl Sealing {
    /// Seals under this key, with nonces from this source.
    pub fn new(key: MasterKey, random: Random) -> Self {
        Self { key, random }
    }

    pub(crate) fn seal(&self, subject: Subject<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = self.random.bytes::<NONCE_BYTES>().map_err(StoreError::Random)?;
        let payload = Payload { msg: plain, aad: &subject.associated() };
        // The cipher refuses nothing but what is longer than 256 GiB.
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Damaged { what: "a document too long to be sealed" })?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// What was sealed; `None` if that was another subject, under another key, or was changed.
    pub(crate) fn open(&self, subject: Subject<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = sealed.strip_prefix(&[VERSION])?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: &subject.associated() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    /// The value that tells a wrong master key.
    pub(crate) fn check(&self) -> Result<Vec<u8>, StoreError> {
        self.seal(Subject::Check, CHECK)
    }

    /// Whether the check value was made under this key.
    pub(crate) fn is_of(&self, check: &[u8]) -> bool {
        self.open(Subject::Check, check).is_some_and(|plain| *plain == CHECK)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.bytes().into())
    }
}

impl Subject<'_> {
    /// What has to be the same when it is opened: each part after its length, so that no two
    /// subjects give the same bytes.
    fn associated(self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let mut add = |part: &str| {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        };
        match self {
            Self::Tenant(TenantKey { account_id, project_id, client_env }) => {
                for part in ["tenant", account_id, project_id, client_env] {
                    add(part);
                }
            }
            Self::Check => add("check"),
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealing() -> Sealing {
        let random = Random::system();
        Sealing::new(MasterKey::generate(&random).unwrap(), random)
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_tenant_under_the_same_key() {
        let (sealing, key) = (sealing(), TenantKey::new("acme", "support", "live"));
        let sealed = sealing.seal(Subject::Tenant(&key), b"document").unwrap();
        assert_eq!(**sealing.open(Subject::Tenant(&key), &sealed).unwrap(), *b"document");
        assert!(!sealed.windows(8).any(|bytes| bytes == b"document"));
    }

    #[test]
    fn no_two_seals_are_the_same() {
        let sealing = sealing();
        assert_ne!(sealing.check().unwrap(), sealing.check().unwrap());
    }

    #[test]
    fn invariant_12_what_is_sealed_for_one_tenant_opens_for_no_other() {
        let sealing = sealing();
        let key = TenantKey::new("acme", "support", "live");
        let sealed = sealing.seal(Subject::Tenant(&key), b"document").unwrap();
        for other in [
            TenantKey::new("other", "support", "live"),
            TenantKey::new("acmes", "upport", "live"),
            TenantKey::new("acme", "support", ""),
        ] {
            assert!(sealing.open(Subject::Tenant(&other), &sealed).is_none());
        }
        assert!(sealing.open(Subject::Check, &sealed).is_none());
    }

    #[test]
    fn nothing_opens_under_another_key() {
        let (mine, key) = (sealing(), TenantKey::new("acme", "support", "live"));
        let sealed = mine.seal(Subject::Tenant(&key), b"document").unwrap();
        assert!(sealing().open(Subject::Tenant(&key), &sealed).is_none());
        assert!(mine.is_of(&mine.check().unwrap()));
        assert!(!sealing().is_of(&mine.check().unwrap()));
    }

    #[test]
    fn a_changed_byte_anywhere_and_a_missing_end_keep_it_from_opening() {
        let (sealing, key) = (sealing(), TenantKey::new("acme", "support", "live"));
        let sealed = sealing.seal(Subject::Tenant(&key), b"document").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(sealing.open(Subject::Tenant(&key), &changed).is_none(), "byte {place}");
            assert!(sealing.open(Subject::Tenant(&key), &sealed[..place]).is_none());
        }
    }

    #[test]
    fn invariant_10_a_debug_print_shows_no_key() {
        assert_eq!(format!("{:?}", sealing()), "Sealing { key: MasterKey, random: Random }");
    }
}
