//! The fields that Genesys' bodies have (Genesys reference 3.2 and 6.1).
//!
//! Others are accepted, as by Genesys, and counted. A path is written with dots; an array adds
//! nothing to it; `*` stands for any name and everything below it.

use serde_json::Value;

use crate::simulator::Simulator;

/// `OpenInboundNormalizedMessage`.
pub(crate) const MESSAGE: &[&str] = &[
    "channel.from.id",
    "channel.from.idType",
    "channel.from.nickname",
    "channel.from.firstName",
    "channel.from.lastName",
    "channel.from.image",
    "channel.from.email",
    "channel.time",
    "channel.messageId",
    "channel.metadata.subType",
    "channel.metadata.customAttributes.*",
    "text",
    "content.attachment.*",
    "metadata.*",
];
/// `OpenInboundNormalizedEvent`.
pub(crate) const EVENT: &[&str] = &[
    "channel.from.id",
    "channel.from.idType",
    "channel.from.nickname",
    "channel.from.firstName",
    "channel.from.lastName",
    "channel.from.image",
    "channel.from.email",
    "channel.time",
    "events.eventType",
];
/// `OpenInboundNormalizedReceipt`.
pub(crate) const RECEIPT: &[&str] = &[
    "id",
    "channel.to.id",
    "channel.to.idType",
    "channel.to.nickname",
    "channel.to.firstName",
    "channel.to.lastName",
    "channel.to.image",
    "channel.to.email",
    "channel.time",
    "status",
    "reasons.code",
    "reasons.message",
    "isFinalReceipt",
];
/// `OpenInboundStructuredResponseMessage`.
pub(crate) const STRUCTURED_RESPONSE: &[&str] = &[
    "channel.from.id",
    "channel.from.idType",
    "channel.from.nickname",
    "channel.from.firstName",
    "channel.from.lastName",
    "channel.from.image",
    "channel.from.email",
    "channel.time",
    "channel.messageId",
    "buttonResponse.id",
    "buttonResponse.type",
    "buttonResponse.text",
    "buttonResponse.payload",
    "originatingMessageId",
];
/// `MediaParticipantRequest`.
pub(crate) const PARTICIPANT: &[&str] =
    &["state", "wrapup.*", "recording", "muted", "held", "confined", "wrapupSkipped", "resumeTime"];
/// `ParticipantAttributes`.
pub(crate) const ATTRIBUTES: &[&str] = &["attributes.*"];
/// `TransferToQueueRequest` and `TransferRequest`.
pub(crate) const TRANSFER: &[&str] = &[
    "transferType",
    "queueId",
    "queueName",
    "keepInternalMessageAlive",
    "userId",
    "userName",
    "address",
    "voicemail",
];
/// `SendAgentlessOutboundMessageRequest`.
pub(crate) const AGENTLESS: &[&str] = &[
    "fromAddress",
    "externalContactId",
    "toAddress",
    "toAddressMessengerType",
    "textBody",
    "useExistingActiveConversation",
    "messagingTemplate.*",
];
/// `OpenIntegrationRequest` and `OpenIntegrationUpdateRequest`.
pub(crate) const INTEGRATION: &[&str] = &[
    "name",
    "supportedContent.*",
    "messagingSetting.id",
    "outboundNotificationWebhookUrl",
    "outboundNotificationWebhookSignatureSecretToken",
    "webhookHeaders.*",
];
/// `MessagingSettingRequest` and `MessagingSettingPatchRequest`.
pub(crate) const MESSAGING_SETTING: &[&str] =
    &["name", "content.story.*", "event.typing.on.inbound", "event.typing.on.outbound"];
/// `SupportedContent`.
pub(crate) const SUPPORTED_CONTENT: &[&str] =
    &["name", "mediaTypes.allow.inbound.type", "mediaTypes.allow.outbound.type"];
/// `RecipientRequest`.
pub(crate) const RECIPIENT: &[&str] = &["flow.id"];

impl Simulator {
    /// Counts the fields of a body that are none of these.
    pub(crate) fn count_unknown_fields(&self, body: &Value, known: &[&str]) {
        let mut unknown = Vec::new();
        collect_unknown(body, "", known, &mut unknown);
        self.counters.with(|counters| {
            for path in unknown {
                counters.unknown_field(path);
            }
        });
    }
}

fn collect_unknown(value: &Value, path: &str, known: &[&str], unknown: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match knowledge(&path, known) {
                    Knowledge::Leaf => {}
                    Knowledge::Branch => collect_unknown(value, &path, known, unknown),
                    Knowledge::None => unknown.push(path),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                collect_unknown(value, path, known, unknown);
            }
        }
        _ => {}
    }
}

/// What a table knows of a path.
enum Knowledge {
    /// It ends here, or anything may be below it.
    Leaf,
    /// There are fields below it.
    Branch,
    /// Nothing.
    None,
}

fn knowledge(path: &str, known: &[&str]) -> Knowledge {
    let below = format!("{path}.");
    let mut knowledge = Knowledge::None;
    for entry in known {
        let is_open = entry
            .strip_suffix('*')
            .is_some_and(|open| path.starts_with(open) || open.strip_suffix('.') == Some(path));
        if *entry == path || is_open {
            return Knowledge::Leaf;
        }
        if entry.starts_with(&below) {
            knowledge = Knowledge::Branch;
        }
    }
    knowledge
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_that_genesys_does_not_know_are_found_by_their_path() {
        let body = json!({
            "direction": "Inbound",
            "channel": {
                "from": { "id": "u", "idType": "Opaque", "phone": "1" },
                "metadata": { "customAttributes": { "any": "thing" } },
            },
            "metadata": { "a": "b" },
            "content": [{ "attachment": { "url": "https://example.org" }, "story": {} }],
        });
        let mut unknown = Vec::new();
        collect_unknown(&body, "", MESSAGE, &mut unknown);
        assert_eq!(unknown, ["direction", "channel.from.phone", "content.story"]);
    }
}
