//! What the Platform API takes in from the customer's side (Genesys reference 3).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Org;
use super::conversation::{Conversation, EndUser, Parties};
use super::customer;
use super::inbound::{InboundEvent, InboundMessage, InboundReceipt, one_of, required_string};
use super::refusal::OrgRefusal;
use super::seed::Integration;
use super::speech::{Speaker, Utterance};
use crate::webhook::written;

/// The longest text of an agentless message, in characters (Genesys reference 3.3).
const LONGEST_AGENTLESS_TEXT: usize = 2000;

impl Org {
    /// `POST /conversations/messages/{integrationId}/inbound/open/message`. With `prefetch` the
    /// answer carries the `conversationId`. Doubles are taken like any other message.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such integration, or if the body is not what Genesys takes.
    pub fn receive_message(
        &mut self,
        now: Timestamp,
        integration_id: &str,
        body: &Value,
        prefetch: bool,
    ) -> Result<Value, OrgRefusal> {
        let integration = self.find_integration(integration_id)?;
        self.take_in(now, integration, InboundMessage::message(body)?, prefetch)
    }

    /// `POST /conversations/messages/{integrationId}/inbound/open/structured/response`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such integration, or if the body is not what Genesys takes.
    pub fn receive_structured_response(
        &mut self,
        now: Timestamp,
        integration_id: &str,
        body: &Value,
        prefetch: bool,
    ) -> Result<Value, OrgRefusal> {
        let integration = self.find_integration(integration_id)?;
        self.take_in(now, integration, InboundMessage::structured_response(body)?, prefetch)
    }

    /// `POST /conversations/messages/{integrationId}/inbound/open/event`: the customer types. One
    /// who has no conversation begins none.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such integration, or if the body is not what Genesys takes.
    pub fn receive_event(
        &mut self,
        now: Timestamp,
        integration_id: &str,
        body: &Value,
    ) -> Result<Value, OrgRefusal> {
        let integration = self.find_integration(integration_id)?;
        let event = InboundEvent::read(body)?;
        let taken = customer::taken_event(&self.ids.message_id(), &integration.id, &event);
        if let Some(id) = self.thread(now, &integration.id, &event.end_user_id) {
            self.change(now, &id, |change| {
                change.customer_types(&taken);
                Ok(())
            })?;
        }
        Ok(taken)
    }

    /// `POST /conversations/messages/{integrationId}/inbound/open/receipt`. One about a message
    /// that the org never sent is taken too, and kept apart.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such integration, or if the body is not what Genesys takes.
    pub fn receive_receipt(
        &mut self,
        now: Timestamp,
        integration_id: &str,
        body: &Value,
    ) -> Result<Value, OrgRefusal> {
        let integration = self.find_integration(integration_id)?;
        let receipt = InboundReceipt::read(body)?;
        let taken = customer::taken_receipt(&integration.id, &receipt);
        match self.messages.get(&receipt.message_id).cloned() {
            Some(id) => self.change(now, &id, |change| {
                change.customer_receives(receipt, taken.clone());
                Ok(())
            })?,
            None => self.stray_receipts.push(taken.clone()),
        }
        Ok(taken)
    }

    /// `POST /conversations/messages/agentless`: a program writes to a customer.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such integration, or if the body is not what Genesys takes.
    pub fn send_agentless(&mut self, now: Timestamp, body: &Value) -> Result<Value, OrgRefusal> {
        let from = required_string(body, "fromAddress", "fromAddress")?;
        let to = required_string(body, "toAddress", "toAddress")?;
        let messenger = required_string(body, "toAddressMessengerType", "toAddressMessengerType")?;
        one_of("toAddressMessengerType", &messenger, &["open"])?;
        let text = required_string(body, "textBody", "textBody")?;
        if text.chars().count() > LONGEST_AGENTLESS_TEXT {
            return Err(OrgRefusal::conflict(
                "bad.request",
                format!("The textBody is longer than {LONGEST_AGENTLESS_TEXT} characters."),
            ));
        }
        let integration = self.find_integration(&from)?;
        let end_user = EndUser {
            id: to.clone(),
            id_type: "Opaque".into(),
            nickname: None,
            first_name: None,
            last_name: None,
        };
        let conversation_id = self.thread_or_new(now, &integration, end_user);
        let id = self.change(now, &conversation_id, |change| {
            Ok(change.say(Speaker::Agentless, Utterance::Text(text)))
        })?;
        Ok(json!({
            "id": id, "conversationId": conversation_id, "fromAddress": from, "toAddress": to,
            "messengerType": "open", "message": self.message(&conversation_id, &id)?,
            "timestamp": written(now),
            "selfUri": format!("/api/v2/conversations/messages/{conversation_id}/messages/{id}"),
        }))
    }

    /// The conversation that a message of this end user would join now.
    pub fn thread(
        &self,
        now: Timestamp,
        integration_id: &str,
        end_user_id: &str,
    ) -> Option<String> {
        let id = self.threads.get(&(integration_id.to_owned(), end_user_id.to_owned()))?;
        let conversation = self.conversations.get(id)?;
        let window = SignedDuration::try_from(self.settings.threading_window).ok()?;
        let age = now.duration_since(conversation.last_message_at);
        // While somebody attends to the customer, no window closes.
        (conversation.is_attended() || age <= window && !window.is_zero()).then(|| id.clone())
    }

    fn take_in(
        &mut self,
        now: Timestamp,
        integration: Integration,
        message: InboundMessage,
        prefetch: bool,
    ) -> Result<Value, OrgRefusal> {
        let id = self.thread_or_new(now, &integration, message.end_user.clone());
        let mut taken = self.change(now, &id, |change| Ok(change.customer_writes(message)))?;
        let is_named = prefetch && self.switches.answers_name_conversation;
        if let (true, Value::Object(fields)) = (is_named, &mut taken) {
            fields.insert("conversationId".into(), json!(id));
        }
        Ok(taken)
    }

    fn thread_or_new(
        &mut self,
        now: Timestamp,
        integration: &Integration,
        end_user: EndUser,
    ) -> String {
        if let Some(id) = self.thread(now, &integration.id, &end_user.id) {
            return id;
        }
        let id = self.ids.uuid();
        self.threads.insert((integration.id.clone(), end_user.id.clone()), id.clone());
        let parties = Parties {
            conversation_id: id.clone(),
            integration_id: integration.id.clone(),
            integration_name: integration.name.clone(),
            end_user,
        };
        self.conversations.insert(id.clone(), Conversation::new(parties, now));
        id
    }

    /// The integration of this id.
    pub(crate) fn find_integration(&self, id: &str) -> Result<Integration, OrgRefusal> {
        let found = self.seed.find_integration(id).cloned();
        found.ok_or_else(|| OrgRefusal::not_found("integration", id))
    }
}
