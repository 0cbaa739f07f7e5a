//! The delivery: what the edge hands to the upstream for one verified webhook.
//!
//! It is a CloudEvents 1.0 object in JSON; `tests/delivery.schema.json` describes it. Every
//! host writes the same bytes for the same webhook.

use alloc::{borrow::Cow, vec::Vec};
use serde::{Deserialize, Serialize};

use crate::{
    debug_form::debug_by_length,
    event::ChatEvent,
    id::Id,
    lifecycle::LifecycleEvent,
    tenant::{Tenant, TenantKey},
};

/// The media type of a delivery.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// One webhook, verified and translated.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery<'a> {
    /// The version of CloudEvents: `1.0`.
    #[serde(borrow)]
    pub specversion: Cow<'a, str>,
    /// The same for every repetition of the webhook: the key by which the upstream drops
    /// duplicates.
    pub id: Id,
    /// Which tenant's webhook it came in by: `/webhooks/genesys/{account}/{project}/{environment}`,
    /// whatever the path prefix in use.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// `baton.genesys.` and the webhook's type in lower case: `text`, `structured`, `event`,
    /// `receipt`, or `unknown`; or `lifecycle` for a detail event, by EventBridge or a trigger.
    #[serde(borrow)]
    pub r#type: Cow<'a, str>,
    /// The end user's id, under which the session is known to Genesys; absent when the webhook
    /// names none.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Cow<'a, str>>,
    /// When Genesys says it happened, RFC 3339; absent when Genesys gave no usable time. A step in
    /// a conversation's life has a time of its own.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Cow<'a, str>>,
    /// The media type of `data`: `application/json`.
    #[serde(borrow)]
    pub datacontenttype: Cow<'a, str>,
    /// What the webhook said.
    #[serde(borrow)]
    pub data: Data<'a>,
}

debug_by_length!(Delivery<'a> {
    id, data;
    specversion, source, r#type, subject, time, datacontenttype
});

impl<'a> Delivery<'a> {
    /// A delivery of this tenant that says nothing yet.
    pub fn new(tenant: &'a Tenant, id: Id, r#type: &'static str) -> Self {
        Self {
            specversion: "1.0".into(),
            id,
            source: tenant.source.as_str().into(),
            r#type: r#type.into(),
            subject: None,
            time: None,
            datacontenttype: "application/json".into(),
            data: Data {
                tenant: tenant.key.borrowed(),
                genesys: Origin::default(),
                events: Vec::new(),
                receipts: Vec::new(),
                lifecycle: Vec::new(),
                unhandled: Vec::new(),
            },
        }
    }

    /// The id under which the upstream stores it, and knows a repetition of it; `None`, if it
    /// stores nothing of it, because it is transient, or stores each under an id of its own,
    /// because it is a hint without a name.
    pub fn stored_as(&self) -> Option<Id> {
        let data = &self.data;
        let legs = data.lifecycle.iter().map(|step| step.communication_id.as_ref());
        let is_known_again = !self.is_transient() && !is_nameless_hint(data.events.len(), legs);
        is_known_again.then_some(self.id)
    }

    /// Whether nothing in it has to be kept: it holds transient events and nothing else.
    pub fn is_transient(&self) -> bool {
        let data = &self.data;
        !data.events.is_empty()
            && data.events.iter().all(|event| event.transient_for_ms.is_some())
            && data.receipts.is_empty()
            && data.lifecycle.is_empty()
            && data.unhandled.is_empty()
    }
}

/// Whether a delivery with so many events is a hint that does not say which one it is, as a
/// trigger's need not: the next of its kind is the same to the byte, and yet another one. `legs`
/// are those that its steps name, one for each step.
pub fn is_nameless_hint<L>(events: usize, legs: impl IntoIterator<Item = Option<L>>) -> bool {
    let mut legs = legs.into_iter().peekable();
    events == 0 && legs.peek().is_some() && legs.all(|leg| leg.is_none())
}

/// The `data` of a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data<'a> {
    /// Whose webhook it was.
    #[serde(borrow)]
    pub tenant: TenantKey<'a>,
    /// The ids and origins that Genesys gave.
    #[serde(borrow)]
    pub genesys: Origin<'a>,
    /// What a chat client is to be told, in order.
    #[serde(borrow)]
    pub events: Vec<ChatEvent<'a>>,
    /// What became of messages that were sent.
    #[serde(borrow)]
    pub receipts: Vec<Receipt<'a>>,
    /// Steps in the conversation's life. Webhooks of Open Messaging bring none.
    #[serde(borrow)]
    pub lifecycle: Vec<LifecycleEvent<'a>>,
    /// What the webhook held and the edge could not turn into anything.
    #[serde(borrow)]
    pub unhandled: Vec<Unhandled<'a>>,
}

/// The ids and origins of a webhook, as Genesys gave them; each is absent when Genesys left it
/// out (Genesys reference, 2.3).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin<'a> {
    /// The message: for a receipt, the message that the receipt is about.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Cow<'a, str>>,
    /// The Open Messaging integration (`channel.id`; of a detail event, the address that is not the
    /// end user's).
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub integration_id: Option<Cow<'a, str>>,
    /// The conversation.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Cow<'a, str>>,
    /// `Human` or `Bot`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub originating_entity: Option<Cow<'a, str>>,
    /// `Outbound` or `Inbound`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Cow<'a, str>>,
}

debug_by_length!(Origin<'a> {
    ;
    message_id, integration_id, conversation_id, originating_entity, direction
});

/// What became of one message (Genesys reference, 2.6).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt<'a> {
    /// The message; absent when the webhook had no id.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Cow<'a, str>>,
    /// `Sent`, `Delivered`, `Read`, `Failed`, `Published`, `Removed`, or a word of a later API;
    /// absent when the webhook had none.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Cow<'a, str>>,
    /// Why it failed.
    #[serde(borrow)]
    pub reasons: Vec<Reason<'a>>,
    /// Whether no other receipt for the message follows.
    pub r#final: bool,
}

debug_by_length!(Receipt<'a> { reasons, r#final; message_id, status });

/// Why a message failed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason<'a> {
    /// A word such as `MessageExpired`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    /// A sentence for people.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Cow<'a, str>>,
}

debug_by_length!(Reason<'a> { ; code, message });

/// Something that the edge could not turn into an event, a receipt or a step, so that it is never lost
/// without a trace.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Unhandled<'a> {
    /// What kind of thing it was.
    pub kind: UnhandledKind,
    /// The word with which Genesys names its type; absent when it had none.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<Cow<'a, str>>,
}

debug_by_length!(Unhandled<'a> { kind; r#type });

/// What kind of thing was not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnhandledKind {
    /// The webhook as a whole: it had nothing to show.
    Message,
    /// An element of `content`.
    Content,
    /// An element of `events`.
    Event,
    /// A detail event of a topic that no handoff looks at; its type is the topic.
    Topic,
    /// A detail event of another medium than Open Messaging; its type is the word for that.
    Media,
    /// JSON that is no object.
    Body,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        json::Document,
        translation::{BotMessages, translate},
    };
    use alloc::format;

    #[test]
    fn invariant_10_a_delivery_shows_what_it_is_made_of_and_no_text() {
        let webhook = br#"{"id": "a secret id", "type": "Receipt", "status": "a secret status",
            "channel": {"id": "a secret channel", "to": {"id": "a secret person"}},
            "reasons": [{"code": "a secret code", "message": "a secret message"}],
            "originatingEntity": "a secret origin", "direction": "a secret direction"}"#;
        let document = Document::parse(webhook).unwrap();
        let tenant = Tenant::new(TenantKey::new("acme", "shop", "live"), ["a secret of it"]);
        let mut delivery = translate(webhook, &document, &tenant, BotMessages::Forward);
        let missed = Unhandled { kind: UnhandledKind::Event, r#type: Some("a secret word".into()) };
        delivery.data.unhandled.push(missed);
        let shown = format!("{delivery:?}");
        assert!(!shown.contains("secret"), "{shown}");
        for part in ["acme", "Receipt", "Reason", "Unhandled", "length_of_message: Some(16)"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
