//! A delivery, as far as the sidecar has to understand it.
//!
//! The edge that sent it may be newer than this process. So only what storing needs is required;
//! each event is read on its own, and what cannot be read takes nothing else with it.

use std::borrow::Cow;

use baton_core::{
    delivery::is_nameless_hint, id::Id, lifecycle::LifecycleEvent, tenant::TenantKey,
};
use baton_store::NewReceipt;
use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::session_event::SessionEvent;

/// What Genesys is told of a message that reaches nobody (Genesys reference, 2.6).
const UNDELIVERABLE: &str = "MessageNotAllowed";

/// A delivery (`baton_core::delivery::Delivery` is all that this version's edge sends).
#[derive(Deserialize)]
pub(crate) struct Delivery<'a> {
    #[serde(borrow)]
    pub(crate) specversion: Cow<'a, str>,
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    pub(crate) id: Id,
    #[serde(borrow, default)]
    pub(crate) subject: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) data: Data<'a>,
}

/// What the webhook said.
#[derive(Deserialize)]
pub(crate) struct Data<'a> {
    #[serde(borrow)]
    pub(crate) tenant: TenantKey<'a>,
    #[serde(borrow, default)]
    pub(crate) genesys: Origin<'a>,
    #[serde(borrow, default)]
    events: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    receipts: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    lifecycle: Vec<&'a RawValue>,
    #[serde(default)]
    unhandled: Vec<IgnoredAny>,
}

/// Where the webhook came from.
#[derive(Default, Deserialize)]
pub(crate) struct Origin<'a> {
    #[serde(borrow, default)]
    pub(crate) integration_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) message_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) conversation_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    originating_entity: Option<Cow<'a, str>>,
}

/// What Genesys says became of a message of the user.
#[derive(Deserialize)]
struct Receipt<'a> {
    #[serde(borrow, default)]
    message_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    status: Option<Cow<'a, str>>,
}

/// What a delivery brings to its session.
pub(crate) struct Events {
    /// What could be read, in order.
    pub(crate) events: Vec<SessionEvent>,
    /// How many events and steps of a handoff's life this version cannot read.
    pub(crate) unreadable: usize,
}

/// All that is asked of an event to know whether it has to be kept.
#[derive(Deserialize)]
struct Lasting {
    #[serde(default)]
    transient_for_ms: Option<u32>,
}

/// All that is asked of a step to know whether it says which one it is.
#[derive(Deserialize)]
struct Leg<'a> {
    #[serde(borrow, default)]
    communication_id: Option<Cow<'a, str>>,
}

/// The leg that a step names. This version need not know the kind of the step for that.
fn leg(step: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Leg<'_>>(step.get()).ok()?.communication_id
}

impl Delivery<'_> {
    /// Whether nothing in it has to be kept: it holds transient events and nothing else.
    pub(crate) fn is_transient(&self) -> bool {
        let transient = |event: &&RawValue| {
            serde_json::from_str::<Lasting>(event.get())
                .is_ok_and(|event| event.transient_for_ms.is_some())
        };
        let data = &self.data;
        !data.events.is_empty()
            && data.events.iter().all(transient)
            && data.receipts.is_empty()
            && data.lifecycle.is_empty()
            && data.unhandled.is_empty()
    }

    /// Whether it says what became of messages, and nothing else.
    pub(crate) fn holds_receipts_alone(&self) -> bool {
        let data = &self.data;
        !data.receipts.is_empty()
            && data.events.is_empty()
            && data.lifecycle.is_empty()
            && data.unhandled.is_empty()
    }

    /// Whether it is of a message of a flow or bot that the edge left out.
    pub(crate) fn is_dropped_message_of_bot(&self) -> bool {
        let is_message = matches!(
            self.r#type.as_deref(),
            Some("baton.genesys.text" | "baton.genesys.structured")
        );
        let is_of_bot = self.data.genesys.originating_entity.as_deref() == Some("Bot");
        let is_empty = self.data.events.is_empty() && self.data.unhandled.is_empty();
        is_message && is_of_bot && is_empty
    }

    /// Whether it is a hint that does not say which one it is.
    pub(crate) fn is_nameless_hint(&self) -> bool {
        is_nameless_hint(self.data.events.len(), self.data.lifecycle.iter().map(|step| leg(step)))
    }

    /// Its events; the time at which it was received stands in for that of an event without one.
    pub(crate) fn events(&self, received_at: Timestamp) -> Events {
        let all = &self.data.events;
        let events: Vec<_> =
            all.iter().filter_map(|event| SessionEvent::read(event, received_at)).collect();
        let steps = &self.data.lifecycle;
        let unreadable = all.len() - events.len() + steps.len() - self.lifecycle().count();
        Events { events, unreadable }
    }

    /// Its steps in the conversation's life, as far as this version can read them.
    pub(crate) fn lifecycle(&self) -> impl Iterator<Item = LifecycleEvent<'_>> {
        self.data.lifecycle.iter().filter_map(|step| serde_json::from_str(step.get()).ok())
    }

    /// The messages of which it says that they failed.
    pub(crate) fn failed_messages(&self) -> impl Iterator<Item = String> {
        let receipts = self.data.receipts.iter();
        receipts
            .filter_map(|receipt| serde_json::from_str::<Receipt<'_>>(receipt.get()).ok())
            .filter(|receipt| receipt.status.as_deref() == Some("Failed"))
            .filter_map(|receipt| receipt.message_id.map(Cow::into_owned))
    }

    /// The receipt that says that a person's message reaches nobody; none for anything else, so
    /// that no receipt answers a receipt.
    pub(crate) fn failure(
        &self,
        integration_id: &str,
        received_at: Timestamp,
    ) -> Option<NewReceipt> {
        let events = self.events(received_at).events;
        events.iter().find_map(SessionEvent::written_by_person)?;
        Some(NewReceipt {
            tenant: self.data.tenant.clone().into_owned(),
            integration_id: integration_id.to_owned(),
            end_user_id: self.subject.as_deref()?.to_owned(),
            message_id: self.data.genesys.message_id.as_deref()?.to_owned(),
            reason_code: UNDELIVERABLE.to_owned(),
        })
    }

    /// Whether it is for the tenant's own integration although it names none: a trigger need not
    /// say through which integration the conversation came, and a tenant has one.
    pub(crate) fn leaves_integration_out(&self) -> bool {
        self.data.genesys.integration_id.is_none() && !self.data.lifecycle.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::lifecycle::LifecycleKind;
    use serde_json::{Value, json};

    fn with(data: Value) -> String {
        let tenant = json!({"account_id": "acme", "project_id": "support", "client_env": "live"});
        let mut all = json!({"tenant": tenant});
        all.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
        json!({"specversion": "1.0", "id": Id::of_parts(&[]), "data": all}).to_string()
    }

    #[test]
    fn a_delivery_is_transient_only_if_every_part_of_it_is_known_to_be() {
        let transient = json!({"transient_for_ms": 1});
        let is_transient =
            |data| serde_json::from_str::<Delivery<'_>>(&with(data)).unwrap().is_transient();
        assert!(is_transient(json!({"events": [transient]})));
        for data in [
            json!({}),
            json!({"events": []}),
            json!({"events": [transient, {}]}),
            json!({"events": [transient, 7]}),
            json!({"events": [{"transient_for_ms": "soon"}]}),
            json!({"events": [transient], "receipts": [{}]}),
            json!({"events": [transient], "lifecycle": [7]}),
            json!({"events": [transient], "unhandled": [null]}),
        ] {
            assert!(!is_transient(data.clone()), "{data}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_counted() {
        let event = json!({"id": "a", "type": "EVENT_TYPE_LATER", "payload": {}});
        let lifecycle = json!([{}, {"kind": "user_end", "later": 1}, {"kind": "later"}, 7]);
        let text = with(json!({"events": [7, event, {}], "lifecycle": lifecycle}));
        let delivery: Delivery<'_> = serde_json::from_str(&text).unwrap();
        let Events { events, unreadable } = delivery.events(Timestamp::UNIX_EPOCH);
        assert_eq!((events.len(), unreadable), (1, 5));
        let kinds: Vec<_> = delivery.lifecycle().map(|step| step.kind).collect();
        assert_eq!(kinds, [LifecycleKind::UserEnd]);
    }

    #[test]
    fn only_a_bots_message_without_events_is_one_that_the_edge_left_out() {
        let is_dropped = |kind: &str, data: Value| {
            let mut delivery: Value = serde_json::from_str(&with(data)).unwrap();
            delivery["type"] = kind.into();
            let text = delivery.to_string();
            serde_json::from_str::<Delivery<'_>>(&text).unwrap().is_dropped_message_of_bot()
        };
        let bot = json!({"originating_entity": "Bot"});
        assert!(is_dropped("baton.genesys.text", json!({"genesys": bot})));
        assert!(is_dropped("baton.genesys.structured", json!({"genesys": bot})));
        assert!(!is_dropped("baton.genesys.event", json!({"genesys": bot})));
        assert!(!is_dropped("baton.genesys.text", json!({"genesys": bot, "events": [{}]})));
        assert!(!is_dropped("baton.genesys.text", json!({"genesys": bot, "unhandled": [{}]})));
        assert!(!is_dropped(
            "baton.genesys.text",
            json!({"genesys": {"originating_entity": "Human"}})
        ));
    }

    #[test]
    fn only_a_step_of_a_conversation_may_leave_its_integration_out() {
        let leaves_out = |data| {
            serde_json::from_str::<Delivery<'_>>(&with(data)).unwrap().leaves_integration_out()
        };
        let step = json!({"kind": "user_end"});
        let genesys = json!({"integration_id": "integration"});
        assert!(leaves_out(json!({"lifecycle": [step]})));
        assert!(!leaves_out(json!({"lifecycle": [step], "genesys": genesys})));
        assert!(!leaves_out(json!({"events": [{"transient_for_ms": 1}]})));
    }
}
