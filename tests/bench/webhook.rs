//! The webhooks that are sent: Genesys Open Messaging texts of given lengths, and the requests
//! that carry them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Result;

/// Under which webhooks come in.
pub(crate) const PREFIX: &str = "/webhooks/genesys";

/// The path of the tenant's webhook.
pub(crate) const PATH: &str = "/webhooks/genesys/acme/support/live/events";

/// What the webhooks are signed with.
pub(crate) const SECRET: &str = "a-secret-of-the-benchmark-and-of-nothing-else";

/// The lengths of the bodies in bytes.
pub(crate) const LENGTHS: [usize; 4] = [300, 1024, 16 * 1024, 256 * 1024];

/// The length that the aims are about.
pub(crate) const AIMED_LENGTH: usize = 1024;

/// An agent's message as Genesys sends it, `@` for its text.
const FULL: &str = include_str!("webhook.json");

/// The same with only the members that a message needs, for the shortest body.
const SHORT: &str = include_str!("webhook-short.json");

const SENTENCE: &str = "Hello, this is Dana. How can I help? ";

/// A webhook's body of exactly this length: its text is as long as that needs.
pub(crate) fn body(length: usize) -> Result<Vec<u8>> {
    let template = [FULL, SHORT]
        .map(str::trim_end)
        .into_iter()
        .find(|template| template.len() <= length)
        .ok_or_else(|| format!("a webhook does not fit into {length} bytes"))?;
    let text: String = SENTENCE.chars().cycle().take(length + 1 - template.len()).collect();
    Ok(template.replacen('@', &text, 1).into_bytes())
}

/// The value of the signature's header.
pub(crate) fn signature(secret: &str, body: &[u8]) -> Result<String> {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    keyed.update(body);
    let digest = STANDARD.encode(keyed.finalize().into_bytes());
    Ok(format!("sha256={digest}"))
}

/// The whole request, ready for the wire.
pub(crate) fn request(secret: &str, body: &[u8]) -> Result<Vec<u8>> {
    let head = format!(
        "POST {PATH} HTTP/1.1\r\n\
         host: baton.example\r\n\
         user-agent: GenesysCloud-OpenMessaging\r\n\
         content-type: application/json\r\n\
         x-hub-signature-256: {}\r\n\
         content-length: {}\r\n\r\n",
        signature(secret, body)?,
        body.len()
    );
    Ok([head.as_bytes(), body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_and_exactly_as_long_as_asked_for() {
        for length in LENGTHS {
            let body = body(length).unwrap();
            assert_eq!(body.len(), length);
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert!(json["text"].as_str().unwrap().starts_with("Hello"));
        }
        assert!(body(100).is_err());
    }
}
