//! Message routing: which inbound message flow takes the conversations of an integration.
//!
//! The shapes are `Recipient`, `RecipientRequest` and `Flow` of Genesys' SDK.

use serde::Deserialize;
use serde_json::json;

use super::reference::Reference;
use crate::{call::Call, client::Genesys, error::CallError, rate_limit::Class};

/// The type of inbound message flows in Genesys' listing of flows.
const INBOUND_MESSAGE: &str = "inboundshortmessage";

/// An address at which messages come in: the side of an integration that faces the routing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Recipient {
    /// Its id; [`IntegrationDetails::recipient_id`](super::IntegrationDetails::recipient_id).
    pub id: String,
    /// The inbound message flow that takes what comes in. Without one nothing reaches a queue.
    pub flow: Option<Reference>,
}

fn path(id: &str) -> [&str; 4] {
    ["routing", "message", "recipients", id]
}

impl Genesys {
    /// The recipient of the id.
    pub async fn recipient(&self, id: &str) -> Result<Recipient, CallError> {
        self.read(Call::get("reading the message routing", Class::Name, &path(id))).await
    }

    /// Lets the flow of the id take what comes in at the recipient.
    pub async fn route_messages(
        &self,
        recipient_id: &str,
        flow_id: &str,
    ) -> Result<Recipient, CallError> {
        let call = Call::put("setting the message routing", Class::Name, &path(recipient_id));
        self.read(call.with_body(&json!({ "flow": { "id": flow_id } }))).await
    }

    /// The inbound message flows that the OAuth client may see.
    pub async fn inbound_message_flows(&self) -> Result<Vec<Reference>, CallError> {
        let call = Call::get("listing the flows", Class::Name, &["flows"]);
        self.pages(call.with_query("type", INBOUND_MESSAGE)).await
    }
}
