//! What Genesys sends: the webhook of an Open Messaging integration (Genesys reference, 2.3 to
//! 2.6).
//!
//! Reading never fails: a member that is missing or has another type is absent, a word that
//! is not known is kept as it is, and what is not known at all is passed over.
//!
//! Nothing here has a debug form: nearly all of it is what people wrote (invariant 10).

mod content;
mod template;

use alloc::{borrow::Cow, vec::Vec};

pub use self::{
    content::{
        Action, ActionKind, Attachment, Card, Content, ContentBody, DatePicker, Form, ListPicker,
        ListSection, Location, QuickReply, TimeSlot,
    },
    template::{Button, ButtonKind, Media, Template, TemplateText},
};
use crate::json::Object;

/// One webhook.
pub struct Webhook<'a> {
    /// The message's id; for a receipt, the id of the message that it is about.
    pub id: Option<Cow<'a, str>>,
    /// Its `type` as sent.
    pub type_name: Option<Cow<'a, str>>,
    /// From whom to whom, through which integration, and when.
    pub channel: Channel<'a>,
    /// The text; an attachment alone has none.
    pub text: Option<Cow<'a, str>>,
    /// Everything that is not plain text.
    pub content: Vec<Content<'a>>,
    /// What happened, when the type is `Event`.
    pub events: Vec<Event<'a>>,
    /// What became of the message, when the type is `Receipt`.
    pub receipt: Receipt<'a>,
    /// `Human` or `Bot`; older payloads have neither.
    pub originating_entity: Option<Cow<'a, str>>,
    /// `Outbound` or `Inbound`.
    pub direction: Option<Cow<'a, str>>,
    /// The conversation; older payloads have none.
    pub conversation_id: Option<Cow<'a, str>>,
}

/// What a webhook is about, by its `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain text, perhaps with attachments.
    Text,
    /// Buttons, cards, lists and so on.
    Structured,
    /// Something that happened, such as typing.
    Event,
    /// What became of a message.
    Receipt,
    /// A type of a later API, or none: its text, if any, is shown.
    Unknown,
}

impl<'a> Webhook<'a> {
    /// Reads a webhook from the members of its body.
    pub fn read(body: &Object<'a>) -> Self {
        Self {
            id: body.filled_text("id"),
            type_name: body.text("type"),
            channel: Channel::read(&body.object("channel").unwrap_or_default()),
            text: body.text("text"),
            content: elements(body, "content").map(|element| Content::read(&element)).collect(),
            events: elements(body, "events").map(|event| Event::read(&event)).collect(),
            receipt: Receipt::read(body),
            originating_entity: body.text("originatingEntity"),
            direction: body.text("direction"),
            conversation_id: body.filled_text("conversationId"),
        }
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self.type_name.as_deref() {
            Some("Text") => Kind::Text,
            Some("Structured") => Kind::Structured,
            Some("Event") => Kind::Event,
            Some("Receipt") => Kind::Receipt,
            _ => Kind::Unknown,
        }
    }

    /// Whether a Genesys flow or bot wrote it, and not a person. A payload that does not say
    /// comes from a person: bots were added to Open Messaging together with the member.
    pub fn is_from_bot(&self) -> bool {
        self.originating_entity.as_deref() == Some("Bot")
    }

    /// Whether it is what the user wrote, sent back to us.
    pub fn is_inbound(&self) -> bool {
        self.direction.as_deref() == Some("Inbound")
    }
}

/// The channel: integration, both ends and time (Genesys reference, 2.3).
pub struct Channel<'a> {
    /// The integration.
    pub integration_id: Option<Cow<'a, str>>,
    /// Whom it is for: the end user's id on the way out.
    pub to_id: Option<Cow<'a, str>>,
    /// Whom it is from: the integration's id on the way out.
    pub from_id: Option<Cow<'a, str>>,
    /// When, ISO 8601.
    pub time: Option<Cow<'a, str>>,
}

impl<'a> Channel<'a> {
    fn read(channel: &Object<'a>) -> Self {
        let end = |name| channel.object(name)?.filled_text("id");
        Self {
            integration_id: channel.filled_text("id"),
            to_id: end("to"),
            from_id: end("from"),
            time: channel.text("time"),
        }
    }

    /// The end user: the end that is not the integration itself.
    pub fn end_user_id(&self) -> Option<&Cow<'a, str>> {
        let is_user = |end: &&Cow<'a, str>| Some(*end) != self.integration_id.as_ref();
        let ends = [self.to_id.as_ref(), self.from_id.as_ref()];
        ends.into_iter().flatten().find(is_user)
    }
}

/// Something that happened (Genesys reference, 2.5).
pub enum Event<'a> {
    /// An agent is typing.
    Typing {
        /// For how long to show it, in milliseconds, if Genesys says.
        duration_ms: Option<u64>,
    },
    /// Anything else, with its `eventType`.
    Unknown(Option<Cow<'a, str>>),
}

impl<'a> Event<'a> {
    fn read(event: &Object<'a>) -> Self {
        match event.text("eventType") {
            Some(name) if name == "Typing" => {
                let typing = event.object("typing").unwrap_or_default();
                let duration = typing.get("duration").and_then(|duration| duration.integer());
                Self::Typing { duration_ms: duration }
            }
            // The type cannot be read, and only typing brings this member.
            None if event.object("typing").is_some() => Self::Typing { duration_ms: None },
            name => Self::Unknown(name),
        }
    }
}

/// What became of a message (Genesys reference, 2.6).
pub struct Receipt<'a> {
    /// `Sent`, `Delivered`, `Read`, `Failed`, `Published` or `Removed`.
    pub status: Option<Cow<'a, str>>,
    /// Why it failed.
    pub reasons: Vec<Reason<'a>>,
    /// Whether no other receipt for the message follows.
    pub is_final: bool,
}

/// Why a message failed.
pub struct Reason<'a> {
    /// A word such as `MessageExpired`.
    pub code: Option<Cow<'a, str>>,
    /// A sentence for people.
    pub message: Option<Cow<'a, str>>,
}

impl<'a> Receipt<'a> {
    fn read(body: &Object<'a>) -> Self {
        let reason = |reason: Object<'a>| Reason {
            code: reason.text("code"),
            message: reason.text("message"),
        };
        Self {
            status: body.text("status"),
            reasons: body.objects("reasons").map(reason).collect(),
            is_final: body.get("isFinalReceipt").and_then(|last| last.boolean()).unwrap_or(false),
        }
    }
}

/// The elements of a member. One that is no object counts as one of which nothing is known.
fn elements<'a>(body: &Object<'a>, name: &str) -> impl Iterator<Item = Object<'a>> {
    body.list(name).into_iter().map(|element| element.object().unwrap_or_default())
}
