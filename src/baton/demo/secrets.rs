//! The secrets of one run.

use std::env;

use baton_sidecar::{Random, RandomError};

/// Everything that one part of the demonstration shows to another. Each is made at random for this
/// run, but for what an edge outside has to know too: that may come from the environment.
pub(crate) struct Secrets {
    /// What chat clients show.
    pub(crate) connector_token: String,
    /// What the webhooks are signed with.
    pub(crate) webhook: String,
    /// What the edge shows to the sidecar.
    pub(crate) delivery: String,
    /// What an operator shows to the sidecar.
    pub(crate) admin: String,
    /// What the sidecar shows to Genesys.
    pub(crate) client: String,
    /// What the console shows to the simulator's control API.
    pub(crate) control: String,
    /// What the pages and `baton tail` show to the console.
    pub(crate) console: String,
}

impl Secrets {
    /// The secrets of a new run.
    pub(crate) fn new(random: &Random) -> Result<Self, RandomError> {
        let made = || random.bytes::<32>().map(|bytes| base64url(&bytes));
        let given = |name| match env::var(name) {
            Ok(secret) if !secret.is_empty() => Ok(secret),
            _ => made(),
        };
        Ok(Self {
            connector_token: made()?,
            webhook: given("GENESYS_WEBHOOK_SECRET")?,
            delivery: given("BATON_DELIVERY_CREDENTIAL")?,
            admin: given("BATON_ADMIN_CREDENTIAL")?,
            client: made()?,
            control: made()?,
            console: made()?,
        })
    }

    /// The secret of this name in the sidecar's configuration.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let secret = match name {
            "CONNECTOR_TOKEN" => &self.connector_token,
            "WEBHOOK_SECRET" => &self.webhook,
            "BATON_DELIVERY_CREDENTIAL" => &self.delivery,
            "BATON_ADMIN_CREDENTIAL" => &self.admin,
            "CLIENT_SECRET" => &self.client,
            _ => return None,
        };
        Some(secret.clone())
    }
}

/// Base64 with the alphabet for URLs, without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)
}
