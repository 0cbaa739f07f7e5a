//! What the simulator needs to know about the integration that it plays.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::simulator::SimulatorError;

/// The configuration of a simulated Open Messaging integration and of its control API.
///
/// The `Debug` form shows neither the secret nor the values of the extra headers, which often
/// are credentials too.
#[derive(Clone)]
pub struct Configuration {
    /// Where [`Configuration::bind`] listens for the control API. The API asks for no
    /// credential and sends correctly signed webhooks for anyone: keep it on loopback.
    pub listen: SocketAddr,
    /// Genesys' `outboundNotificationWebhookUrl`: where the webhooks go. Only `http`, because
    /// the simulator is meant for one machine or one private network.
    pub webhook_url: String,
    /// Genesys' `outboundNotificationWebhookSignatureSecretToken`: longer than 15 characters,
    /// as Genesys demands (Genesys reference 2.1).
    pub signature_secret: String,
    /// The integration's id, a UUID.
    pub integration_id: String,
    /// The integration's name, which customers see as the sender's nickname.
    pub integration_name: String,
    /// Multiplies Genesys' time-out of 10 s and its pause of 5 s between attempts; 1.0 is
    /// Genesys' pace, 0.0 retries at once. The time-out never falls below
    /// [`TIME_OUT_FLOOR`](crate::delivery::TIME_OUT_FLOOR).
    pub time_scale: f64,
    /// Genesys' `webhookHeaders`: sent with every webhook, name to value.
    pub webhook_headers: BTreeMap<String, String>,
}

impl Configuration {
    /// An integration with a made-up id and name, at Genesys' pace, without extra headers; its
    /// control API listens on a free loopback port.
    pub fn new(webhook_url: impl Into<String>, signature_secret: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            webhook_url: webhook_url.into(),
            signature_secret: signature_secret.into(),
            integration_id: "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10".into(),
            integration_name: "Baton Simulator".into(),
            time_scale: 1.0,
            webhook_headers: BTreeMap::new(),
        }
    }

    /// Opens the listener for [`serve`](crate::serve) at [`Configuration::listen`].
    ///
    /// # Errors
    ///
    /// [`SimulatorError::Bind`] if the address cannot be had.
    pub async fn bind(&self) -> Result<TcpListener, SimulatorError> {
        TcpListener::bind(self.listen)
            .await
            .map_err(|source| SimulatorError::Bind { address: self.listen, source })
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header_names: Vec<&String> = self.webhook_headers.keys().collect();
        formatter
            .debug_struct("Configuration")
            .field("listen", &self.listen)
            .field("webhook_url", &self.webhook_url)
            .field("signature_secret", &"[redacted]")
            .field("integration_id", &self.integration_id)
            .field("integration_name", &self.integration_name)
            .field("time_scale", &self.time_scale)
            .field("webhook_headers", &header_names)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_shows_neither_the_secret_nor_a_header_value() {
        let mut configuration =
            Configuration::new("http://127.0.0.1/webhooks", "at-least-16-chars-long");
        configuration.webhook_headers.insert("x-tenant-key".into(), "hush-hush".into());
        let debug = format!("{configuration:?}");
        assert!(debug.contains("[redacted]") && debug.contains("x-tenant-key"));
        assert!(!debug.contains("at-least-16") && !debug.contains("hush-hush"));
    }
}
