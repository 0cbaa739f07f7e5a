//! What an Open Messaging integration is set to, and setting it.
//!
//! The shapes are `OpenIntegration`, `OpenIntegrationRequest` and `OpenIntegrationUpdateRequest`
//! of Genesys' SDK (Genesys reference, 2.7).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::{integrations::PATH, reference::Reference};
use crate::{
    call::Call,
    client::Genesys,
    error::{CallError, printable},
    lenient::or_default,
    rate_limit::Class,
    secret::Secret,
};

/// An Open Messaging integration, with what it is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationDetails {
    /// Its id.
    pub id: String,
    /// What it is called in Genesys.
    pub name: String,
    /// Where its webhooks go.
    pub webhook_url: Option<String>,
    /// What its webhooks are signed with; none where Genesys does not show it. Whether Genesys
    /// ever does is not known (Genesys reference, 2.7).
    pub signature_secret: Option<Secret>,
    /// The messaging setting, which the admin pages call platform configuration.
    pub messaging_setting: Option<Reference>,
    /// The profile of what attachments may be.
    pub supported_content: Option<Reference>,
    /// The recipient of the message routing, by which it finds its flow.
    pub recipient_id: Option<String>,
    /// How far its making has come.
    pub creation: Creation,
}

/// How far the making of an integration has come: Genesys does it in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is under way.
    Initiated,
    /// It is there.
    Completed,
    /// It failed, for the reason that Genesys gives.
    Failed(String),
}

/// An integration that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIntegration {
    /// What it is to be called. Customers may see it as the name of the sender.
    pub name: String,
    /// Where its webhooks are to go.
    pub webhook_url: String,
    /// What they are to be signed with: more than 15 characters, or Genesys refuses it.
    pub signature_secret: Secret,
    /// The id of the messaging setting; Genesys' default one without it.
    pub messaging_setting_id: Option<String>,
    /// The id of the profile of what attachments may be; Genesys' default one without it.
    pub supported_content_id: Option<String>,
}

/// What is to change of an integration. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntegrationChange {
    /// Where its webhooks are to go from now on.
    pub webhook_url: Option<String>,
    /// What they are to be signed with from now on.
    pub signature_secret: Option<Secret>,
    /// The id of its messaging setting from now on.
    pub messaging_setting_id: Option<String>,
}

impl<'de> Deserialize<'de> for IntegrationDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        Ok(Self {
            creation: written.creation(),
            id: written.id,
            name: written.name,
            webhook_url: written.outbound_notification_webhook_url,
            signature_secret: written
                .outbound_notification_webhook_signature_secret_token
                .filter(|secret| is_shown(secret.expose())),
            messaging_setting: written.messaging_setting,
            supported_content: written.supported_content,
            recipient_id: written.recipient.map(|recipient| recipient.id),
        })
    }
}

/// Genesys' `OpenIntegration`, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    outbound_notification_webhook_url: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    outbound_notification_webhook_signature_secret_token: Option<Secret>,
    messaging_setting: Option<Reference>,
    supported_content: Option<Reference>,
    recipient: Option<Reference>,
    create_status: Option<String>,
    create_error: Option<Value>,
}

impl Written {
    fn creation(&self) -> Creation {
        match self.create_status.as_deref() {
            Some("Initiated") => Creation::Initiated,
            Some("Error") => {
                let error = self.create_error.as_ref();
                let message = error.and_then(|error| error.get("message")?.as_str());
                Creation::Failed(printable(message.unwrap_or_default()))
            }
            // One that was made long ago may say nothing.
            _ => Creation::Completed,
        }
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(Secret::new))
}

/// Whether it is the secret itself, and not what stands in its place.
fn is_shown(secret: &str) -> bool {
    secret.chars().any(|letter| letter != '*' && letter != '•')
}

/// Genesys' `OpenIntegrationRequest` and `OpenIntegrationUpdateRequest`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outbound_notification_webhook_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outbound_notification_webhook_signature_secret_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_setting: Option<Id<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supported_content: Option<Id<'a>>,
}

#[derive(Serialize)]
struct Id<'a> {
    id: &'a str,
}

fn id(id: Option<&String>) -> Option<Id<'_>> {
    id.map(|id| Id { id })
}

impl NewIntegration {
    fn body(&self) -> Value {
        json!(Body {
            name: Some(&self.name),
            outbound_notification_webhook_url: Some(&self.webhook_url),
            outbound_notification_webhook_signature_secret_token: Some(
                self.signature_secret.expose()
            ),
            messaging_setting: id(self.messaging_setting_id.as_ref()),
            supported_content: id(self.supported_content_id.as_ref()),
        })
    }
}

impl IntegrationChange {
    fn body(&self) -> Value {
        json!(Body {
            name: None,
            outbound_notification_webhook_url: self.webhook_url.as_deref(),
            outbound_notification_webhook_signature_secret_token: self
                .signature_secret
                .as_ref()
                .map(Secret::expose),
            messaging_setting: id(self.messaging_setting_id.as_ref()),
            supported_content: None,
        })
    }
}

impl Genesys {
    /// What the integration of the id is set to.
    pub async fn integration_details(&self, id: &str) -> Result<IntegrationDetails, CallError> {
        let path = [PATH.as_slice(), &[id]].concat();
        self.read(Call::get("reading the integration", Class::Name, &path)).await
    }

    /// Makes an integration. It may be under way still when this returns: see
    /// [`IntegrationDetails::creation`].
    pub async fn create_integration(
        &self,
        new: &NewIntegration,
    ) -> Result<IntegrationDetails, CallError> {
        let call = Call::post("making the integration", Class::Name, &PATH);
        self.read(call.with_body(&new.body())).await
    }

    /// Changes the integration of the id.
    pub async fn change_integration(
        &self,
        id: &str,
        change: &IntegrationChange,
    ) -> Result<IntegrationDetails, CallError> {
        let path = [PATH.as_slice(), &[id]].concat();
        let call = Call::patch("changing the integration", Class::Name, &path);
        self.read(call.with_body(&change.body())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: Value) -> IntegrationDetails {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_secret_behind_asterisks_is_none() {
        let hidden = read(json!({
            "id": "i", "outboundNotificationWebhookSignatureSecretToken": "**********",
        }));
        assert_eq!(hidden.signature_secret, None);
        let shown = read(json!({
            "id": "i", "outboundNotificationWebhookSignatureSecretToken": "a*secret-in-the-open",
        }));
        assert!(shown.signature_secret.is_some());
        assert!(!format!("{shown:?}").contains("in-the-open"));
    }

    #[test]
    fn an_integration_that_could_not_be_made_says_why() {
        let failed = read(json!({
            "id": "i", "name": null, "createStatus": "Error",
            "createError": { "message": "no more of them" },
        }));
        assert_eq!(failed.creation, Creation::Failed("no more of them".to_owned()));
        assert_eq!(read(json!({ "id": "i" })).creation, Creation::Completed);
    }

    #[test]
    fn what_is_not_to_change_is_not_sent() {
        let change = IntegrationChange {
            messaging_setting_id: Some("s".to_owned()),
            ..IntegrationChange::default()
        };
        assert_eq!(change.body(), json!({ "messagingSetting": { "id": "s" } }));
    }
}
