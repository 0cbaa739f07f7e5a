//! What waits in the outbox: messages on their way to Genesys.

use std::collections::BTreeMap;

use baton_core::id::Id;
use baton_genesys::{EndUser, InboundMessage};
use baton_handoff::parts;
use baton_store::NewOutgoing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most characters in one message: Genesys' limit for texts to a customer, kept in the other
/// direction too (Genesys reference, 3.3).
const MOST_CHARACTERS: usize = 2_000;

/// Whose words a message holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Speaker {
    /// The user's.
    #[default]
    User,
    /// Our own, which begin a handoff.
    Opening,
    /// Our own, which tell that the user has left. They go out only while the customer is still
    /// connected: after that they would begin a new conversation.
    Farewell,
}

/// A message as the outbox keeps it. It has no debug print: that would show the text.
#[derive(Serialize, Deserialize)]
pub(crate) struct OutgoingMessage {
    text: String,
    at: Timestamp,
    #[serde(default)]
    pub(crate) speaker: Speaker,
    /// Participant data that goes with the first message of a handoff.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

impl OutgoingMessage {
    /// The message as it is posted. `id` is the same for every try, so that an operator can tell
    /// a repeated post by it.
    pub(crate) fn inbound(self, id: String, end_user_id: String) -> InboundMessage {
        let Self { text, at, attributes, .. } = self;
        let from = EndUser { id: end_user_id, ..EndUser::default() };
        InboundMessage { from, message_id: id, time: at, text, attributes }
    }
}

/// Something to say to an agent.
pub(crate) struct Words<'a> {
    /// What the ids of its messages follow from.
    pub(crate) id: &'a str,
    pub(crate) text: &'a str,
    pub(crate) speaker: Speaker,
    pub(crate) at: Timestamp,
    /// Goes with the first of its messages.
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Words<'_> {
    /// The messages in which it goes out, in order.
    pub(crate) fn messages(self) -> Vec<NewOutgoing> {
        let Self { id, text, speaker, at, mut attributes } = self;
        let outgoing = |(place, text): (usize, &str)| {
            let (text, attributes) = (text.to_owned(), std::mem::take(&mut attributes));
            let message = OutgoingMessage { text, at, speaker, attributes };
            NewOutgoing {
                id: Id::of_parts(&[id.as_bytes()]).child(place).to_string(),
                body: serde_json::to_string(&message).unwrap_or_default(),
            }
        };
        parts(text, MOST_CHARACTERS).into_iter().enumerate().map(outgoing).collect()
    }
}
