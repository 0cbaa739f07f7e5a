//! A conversation: who takes part, and what was said.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::leg::Leg;
use super::message::Message;

/// A conversation of one end user on one integration.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) parties: Parties,
    /// Every leg, in the order of their start.
    pub(crate) legs: Vec<Leg>,
    /// Every message both ways, in order.
    pub(crate) messages: Vec<Message>,
    /// Participant's id to its attributes.
    pub(crate) attributes: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) transfers: Vec<Transfer>,
    /// Every request of the API to disconnect, doubles included.
    pub(crate) disconnect_requests: Vec<DisconnectRequest>,
    pub(crate) began_at: Timestamp,
    /// Threading counts from here.
    pub(crate) last_message_at: Timestamp,
}

/// What stays the same in a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Parties {
    pub(crate) conversation_id: String,
    pub(crate) integration_id: String,
    pub(crate) integration_name: String,
    pub(crate) end_user: EndUser,
}

/// The end user, as the sender of the first message described them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndUser {
    pub(crate) id: String,
    pub(crate) id_type: String,
    pub(crate) nickname: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
}

/// The conversation went from one leg to another (Genesys reference 5, `recentTransfers`).
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    /// The agent who took over, unless it was a queue.
    pub(crate) to_user_id: Option<String>,
}

/// A request of the API to disconnect.
#[derive(Clone, Debug)]
pub(crate) struct DisconnectRequest {
    pub(crate) at: Timestamp,
    /// The participant, or `None` for the whole conversation.
    pub(crate) participant_id: Option<String>,
}

/// Who has the conversation, for a tester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    InFlow,
    Queued,
    Alerting,
    Connected,
    Parked,
    /// Nobody, but the customer's leg lives on.
    Unattended,
    Ended,
}

impl Conversation {
    pub(crate) fn new(parties: Parties, now: Timestamp) -> Self {
        Self {
            parties,
            legs: Vec::new(),
            messages: Vec::new(),
            attributes: BTreeMap::new(),
            transfers: Vec::new(),
            disconnect_requests: Vec::new(),
            began_at: now,
            last_message_at: now,
        }
    }

    /// The legs that have not ended.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.is_live())
    }

    /// The customer's leg, if it lives.
    pub(crate) fn customer(&self) -> Option<&Leg> {
        self.live().find(|leg| leg.is_customer())
    }

    /// The leg of the queue in which the conversation waits, if it does.
    pub(crate) fn queue(&self) -> Option<&Leg> {
        self.live().find(|leg| leg.is_queue())
    }

    /// The leg of the agent who talks with the customer.
    pub(crate) fn agent(&self) -> Option<&Leg> {
        self.live().find(|leg| leg.is_serving() && leg.is_connected())
    }

    /// Whether a flow, a queue or an agent has the conversation.
    pub(crate) fn is_attended(&self) -> bool {
        self.live().any(|leg| !leg.is_customer())
    }

    pub(crate) fn message(&self, message_id: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == message_id)
    }

    pub(crate) fn standing(&self) -> Standing {
        let any = |is: fn(&Leg) -> bool| self.live().any(is);
        if self.agent().is_some() {
            Standing::Connected
        } else if any(Leg::is_parked) {
            Standing::Parked
        } else if any(Leg::is_alerting) {
            Standing::Alerting
        } else if any(Leg::is_queue) {
            Standing::Queued
        } else if any(Leg::is_flow) {
            Standing::InFlow
        } else if any(Leg::is_customer) {
            Standing::Unattended
        } else {
            Standing::Ended
        }
    }
}

impl EndUser {
    /// What an agent sees.
    pub(crate) fn name(&self) -> String {
        let names = [self.first_name.as_deref(), self.last_name.as_deref()];
        let full_name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        match (&self.nickname, full_name.is_empty()) {
            (_, false) => full_name,
            (Some(nickname), true) => nickname.clone(),
            (None, true) => self.id.clone(),
        }
    }
}
