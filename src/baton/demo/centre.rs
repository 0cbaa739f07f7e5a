//! The people at Genesys, who do what they are told.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{failure::DemoFailure, place::Place};

/// A webhook that waits for its end may be tried again for so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// The simulator's control API.
pub(crate) struct ContactCentre {
    client: Client,
    base: String,
    token: String,
}

impl ContactCentre {
    /// The one of this demonstration.
    pub(crate) fn new(place: &Place) -> Result<Self, DemoFailure> {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build();
        Ok(Self {
            client: client.map_err(baton_console::ControlError::from)?,
            base: format!("{}/control/v1", place.genesys_url),
            token: place.secrets.control.clone(),
        })
    }

    /// Replaces the switches of the org.
    pub(crate) async fn behave(&self, switches: &Value) -> Result<(), DemoFailure> {
        self.ask(Method::PUT, "/org", Some(switches)).await.map(drop)
    }

    /// Whoever has the conversation, or is named, does something in it.
    pub(crate) async fn act(
        &self,
        conversation_id: &str,
        action: &Value,
    ) -> Result<(), DemoFailure> {
        let path = format!("/conversations/{conversation_id}/actions");
        self.ask(Method::POST, &path, Some(action)).await.map(drop)
    }

    /// Somebody who does not know the secret sends a message in the agent's name.
    pub(crate) async fn forge(&self, conversation_id: &str, text: &str) -> Result<(), DemoFailure> {
        let path = format!("/conversations/{conversation_id}");
        let conversation = self.ask(Method::GET, &path, None).await?;
        let order = json!({
            "shape": "text-agent", "to": conversation.get("end_user"), "text": text,
            "signature": "forged", "wait": true,
        });
        self.ask(Method::POST, "/webhooks", Some(&order)).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        order: Option<&Value>,
    ) -> Result<Value, DemoFailure> {
        let name = format!("{method} {path}");
        let refused = |status, said| DemoFailure::Order { order: name.clone(), status, said };
        let unanswered = |error: reqwest::Error| refused(0, error.without_url().to_string());
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        request = request.bearer_auth(&self.token);
        if let Some(order) = order {
            request = request.json(order);
        }
        let answer = request.send().await.map_err(unanswered)?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(unanswered)?;
        if status.is_success() {
            Ok(body)
        } else {
            let said = body.get("error").and_then(Value::as_str).unwrap_or_default();
            Err(refused(status.as_u16(), said.to_owned()))
        }
    }
}
