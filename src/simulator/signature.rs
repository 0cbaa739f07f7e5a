//! The signature that Genesys puts on a webhook, and the wrong ones a test needs.
//!
//! Genesys reference 2.1: the header `X-Hub-Signature-256` holds `sha256=` and the padded
//! standard base64 of the HMAC-SHA256 of the raw body; the key is the UTF-8 bytes of the
//! integration's `outboundNotificationWebhookSignatureSecretToken`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::common::Key;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The name of the header that carries the signature (Genesys reference 2.1).
pub const HEADER: &str = "X-Hub-Signature-256";

/// Which signature a webhook is sent with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The one Genesys sends: [`base64()`].
    #[default]
    Valid,
    /// One of the right form that no secret holder made: a receiver must refuse it.
    Forged,
    /// The right one written in hexadecimal: [`hex()`]. Genesys itself never sends it.
    Hex,
    /// No signature header at all.
    Missing,
}

impl Kind {
    /// The header's value for `body`, or `None` if the header is to be left out.
    pub fn value(self, secret: &str, body: &[u8]) -> Option<String> {
        match self {
            Self::Valid => Some(base64(secret, body)),
            Self::Forged => Some(forged(secret, body)),
            Self::Hex => Some(hex(secret, body)),
            Self::Missing => None,
        }
    }
}

/// The header's value as Genesys writes it: `sha256=` and the padded standard base64 of the
/// HMAC-SHA256 of `body`, keyed with the bytes of `secret` (Genesys reference 2.1).
pub fn base64(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", STANDARD.encode(authentication_code(secret, body)))
}

/// The same signature as [`base64()`], written as `sha256=` and lower-case hexadecimal. Some
/// receivers expect this form, but Genesys never sends it (Genesys reference 2.1).
pub fn hex(secret: &str, body: &[u8]) -> String {
    authentication_code(secret, body)
        .iter()
        .fold(String::from("sha256="), |value, byte| format!("{value}{byte:02x}"))
}

/// A signature of the right form and length that differs from the right one in every byte.
pub fn forged(secret: &str, body: &[u8]) -> String {
    let code = authentication_code(secret, body).map(|byte| !byte);
    format!("sha256={}", STANDARD.encode(code))
}

fn authentication_code(secret: &str, body: &[u8]) -> [u8; 32] {
    let mut code = Hmac::<Sha256>::new(&block_key(secret.as_bytes()));
    code.update(body);
    code.finalize().into_bytes().into()
}

/// An HMAC key is exactly one block: a shorter secret is filled up with zeros, a longer one is
/// hashed first (RFC 2104, section 2). Done here because the library's version for any length
/// returns an error that can never happen.
fn block_key(secret: &[u8]) -> Key<Hmac<Sha256>> {
    let mut key = Key::<Hmac<Sha256>>::default();
    let hash = Sha256::digest(secret);
    let source = if secret.len() > key.len() { hash.as_slice() } else { secret };
    for (place, byte) in key.iter_mut().zip(source) {
        *place = *byte;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "at-least-16-chars-long";

    #[test]
    fn an_ascii_body_gives_the_known_signature() {
        let body = concat!(
            r#"{"id":"c4ca4238a0b923820dcc509a6f75849b","channel":{"id":"5b0c1d2e-7f31-4a6b-9c44-"#,
            r#"0e5d8a7b6c10","platform":"Open","type":"Private","to":{"id":"polyai-sess-7f3a9c","#,
            r#""idType":"Opaque"},"from":{"nickname":"Acme Open Gateway","id":"5b0c1d2e-7f31-4a6b"#,
            r#"-9c44-0e5d8a7b6c10","idType":"Opaque"},"metadata":{"subType":"None"},"time":"2026-"#,
            r#"05-04T09:15:22.417Z","messageId":"c4ca4238a0b923820dcc509a6f75849b"},"type":"Text","#,
            r#""text":"Hello, this is Dana. How can I help?","originatingEntity":"Human","direct"#,
            r#"ion":"Outbound","conversationId":"c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b"}"#,
        );
        assert_eq!(
            base64(SECRET, body.as_bytes()),
            "sha256=TZKvBtPjIKu2Ums8guw/INp5YtxSRNOIrmbxe4tkoME="
        );
        assert_eq!(
            hex(SECRET, body.as_bytes()),
            "sha256=4d92af06d3e320abb6526b3c82ec3f20da7962dc5244d388ae66f17b8b64a0c1"
        );
    }

    #[test]
    fn a_secret_of_exactly_one_block_is_used_as_it_is() {
        assert_eq!(
            hex(&"k".repeat(64), "Zażółć gęślą jaźń".as_bytes()),
            "sha256=e08454f7e50c67322655478cf91f5a100567abecbc603adc814ff469c14f82ef"
        );
    }

    #[test]
    fn a_secret_longer_than_a_block_is_hashed_first() {
        assert_eq!(
            hex(&"k".repeat(131), "Zażółć gęślą jaźń".as_bytes()),
            "sha256=d5075ba0b79d95c05b200e0fedb638e42b39dc754e24c47b58d72fb12482995b"
        );
    }

    #[test]
    fn a_forged_signature_has_the_form_of_the_right_one_but_differs() {
        let right = base64(SECRET, b"{}");
        let forged = forged(SECRET, b"{}");
        assert_ne!(forged, right);
        assert_eq!(forged.len(), right.len());
    }

    #[test]
    fn a_missing_signature_has_no_value() {
        assert_eq!(Kind::Missing.value(SECRET, b"{}"), None);
    }
}
