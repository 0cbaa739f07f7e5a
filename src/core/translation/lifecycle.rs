//! From a detail event to a delivery.

use alloc::borrow::Cow;

use super::{bytes_of, id_of_body, id_of_parts};
use crate::{
    delivery::{Delivery, Origin, Unhandled, UnhandledKind},
    detail_event::{DetailEvent, News, OpenConversation},
    id::Id,
    json::Document,
    tenant::{Tenant, TenantKey},
};

/// Turns the JSON of a detail event, as EventBridge or a trigger posts it, into its delivery.
///
/// `bytes` is the body as sent: an event that does not say which one it is gets its identity from
/// them. Total: it has an answer for every JSON value.
pub fn translate_detail_event<'a>(
    bytes: &[u8],
    body: &Document<'a>,
    tenant: &'a Tenant,
) -> Delivery<'a> {
    let (conversation, unhandled) = match body {
        Document::Object(object) => sort(DetailEvent::read(object)),
        Document::Other => nothing_of(UnhandledKind::Body, None),
    };
    let id = id_of_step(&conversation, &tenant.key);
    let id = id.unwrap_or_else(|| id_of_body(&tenant.key, bytes));
    let OpenConversation { end_user_id, integration_id, conversation_id, step } = conversation;

    let mut delivery = Delivery::new(tenant, id, "baton.genesys.lifecycle");
    delivery.subject = end_user_id;
    delivery.data.genesys = Origin { integration_id, conversation_id, ..Origin::default() };
    delivery.data.lifecycle = step.into_iter().collect();
    delivery.data.unhandled = unhandled.into_iter().collect();
    delivery
}

/// What an event tells of its conversation, and what nothing could be made of.
fn sort(event: DetailEvent<'_>) -> (OpenConversation<'_>, Option<Unhandled<'_>>) {
    match event.news {
        News::Open(conversation) => {
            let missed = Unhandled { kind: UnhandledKind::Topic, r#type: event.topic };
            let unhandled = conversation.step.is_none().then_some(missed);
            (conversation, unhandled)
        }
        News::OtherMedium(medium) => nothing_of(UnhandledKind::Media, Some(medium)),
    }
}

fn nothing_of<'a>(
    kind: UnhandledKind,
    r#type: Option<Cow<'a, str>>,
) -> (OpenConversation<'a>, Option<Unhandled<'a>>) {
    (OpenConversation::default(), Some(Unhandled { kind, r#type }))
}

/// The identity of a step: conversation, leg and topic (Genesys reference, 7), and for whom it is,
/// so that one that finds nobody never stands for one that does.
///
/// EventBridge and a trigger that tell of the same step make the same id, and so the upstream takes
/// whichever comes first. A step is a hint to look at the conversation: the second would say no
/// more.
fn id_of_step(conversation: &OpenConversation<'_>, tenant: &TenantKey<'_>) -> Option<Id> {
    let step = conversation.step.as_ref()?;
    let communication_id = step.communication_id.as_deref()?.as_bytes();
    let parts = [
        b"lifecycle",
        bytes_of(&conversation.integration_id),
        conversation.end_user_id.as_deref()?.as_bytes(),
        conversation.conversation_id.as_deref()?.as_bytes(),
        communication_id,
        step.kind.name().as_bytes(),
    ];
    Some(id_of_parts(tenant, &parts))
}
