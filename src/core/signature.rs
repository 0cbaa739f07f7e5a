//! The webhook's signature: `X-Hub-Signature-256` (Genesys reference, 2.1).
//!
//! `sha256=` and the HMAC-SHA256 of the raw body under the secret's UTF-8 bytes, in padded
//! standard base64. Hex is read as well; Genesys itself never sends it.

use alloc::{format, string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::digest::from_hex;

/// The header that carries the signature, in lower case.
pub const HEADER: &str = "x-hub-signature-256";

/// The fewest characters of a secret that Genesys takes (Genesys reference, 2.1).
pub const SHORTEST_SECRET: usize = 16;

/// Fewer characters than this are worth a warning.
pub const ADVISED_SECRET: usize = 32;

/// A signature as sent, well-formed and not yet compared with anything.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature([u8; 32]);

/// Why a signature is refused. The caller only ever sees 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureProblem {
    /// There is no such header.
    Missing,
    /// The header is there more than once.
    Duplicate,
    /// Several values in one header, with commas between them.
    CommaJoined,
    /// There is a blank inside the value.
    Whitespace,
    /// The value does not begin with `sha256=`.
    MissingPrefix,
    /// Base64 of the alphabet for URLs (`-`, `_`).
    UrlSafeBase64,
    /// Base64 without its padding.
    UnpaddedBase64,
    /// Neither base64 nor hex, or not of 32 bytes.
    Malformed,
    /// Well-formed, and made with none of the tenant's secrets or over other bytes.
    Mismatch,
}

impl SignatureProblem {
    /// Each problem there is.
    pub const ALL: [Self; 9] = [
        Self::Missing,
        Self::Duplicate,
        Self::CommaJoined,
        Self::Whitespace,
        Self::MissingPrefix,
        Self::UrlSafeBase64,
        Self::UnpaddedBase64,
        Self::Malformed,
        Self::Mismatch,
    ];

    /// A word for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::Duplicate => "signature_duplicate",
            Self::CommaJoined => "signature_comma_joined",
            Self::Whitespace => "signature_whitespace",
            Self::MissingPrefix => "signature_without_prefix",
            Self::UrlSafeBase64 => "signature_url_safe",
            Self::UnpaddedBase64 => "signature_unpadded",
            Self::Malformed => "signature_malformed",
            Self::Mismatch => "signature_mismatch",
        }
    }
}

impl Signature {
    /// Reads the one value of the header.
    ///
    /// # Errors
    ///
    /// The problem, if the values are not exactly one well-formed signature.
    pub fn from_header<'a>(
        mut values: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Self, SignatureProblem> {
        let value = values.next().ok_or(SignatureProblem::Missing)?;
        if values.next().is_some() {
            return Err(SignatureProblem::Duplicate);
        }
        Self::from_value(value)
    }

    /// The header's value as Genesys writes it.
    pub fn to_base64(&self) -> String {
        format!("sha256={}", STANDARD.encode(self.0))
    }

    /// The header's value in hex, the fallback.
    pub fn to_hex(&self) -> String {
        self.0.iter().fold(String::from("sha256="), |text, byte| format!("{text}{byte:02x}"))
    }

    fn from_value(value: &[u8]) -> Result<Self, SignatureProblem> {
        if value.contains(&b',') {
            return Err(SignatureProblem::CommaJoined);
        }
        if value.iter().any(u8::is_ascii_whitespace) {
            return Err(SignatureProblem::Whitespace);
        }
        let encoded = value.strip_prefix(b"sha256=").ok_or(SignatureProblem::MissingPrefix)?;
        let digest = if encoded.len() == 64 { from_hex(encoded) } else { from_base64(encoded) };
        digest.map(Self).ok_or_else(|| problem_with(encoded))
    }
}

/// A signature is no secret of ours, but there is no reason to show one either.
impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signature")
    }
}

fn from_base64(encoded: &[u8]) -> Option<[u8; 32]> {
    // Room for the padding's worth of bytes that the decoder may ask for.
    let mut digest = [0; 36];
    let length = STANDARD.decode_slice(encoded, &mut digest).ok()?;
    digest.get(..length)?.try_into().ok()
}

/// Says what is wrong with a value that could not be decoded.
fn problem_with(encoded: &[u8]) -> SignatureProblem {
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let url_safe = |byte: &u8| matches!(byte, b'-' | b'_');
    if encoded.iter().all(|byte| of_base64(byte) || url_safe(byte)) && encoded.iter().any(url_safe)
    {
        SignatureProblem::UrlSafeBase64
    } else if encoded.len() == 43 && encoded.iter().all(|byte| of_base64(byte) && *byte != b'=') {
        SignatureProblem::UnpaddedBase64
    } else {
        SignatureProblem::Malformed
    }
}

/// A secret, ready to verify with: the state of the HMAC after its key, so that the key is
/// hashed once and not once a request. The secret itself is not kept.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// The key of a secret: its UTF-8 bytes, filled up to the hash's block of 64 bytes, and
    /// hashed first if they are more (RFC 2104, 2).
    pub fn new(secret: &str) -> Self {
        let mut block = [0; 64];
        let digest;
        let key = if secret.len() > block.len() {
            digest = Sha256::digest(secret);
            digest.as_slice()
        } else {
            secret.as_bytes()
        };
        for (place, byte) in block.iter_mut().zip(key) {
            *place = *byte;
        }
        Self(Hmac::new(&block.into()))
    }

    /// The signature of these bytes.
    pub fn sign(&self, body: &[u8]) -> Signature {
        let mut keyed = self.0.clone();
        keyed.update(body);
        Signature(keyed.finalize().into_bytes().into())
    }

    fn matches(&self, body: &[u8], signature: &Signature) -> Choice {
        self.sign(body).0.ct_eq(&signature.0)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey")
    }
}

/// A tenant's active secrets: one, or two and more while they are rotated.
#[derive(Clone, Debug)]
pub struct SigningKeys(Vec<SigningKey>);

impl SigningKeys {
    /// The keys of these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(secrets.into_iter().map(SigningKey::new).collect())
    }

    /// Whether one of the secrets signed these bytes. Every secret is tried, whichever matched,
    /// and no comparison ends early, so that the time tells nothing.
    pub fn verify(&self, body: &[u8], signature: &Signature) -> bool {
        let matched = self
            .0
            .iter()
            .fold(Choice::from(0), |matched, key| matched | key.matches(body, signature));
        matched.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "at-least-16-chars-long";

    fn read(value: &str) -> Result<Signature, SignatureProblem> {
        Signature::from_header([value.as_bytes()].into_iter())
    }

    fn header(digest: &[u8; 32]) -> String {
        Signature(*digest).to_base64()
    }

    #[test]
    fn base64_and_hex_of_the_same_digest_are_the_same_signature() {
        let base64 = read("sha256=TZKvBtPjIKu2Ums8guw/INp5YtxSRNOIrmbxe4tkoME=").unwrap();
        let hex = "sha256=4d92af06d3e320abb6526b3c82ec3f20da7962dc5244d388ae66f17b8b64a0c1";
        assert_eq!(read(hex).unwrap(), base64);
        assert_eq!(read(&hex.replace("af", "AF")).unwrap(), base64);
    }

    #[test]
    fn what_is_signed_reads_back_and_verifies() {
        let signature = SigningKey::new(SECRET).sign(b"body");
        assert_eq!(read(&signature.to_base64()), Ok(signature.clone()));
        assert_eq!(read(&signature.to_hex()), Ok(signature.clone()));
        assert!(SigningKeys::new([SECRET]).verify(b"body", &signature));
    }

    #[test]
    fn invariant_2_a_signature_made_with_any_active_secret_verifies() {
        // RFC 4231, test case 2.
        let body = b"what do ya want for nothing?";
        let signature =
            read("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
                .unwrap();
        for secrets in [&["Jefe"][..], &["other", "Jefe"], &["Jefe", "other"]] {
            assert!(SigningKeys::new(secrets.iter().copied()).verify(body, &signature));
        }
        assert!(!SigningKeys::new([SECRET]).verify(body, &signature));
        assert!(!SigningKeys::new([]).verify(body, &signature));
    }

    #[test]
    fn a_secret_longer_than_the_block_is_hashed_first() {
        // Computed with `openssl dgst -sha256 -hmac`.
        let signature =
            read("sha256=46ac33ede86549300c0bf2805f311de06f51067bcac093c959fafa72295111ae")
                .unwrap();
        assert!(
            SigningKeys::new([&*"k".repeat(131)])
                .verify(b"Test Using Larger Than Block-Size Key", &signature)
        );
    }

    #[test]
    fn every_malformed_header_is_refused_with_its_own_reason() {
        use SignatureProblem::*;
        let good = header(&[0xfb; 32]);
        let encoded = &good["sha256=".len()..];
        assert!(read(&good).is_ok());
        let cases = [
            (String::new(), MissingPrefix),
            (encoded.into(), MissingPrefix),
            (format!("SHA256={encoded}"), MissingPrefix),
            (format!("sha1={encoded}"), MissingPrefix),
            (format!("{good}, {good}"), CommaJoined),
            (format!("{good},"), CommaJoined),
            (format!("sha256= {encoded}"), Whitespace),
            (format!("{good}\t"), Whitespace),
            (good.replace('+', "-").replace('/', "_"), UrlSafeBase64),
            (good.trim_end_matches('=').into(), UnpaddedBase64),
            ("sha256=".into(), Malformed),
            (format!("{good}="), Malformed),
            (format!("sha256={}", "0".repeat(63)), Malformed),
            (format!("sha256={}", "g".repeat(64)), Malformed),
            (format!("sha256={}", STANDARD.encode([1; 31])), Malformed),
            (format!("sha256={}", STANDARD.encode([1; 33])), Malformed),
            // The last digit's spare bits are not zero: another text for the same bytes.
            ("sha256=TZKvBtPjIKu2Ums8guw/INp5YtxSRNOIrmbxe4tkoMF=".into(), Malformed),
        ];
        for (value, problem) in cases {
            assert_eq!(read(&value).err(), Some(problem), "{value}");
        }
        assert_eq!(Signature::from_header([].into_iter()).err(), Some(Missing));
        let twice = [good.as_bytes(), good.as_bytes()];
        assert_eq!(Signature::from_header(twice.into_iter()).err(), Some(Duplicate));
        assert_eq!(read("sha256=\u{17c}").err(), Some(Malformed));
    }

    #[test]
    fn invariant_10_neither_a_key_nor_a_signature_shows_itself() {
        let keys = SigningKeys::new([SECRET]);
        assert_eq!(format!("{keys:?}"), "SigningKeys([SigningKey])");
        assert_eq!(format!("{:?}", read(&header(&[1; 32])).unwrap()), "Signature");
    }
}
