//! What waits in the outbox: messages on their way to Genesys.

use std::{borrow::Cow, collections::BTreeMap};

use baton_core::{
    event::{OfferedIn, ResponseSuggestion},
    id::Id,
};
use baton_genesys::{Attachment, Button, EndUser, InboundMessage, MediaType, StructuredResponse};
use baton_handoff::{parts, quick_reply};
use baton_store::NewOutgoing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most characters in one message: Genesys' limit for texts to a customer, kept in the other
/// direction too (Genesys reference, 3.3).
pub(crate) const MOST_CHARACTERS: usize = 2_000;

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
#[serde(untagged)]
pub(crate) enum OutgoingMessage {
    /// The user chose what a message of the agent had offered.
    Choice(OutgoingChoice),
    /// The user attached a file.
    Attachment(OutgoingAttachment),
    /// Somebody said something.
    Text(OutgoingText),
}

/// A text as the outbox keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OutgoingText {
    text: String,
    at: Timestamp,
    #[serde(default)]
    speaker: Speaker,
    /// Participant data that goes with the first message of a handoff.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

/// A file that the user attached, as the outbox keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OutgoingAttachment {
    file: File,
    /// What goes with it.
    title: String,
    /// The same as words.
    #[serde(flatten)]
    words: OutgoingText,
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(with = "Kind")]
    kind: MediaType,
    url: String,
    mime: String,
}

/// The names of the kinds of files in the outbox.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MediaType", rename_all = "snake_case")]
enum Kind {
    Image,
    Video,
    Audio,
    File,
}

/// A choice as the outbox keeps it.
#[derive(Serialize, Deserialize)]
pub(crate) struct OutgoingChoice {
    /// Genesys' id of the message that offered it.
    originating_message_id: String,
    text: String,
    payload: String,
    #[serde(default)]
    offered_in: OfferedIn,
    at: Timestamp,
}

impl OutgoingMessage {
    /// When it was said.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Choice(choice) => choice.at,
            Self::Attachment(attachment) => attachment.words.at,
            Self::Text(text) => text.at,
        }
    }

    pub(crate) fn speaker(&self) -> Speaker {
        match self {
            Self::Choice(_) | Self::Attachment(_) => Speaker::User,
            Self::Text(text) => text.speaker,
        }
    }
}

impl OutgoingText {
    /// The message as it is posted. `id` is the same for every try, so that an operator can tell
    /// a repeated post by it.
    pub(crate) fn inbound(self, id: String, from: EndUser) -> InboundMessage {
        let Self { text, at, attributes, .. } = self;
        InboundMessage { from, message_id: id, time: at, text, attributes }
    }
}

impl OutgoingAttachment {
    /// A file with a title, and the same in words: at most [`MOST_CHARACTERS`].
    pub(crate) fn new(file: Attachment, title: String, words: String, at: Timestamp) -> Self {
        let Attachment { media_type, url, mime } = file;
        let attributes = BTreeMap::new();
        let words = OutgoingText { text: words, at, speaker: Speaker::User, attributes };
        Self { file: File { kind: media_type, url, mime }, title, words }
    }

    /// As it waits: the file at this place of those of the user's message of this id.
    pub(crate) fn queued(self, id: &str, place: usize) -> NewOutgoing {
        outgoing(&format!("{id}/attached"), place, &OutgoingMessage::Attachment(self))
    }

    /// The message as it is posted, and the file that goes with it.
    pub(crate) fn inbound(&self, id: String, from: EndUser) -> (InboundMessage, Attachment) {
        let Self { file: File { kind, url, mime }, title, words } = self;
        let attributes = BTreeMap::new();
        let message = InboundMessage {
            from,
            message_id: id,
            time: words.at,
            text: title.clone(),
            attributes,
        };
        let (url, mime) = (url.clone(), mime.clone());
        (message, Attachment { media_type: *kind, url, mime })
    }

    /// The same as the user's words.
    pub(crate) fn into_text(self) -> OutgoingText {
        self.words
    }
}

impl OutgoingChoice {
    /// The choice as it is posted.
    pub(crate) fn response(&self, id: String, from: EndUser) -> StructuredResponse {
        StructuredResponse {
            from,
            message_id: id,
            time: self.at,
            originating_message_id: self.originating_message_id.clone(),
            button: match self.offered_in {
                OfferedIn::QuickReply => Button::QuickReply,
                OfferedIn::Card => Button::Button,
                OfferedIn::DatePicker => Button::DatePicker,
            },
            text: self.text.clone(),
            payload: self.payload.clone(),
        }
    }

    /// The same as the user's words.
    pub(crate) fn into_text(self) -> OutgoingText {
        let Self { text, at, .. } = self;
        OutgoingText { text, at, speaker: Speaker::User, attributes: BTreeMap::new() }
    }
}

/// What a logged message of the contact centre offers to choose from.
#[derive(Deserialize)]
pub(crate) struct Offer<'a> {
    /// Genesys' id of the message.
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow, default)]
    response_suggestions: Vec<ResponseSuggestion<'a>>,
}

impl Offer<'_> {
    /// What goes out for a text of the user that is one of the choices. A choice that stands for
    /// nothing else stands for its words: Genesys wants a payload.
    pub(crate) fn chosen(&self, id: &str, text: &str, at: Timestamp) -> Option<NewOutgoing> {
        let choice = quick_reply(text, &self.response_suggestions)?;
        let fits = choice.message_text.chars().count() <= MOST_CHARACTERS;
        let payload = choice.payload.as_ref().filter(|payload| !payload.is_empty());
        let message = OutgoingMessage::Choice(OutgoingChoice {
            originating_message_id: self.message_id.to_string(),
            text: choice.message_text.to_string(),
            payload: payload.unwrap_or(&choice.message_text).to_string(),
            offered_in: choice.offered_in,
            at,
        });
        fits.then(|| outgoing(id, 0, &message))
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
        let message = |(place, text): (usize, &str)| {
            let (text, attributes) = (text.to_owned(), std::mem::take(&mut attributes));
            let text = OutgoingText { text, at, speaker, attributes };
            outgoing(id, place, &OutgoingMessage::Text(text))
        };
        parts(text, MOST_CHARACTERS).into_iter().enumerate().map(message).collect()
    }
}

/// The message at this place of those that follow from this id.
fn outgoing(id: &str, place: usize, message: &OutgoingMessage) -> NewOutgoing {
    NewOutgoing {
        id: Id::of_parts(&[id.as_bytes()]).child(place).to_string(),
        body: serde_json::to_string(message).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    /// What goes out for the text as an answer to this message.
    fn chosen(message: &serde_json::Value, text: &str) -> Option<StructuredResponse> {
        let message = message.to_string();
        let offer: Offer<'_> = serde_json::from_str(&message).unwrap();
        let outgoing = offer.chosen("id", text, AT)?;
        match serde_json::from_str(&outgoing.body).unwrap() {
            OutgoingMessage::Choice(choice) => {
                Some(choice.response(outgoing.id, EndUser::new("u")))
            }
            OutgoingMessage::Attachment(_) | OutgoingMessage::Text(_) => None,
        }
    }

    #[test]
    fn a_choice_goes_out_as_the_answer_to_the_message_that_offered_it() {
        let message = json!({
            "message_id": "m", "text": "Which team?",
            "response_suggestions": [
                { "message_text": "Sales \"A\"", "payload": "sales" },
                { "message_text": "Other" },
                { "message_text": "Card", "payload": "card", "offered_in": "card" },
            ],
        });
        assert_eq!(chosen(&message, "Card").unwrap().button, Button::Button);
        let response = chosen(&message, " Sales \"A\"").unwrap();
        assert_eq!(response.button, Button::QuickReply);
        assert_eq!(response.originating_message_id, "m");
        assert_eq!((&*response.text, &*response.payload), ("Sales \"A\"", "sales"));
        assert_eq!(chosen(&message, "Other").unwrap().payload, "Other");
        assert!(chosen(&message, "Something else").is_none());
        assert!(chosen(&json!({ "message_id": "m" }), "Sales").is_none());
    }

    #[test]
    fn a_choice_that_is_too_long_for_one_message_is_no_choice() {
        let long = "x".repeat(MOST_CHARACTERS + 1);
        let suggestions = json!([{ "message_text": long, "payload": "p" }]);
        let message = json!({ "message_id": "m", "response_suggestions": suggestions });
        assert!(chosen(&message, &long).is_none());
    }

    #[test]
    fn a_file_waits_as_what_it_is_and_goes_out_as_a_file_or_as_words() {
        let file = Attachment {
            media_type: MediaType::Image,
            url: "https://files.example.com/a.png".to_owned(),
            mime: "image/png".to_owned(),
        };
        let (title, words) = ("It".to_owned(), "It: https://files.example.com/a.png".to_owned());
        let queued =
            OutgoingAttachment::new(file.clone(), title, words.clone(), AT).queued("id", 0);
        let read = serde_json::from_str(&queued.body).unwrap();
        let OutgoingMessage::Attachment(waits) = read else { panic!("a file") };
        let (message, sent) = waits.inbound(queued.id, EndUser::new("u"));
        assert_eq!((&*message.text, sent), ("It", file));
        let said = waits.into_text().inbound("id".to_owned(), EndUser::new("u"));
        assert_eq!(said.text, words);
    }

    #[test]
    fn what_waited_in_the_outbox_of_an_earlier_version_is_read() {
        let body = r#"{"text":"Hello","at":"2026-05-04T09:15:00Z","speaker":"opening"}"#;
        let message: OutgoingMessage = serde_json::from_str(body).unwrap();
        assert!(matches!(message, OutgoingMessage::Text(_)));
        assert_eq!(message.speaker(), Speaker::Opening);
        assert!(serde_json::from_str::<OutgoingMessage>("{}").is_err());
    }
}
