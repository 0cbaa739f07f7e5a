//! Webhooks, good and forged.

use baton_simulator::signature;
use baton_tests::SECRET;

/// What a webhook says.
pub(crate) const BODY: &[u8] = br#"{"id":"m1","type":"Text","text":"hello"}"#;

/// The headers of a webhook that Genesys signed.
pub(crate) fn signed() -> Vec<(String, String)> {
    signed_with(SECRET)
}

/// The headers of one that somebody else signed.
pub(crate) fn forged() -> Vec<(String, String)> {
    signed_with("what a forger takes for the secret")
}

fn signed_with(secret: &str) -> Vec<(String, String)> {
    vec![(signature::HEADER.to_ascii_lowercase(), signature::base64(secret, BODY))]
}
