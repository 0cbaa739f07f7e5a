//! What agents and bots say: a message in the conversation, and a webhook to the customer.

use serde_json::Value;

use super::change::Change;
use super::emission::Emission;
use super::message::{Direction, Message, MessageStatus};
use crate::webhook::{Parameters, Shape};

/// What is said.
#[derive(Clone)]
pub(crate) enum Utterance {
    /// A plain text.
    Text(String),
    /// One of the shapes of the webhooks, with a text in the place of its own if there is one.
    Shape(&'static Shape, Option<String>),
}

/// Who says it.
#[derive(Clone)]
pub(crate) enum Speaker {
    /// The agent of this leg.
    Agent { communication_id: String, user_id: String },
    /// The flow or the in-queue flow of this leg.
    Bot { communication_id: String },
    /// A program, through the agentless API.
    Agentless,
}

impl Change<'_> {
    /// Says something to the customer. Answers the message's id.
    pub(crate) fn say(&mut self, speaker: Speaker, utterance: Utterance) -> String {
        let id = self.ids.message_id();
        let (name, text) = match utterance {
            Utterance::Text(text) => (speaker.text_shape(), Some(text)),
            Utterance::Shape(shape, text) => (shape.name(), text),
        };
        let Some(shape) = Shape::named(name) else { return id };
        let mut body = self.body(shape, text, &id);
        if let (Some(entity), Some(written)) = (speaker.entity(), body.get_mut("originatingEntity"))
        {
            *written = Value::from(entity);
        }
        self.emissions.push(Emission::Webhook {
            integration_id: self.conversation.parties.integration_id.clone(),
            shape: shape.name(),
            message_id: Some(id.clone()),
            body: body.to_string(),
        });
        if is_message(&body) {
            self.record(id.clone(), speaker, body);
        }
        id
    }

    /// A bot says a text in one of the legs.
    pub(crate) fn bot_says(&mut self, communication_id: String, text: String) {
        self.say(Speaker::Bot { communication_id }, Utterance::Text(text));
    }

    /// The agent who talks with the customer, as a speaker, if there is one.
    pub(crate) fn connected_agent(&self) -> Option<Speaker> {
        let leg = self.conversation.agent()?;
        let user_id = leg.user_id()?.to_owned();
        Some(Speaker::Agent { communication_id: leg.communication_id.clone(), user_id })
    }

    /// The flow or the in-queue flow that has the conversation, as a speaker, if one has it.
    pub(crate) fn bot(&self) -> Option<Speaker> {
        let leg = self.conversation.live().find(|leg| leg.is_flow() || leg.is_queue())?;
        Some(Speaker::Bot { communication_id: leg.communication_id.clone() })
    }

    /// The connected agent types, which the customer sees if typing is enabled.
    pub(crate) fn agent_types(&mut self, speaker: Speaker) {
        let passes = self.messaging_setting().is_some_and(|setting| setting.typing_outbound);
        if let (true, Some(shape)) = (passes, Shape::named("event-typing")) {
            self.say(speaker, Utterance::Shape(shape, None));
        }
    }

    /// A receipt on the webhook says that what the customer sent has arrived.
    pub(crate) fn confirm_inbound(&mut self, message_id: &str) {
        let Some(shape) = Shape::named("receipt-inbound-delivered") else { return };
        if !self.switches.receipts_for_inbound {
            return;
        }
        let body = self.body(shape, None, message_id).to_string();
        self.emissions.push(Emission::Webhook {
            integration_id: self.conversation.parties.integration_id.clone(),
            shape: shape.name(),
            message_id: Some(message_id.to_owned()),
            body,
        });
    }

    fn body(&self, shape: &Shape, text: Option<String>, message_id: &str) -> Value {
        let parties = &self.conversation.parties;
        let carries_conversation_id =
            self.switches.webhooks_carry_conversation_id && shape.carries_conversation_id();
        let mut body = shape.value(&Parameters {
            integration_id: parties.integration_id.clone(),
            integration_name: parties.integration_name.clone(),
            end_user_id: parties.end_user.id.clone(),
            message_id: message_id.to_owned(),
            time: self.now,
            conversation_id: carries_conversation_id.then(|| parties.conversation_id.clone()),
            text: text.filter(|_| shape.takes_text()),
        });
        if let Some(Value::Object(to)) = body.pointer_mut("/channel/to") {
            if !self.switches.webhooks_carry_id_type {
                to.shift_remove("idType");
            } else if let Some(id_type) = to.get_mut("idType") {
                *id_type = Value::from(parties.end_user.id_type.clone());
            }
        }
        body
    }

    fn record(&mut self, id: String, speaker: Speaker, mut normalized: Value) {
        // REST shows neither: it tells the conversation's id outside of the message.
        if let Value::Object(fields) = &mut normalized {
            fields.shift_remove("conversationId");
        }
        if let Some(Value::Object(channel)) = normalized.get_mut("channel") {
            channel.shift_remove("metadata");
        }
        let (communication_id, user_id) = match speaker {
            Speaker::Agent { communication_id, user_id } => (Some(communication_id), Some(user_id)),
            Speaker::Bot { communication_id } => (Some(communication_id), None),
            Speaker::Agentless => (None, None),
        };
        self.conversation.last_message_at = self.now;
        self.conversation.messages.push(Message {
            sender_message_id: Some(id.clone()),
            id,
            communication_id,
            at: self.now,
            direction: Direction::Outbound,
            user_id,
            normalized,
            status: MessageStatus::Queued,
            failure: None,
            receipts: Vec::new(),
            answer: None,
        });
    }
}

impl Speaker {
    fn text_shape(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "text-agent",
            Self::Bot { .. } => "text-bot",
            Self::Agentless => "text-agentless",
        }
    }

    /// What a message names as its origin, whatever its shape says (Genesys reference 2.3). That
    /// of an agentless message is its shape's.
    fn entity(&self) -> Option<&'static str> {
        match self {
            Self::Agent { .. } => Some("Human"),
            Self::Bot { .. } => Some("Bot"),
            Self::Agentless => None,
        }
    }
}

/// Events and receipts are no messages, and an echo of an inbound one is none of ours.
fn is_message(body: &Value) -> bool {
    let is = |field: &str, values: &[&str]| {
        body.get(field).and_then(Value::as_str).is_some_and(|value| values.contains(&value))
    };
    is("type", &["Text", "Structured"]) && is("direction", &["Outbound"])
}
