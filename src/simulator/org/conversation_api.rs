//! What the Platform API asks about a conversation, and does to it (Genesys reference 6).

use jiff::Timestamp;
use serde_json::Value;

use super::Org;
use super::change::Change;
use super::conversation::{Conversation, DisconnectRequest};
use super::conversation_view::{self, Spelling};
use super::inbound::{one_of, optional_string, string_map};
use super::leg::{DisconnectType, Leg};
use super::refusal::OrgRefusal;
use super::settings::Replaceable;

impl Org {
    /// `GET /conversations/messages/{id}`: a `MessageConversation`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation.
    pub fn conversation(&self, conversation_id: &str) -> Result<Value, OrgRefusal> {
        let conversation = self.find_conversation(conversation_id)?;
        Ok(conversation_view::conversation(
            conversation,
            &self.seed,
            &self.settings,
            Spelling::Rest,
        ))
    }

    /// The same as a `Conversation`, the model that all media share.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation.
    pub fn conversation_of_any_medium(&self, conversation_id: &str) -> Result<Value, OrgRefusal> {
        let conversation = self.find_conversation(conversation_id)?;
        let (seed, settings) = (&self.seed, &self.settings);
        Ok(conversation_view::conversation_of_any_medium(conversation, seed, settings))
    }

    /// `GET /conversations/messages/{id}/messages/{messageId}`: a `MessageData`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation, or no such message in it.
    pub fn message(&self, conversation_id: &str, message_id: &str) -> Result<Value, OrgRefusal> {
        let conversation = self.find_conversation(conversation_id)?;
        let message = conversation.message(message_id);
        let message = message.ok_or_else(|| OrgRefusal::not_found("message", message_id))?;
        Ok(conversation_view::message_data(conversation, message))
    }

    /// `GET /conversations/messages/{messageId}/details`: a `MessageData` with its conversation's
    /// id.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such message.
    pub fn message_details(&self, message_id: &str) -> Result<Value, OrgRefusal> {
        let conversation_id = self.messages.get(message_id);
        let conversation_id =
            conversation_id.ok_or_else(|| OrgRefusal::not_found("message", message_id))?;
        self.message(conversation_id, message_id)
    }

    /// `PATCH …/participants/{participantId}/attributes` with `{"attributes": {…}}`: strings
    /// only, added to what is there.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such participant, or if the attributes are no flat strings.
    pub fn set_attributes(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        participant_id: &str,
        body: &Value,
    ) -> Result<(), OrgRefusal> {
        let attributes = body.get("attributes").ok_or_else(|| OrgRefusal::missing("attributes"))?;
        let added = string_map(Some(attributes))?;
        self.change(now, conversation_id, |change| change.set_attributes(participant_id, added))
    }

    /// `PATCH …/participants/{participantId}` with the state `disconnected`: the customer leaves,
    /// or an agent ends. A participant whose legs have all ended stays as it is.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such participant.
    pub fn disconnect_participant(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        participant_id: &str,
    ) -> Result<(), OrgRefusal> {
        self.change(now, conversation_id, |change| {
            change.known_participant(participant_id)?;
            change.note_disconnect_request(Some(participant_id.to_owned()));
            change.disconnect(|leg| leg.participant_id == participant_id)
        })
    }

    /// `PATCH …/participants/{participantId}/communications/{communicationId}` with the state
    /// `disconnected`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if the participant has no such communication.
    pub fn disconnect_communication(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        participant_id: &str,
        communication_id: &str,
    ) -> Result<(), OrgRefusal> {
        self.change(now, conversation_id, |change| {
            change.known_participant(participant_id)?;
            let is_it = |leg: &Leg| {
                leg.participant_id == participant_id && leg.communication_id == communication_id
            };
            if !change.conversation.legs.iter().any(is_it) {
                return Err(OrgRefusal::not_found("communication", communication_id));
            }
            change.note_disconnect_request(Some(participant_id.to_owned()));
            change.disconnect(is_it)
        })
    }

    /// `POST /conversations/{id}/disconnect`, `DELETE /conversations/{id}` and
    /// `PATCH /conversations/messages/{id}`: everybody's leg ends.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation.
    pub fn disconnect_conversation(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
    ) -> Result<(), OrgRefusal> {
        self.change(now, conversation_id, |change| {
            change.note_disconnect_request(None);
            change.customer_leaves(DisconnectType::System);
            Ok(())
        })
    }

    /// `POST /conversations/{id}/participants/{participantId}/replace/queue`: to a queue, by
    /// `queueId` or `queueName`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] with one of the codes of a transfer (Genesys reference 6.1).
    pub fn replace_with_queue(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        participant_id: &str,
        body: &Value,
    ) -> Result<(), OrgRefusal> {
        transfer_type(body)?;
        let (id, name) = (optional_string(body, "queueId")?, optional_string(body, "queueName")?);
        let queue = match (id, name) {
            (Some(id), _) => self.seed.queues.iter().find(|queue| queue.id == id),
            (None, Some(name)) => self.seed.queues.iter().find(|queue| queue.name == name),
            (None, None) => return Err(destination_required()),
        };
        let queue_id = queue.ok_or_else(OrgRefusal::unknown_queue)?.id.clone();
        self.change(now, conversation_id, |change| {
            change.known_participant(participant_id)?;
            change.transferable(participant_id)?;
            change.transfer_to_queue(queue_id);
            Ok(())
        })
    }

    /// `POST /conversations/messages/{id}/participants/{participantId}/replace`: to a user, or
    /// to a queue.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] with one of the codes of a transfer (Genesys reference 6.1).
    pub fn replace(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        participant_id: &str,
        body: &Value,
    ) -> Result<(), OrgRefusal> {
        let Some(user_id) = optional_string(body, "userId")? else {
            return self.replace_with_queue(now, conversation_id, participant_id, body);
        };
        transfer_type(body)?;
        if !self.seed.users.iter().any(|user| user.id == user_id) {
            return Err(OrgRefusal::not_found("user", &user_id));
        }
        self.change(now, conversation_id, |change| {
            change.known_participant(participant_id)?;
            change.transferable(participant_id)?;
            change.transfer_to_user(&user_id)
        })
    }

    pub(super) fn find_conversation(&self, id: &str) -> Result<&Conversation, OrgRefusal> {
        self.conversations.get(id).ok_or_else(|| OrgRefusal::not_found("conversation", id))
    }
}

impl Change<'_> {
    /// Ends the live leg that `which` picks as its own participant would.
    fn disconnect(&mut self, which: impl Fn(&Leg) -> bool) -> Result<(), OrgRefusal> {
        let Some(leg) = self.conversation.live().find(|leg| which(leg)).cloned() else {
            return Ok(());
        };
        match leg.user_id() {
            Some(user_id) if leg.is_alerting() => {
                self.not_taken(user_id, DisconnectType::NotAvailableTransfer)
            }
            Some(_) if leg.is_consulted() => self.end_consult(),
            Some(user_id) => {
                self.agent_ends(user_id, DisconnectType::Client);
                Ok(())
            }
            None if leg.is_customer() => {
                self.customer_leaves(DisconnectType::Client);
                Ok(())
            }
            None => {
                self.flow_ends();
                Ok(())
            }
        }
    }

    fn note_disconnect_request(&mut self, participant_id: Option<String>) {
        let request = DisconnectRequest { at: self.now, participant_id };
        self.conversation.disconnect_requests.push(request);
    }

    fn known_participant(&self, participant_id: &str) -> Result<(), OrgRefusal> {
        let mut legs = self.conversation.legs.iter();
        if legs.any(|leg| leg.participant_id == participant_id) {
            Ok(())
        } else {
            Err(OrgRefusal::not_found("participant", participant_id))
        }
    }

    /// Checks that a participant has the conversation and can give it away.
    fn transferable(&self, participant_id: &str) -> Result<(), OrgRefusal> {
        let mut live = self.conversation.live();
        let leg = live.find(|leg| leg.participant_id == participant_id);
        let leg = leg.ok_or_else(OrgRefusal::not_connected)?;
        let waits = self.conversation.queue().is_some();
        let replaceable = self.switches.replaceable_in_queue;
        if leg.is_customer() && !(waits && replaceable == Replaceable::Customer) {
            Err(OrgRefusal::conflict(
                "conversations.error.transfer.same.party",
                "The customer cannot be transferred away from the customer.",
            ))
        } else if leg.is_queue() && replaceable != Replaceable::Acd {
            Err(OrgRefusal::not_connected())
        } else {
            Ok(())
        }
    }
}

fn transfer_type(body: &Value) -> Result<(), OrgRefusal> {
    match optional_string(body, "transferType")? {
        Some(name) => one_of("transferType", &name, &["Attended", "Unattended"]),
        None => Ok(()),
    }
}

fn destination_required() -> OrgRefusal {
    OrgRefusal::conflict(
        "conversations.error.transfer.destination.required",
        "A transfer needs a destination.",
    )
}
