//! A conversation and its messages as the Platform API shows them (Genesys reference 4.6, 5, 6.2).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::conversation::{Conversation, Transfer};
use super::detail_event::PROVIDER;
use super::leg::{Leg, LegState, Role};
use super::message::{Direction, Message};
use super::seed::OrgSeed;
use super::settings::OrgSettings;
use crate::webhook::written as written_time;

/// The two ways in which Genesys spells the same state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `GET /conversations/messages/{id}`.
    Rest,
    /// The conversation topics of queues and users.
    Topic,
}

/// The whole state of a conversation.
pub(crate) fn conversation(
    conversation: &Conversation,
    seed: &OrgSeed,
    settings: &OrgSettings,
    spelling: Spelling,
) -> Value {
    let view = View { conversation, seed, settings, spelling };
    let participants: Vec<Value> =
        conversation.legs.iter().map(|leg| view.participant(leg)).collect();
    let id = &conversation.parties.conversation_id;
    match spelling {
        Spelling::Topic => json!({
            "id": id, "participants": participants, "otherMediaUris": [],
        }),
        Spelling::Rest => json!({
            "id": id, "participants": participants, "otherMediaUris": [],
            "recentTransfers":
                conversation.transfers.iter().map(transfer).collect::<Vec<_>>(),
            "selfUri": format!("/api/v2/conversations/messages/{id}"),
        }),
    }
}

/// The whole state in the model that all media share (`Conversation`): what belongs to a
/// participant's leg stands in the participant's `messages`.
pub(crate) fn conversation_of_any_medium(
    conversation: &Conversation,
    seed: &OrgSeed,
    settings: &OrgSettings,
) -> Value {
    let view = View { conversation, seed, settings, spelling: Spelling::Rest };
    let legs = conversation.legs.iter();
    let id = &conversation.parties.conversation_id;
    json!({
        "id": id,
        "participants": legs.map(|leg| view.participant_of_any_medium(leg)).collect::<Vec<_>>(),
        "recentTransfers": conversation.transfers.iter().map(transfer).collect::<Vec<_>>(),
        "selfUri": format!("/api/v2/conversations/{id}"),
    })
}

/// `MessageData`: one message with what it says and the receipts about it.
pub(crate) fn message_data(conversation: &Conversation, message: &Message) -> Value {
    let parties = &conversation.parties;
    let (customer, integration) = (&parties.end_user.id, &parties.integration_id);
    let (from, to) = match message.direction {
        Direction::Inbound => (customer, integration),
        Direction::Outbound => (integration, customer),
    };
    without_nulls(json!({
        "id": message.id,
        "providerMessageId": message.sender_message_id,
        "timestamp": written_time(message.at),
        "fromAddress": from,
        "toAddress": to,
        "direction": message.direction.name(),
        "messengerType": "open",
        "status": message.status.name(),
        "normalizedMessage": message.normalized,
        "normalizedReceipts": message.receipts,
        "createdBy": message.user_id.as_deref().map(user),
        "conversationId": parties.conversation_id,
        "selfUri": message_uri(&parties.conversation_id, &message.id),
    }))
}

/// What the model that all media share says of a leg, and not of its participant.
const OF_THE_LEG: [&str; 11] = [
    "state",
    "direction",
    "disconnectType",
    "held",
    "startAlertingTime",
    "parkTime",
    "provider",
    "type",
    "toAddress",
    "fromAddress",
    "messages",
];

struct View<'a> {
    conversation: &'a Conversation,
    seed: &'a OrgSeed,
    settings: &'a OrgSettings,
    spelling: Spelling,
}

impl View<'_> {
    fn participant(&self, leg: &Leg) -> Value {
        let alerting_time_out = self.settings.alerting_time_out.as_millis();
        let (ended_at, why, wrapped_up_at) = match leg.state {
            LegState::Ended { at, why, wrapped_up_at } => (Some(at), Some(why), wrapped_up_at),
            _ => (None, None, None),
        };
        let parked_at = match leg.state {
            LegState::Parked { since } => Some(since),
            _ => None,
        };
        let wraps_up = leg.is_serving() && leg.connected_at.is_some();
        without_nulls(json!({
            "id": leg.participant_id,
            "startTime": written_time(leg.started_at),
            "startAlertingTime":
                self.rest(|| leg.is_agent().then(|| written_time(leg.started_at))),
            "connectedTime": time(leg.connected_at),
            "endTime": time(ended_at),
            "purpose": leg.purpose(),
            "state": leg.state_name(),
            "direction": "inbound",
            "disconnectType": why.map(|why| why.dotted()),
            "held": false,
            "wrapupRequired": leg.is_agent(),
            "wrapupPrompt": leg.is_agent().then_some("optional"),
            "mediaRoles": if leg.is_customer() || leg.is_agent() { json!(["full"]) } else { json!([]) },
            "user": leg.user_id().map(|id| self.reference(id, user)),
            "queue": self.queue_of(leg).map(|id| self.reference(id, queue)),
            "attributes": self.attributes(leg),
            "alertingTimeoutMs": leg.is_agent().then_some(alerting_time_out as u64),
            "provider": PROVIDER,
            "peer": self.peer(leg),
            "startAcwTime": time(ended_at.filter(|_| wraps_up)),
            "endAcwTime": time(wrapped_up_at),
            "parkTime": time(parked_at),
            "toAddress": self.rest(|| self.address(!leg.is_customer())),
            "fromAddress": self.rest(|| self.address(leg.is_customer())),
            "messages": self.messages(leg),
            "type": "open",
            "name": self.name(leg),
        }))
    }

    fn participant_of_any_medium(&self, leg: &Leg) -> Value {
        let Value::Object(shown) = self.participant(leg) else { return Value::Null };
        let (mut of_leg, mut participant): (Map<_, _>, Map<_, _>) =
            shown.into_iter().partition(|(name, _)| OF_THE_LEG.contains(&name.as_str()));
        of_leg.insert("id".into(), json!(leg.communication_id));
        let linked = [("user", "userId", leg.user_id()), ("queue", "queueId", self.queue_of(leg))];
        for (link, name, id) in linked {
            participant.shift_remove(link);
            participant.extend(id.map(|id| (name.to_owned(), json!(id))));
        }
        if let Some(peer) = participant.shift_remove("peer") {
            of_leg.insert("peerId".into(), peer);
        }
        participant.insert("messages".into(), json!([of_leg]));
        Value::Object(participant)
    }

    /// What only REST shows.
    fn rest<T>(&self, value: impl FnOnce() -> T) -> Option<T> {
        (self.spelling == Spelling::Rest).then(value)
    }

    /// A user or a queue. The topics show no more than the id.
    fn reference(&self, id: &str, linked: fn(&str) -> Value) -> Value {
        self.rest(|| linked(id)).unwrap_or_else(|| json!({ "id": id }))
    }

    fn name(&self, leg: &Leg) -> Option<String> {
        match &leg.role {
            Role::Customer => Some(self.conversation.parties.end_user.name()),
            Role::Flow { flow_id } => self.seed.find_flow(flow_id).map(|flow| flow.name.clone()),
            Role::Queue { queue_id } => {
                self.seed.find_queue(queue_id).map(|queue| queue.name.clone())
            }
            // An agent's name has to be looked up with the user's id (Genesys reference 2.3).
            Role::Agent { .. } => None,
        }
    }

    fn attributes(&self, leg: &Leg) -> Value {
        json!(self.conversation.attributes.get(&leg.participant_id).cloned().unwrap_or_default())
    }

    /// The leg's own queue. The customer's is the one that came last.
    fn queue_of<'leg>(&'leg self, leg: &'leg Leg) -> Option<&'leg str> {
        if leg.is_customer() {
            self.counterpart(leg).and_then(Leg::queue_id)
        } else {
            leg.queue_id()
        }
    }

    fn peer(&self, leg: &Leg) -> Option<String> {
        if leg.is_customer() {
            self.counterpart(leg).map(|other| other.communication_id.clone())
        } else {
            leg.customer_leg.clone()
        }
    }

    /// The last leg that talked to this leg of the customer.
    fn counterpart(&self, customer: &Leg) -> Option<&Leg> {
        let talks_to_it =
            |leg: &&Leg| leg.customer_leg.as_ref() == Some(&customer.communication_id);
        self.conversation.legs.iter().rev().find(talks_to_it)
    }

    fn address(&self, of_customer: bool) -> Value {
        let parties = &self.conversation.parties;
        if of_customer {
            let id = &parties.end_user.id;
            json!({
                "name": parties.end_user.name(), "addressNormalized": id, "addressRaw": id,
            })
        } else {
            json!({
                "name": parties.integration_name, "addressNormalized": parties.integration_id,
            })
        }
    }

    fn messages(&self, leg: &Leg) -> Vec<Value> {
        let said =
            |message: &&Message| message.communication_id.as_ref() == Some(&leg.communication_id);
        self.conversation
            .messages
            .iter()
            .filter(said)
            .map(|message| self.message(message))
            .collect()
    }

    fn message(&self, message: &Message) -> Value {
        let mut reference = match self.spelling {
            Spelling::Rest => json!({
                "messageId": message.id,
                "messageURI":
                    message_uri(&self.conversation.parties.conversation_id, &message.id),
            }),
            Spelling::Topic => json!({ "message": { "id": message.id } }),
        };
        let details = without_nulls(json!({
            "messageStatus": message.status.name(),
            "messageSegmentCount": 1,
            "messageTime": written_time(message.at),
            "media": media(message),
            "stickers": [],
            "errorInfo": message.failure.as_ref().map(|text| json!({
                "code": "DELIVERY_FAILED", "message": text,
            })),
            "messageMetadata": metadata(message),
        }));
        if let (Value::Object(fields), Value::Object(details)) = (&mut reference, details) {
            fields.extend(details);
        }
        reference
    }
}

/// Attachments as `messages[].media` lists them.
fn media(message: &Message) -> Vec<Value> {
    let attachments = contents(message).filter_map(|content| content.get("attachment"));
    attachments
        .map(|attachment| {
            let part = |key: &str| attachment.get(key);
            without_nulls(json!({
                "id": part("id"), "url": part("url"), "mediaType": part("mime"),
                "name": part("filename"), "contentLengthBytes": part("contentSizeBytes"),
            }))
        })
        .collect()
}

fn metadata(message: &Message) -> Value {
    let content: Vec<Value> = contents(message)
        .map(|content| json!({ "contentType": content.get("contentType") }))
        .collect();
    json!({ "type": message.normalized.get("type"), "events": [], "content": content })
}

fn contents(message: &Message) -> impl Iterator<Item = &Value> {
    message.normalized.get("content").and_then(Value::as_array).into_iter().flatten()
}

fn transfer(transfer: &Transfer) -> Value {
    let (kind, destination) = match &transfer.to_user_id {
        None => ("Unattended", json!({})),
        Some(user_id) => ("Attended", json!({ "userId": user_id })),
    };
    json!({
        "id": transfer.id, "state": "Complete", "dateIssued": written_time(transfer.at),
        "destination": destination, "transferType": kind,
    })
}

fn user(user_id: &str) -> Value {
    json!({ "id": user_id, "selfUri": format!("/api/v2/users/{user_id}") })
}

fn queue(queue_id: &str) -> Value {
    json!({ "id": queue_id, "selfUri": format!("/api/v2/routing/queues/{queue_id}") })
}

fn message_uri(conversation_id: &str, message_id: &str) -> String {
    format!("/api/v2/conversations/messages/{conversation_id}/messages/{message_id}")
}

fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(written_time)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: Map<String, Value> =
                fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
            Value::Object(fields)
        }
        other => other,
    }
}
