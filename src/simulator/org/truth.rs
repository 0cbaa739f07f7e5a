//! The whole truth about conversations, for testers.

use serde_json::{Value, json};

use super::Org;
use super::conversation::Conversation;
use super::conversation_view::{self, Spelling};
use super::leg::LegState;
use super::message::Message;
use super::refusal::OrgRefusal;
use crate::webhook::written;

impl Org {
    /// Every conversation in short, or those of one end user, the one that began last at the end.
    pub fn summaries(&self, end_user_id: Option<&str>) -> Vec<Value> {
        let asked =
            |found: &&Conversation| end_user_id.is_none_or(|id| found.parties.end_user.id == id);
        let mut found: Vec<&Conversation> = self.conversations.values().filter(asked).collect();
        found.sort_by_key(|conversation| conversation.began_at);
        found.into_iter().map(summary).collect()
    }

    /// One conversation in short: its id, end user, integration, state, and who has it.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation.
    pub fn summary(&self, conversation_id: &str) -> Result<Value, OrgRefusal> {
        self.find_conversation(conversation_id).map(summary)
    }

    /// Everything about one conversation: the participants as the Platform API shows them, every
    /// message in order with doubles, every disconnect, and every request to disconnect.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation.
    pub fn truth(&self, conversation_id: &str) -> Result<Value, OrgRefusal> {
        let found = self.find_conversation(conversation_id)?;
        let view =
            conversation_view::conversation(found, &self.seed, &self.settings, Spelling::Rest);
        let mut truth = summary(found);
        let further = json!({
            "participants": view.get("participants"),
            "messages": found.messages.iter().map(message).collect::<Vec<_>>(),
            "disconnects": disconnects(found),
            "disconnect_requests": found
                .disconnect_requests
                .iter()
                .map(|request| json!({
                    "at": written(request.at), "participant_id": request.participant_id,
                }))
                .collect::<Vec<_>>(),
        });
        if let (Value::Object(truth), Value::Object(further)) = (&mut truth, further) {
            truth.extend(further);
        }
        Ok(truth)
    }

    /// The receipts about messages that the org never sent, in order of arrival.
    pub fn stray_receipts(&self) -> &[Value] {
        &self.stray_receipts
    }
}

fn summary(conversation: &Conversation) -> Value {
    let users: Vec<&str> = conversation.live().filter_map(|leg| leg.user_id()).collect();
    json!({
        "id": conversation.parties.conversation_id,
        "integration_id": conversation.parties.integration_id,
        "end_user": conversation.parties.end_user.id,
        "state": conversation.standing(),
        "users": users,
        "queue_id": conversation.live().find_map(|leg| leg.queue_id()),
    })
}

fn message(message: &Message) -> Value {
    json!({
        "id": message.id,
        "direction": message.direction,
        "sender_message_id": message.sender_message_id,
        "text": message.text(),
        "content": message.normalized.get("content"),
        "user_id": message.user_id,
        "at": written(message.at),
        "status": message.status,
        "failure": message.failure,
        "receipts": message.receipts,
        "answer": message.answer,
    })
}

/// Every end of a leg, in order of time.
fn disconnects(conversation: &Conversation) -> Vec<Value> {
    let mut ends: Vec<_> = conversation
        .legs
        .iter()
        .filter_map(|leg| match leg.state {
            LegState::Ended { at, why, .. } => Some((at, leg, why)),
            _ => None,
        })
        .collect();
    ends.sort_by_key(|(at, _, _)| *at);
    ends.into_iter()
        .map(|(at, leg, why)| {
            json!({
                "at": written(at), "purpose": leg.purpose(), "user_id": leg.user_id(),
                "participant_id": leg.participant_id, "disconnect_type": why,
            })
        })
        .collect()
}
