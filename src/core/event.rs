//! Chat events: what a chat client is told, in the words of the Messaging API.
//!
//! The shapes are those of the Messaging API reference, section 8. An event leaves the edge
//! without a sequence number: the session log gives it one.

use alloc::{borrow::Cow, vec::Vec};
use serde::{Deserialize, Serialize};

use crate::{debug_form::debug_by_length, id::Id};

/// One chat event that a webhook became.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatEvent<'a> {
    /// Made from the delivery's id and the event's position in it, so that a repeated webhook
    /// yields the same id.
    pub id: Id,
    /// When Genesys says it happened, RFC 3339; absent when Genesys gave no usable time.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Cow<'a, str>>,
    /// Set for an event that is shown and forgotten: it gets no sequence number, is never
    /// stored, and means nothing any more this many milliseconds after its timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transient_for_ms: Option<u32>,
    /// What happened: the members `type` and `payload`.
    #[serde(borrow, flatten)]
    pub body: EventBody<'a>,
}

debug_by_length!(ChatEvent<'a> { id, transient_for_ms, body; timestamp });

/// The type of a chat event with its payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
pub enum EventBody<'a> {
    /// A person at the contact centre wrote.
    #[serde(rename = "EVENT_TYPE_LIVE_AGENT_MESSAGE", borrow)]
    LiveAgentMessage(Message<'a>),
    /// A Genesys flow or bot wrote, and the configuration forwards that.
    #[serde(rename = "EVENT_TYPE_POLY_AGENT_MESSAGE", borrow)]
    PolyAgentMessage(Message<'a>),
    /// A person at the contact centre is typing.
    #[serde(rename = "EVENT_TYPE_LIVE_AGENT_TYPING")]
    LiveAgentTyping(Typing),
}

/// The payload of a message.
///
/// Text may be absent: an attachment alone is a message too.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Message<'a> {
    /// The Genesys message id; absent when the webhook had none.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Cow<'a, str>>,
    /// What was written, plain text with line breaks.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    /// Links to show with the text.
    #[serde(borrow)]
    pub attachments: Vec<Attachment<'a>>,
    /// Answers that the user can give with one tap.
    #[serde(borrow)]
    pub response_suggestions: Vec<ResponseSuggestion<'a>>,
}

debug_by_length!(Message<'a> { attachments, response_suggestions; message_id, text });

/// A link that the chat client shows as a card or as a picture (Messaging API, 8.1).
///
/// Every URL in it is `http` or `https`; nothing at the edge ever fetches one.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Attachment<'a> {
    /// What to call it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Cow<'a, str>>,
    /// A picture to show above the title.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub preview_image_url: Option<Cow<'a, str>>,
    /// Where the link leads; absent on a card that leads nowhere.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub content_url: Option<Cow<'a, str>>,
    /// How to show it.
    pub content_type: AttachmentContentType,
    /// What the link's button says.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub call_to_action_text: Option<Cow<'a, str>>,
}

debug_by_length!(Attachment<'a> {
    content_type;
    title, preview_image_url, content_url, call_to_action_text
});

/// How a client shows an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachmentContentType {
    /// As a picture.
    #[serde(rename = "ATTACHMENT_CONTENT_TYPE_IMAGE")]
    Image,
    /// As a link.
    #[serde(rename = "ATTACHMENT_CONTENT_TYPE_URL")]
    Url,
}

/// An answer that the user can give with one tap (Messaging API, 8.2).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseSuggestion<'a> {
    /// What the tap sends, as the user's own message.
    #[serde(borrow)]
    pub message_text: Cow<'a, str>,
    /// What Genesys calls the choice. Clients read it and never send it back.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Cow<'a, str>>,
    /// In what it is offered; left out of the JSON where that is a quick reply. Clients have no
    /// use for it: the answer to Genesys says it again (Genesys reference, 3.2).
    #[serde(default, skip_serializing_if = "OfferedIn::is_quick_reply")]
    pub offered_in: OfferedIn,
}

debug_by_length!(ResponseSuggestion<'a> { offered_in; message_text, payload });

/// In what an answer is offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferedIn {
    /// In a quick reply, or in anything else that offers one.
    #[default]
    QuickReply,
    /// In a button of a card.
    Card,
    /// In a date picker, as one of its times.
    DatePicker,
}

impl OfferedIn {
    /// Whether it is the usual one.
    fn is_quick_reply(&self) -> bool {
        *self == Self::QuickReply
    }
}

/// The payload of a typing event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// Started or stopped.
    pub state: TypingState,
}

/// Whether the agent began or ceased to type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypingState {
    /// The agent types.
    #[serde(rename = "TYPING_STATE_STARTED")]
    Started,
    /// The agent does not type any more.
    #[serde(rename = "TYPING_STATE_STOPPED")]
    Stopped,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    #[test]
    fn invariant_10_an_event_shows_what_it_is_and_no_text() {
        let attachment = Attachment {
            title: Some("a secret title".into()),
            preview_image_url: Some("a secret picture".into()),
            content_url: Some("a secret link".into()),
            content_type: AttachmentContentType::Url,
            call_to_action_text: Some("a secret call".into()),
        };
        let suggestion = ResponseSuggestion {
            message_text: "a secret answer".into(),
            payload: Some("a secret choice".into()),
            offered_in: OfferedIn::Card,
        };
        let message = Message {
            message_id: Some("a secret id".into()),
            text: Some("a secret text".into()),
            attachments: vec![attachment],
            response_suggestions: vec![suggestion],
        };
        let event = ChatEvent {
            id: Id::of_parts(&[]),
            timestamp: None,
            transient_for_ms: None,
            body: EventBody::LiveAgentMessage(message),
        };
        let shown = format!("{event:?}");
        assert!(!shown.contains("secret"), "{shown}");
        for part in ["LiveAgentMessage", "length_of_text: Some(13)", "Url", "Card"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
