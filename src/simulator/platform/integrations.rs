//! Open Messaging integrations (Genesys reference 2.7). The bodies are
//! `OpenIntegrationRequest` and `OpenIntegrationUpdateRequest` of Genesys' SDK.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::emissions::WebhookTarget;
use crate::oauth::Caller;
use crate::org::{Integration, OrgRefusal};
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::known_fields;
use crate::platform::paging::PageQuery;
use crate::simulator::{LONGEST_REFUSED_SECRET, Simulator};

const INTEGRATIONS: &str = "/api/v2/conversations/messaging/integrations/open";
const VIEW: &str = "messaging:integration:view";
const SECRET: &str = "outboundNotificationWebhookSignatureSecretToken";

/// The routes of integrations.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new().route(INTEGRATIONS, get(list).post(create)).route(
        "/api/v2/conversations/messaging/integrations/open/{integrationId}",
        get(read).patch(change),
    )
}

type Answer = Result<Json<Value>, PlatformError>;

async fn list(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    caller.must_have(VIEW)?;
    let mut integrations = simulator.ask_org(|org| org.integrations());
    for integration in &mut integrations {
        simulator.reveal(integration);
    }
    Ok(Json(query.page(INTEGRATIONS, integrations)?))
}

async fn read(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have(VIEW)?;
    let mut integration = simulator.ask_org(|org| org.integration(&id))?;
    simulator.reveal(&mut integration);
    Ok(Json(integration))
}

#[derive(Deserialize)]
struct SettingReference {
    id: String,
}

/// What a body says of an integration.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    name: Option<String>,
    outbound_notification_webhook_url: Option<String>,
    outbound_notification_webhook_signature_secret_token: Option<String>,
    webhook_headers: Option<BTreeMap<String, String>>,
    messaging_setting: Option<SettingReference>,
    supported_content: Option<SettingReference>,
}

impl Order {
    fn read(simulator: &Simulator, body: Value) -> Result<Self, PlatformError> {
        simulator.count_unknown_fields(&body, known_fields::INTEGRATION);
        let order: Self = serde_json::from_value(body).map_err(|_| PlatformError::malformed())?;
        let secret = order.outbound_notification_webhook_signature_secret_token.as_deref();
        if secret.is_some_and(|secret| secret.chars().count() <= LONGEST_REFUSED_SECRET) {
            return Err(OrgRefusal::missing(SECRET).into());
        }
        if let Some(SettingReference { id }) = &order.messaging_setting {
            simulator.ask_org(|org| org.messaging_setting(id))?;
        }
        if let Some(SettingReference { id }) = &order.supported_content {
            simulator.ask_org(|org| org.supported_content(id))?;
        }
        Ok(order)
    }

    /// The integration as it is after the order.
    fn applied_to(&self, mut integration: Integration) -> Integration {
        let set = |place: &mut String, value: Option<&String>| {
            if let Some(value) = value {
                place.clone_from(value);
            }
        };
        set(&mut integration.name, self.name.as_ref());
        set(&mut integration.webhook_url, self.outbound_notification_webhook_url.as_ref());
        let setting = self.messaging_setting.as_ref().map(|setting| &setting.id);
        set(&mut integration.messaging_setting_id, setting);
        let content = self.supported_content.as_ref().map(|content| &content.id);
        set(&mut integration.supported_content_id, content);
        if let Some(headers) = &self.webhook_headers {
            integration.webhook_header_names = headers.keys().cloned().collect();
        }
        integration
    }
}

async fn create(
    State(simulator): State<Simulator>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have("messaging:integration:add")?;
    let order = Order::read(&simulator, body)?;
    let name = order.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| OrgRefusal::missing("name"))?;
    let url = order.outbound_notification_webhook_url.clone();
    let url = url.ok_or_else(|| OrgRefusal::missing("outboundNotificationWebhookUrl"))?;
    let secret = order.outbound_notification_webhook_signature_secret_token.clone();
    let secret = secret.ok_or_else(|| OrgRefusal::missing(SECRET))?;
    let headers = order.webhook_headers.clone().unwrap_or_default();
    let target = simulator.webhook_target(&url, headers, secret)?;
    let id = Uuid::new_v4().to_string();
    // Until somebody routes its messages, no flow takes them.
    let new = Integration { flow_id: None, ..Integration::new(id, name, url, Timestamp::now()) };
    let mut made = simulator.put_integration(order.applied_to(new), target)?;
    simulator.reveal(&mut made);
    Ok(Json(made))
}

async fn change(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have("messaging:integration:edit")?;
    let before = simulator.ask_org(|org| org.find_integration(&id))?;
    let order = Order::read(&simulator, body)?;
    let after = order.applied_to(before);
    let known = simulator.webhook_targets.with(|targets| targets.get(&id).cloned());
    let (headers, secret) = known.map(|known| (known.headers, known.secret)).unwrap_or_default();
    let target = simulator.webhook_target(
        &after.webhook_url,
        order.webhook_headers.unwrap_or(headers),
        order.outbound_notification_webhook_signature_secret_token.unwrap_or(secret),
    )?;
    let mut changed = simulator.put_integration(after, target)?;
    simulator.reveal(&mut changed);
    Ok(Json(changed))
}

impl Simulator {
    fn webhook_target(
        &self,
        url: &str,
        headers: BTreeMap<String, String>,
        secret: String,
    ) -> Result<WebhookTarget, PlatformError> {
        let sender = self.sender_to(url, &headers).map_err(|_| {
            let allowed = ["a URL of http or https"];
            OrgRefusal::invalid_value("outboundNotificationWebhookUrl", url, &allowed)
        })?;
        Ok(WebhookTarget { sender, headers, secret })
    }

    /// Shows the secret of an integration, if the org is to show secrets.
    fn reveal(&self, integration: &mut Value) {
        if !self.ask_org(|org| org.switches().integrations_show_secrets) {
            return;
        }
        let id = integration.get("id").and_then(Value::as_str).unwrap_or_default();
        let secret = self.webhook_targets.with(|targets| Some(targets.get(id)?.secret.clone()));
        if let (Some(secret), Some(fields)) = (secret, integration.as_object_mut()) {
            fields.insert(SECRET.into(), secret.into());
        }
    }
}
