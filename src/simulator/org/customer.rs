//! What comes from the customer's side: messages, typing, receipts, and their leaving.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::change::Change;
use super::detail_event;
use super::emission::Emission;
use super::inbound::{InboundEvent, InboundMessage, InboundReceipt, ReceiptStatus};
use super::leg::{DisconnectType, Leg, Role};
use super::message::{Direction, Message, MessageStatus, PostAnswer};
use super::refusal::OrgRefusal;

impl Change<'_> {
    /// The customer sends something. One whom nobody attends to meets the flow. Answers the
    /// message as Genesys took it.
    pub(crate) fn customer_writes(&mut self, message: InboundMessage) -> Value {
        if self.conversation.customer().is_none() {
            self.begin(Role::Customer);
        }
        if !message.attributes.is_empty()
            && let Some(customer) = self.conversation.customer().cloned()
        {
            self.merge_attributes(&customer, message.attributes.clone());
        }
        let id = self.ids.message_id();
        let integration_id = self.conversation.parties.integration_id.clone();
        let taken = taken(&id, &integration_id, &message.channel, &message.rest);
        self.record_inbound(id.clone(), message, taken.clone());
        self.confirm_inbound(&id);
        if self.conversation.is_attended() {
            self.autopilot_responds();
        } else if let Some(flow_id) = self.flow_of_integration().map(|flow| flow.id.clone()) {
            self.run_flow(flow_id);
        }
        taken
    }

    /// The customer types, which the agents who talk with them see if typing is enabled. Their
    /// event has fewer members than the answer to the customer's side.
    pub(crate) fn customer_types(&mut self, typing: &Value) {
        if !self.messaging_setting().is_some_and(|setting| setting.typing_inbound) {
            return;
        }
        let mut normalized = typing.clone();
        if let Value::Object(fields) = &mut normalized {
            fields.shift_remove("id");
            fields.insert("direction".into(), "Inbound".into());
        }
        if let Some(Value::Object(channel)) = normalized.get_mut("channel") {
            channel.retain(|name, _| !["type", "messageId"].contains(&name.as_str()));
        }
        let body = json!({
            "conversationId": self.conversation.parties.conversation_id,
            "normalizedMessage": normalized,
        });
        let agents = self.conversation.live().filter(|leg| leg.is_connected());
        let events = agents.filter_map(Leg::user_id).map(|user_id| Emission::Event {
            topic: format!("v2.users.{user_id}.conversations.inbound.typing.event"),
            body: body.clone(),
        });
        self.emissions.extend(events);
    }

    /// A receipt says what became of a message that was sent out.
    pub(crate) fn customer_receives(&mut self, receipt: InboundReceipt, normalized: Value) {
        let is_it = |message: &&mut Message| message.id == receipt.message_id;
        let Some(message) = self.conversation.messages.iter_mut().find(is_it) else { return };
        message.receipts.push(normalized);
        message.status = match receipt.status {
            ReceiptStatus::Sent => MessageStatus::Sent,
            ReceiptStatus::Delivered => MessageStatus::DeliverySuccess,
            ReceiptStatus::Failed => MessageStatus::DeliveryFailed,
            ReceiptStatus::Published => MessageStatus::Published,
            ReceiptStatus::Removed => MessageStatus::Removed,
        };
        if receipt.status == ReceiptStatus::Failed {
            message.failure = Some(receipt.reason.unwrap_or_else(|| "GeneralError".into()));
        }
    }

    /// The customer's leg ends, and with it everybody else's.
    pub(crate) fn customer_leaves(&mut self, why: DisconnectType) {
        self.end(Leg::is_customer, why);
        self.end(|_| true, DisconnectType::Peer);
    }

    /// Adds to a participant's attributes.
    ///
    /// # Errors
    ///
    /// A refusal if there is no such participant.
    pub(crate) fn set_attributes(
        &mut self,
        participant_id: &str,
        added: BTreeMap<String, String>,
    ) -> Result<(), OrgRefusal> {
        let of_participant = |leg: &&Leg| leg.participant_id == participant_id;
        let leg = self.conversation.legs.iter().rev().find(of_participant).cloned();
        let leg = leg.ok_or_else(|| OrgRefusal::not_found("participant", participant_id))?;
        self.merge_attributes(&leg, added);
        Ok(())
    }

    fn merge_attributes(&mut self, leg: &Leg, added: BTreeMap<String, String>) {
        let attributes = self.conversation.attributes.entry(leg.participant_id.clone());
        let attributes = attributes.or_default();
        attributes.extend(added);
        let written = json!(attributes);
        let event = detail_event::attributes(&self.conversation.parties, leg, self.now, &written);
        self.emissions.push(event);
    }

    fn record_inbound(&mut self, id: String, message: InboundMessage, mut normalized: Value) {
        if let Value::Object(fields) = &mut normalized {
            fields.insert("direction".into(), "Inbound".into());
            fields.insert("originatingEntity".into(), "Human".into());
        }
        let customer = self.conversation.customer();
        let communication_id = customer.map(|leg| leg.communication_id.clone());
        self.conversation.last_message_at = self.now;
        self.conversation.messages.push(Message {
            id,
            sender_message_id: message.sender_message_id,
            communication_id,
            at: self.now,
            direction: Direction::Inbound,
            user_id: None,
            normalized,
            status: MessageStatus::Received,
            failure: None,
            receipts: Vec::new(),
            answer: Some(PostAnswer::Given),
        });
    }
}

/// A typing event as Genesys answers it.
pub(crate) fn taken_event(id: &str, integration_id: &str, event: &InboundEvent) -> Value {
    taken(id, integration_id, &event.channel, &event.rest)
}

/// A receipt as Genesys answers it: with the id of the message that it is about.
pub(crate) fn taken_receipt(integration_id: &str, receipt: &InboundReceipt) -> Value {
    let mut channel = receipt.channel.clone();
    channel.insert("from".into(), json!({ "id": integration_id, "idType": "Opaque" }));
    taken(&receipt.message_id, integration_id, &channel, &receipt.rest)
}

/// What came in, with the ids of Genesys. The business side is the integration unless `channel`
/// says otherwise.
fn taken(
    id: &str,
    integration_id: &str,
    channel: &Map<String, Value>,
    rest: &Map<String, Value>,
) -> Value {
    let part = |key: &str| channel.get(key).cloned();
    let channel = json!({
        "id": integration_id, "platform": "Open", "type": "Private",
        "messageId": part("messageId").unwrap_or_else(|| json!(id)),
        "to": part("to").unwrap_or_else(|| json!({ "id": integration_id })),
        "from": part("from"),
        "time": part("time"),
    });
    let mut taken = Map::new();
    taken.insert("id".into(), json!(id));
    taken.insert("channel".into(), channel);
    taken.extend(rest.clone());
    Value::Object(taken)
}
