//! Posts of the org's events to HTTP targets (Genesys reference 7 and 8).
//!
//! Both kinds are told of Open Messaging conversations alone, as their rules would be set up:
//! `mediaType` `MESSAGE` and `messageType` `OPEN`. A trigger's workflow runs at the end of an
//! agent's and of the customer's leg.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustls::RootCertStore;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::channels::topic::DETAIL_PREFIX;
use crate::configuration::{EventTarget, EventTargetKind};
use crate::delivery::{RETRIES, Sender};
use crate::pace::Pace;
use crate::simulator::SimulatorError;
use crate::webhook::written;

/// The ends of legs that start the trigger's workflow.
const TRIGGERING: [&str; 2] = ["user.end", "customer.end"];

/// One target, ready to be posted to.
#[derive(Clone)]
pub(crate) struct EventPoster {
    kind: EventTargetKind,
    pub(crate) sender: Sender,
}

/// An event on its way out.
pub(crate) struct Event<'a> {
    pub(crate) organization_id: &'a str,
    pub(crate) time: Timestamp,
    pub(crate) topic: &'a str,
    pub(crate) body: &'a Value,
    pub(crate) correlation_id: &'a str,
}

impl EventPoster {
    /// A poster to this target. `EventBridge` tries again as long as a webhook does, a data
    /// action does not.
    ///
    /// # Errors
    ///
    /// [`SimulatorError`] if the URL or the header cannot be used.
    pub(crate) fn new(
        target: &EventTarget,
        pace: Pace,
        authorities: Option<&RootCertStore>,
    ) -> Result<Self, SimulatorError> {
        let headers = BTreeMap::from([(target.api_key_header.clone(), target.api_key.clone())]);
        let retries = match target.kind {
            EventTargetKind::EventBridge => RETRIES,
            EventTargetKind::Trigger => 0,
        };
        let sender = Sender::to(&target.url, &headers, retries, pace, authorities)?;
        Ok(Self { kind: target.kind, sender })
    }

    /// How a post is called in the record of sendings.
    pub(crate) fn shape(&self) -> &'static str {
        match self.kind {
            EventTargetKind::EventBridge => "eventbridge",
            EventTargetKind::Trigger => "trigger",
        }
    }

    /// What to post, if this target is told of the event.
    pub(crate) fn body(&self, event: &Event<'_>) -> Option<Value> {
        let (_, kind) = event.topic.strip_prefix(DETAIL_PREFIX)?.split_once('.')?;
        let is_open = event.body.get("mediaType") == Some(&json!("MESSAGE"))
            && event.body.get("messageType") == Some(&json!("OPEN"));
        match self.kind {
            _ if !is_open => None,
            EventTargetKind::EventBridge => Some(envelope(event, kind)),
            EventTargetKind::Trigger => {
                TRIGGERING.contains(&kind).then(|| data_action(event, kind))
            }
        }
    }
}

/// The envelope of `EventBridge`. Its `time` has whole seconds.
fn envelope(event: &Event<'_>, kind: &str) -> Value {
    json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": format!("{DETAIL_PREFIX}{{id}}.{kind}"),
        "source": format!("aws.partner/genesys.com/cloud/{}/simulator", event.organization_id),
        "account": "111122223333",
        "time": format!("{:.0}", event.time),
        "region": "eu-central-1",
        "resources": [],
        "detail": {
            "topicName": event.topic,
            "version": "2",
            "eventBody": event.body,
            "metadata": { "CorrelationId": event.correlation_id },
            "timestamp": written(event.time),
        },
    })
}

/// What the data action of a trigger's workflow posts: the end user is the address that the
/// agent's leg goes to and the customer's leg comes from.
fn data_action(event: &Event<'_>, kind: &str) -> Value {
    let address = if kind == "customer.end" { "addressFrom" } else { "addressTo" };
    json!({
        "userId": event.body.get(address),
        "topic": format!("{DETAIL_PREFIX}id.{kind}"),
        "disconnectType": event.body.get("disconnectType"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(kind: EventTargetKind, event_kind: &str, body: &Value) -> Option<Value> {
        let target = EventTarget {
            kind,
            url: "http://127.0.0.1:1/".into(),
            api_key_header: "x-api-key".into(),
            api_key: "key".into(),
        };
        let poster = EventPoster::new(&target, Pace::new(1.0).unwrap(), None);
        poster.unwrap().body(&Event {
            organization_id: "44ee55ff-8888-4999-8000-111122223333",
            time: "2026-05-04T09:22:22.7Z".parse().unwrap(),
            topic: &format!("{DETAIL_PREFIX}c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b.{event_kind}"),
            body,
            correlation_id: "55ff6600-9999-4000-8111-222233334444",
        })
    }

    fn end_of_a_leg() -> Value {
        json!({
            "mediaType": "MESSAGE", "messageType": "OPEN", "disconnectType": "CLIENT",
            "addressTo": "end-user-1", "addressFrom": "integration-1",
        })
    }

    #[test]
    fn an_event_has_the_envelope_of_eventbridge() {
        let body = end_of_a_leg();
        let envelope = posted(EventTargetKind::EventBridge, "user.end", &body).unwrap();
        assert_eq!(envelope["detail-type"], "v2.detail.events.conversation.{id}.user.end");
        assert_eq!(envelope["time"], "2026-05-04T09:22:22Z");
        assert_eq!(envelope["detail"]["timestamp"], "2026-05-04T09:22:22.700Z");
        assert_eq!(envelope["detail"]["eventBody"], body);
    }

    #[test]
    fn a_trigger_tells_the_end_user_whichever_way_the_leg_points() {
        let body = end_of_a_leg();
        assert_eq!(
            posted(EventTargetKind::Trigger, "user.end", &body),
            Some(json!({
                "userId": "end-user-1",
                "topic": "v2.detail.events.conversation.id.user.end",
                "disconnectType": "CLIENT",
            }))
        );
        let customer = posted(EventTargetKind::Trigger, "customer.end", &body).unwrap();
        assert_eq!(customer["userId"], "integration-1");
        assert_eq!(posted(EventTargetKind::Trigger, "user.start", &body), None);
    }

    #[test]
    fn nobody_is_told_of_a_call() {
        let mut body = end_of_a_leg();
        body["mediaType"] = json!("VOICE");
        for kind in [EventTargetKind::EventBridge, EventTargetKind::Trigger] {
            assert_eq!(posted(kind, "user.end", &body), None);
        }
    }
}
