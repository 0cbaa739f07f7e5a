//! What can be asked of a conversation, and done to it (Genesys reference, 6.1).

use std::collections::BTreeMap;

use baton_handoff::{QueueRef, Snapshot};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{call::Call, client::Genesys, error::CallError, rate_limit::Class};

const MESSAGES: [&str; 2] = ["conversations", "messages"];

/// A longer conversation is not read: one of thousands of messages stays below.
const MOST_BYTES: usize = 16 << 20;

impl Genesys {
    /// Reads what is true of a conversation.
    pub async fn conversation(&self, id: &str) -> Result<Snapshot, CallError> {
        let [conversations, messages] = MESSAGES;
        let path = [conversations, messages, id];
        let call = Call::get("reading the conversation", Class::Reconcile, &path)
            .with_most_bytes(MOST_BYTES);
        let body = self.bytes(&call).await?;
        Snapshot::read(&body).map_err(|problem| self.unreadable(call.purpose, problem.to_string()))
    }

    /// Reads a message of a conversation: its `normalizedMessage`, which is what the webhook
    /// would have brought.
    pub async fn message(
        &self,
        conversation_id: &str,
        message_id: &str,
    ) -> Result<Box<RawValue>, CallError> {
        #[derive(Deserialize)]
        struct Details {
            #[serde(rename = "normalizedMessage")]
            normalized_message: Box<RawValue>,
        }
        let [conversations, messages] = MESSAGES;
        let path = [conversations, messages, conversation_id, "messages", message_id];
        let call = Call::get("reading the message", Class::Reconcile, &path);
        let details: Details = self.read(call).await?;
        Ok(details.normalized_message)
    }

    /// Which conversation a message is in, for one of which only its own id is known.
    pub async fn conversation_of(&self, message_id: &str) -> Result<String, CallError> {
        #[derive(Deserialize)]
        struct Details {
            #[serde(rename = "conversationId")]
            conversation_id: String,
        }
        let [conversations, messages] = MESSAGES;
        let path = [conversations, messages, message_id, "details"];
        let call = Call::get("finding the message's conversation", Class::Reconcile, &path);
        Ok(self.read::<Details>(call).await?.conversation_id)
    }

    /// Adds to the data of a participant.
    pub async fn set_attributes(
        &self,
        conversation_id: &str,
        participant_id: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), CallError> {
        let [conversations, messages] = MESSAGES;
        let path = [
            conversations,
            messages,
            conversation_id,
            "participants",
            participant_id,
            "attributes",
        ];
        let call = Call::patch("setting the participant's attributes", Class::Transfer, &path)
            .with_body(&json!({ "attributes": attributes }));
        self.carry_out(call).await
    }

    /// Replaces a participant with a queue, without waiting for anybody to take the conversation.
    pub async fn transfer_to_queue(
        &self,
        conversation_id: &str,
        participant_id: &str,
        queue: &QueueRef,
    ) -> Result<(), CallError> {
        let path =
            ["conversations", conversation_id, "participants", participant_id, "replace", "queue"];
        let body = match queue {
            QueueRef::Id(id) => json!({ "transferType": "Unattended", "queueId": id }),
            QueueRef::Name(name) => json!({ "transferType": "Unattended", "queueName": name }),
        };
        let call = Call::post("transferring to the queue", Class::Transfer, &path).with_body(&body);
        self.carry_out(call).await
    }

    /// Disconnects a participant. Of the customer this ends the conversation for the agent too.
    pub async fn disconnect(
        &self,
        conversation_id: &str,
        participant_id: &str,
    ) -> Result<(), CallError> {
        let [conversations, messages] = MESSAGES;
        let path = [conversations, messages, conversation_id, "participants", participant_id];
        let call = Call::patch("ending the conversation", Class::Disconnect, &path)
            .with_body(&json!({ "state": "disconnected" }));
        self.carry_out(call).await
    }
}
