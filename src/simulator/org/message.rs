//! One message of a conversation, and what became of it.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// A message, either way.
#[derive(Clone)]
pub(crate) struct Message {
    /// Genesys' id: 32 hexadecimal digits.
    pub(crate) id: String,
    /// `channel.messageId` as the sender gave it. Genesys keeps doubles.
    pub(crate) sender_message_id: Option<String>,
    /// The leg that said it. An agentless message has none.
    pub(crate) communication_id: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) direction: Direction,
    /// The agent who wrote it.
    pub(crate) user_id: Option<String>,
    /// `normalizedMessage`: what the webhook carries, or what came in.
    pub(crate) normalized: Value,
    pub(crate) status: MessageStatus,
    /// Why it was not delivered: the text of `errorInfo`.
    pub(crate) failure: Option<String>,
    /// Every receipt that came in about it, as normalised messages, doubles included.
    pub(crate) receipts: Vec<Value>,
    /// How the post that brought it in was answered. One that the org sent has no such thing.
    pub(crate) answer: Option<PostAnswer>,
}

/// What became of the answer to a post that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PostAnswer {
    /// It was given at once.
    Given,
    /// A fault delayed it.
    Late {
        /// How long, in real milliseconds.
        milliseconds: u64,
    },
    /// A fault kept it: the sender cannot know that the message was taken.
    Lost,
}

/// Which way a message goes, as seen from the org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

/// What became of a message (Genesys reference 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MessageStatus {
    /// It came in.
    Received,
    /// Its webhook is on its way.
    Queued,
    /// Its webhook was answered with 2xx.
    Sent,
    /// A receipt says that it has arrived.
    DeliverySuccess,
    /// Its webhook failed for good, or a receipt says that it has not arrived.
    DeliveryFailed,
    /// A receipt says that it was removed.
    Removed,
    /// A receipt says that it was published.
    Published,
}

impl MessageStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::DeliverySuccess => "delivery-success",
            Self::DeliveryFailed => "delivery-failed",
            Self::Removed => "removed",
            Self::Published => "published",
        }
    }
}

impl Direction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl Message {
    /// The delivery of the webhook is over. What a receipt said before stands.
    pub(crate) fn settle(&mut self, failure: Option<String>) {
        if self.status != MessageStatus::Queued {
            return;
        }
        self.status = match failure {
            None => MessageStatus::Sent,
            Some(_) => MessageStatus::DeliveryFailed,
        };
        self.failure = failure;
    }

    /// The text, if there is one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.normalized.get("text").and_then(Value::as_str)
    }
}

impl fmt::Debug for Message {
    /// Without the text.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
