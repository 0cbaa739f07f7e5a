//! A conversation as Genesys shows it.

use baton_core::json::{Document, Object};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A message conversation at one moment (Genesys reference, 5 and 6.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The conversation.
    pub conversation_id: String,
    /// Every leg that it has or had. One participant may be there several times: an entry is a
    /// leg, an id is not.
    pub participants: Vec<Participant>,
}

/// One leg of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The participant's id, which several legs may share; empty if Genesys gave none.
    pub id: String,
    /// What the leg is in the conversation.
    pub purpose: Purpose,
    /// How it stands.
    pub state: State,
    /// Who an agent's leg belongs to.
    pub user_id: Option<String>,
    /// When it was accepted.
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Which queue it is the leg of, if it is one of a queue.
    pub queue: Option<AcdQueue>,
    /// What was sent on it.
    pub messages: Vec<SentMessage>,
}

/// A queue that a conversation is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcdQueue {
    /// Genesys' id of it.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
}

/// What a leg is in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The user of the chat.
    Customer,
    /// A person at Genesys.
    Agent,
    /// A queue, a flow, or another party.
    Other,
}

/// How a leg stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// On its way to be accepted: alerting, offering, contacting or dialing.
    Alerting,
    /// Accepted.
    Connected,
    /// Live in another way, such as parked.
    Live,
    /// Over: disconnected, terminated, or none.
    Ended,
}

/// A message that was sent on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Genesys' id of it.
    pub id: String,
    /// When it was sent, by Genesys' clock.
    pub at: Option<Timestamp>,
    /// Whether Genesys could not deliver it.
    pub failed: bool,
}

/// The bytes show no conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotProblem {
    /// They are not JSON.
    #[error("the conversation that Genesys answered with is not JSON")]
    NotJson,
    /// They are JSON, but without the conversation's id.
    #[error("what Genesys answered with is no conversation: it has no id")]
    NoConversation,
}

impl Snapshot {
    /// Reads a conversation from the REST API or from a conversation topic. What is missing or of
    /// another type is absent; a leg of an unknown state is live unless it has an end.
    ///
    /// # Errors
    ///
    /// [`SnapshotProblem`] if the bytes are no JSON object with an id.
    pub fn read(bytes: &[u8]) -> Result<Self, SnapshotProblem> {
        let Document::Object(body) =
            Document::parse(bytes).map_err(|_| SnapshotProblem::NotJson)?
        else {
            return Err(SnapshotProblem::NoConversation);
        };
        let id = body.text("id").filter(|id| !id.is_empty());
        Ok(Self {
            conversation_id: id.ok_or(SnapshotProblem::NoConversation)?.into_owned(),
            participants: body.objects("participants").map(|leg| participant(&leg)).collect(),
        })
    }

    /// The legs of persons at Genesys.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &Participant> {
        self.legs(|purpose| purpose == Purpose::Agent)
    }

    /// The legs of the user.
    pub(crate) fn customers(&self) -> impl Iterator<Item = &Participant> {
        self.legs(|purpose| purpose == Purpose::Customer)
    }

    /// The legs of everybody but the user.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Participant> {
        self.legs(|purpose| purpose != Purpose::Customer)
    }

    /// The user's leg that is live.
    pub(crate) fn live_customer(&self) -> Option<&Participant> {
        self.customers().find(|leg| leg.is_live())
    }

    /// The legs of the queues in which the user is: one, but for a moment between two.
    pub(crate) fn queue_legs(&self) -> impl Iterator<Item = &Participant> {
        self.others().filter(|leg| leg.is_live() && leg.queue.is_some())
    }

    /// Those queues.
    pub(crate) fn queues(&self) -> impl Iterator<Item = &AcdQueue> {
        self.queue_legs().filter_map(|leg| leg.queue.as_ref())
    }

    /// Whether an agent may be about to accept.
    pub(crate) fn is_alerting(&self) -> bool {
        self.agents().any(|leg| leg.state == State::Alerting)
    }

    fn legs(&self, purpose: impl Fn(Purpose) -> bool) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(move |leg| purpose(leg.purpose))
    }
}

impl Participant {
    /// Whether the leg has not ended.
    pub fn is_live(&self) -> bool {
        self.state != State::Ended
    }
}

fn participant(leg: &Object<'_>) -> Participant {
    let ended_at = time(leg, "endTime");
    Participant {
        id: leg.text("id").unwrap_or_default().into_owned(),
        purpose: match leg.text("purpose").as_deref() {
            Some("customer") => Purpose::Customer,
            Some("agent" | "user") => Purpose::Agent,
            _ => Purpose::Other,
        },
        state: match leg.text("state").as_deref() {
            Some("alerting" | "offering" | "contacting" | "dialing") => State::Alerting,
            Some("connected") => State::Connected,
            Some("disconnected" | "terminated" | "none") => State::Ended,
            _ if ended_at.is_some() => State::Ended,
            _ => State::Live,
        },
        user_id: leg
            .object("user")
            .and_then(|user| user.text("id").filter(|id| !id.is_empty()).map(|id| id.into_owned())),
        connected_at: time(leg, "connectedTime"),
        ended_at,
        queue: queue(leg),
        messages: leg.objects("messages").filter_map(|message| sent_message(&message)).collect(),
    }
}

/// The queue of a queue's leg, which is named after it. Other legs name a queue too: the one that
/// they came through (Genesys reference, 6.2).
fn queue(leg: &Object<'_>) -> Option<AcdQueue> {
    if leg.text("purpose").as_deref() != Some("acd") {
        return None;
    }
    let id = leg.object("queue")?.filled_text("id")?.into_owned();
    Some(AcdQueue { id, name: leg.filled_text("name").map(|name| name.into_owned()) })
}

/// A message's id stands beside its address in the REST API, and within `message` in a topic
/// (Genesys reference, 4.6). One without an id is nothing that could be asked for.
fn sent_message(message: &Object<'_>) -> Option<SentMessage> {
    let within = message.object("message");
    let id = message.text("messageId").or_else(|| within?.text("id"));
    Some(SentMessage {
        id: id.filter(|id| !id.is_empty())?.into_owned(),
        at: time(message, "messageTime"),
        failed: matches!(
            message.text("messageStatus").as_deref(),
            Some("delivery-failed" | "failed")
        ),
    })
}

fn time(object: &Object<'_>, name: &str) -> Option<Timestamp> {
    object.text(name)?.parse().ok()
}
