//! What the org tells the world.

use std::fmt;

use serde_json::Value;

/// One thing that leaves the org, in order.
///
/// The `Debug` form shows no body, because it may hold the text of a message.
#[derive(Clone, PartialEq)]
pub enum Emission {
    /// A body for the webhook URL of an integration. It is not signed yet.
    Webhook {
        /// Whose webhook URL and secret to use.
        integration_id: String,
        /// What it is, for the record of the sending: the name of a shape, such as `text-agent`.
        shape: &'static str,
        /// Genesys' id of the message. For a receipt: of the message that it is about.
        message_id: Option<String>,
        /// The body to POST, compact JSON.
        body: String,
    },
    /// A detail event or the state of a conversation. One event serves every transport, so that
    /// notification sockets, EventBridge and triggers tell the same story.
    Event {
        /// The topic with real ids, such as `v2.detail.events.conversation.<id>.user.end`.
        topic: String,
        /// The `eventBody` (Genesys reference 4.5 and 4.6).
        body: Value,
    },
}

impl fmt::Debug for Emission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook { integration_id, shape, message_id, .. } => formatter
                .debug_struct("Webhook")
                .field("integration_id", integration_id)
                .field("shape", shape)
                .field("message_id", message_id)
                .finish_non_exhaustive(),
            Self::Event { topic, .. } => {
                formatter.debug_struct("Event").field("topic", topic).finish_non_exhaustive()
            }
        }
    }
}
