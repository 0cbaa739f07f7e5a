//! The API key of what Genesys does not sign: events by EventBridge and by a trigger.
//!
//! Neither transport signs a body (Genesys reference, 7 and 8), so the caller shows a key in a
//! header. Only its SHA-256 is kept and compared, in constant time.

use core::fmt;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::digest::from_hex;

/// The header that carries the key, in lower case.
pub const HEADER: &str = "x-api-key";

/// How many keys of a tenant may be active: the new one and the old one while they are rotated.
pub const MOST_ACTIVE: usize = 2;

/// A key as shown or as configured: its SHA-256.
#[derive(Clone)]
pub struct ApiKey([u8; 32]);

/// Why a key is refused. The caller only ever sees 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiKeyProblem {
    /// There is no such header.
    Missing,
    /// The header is there more than once.
    Duplicate,
    /// The value is empty, or holds more than visible ASCII.
    Malformed,
    /// None of the tenant's keys, or the tenant has none.
    Mismatch,
}

impl ApiKeyProblem {
    /// Each problem there is.
    pub const ALL: [Self; 4] = [Self::Missing, Self::Duplicate, Self::Malformed, Self::Mismatch];

    /// A word for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing => "api_key_missing",
            Self::Duplicate => "api_key_duplicate",
            Self::Malformed => "api_key_malformed",
            Self::Mismatch => "api_key_mismatch",
        }
    }
}

impl ApiKey {
    /// The key of this text.
    pub fn new(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// The key of which this is the SHA-256, in 64 hexadecimal digits; `None` for other text.
    pub fn of_digest(digest: &str) -> Option<Self> {
        from_hex(digest.as_bytes()).map(Self)
    }

    /// Reads the one value of the header.
    ///
    /// # Errors
    ///
    /// The problem, if the values are not exactly one that can be a key.
    pub fn from_header<'a>(
        mut values: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Self, ApiKeyProblem> {
        let value = values.next().ok_or(ApiKeyProblem::Missing)?;
        if values.next().is_some() {
            return Err(ApiKeyProblem::Duplicate);
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_graphic) {
            return Err(ApiKeyProblem::Malformed);
        }
        Ok(Self(Sha256::digest(value).into()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey")
    }
}

/// A tenant's active keys; none, for a tenant that takes no events this way.
#[derive(Clone, Debug, Default)]
pub struct ApiKeys(pub [Option<ApiKey>; MOST_ACTIVE]);

impl ApiKeys {
    /// Whether one of the keys was shown. There are as many comparisons whichever matched and
    /// however many keys there are, so that the time tells nothing.
    pub fn verify(&self, shown: &ApiKey) -> bool {
        let matched = self.0.iter().fold(Choice::from(0), |matched, key| {
            let active = Choice::from(u8::from(key.is_some()));
            let digest = key.as_ref().map_or([0; 32], |key| key.0);
            matched | (active & digest.ct_eq(&shown.0))
        });
        matched.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const KEY: &str = "a key of an API destination";

    fn read(values: &[&[u8]]) -> Result<(), ApiKeyProblem> {
        ApiKey::from_header(values.iter().copied()).map(drop)
    }

    #[test]
    fn invariant_2_a_key_verifies_against_any_active_key_and_no_other() {
        let [one, other] = [KEY, "another"].map(|key| Some(ApiKey::new(key)));
        let shown = ApiKey::from_header([KEY.replace(' ', "-").as_bytes()].into_iter()).unwrap();
        assert!(!ApiKeys([one.clone(), other.clone()]).verify(&shown));
        let shown = ApiKey::new(KEY);
        assert!(ApiKeys([one.clone(), None]).verify(&shown));
        assert!(ApiKeys([one.clone(), other.clone()]).verify(&shown));
        assert!(ApiKeys([other.clone(), one]).verify(&shown));
        assert!(!ApiKeys([other, None]).verify(&shown));
    }

    #[test]
    fn a_tenant_without_keys_takes_none() {
        assert!(!ApiKeys::default().verify(&ApiKey::new(KEY)));
        assert!(!ApiKeys::default().verify(&ApiKey([0; 32])));
    }

    #[test]
    fn every_malformed_header_is_refused_with_its_own_reason() {
        use ApiKeyProblem::*;
        assert_eq!(read(&[b"a-key,with=every+sign"]), Ok(()));
        assert_eq!(read(&[]), Err(Missing));
        assert_eq!(read(&[b"key", b"key"]), Err(Duplicate));
        for value in [&b""[..], b"two words", b"key\t", b"k\xc3\xa9y", b"k\0y"] {
            assert_eq!(read(&[value]), Err(Malformed), "{value:?}");
        }
    }

    #[test]
    fn invariant_10_a_key_does_not_show_itself() {
        let keys = ApiKeys([Some(ApiKey::new(KEY)), None]);
        assert_eq!(format!("{keys:?}"), "ApiKeys([Some(ApiKey), None])");
    }
}
