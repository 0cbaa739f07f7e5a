//! From a webhook, or a detail event, to a delivery.
//!
//! Nothing is lost without a trace: what cannot become anything is named under `unhandled`.

mod draft;
mod lifecycle;
mod placeholders;
mod rendering;

use alloc::{borrow::Cow, vec::Vec};
use sha2::{Digest, Sha256};

pub use self::lifecycle::translate_detail_event;
use self::{draft::Draft, rendering::render};
use crate::{
    delivery::{Delivery, Origin, Reason, Receipt, Unhandled, UnhandledKind},
    event::{ChatEvent, EventBody, Message, Typing, TypingState},
    id::Id,
    json::{Document, Object},
    open_messaging::{Event, Kind, Webhook},
    tenant::{Tenant, TenantKey},
    time::is_rfc3339,
};

/// For how long typing is shown when Genesys does not say, in milliseconds: the duration of
/// the documented example (Genesys reference, 2.5).
const TYPING_MS: u32 = 5_000;

/// The longest that typing is shown, in milliseconds: the client's own dots go out after ten
/// seconds (Messaging API, 8), and no webhook may keep a timer for longer than this.
const LONGEST_TYPING_MS: u32 = 60_000;

/// How many entries `unhandled` has at most, so that a delivery stays about as long as its webhook:
/// an element of two bytes would otherwise become an entry of twenty.
const MOST_UNHANDLED: usize = 64;

/// What becomes of messages that a Genesys flow or bot wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BotMessages {
    /// The user does not see them.
    #[default]
    Drop,
    /// The user sees them as the bot's.
    Forward,
}

impl BotMessages {
    /// The words for them, in configurations and in answers to look-ups.
    pub const WORDS: [(&'static str, Self); 2] = [("drop", Self::Drop), ("forward", Self::Forward)];

    /// What this word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(own, _)| *own == word).map(|(_, meaning)| meaning)
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Forward => "forward",
        }
    }
}

/// Turns the JSON of a verified webhook into its delivery.
///
/// `bytes` is the body as sent: a webhook without an id gets its identity from them. Total: it
/// has an answer for every JSON value.
pub fn translate<'a>(
    bytes: &[u8],
    body: &Document<'a>,
    tenant: &'a Tenant,
    bot_messages: BotMessages,
) -> Delivery<'a> {
    let webhook = match body {
        Document::Object(object) => Webhook::read(object),
        Document::Other => Webhook::read(&Object::default()),
    };
    let id = delivery_id(&webhook, &tenant.key, bytes);
    let time = webhook.channel.time.clone().filter(|time| is_rfc3339(time));

    let mut outcome = Outcome::default();
    match webhook.kind() {
        _ if matches!(body, Document::Other) => outcome.miss(UnhandledKind::Body, None),
        Kind::Receipt => outcome.receipts.push(receipt(&webhook)),
        _ if webhook.is_inbound() => {}
        Kind::Event => outcome.happened(&webhook),
        Kind::Text | Kind::Structured | Kind::Unknown => outcome.wrote(&webhook, bot_messages),
    }

    let chat_event = |(position, (body, transient_for_ms))| ChatEvent {
        id: id.child(position),
        timestamp: time.clone(),
        transient_for_ms,
        body,
    };
    let mut delivery = Delivery::new(tenant, id, type_of(webhook.kind()));
    delivery.data.events = outcome.events.into_iter().enumerate().map(chat_event).collect();
    delivery.data.receipts = outcome.receipts;
    delivery.data.unhandled = outcome.unhandled;
    delivery.subject = webhook.channel.end_user_id().cloned();
    delivery.time = time;
    delivery.data.genesys = Origin {
        message_id: webhook.id,
        integration_id: webhook.channel.integration_id,
        conversation_id: webhook.conversation_id,
        originating_entity: webhook.originating_entity,
        direction: webhook.direction,
    };
    delivery
}

/// The identity of a webhook, the same for each of its repetitions. The three receipts of one
/// message differ by status, and events by time: Genesys calls id and time together unique.
fn delivery_id(webhook: &Webhook<'_>, tenant: &TenantKey<'_>, bytes: &[u8]) -> Id {
    let Some(message_id) = webhook.id.as_deref() else {
        return id_of_body(tenant, bytes);
    };
    let distinction = match webhook.kind() {
        Kind::Receipt => bytes_of(&webhook.receipt.status),
        Kind::Event => bytes_of(&webhook.channel.time),
        Kind::Text | Kind::Structured | Kind::Unknown => &[],
    };
    let integration_id = bytes_of(&webhook.channel.integration_id);
    let type_name = bytes_of(&webhook.type_name);
    id_of_parts(tenant, &[integration_id, type_name, message_id.as_bytes(), distinction])
}

/// The ids that the delivery of a message may have: one for each type that a message comes as. So
/// whoever knows a message only by its id can tell whether it was delivered.
pub fn message_delivery_ids(
    tenant: &TenantKey<'_>,
    integration_id: &str,
    message_id: &str,
) -> [Id; 2] {
    ["Text", "Structured"].map(|type_name| {
        let parts = [integration_id, type_name, message_id, ""].map(str::as_bytes);
        id_of_parts(tenant, &parts)
    })
}

/// The identity of a body that does not name one.
fn id_of_body(tenant: &TenantKey<'_>, bytes: &[u8]) -> Id {
    id_of_parts(tenant, &[b"body", &Sha256::digest(bytes)])
}

/// The identity of these parts within a tenant.
fn id_of_parts(tenant: &TenantKey<'_>, parts: &[&[u8]]) -> Id {
    let tenant =
        [&tenant.account_id, &tenant.project_id, &tenant.client_env].map(|part| part.as_bytes());
    Id::of_parts(&[&tenant[..], parts].concat())
}

fn bytes_of<'t>(text: &'t Option<Cow<'_, str>>) -> &'t [u8] {
    text.as_deref().unwrap_or_default().as_bytes()
}

const fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "baton.genesys.text",
        Kind::Structured => "baton.genesys.structured",
        Kind::Event => "baton.genesys.event",
        Kind::Receipt => "baton.genesys.receipt",
        Kind::Unknown => "baton.genesys.unknown",
    }
}

fn receipt<'a>(webhook: &Webhook<'a>) -> Receipt<'a> {
    let reasons = webhook
        .receipt
        .reasons
        .iter()
        .map(|reason| Reason { code: reason.code.clone(), message: reason.message.clone() });
    Receipt {
        message_id: webhook.id.clone(),
        status: webhook.receipt.status.clone(),
        reasons: reasons.collect(),
        r#final: webhook.receipt.is_final,
    }
}

/// What a webhook comes to: events, each with its lifetime if it is transient, receipts, and
/// what nothing could be made of.
#[derive(Default)]
struct Outcome<'a> {
    events: Vec<(EventBody<'a>, Option<u32>)>,
    receipts: Vec<Receipt<'a>>,
    unhandled: Vec<Unhandled<'a>>,
}

impl<'a> Outcome<'a> {
    fn miss(&mut self, kind: UnhandledKind, type_name: Option<Cow<'a, str>>) {
        if self.unhandled.len() < MOST_UNHANDLED {
            self.unhandled.push(Unhandled { kind, r#type: type_name });
        }
    }

    /// Something happened, such as typing. A bot that types is nobody to wait for. An agent who types twice at one time types once, for
    /// the longer of the two.
    fn happened(&mut self, webhook: &Webhook<'a>) {
        let mut typing = None;
        for event in &webhook.events {
            match event {
                Event::Typing { .. } if webhook.is_from_bot() => return,
                Event::Typing { duration_ms } => typing = typing.max(Some(typing_ms(*duration_ms))),
                Event::Unknown(name) => self.miss(UnhandledKind::Event, name.clone()),
            }
        }
        let started = EventBody::LiveAgentTyping(Typing { state: TypingState::Started });
        self.events.extend(typing.map(|duration_ms| (started, Some(duration_ms))));
        self.miss_if_empty(webhook);
    }

    /// Somebody wrote.
    fn wrote(&mut self, webhook: &Webhook<'a>, bot_messages: BotMessages) {
        let in_event: fn(Message<'a>) -> EventBody<'a> = match (webhook.is_from_bot(), bot_messages)
        {
            (true, BotMessages::Drop) => return,
            (true, BotMessages::Forward) => EventBody::PolyAgentMessage,
            (false, _) => EventBody::LiveAgentMessage,
        };
        let mut draft = Draft::new(webhook.text.clone());
        for content in &webhook.content {
            render(content, &mut draft);
        }
        let (message, unhandled) = draft.finish(webhook.id.clone());
        for Unhandled { kind, r#type } in unhandled {
            self.miss(kind, r#type);
        }
        self.events.extend(message.map(|message| (in_event(message), None)));
        self.miss_if_empty(webhook);
    }

    fn miss_if_empty(&mut self, webhook: &Webhook<'a>) {
        if self.events.is_empty() && self.unhandled.is_empty() {
            self.miss(UnhandledKind::Message, webhook.type_name.clone());
        }
    }
}

fn typing_ms(duration_ms: Option<u64>) -> u32 {
    match duration_ms {
        Some(duration) => u32::try_from(duration).unwrap_or(u32::MAX).min(LONGEST_TYPING_MS),
        None => TYPING_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delivery_of_a_message_is_found_by_the_ids_of_its_tenant_integration_and_message() {
        let tenant = Tenant::new(TenantKey::new("acme", "support", "live"), []);
        let expected = message_delivery_ids(&tenant.key, "i", "m");
        for (type_name, expected) in ["Text", "Structured"].into_iter().zip(expected) {
            let body = alloc::format!(
                r#"{{"id":"m","channel":{{"id":"i"}},"type":"{type_name}","text":"hello"}}"#
            );
            let document = Document::parse(body.as_bytes()).unwrap();
            let delivery = translate(body.as_bytes(), &document, &tenant, BotMessages::Drop);
            assert_eq!(delivery.id, expected, "{type_name}");
        }
    }
}
