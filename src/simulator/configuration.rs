//! What the simulator needs to know about the org that it plays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use rustls::RootCertStore;
use tokio::net::TcpListener;

use crate::feed::Feed;
use crate::simulator::SimulatorError;

/// The id of the OAuth client that there is if no other is configured.
pub const DEFAULT_CLIENT_ID: &str = "baton";
/// The secret of the OAuth client that there is if no other is configured. It protects nothing
/// but a simulator.
pub const DEFAULT_CLIENT_SECRET: &str = "baton-simulator-secret";
/// The permissions that the Platform API of the simulator knows (Genesys reference 6.1 and 9).
pub const PERMISSIONS: [&str; 20] = [
    "analytics:conversationDetail:view",
    "architect:flow:view",
    "conversation:communication:blindTransfer",
    "conversation:communication:blindTransferQueue",
    "conversation:communication:disconnect",
    "conversation:communication:view",
    "conversation:message:create",
    "conversation:message:receive",
    "conversation:message:view",
    "messaging:integration:add",
    "messaging:integration:edit",
    "messaging:integration:view",
    "messaging:setting:add",
    "messaging:setting:edit",
    "messaging:setting:view",
    "messaging:supportedContent:add",
    "messaging:supportedContent:view",
    "routing:message:manage",
    "routing:queue:add",
    "routing:queue:view",
];

/// The configuration of a simulated org, of its Open Messaging integration and of its listener.
///
/// The `Debug` form shows neither a secret nor the values of the extra headers, which often
/// are credentials too.
#[derive(Clone)]
pub struct Configuration {
    /// Where [`Configuration::bind`] listens. The control API sends correctly signed webhooks for
    /// anyone, unless there is a [`Configuration::control_token`]: keep it on loopback.
    pub listen: SocketAddr,
    /// Genesys' `outboundNotificationWebhookUrl`: where the webhooks go. Unlike Genesys, also to
    /// `http` and to other ports than 443: the simulator is meant for one machine or one private
    /// network.
    pub webhook_url: String,
    /// The certificate authorities whose word is taken for who a receiver at `https` is. Without
    /// them it is those that this machine trusts, as Genesys trusts those that everybody does.
    pub authorities: Option<RootCertStore>,
    /// Genesys' `outboundNotificationWebhookSignatureSecretToken`: longer than 15 characters,
    /// as Genesys demands (Genesys reference 2.1).
    pub signature_secret: String,
    /// The integration's id, a UUID.
    pub integration_id: String,
    /// The integration's name, which customers see as the sender's nickname.
    pub integration_name: String,
    /// Multiplies every duration of Genesys: the webhooks' time-out of 10 s and their pause of
    /// 5 s, the lives of tokens and channels, the heartbeat, the rate window, `Retry-After`, and
    /// what the org waits for. 1.0 is Genesys' pace, 0.0 retries at once. The webhooks' time-out
    /// never falls below [`TIME_OUT_FLOOR`](crate::delivery::TIME_OUT_FLOOR), a life not below
    /// one second.
    pub time_scale: f64,
    /// Genesys' `webhookHeaders`: sent with every webhook, name to value.
    pub webhook_headers: BTreeMap<String, String>,
    /// Who may ask for tokens with client credentials.
    pub oauth_clients: Vec<OauthClient>,
    /// Who gets the org's events over HTTP, beside the notification sockets.
    pub event_targets: Vec<EventTarget>,
    /// What a request to the control API has to show (`authorization: Bearer …`). Without it the
    /// control API asks for nothing. With it, no page of another origin is answered either.
    pub control_token: Option<String>,
    /// Whether the pictures that the org tells of are served here, under `/pictures/`. Otherwise
    /// their addresses are of hosts that are not there.
    pub serves_pictures: bool,
    /// Tells whoever listens in this process what happens.
    pub feed: Feed,
}

/// An OAuth client for the client-credentials grant (Genesys reference 3.5).
///
/// The `Debug` form does not show the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct OauthClient {
    /// The client's id. Genesys gives UUIDs; any text without a colon does.
    pub id: String,
    /// The client's secret.
    pub secret: String,
    /// What its role allows, such as `conversation:message:receive`.
    pub permissions: BTreeSet<String>,
}

/// A receiver of events over HTTP.
///
/// The `Debug` form does not show the API key.
#[derive(Clone, PartialEq, Eq)]
pub struct EventTarget {
    /// How it is told.
    pub kind: EventTargetKind,
    /// Where to post: `http` or `https`.
    pub url: String,
    /// The header that carries the API key.
    pub api_key_header: String,
    /// The API key, sent with every post.
    pub api_key: String,
}

/// How an event target is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTargetKind {
    /// Amazon `EventBridge` with an API destination: the envelope of Genesys reference 7.
    EventBridge,
    /// A process-automation trigger whose workflow calls a web-services data action: the
    /// contract of Genesys reference 8.
    Trigger,
}

impl Configuration {
    /// An integration with a made-up id and name, at Genesys' pace, without extra headers,
    /// event targets or a control token, with the one OAuth client of [`OauthClient::default`]; it listens on a free
    /// loopback port.
    pub fn new(webhook_url: impl Into<String>, signature_secret: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            webhook_url: webhook_url.into(),
            authorities: None,
            signature_secret: signature_secret.into(),
            integration_id: "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10".into(),
            integration_name: "Baton Simulator".into(),
            time_scale: 1.0,
            webhook_headers: BTreeMap::new(),
            oauth_clients: vec![OauthClient::default()],
            event_targets: Vec::new(),
            control_token: None,
            serves_pictures: false,
            feed: Feed::new(),
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

impl OauthClient {
    /// A client with every permission of [`PERMISSIONS`].
    pub fn with_every_permission(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let permissions = PERMISSIONS.map(str::to_owned).into();
        Self { id: id.into(), secret: secret.into(), permissions }
    }
}

impl Default for OauthClient {
    /// [`DEFAULT_CLIENT_ID`] with [`DEFAULT_CLIENT_SECRET`] and every permission.
    fn default() -> Self {
        Self::with_every_permission(DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET)
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
            .field("oauth_clients", &self.oauth_clients)
            .field("event_targets", &self.event_targets)
            .field("control_token", &self.control_token.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OauthClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OauthClient")
            .field("id", &self.id)
            .field("secret", &"[redacted]")
            .field("permissions", &self.permissions)
            .finish()
    }
}

impl fmt::Debug for EventTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EventTarget")
            .field("kind", &self.kind)
            .field("url", &self.url)
            .field("api_key_header", &self.api_key_header)
            .field("api_key", &"[redacted]")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_shows_neither_a_secret_nor_a_header_value() {
        let mut configuration =
            Configuration::new("http://127.0.0.1/webhooks", "at-least-16-chars-long");
        configuration.webhook_headers.insert("x-tenant-key".into(), "hush-hush".into());
        configuration.event_targets.push(EventTarget {
            kind: EventTargetKind::Trigger,
            url: "http://127.0.0.1/trigger".into(),
            api_key_header: "x-api-key".into(),
            api_key: "whisper".into(),
        });
        configuration.control_token = Some("murmur".into());
        let debug = format!("{configuration:?}");
        assert!(debug.contains("[redacted]") && debug.contains("x-tenant-key"));
        for secret in ["at-least-16", "hush-hush", DEFAULT_CLIENT_SECRET, "whisper", "murmur"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}
