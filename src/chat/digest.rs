//! Secrets are held and compared as SHA-256 digests only.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The SHA-256 of a secret of high entropy, such as a token or a credential.
#[derive(Clone, Copy)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of this secret.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// A digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The thirty-two bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The sixty-four hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it is one of these, in constant time: each is compared, whatever came before.
    pub fn is_one_of(&self, digests: &[Self]) -> bool {
        let hit = digests.iter().fold(Choice::from(0), |hit, digest| hit | self.0.ct_eq(&digest.0));
        hit.into()
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretDigest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_wherever_it_stands_in_the_list() {
        let [one, two, three] =
            ["one", "two", "three"].map(|text| SecretDigest::of(text.as_bytes()));
        assert!(one.is_one_of(&[one, two]));
        assert!(two.is_one_of(&[one, two]));
        assert!(!three.is_one_of(&[one, two]));
        assert!(!one.is_one_of(&[]));
    }

    #[test]
    fn invariant_10_the_debug_print_of_a_digest_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", SecretDigest::of(b"one")), "SecretDigest");
    }
}
