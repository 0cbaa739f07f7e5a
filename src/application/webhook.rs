//! An endpoint of an application, and what it is told.

use baton_chat::logged_frame;
use baton_core::{id::Id, tenant::TenantKey};
use baton_outbound::{OutboundUrl, Reach, UrlProblem};
use baton_store::Notification;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::webhook_secret::WebhookSecret;

/// Where a tenant's application wants to be told what happens in its sessions.
#[derive(Clone, Debug)]
pub struct Webhook {
    tenant: TenantKey<'static>,
    endpoint: String,
    url: OutboundUrl,
    reach: Reach,
    secrets: Vec<WebhookSecret>,
    events: Option<Vec<String>>,
}

/// The body of a webhook.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    session: SessionShown<'a>,
    /// In the form of the Messaging API.
    event: &'a RawValue,
}

#[derive(Serialize)]
struct SessionShown<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    #[serde(flatten)]
    tenant: &'a TenantKey<'static>,
}

impl Webhook {
    /// One at this address. Each of the secrets signs, so that an application can replace one.
    /// `events` are the types of the events that it wants; absent for all of them.
    ///
    /// # Errors
    ///
    /// [`UrlProblem`] if nothing may be sent to the address.
    pub fn new(
        tenant: TenantKey<'static>,
        url: &str,
        reach: Reach,
        secrets: Vec<WebhookSecret>,
        events: Option<Vec<String>>,
    ) -> Result<Self, UrlProblem> {
        let parsed = OutboundUrl::parse(url, reach)?;
        let name = tenant.to_string();
        let endpoint = Id::of_parts(&[b"webhook", name.as_bytes(), url.trim().as_bytes()]);
        let endpoint = endpoint.to_string();
        Ok(Self { tenant, endpoint, url: parsed, reach, secrets, events })
    }

    /// Whose sessions it is about.
    pub fn tenant(&self) -> &TenantKey<'static> {
        &self.tenant
    }

    /// Its name in the store: follows from the tenant and the address, which it does not show.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Where it is.
    pub fn url(&self) -> &OutboundUrl {
        &self.url
    }

    /// How far it may be away.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Whether it wants events of this type.
    pub fn wants(&self, kind: &str) -> bool {
        self.events.as_ref().is_none_or(|events| events.iter().any(|event| event == kind))
    }

    /// The id of a notification, the same whenever it is sent.
    pub(crate) fn id_of(&self, notification: &Notification) -> String {
        let Notification { session_id, event, .. } = notification;
        let parts = [session_id.as_bytes(), event.id.as_bytes(), self.endpoint.as_bytes()];
        format!("msg_{}", Id::of_parts(&parts))
    }

    /// The body of a notification, the same whenever it is sent.
    pub(crate) fn body_of(&self, notification: &Notification) -> Vec<u8> {
        let Notification { session_id, tenant, external_id, event, .. } = notification;
        let frame = logged_frame(event);
        let Ok(frame) = serde_json::from_str::<&RawValue>(frame.as_str()) else {
            // What is written as JSON can be read as JSON.
            return Vec::new();
        };
        let session = SessionShown { id: session_id, external_id: external_id.as_deref(), tenant };
        let data = Data { session, event: frame };
        let body = Body { r#type: &event.kind, timestamp: &event.timestamp, data };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// The signatures of a webhook, with a space between them.
    pub(crate) fn signatures(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signatures: Vec<String> =
            self.secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
        signatures.join(" ")
    }
}
