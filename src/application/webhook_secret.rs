//! What webhooks are signed with (Standard Webhooks 1.0: symmetric signatures).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";

/// A secret that an application shares with us to know our webhooks by.
#[derive(Clone)]
pub struct WebhookSecret(Hmac<Sha256>);

/// Why a text is no secret for webhooks. No message repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSecretProblem {
    /// It does not look like one.
    #[error(
        "has to be whsec_ and then base64; make one: printf 'whsec_%s' \"$(openssl rand -base64 32)\""
    )]
    NotASecret,
    /// It has too few or too many bytes.
    #[error(
        "has to hold 24 to 64 bytes; make one: printf 'whsec_%s' \"$(openssl rand -base64 32)\""
    )]
    Length,
}

impl WebhookSecret {
    /// Reads `whsec_<base64>`, of 24 to 64 bytes.
    ///
    /// # Errors
    ///
    /// [`WebhookSecretProblem`] for anything else.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretProblem> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(WebhookSecretProblem::NotASecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WebhookSecretProblem::NotASecret)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(WebhookSecretProblem::Length);
        }
        let mac = Hmac::new_from_slice(&bytes).map_err(|_| WebhookSecretProblem::Length)?;
        Ok(Self(mac))
    }

    /// The signature of a webhook: `v1,<base64>`.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mac = self.0.clone().chain_update(id).chain_update(".");
        let mac = mac.chain_update(timestamp.to_string()).chain_update(".").chain_update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_convention_is_signed_as_it_says() {
        // Standard Webhooks, reference implementations' shared test vector.
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        use WebhookSecretProblem::{Length, NotASecret};
        for (text, problem) in [
            ("", NotASecret),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NotASecret),
            ("whsec_***", NotASecret),
            ("whsec_", Length),
            ("whsec_AAAA", Length),
        ] {
            assert_eq!(WebhookSecret::parse(text).map(drop), Err(problem), "{text}");
        }
        let long = format!("whsec_{}", STANDARD.encode([0; 65]));
        assert_eq!(WebhookSecret::parse(&long).map(drop), Err(Length));
    }
}
