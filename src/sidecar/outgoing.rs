//! What waits in the outbox: messages of the user on their way to Genesys.

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

/// A message as the outbox keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OutgoingMessage {
    text: String,
    at: Timestamp,
    /// Participant data that goes with the first message of a handoff.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

impl OutgoingMessage {
    /// The message under which it is posted. `id` is the same for every try, so that an operator
    /// can tell a repeated post by it.
    pub(crate) fn inbound(self, id: String, end_user_id: String) -> InboundMessage {
        let Self { text, at, attributes } = self;
        InboundMessage {
            from: EndUser { id: end_user_id, ..EndUser::default() },
            message_id: id,
            time: at,
            text,
            attributes,
        }
    }
}

/// The messages in which a text goes out, in order. The attributes go with the first; the ids
/// follow from the event that the text came by.
pub(crate) fn messages(
    event_id: &str,
    text: &str,
    at: Timestamp,
    attributes: BTreeMap<String, String>,
) -> Vec<NewOutgoing> {
    let mut attributes = Some(attributes);
    let outgoing = |(place, text): (usize, &str)| {
        let attributes = attributes.take().unwrap_or_default();
        let message = OutgoingMessage { text: text.to_owned(), at, attributes };
        NewOutgoing {
            id: Id::of_parts(&[event_id.as_bytes()]).child(place).to_string(),
            body: serde_json::to_string(&message).unwrap_or_default(),
        }
    };
    parts(text, MOST_CHARACTERS).into_iter().enumerate().map(outgoing).collect()
}
