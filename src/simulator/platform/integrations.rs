//! Open Messaging integrations (Genesys reference 2.7).

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::delivery::{RETRIES, Sender};
use crate::emissions::WebhookTarget;
use crate::oauth::Caller;
use crate::org::{Integration, OrgRefusal};
use crate::platform::body::JsonBody;
use crate::platform::error_body::PlatformError;
use crate::platform::paging::PageQuery;
use crate::simulator::{LONGEST_REFUSED_SECRET, Simulator};

const INTEGRATIONS: &str = "/api/v2/conversations/messaging/integrations/open";
const VIEW: &str = "messaging:integration:view";

/// The routes of integrations.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route(INTEGRATIONS, get(list).post(create))
        .route("/api/v2/conversations/messaging/integrations/open/{integrationId}", get(read))
}

type Answer = Result<Json<Value>, PlatformError>;

async fn list(
    State(simulator): State<Simulator>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer {
    caller.must_have(VIEW)?;
    Ok(Json(query.page(INTEGRATIONS, simulator.ask_org(|org| org.integrations()))?))
}

async fn read(
    State(simulator): State<Simulator>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    caller.must_have(VIEW)?;
    Ok(Json(simulator.ask_org(|org| org.integration(&id))?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewIntegration {
    name: String,
    outbound_notification_webhook_url: String,
    outbound_notification_webhook_signature_secret_token: String,
    #[serde(default)]
    webhook_headers: BTreeMap<String, String>,
}

async fn create(
    State(simulator): State<Simulator>,
    caller: Caller,
    JsonBody(body): JsonBody,
) -> Answer {
    caller.must_have("messaging:integration:add")?;
    let new: NewIntegration =
        serde_json::from_value(body).map_err(|_| PlatformError::malformed())?;
    let url = new.outbound_notification_webhook_url;
    let sender = Sender::to(&url, &new.webhook_headers, RETRIES, simulator.pace).map_err(|_| {
        OrgRefusal::invalid_value("outboundNotificationWebhookUrl", &url, &["an http URL"])
    })?;
    let secret = new.outbound_notification_webhook_signature_secret_token;
    if secret.chars().count() <= LONGEST_REFUSED_SECRET {
        return Err(OrgRefusal::missing("outboundNotificationWebhookSignatureSecretToken").into());
    }
    let integration = Integration {
        id: Uuid::new_v4().to_string(),
        name: new.name,
        webhook_url: url,
        webhook_header_names: new.webhook_headers.into_keys().collect(),
        created_at: Timestamp::now(),
    };
    Ok(Json(simulator.add_integration(integration, WebhookTarget { sender, secret })?))
}
