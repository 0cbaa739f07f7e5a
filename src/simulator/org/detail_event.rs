//! The detail events of a conversation (Genesys reference 4.5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::conversation::Parties;
use super::emission::Emission;
use super::leg::{DisconnectType, Leg, Role};

/// The only division of the org.
pub(crate) const DIVISION_ID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
/// What Genesys calls the provider of Open Messaging.
pub(crate) const PROVIDER: &str = "PureCloud Messaging";
const FLOW_VERSION: &str = "3.0";
const WRAP_UP_CODE: &str = "99001122-ccdd-4eef-8001-223344556677";

/// How a queue was left (`acdOutcome`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueueOutcome {
    /// The customer left, or somebody ended the conversation.
    Abandon,
    /// This agent accepted.
    Answered { user_id: String },
    /// The conversation went elsewhere.
    FlowOut,
}

/// `customer.start`, `flow.start`, `acd.start` or `user.start`.
pub(crate) fn started(parties: &Parties, leg: &Leg, now: Timestamp) -> Emission {
    let rest = match &leg.role {
        Role::Customer => json!({ "divisionId": DIVISION_ID }),
        Role::Flow { flow_id } => json!({
            "flowType": "INBOUNDSHORTMESSAGE", "flowId": flow_id, "divisionId": DIVISION_ID,
            "flowVersion": FLOW_VERSION,
        }),
        Role::Queue { queue_id } => json!({
            "queueId": queue_id, "divisionId": DIVISION_ID, "routingPriority": 0,
            "skillExpressionApplied": false,
        }),
        Role::Agent { user_id, queue_id, .. } => {
            json!({ "userId": user_id, "divisionId": DIVISION_ID, "queueId": queue_id })
        }
    };
    event(parties, leg, now, &format!("{}.start", word(leg)), None, rest)
}

/// `customer.end`, `flow.end`, `acd.end` or `user.end`. Only a queue has an outcome.
pub(crate) fn ended(
    parties: &Parties,
    leg: &Leg,
    now: Timestamp,
    why: DisconnectType,
    outcome: &QueueOutcome,
) -> Emission {
    let connected = leg.connected_at.map(|since| milliseconds(since, now));
    let rest = match &leg.role {
        Role::Customer => {
            json!({ "divisionId": DIVISION_ID, "interactingDurationMs": connected })
        }
        Role::Flow { flow_id } => {
            let transferred = why == DisconnectType::Transfer;
            json!({
                "flowType": "INBOUNDSHORTMESSAGE", "flowId": flow_id, "divisionId": DIVISION_ID,
                "flowVersion": FLOW_VERSION, "connectedDurationMs": connected,
                "exitReason": if transferred { "TRANSFER" } else { "DISCONNECT" },
                "transferType": transferred.then_some("ACD"),
            })
        }
        Role::Queue { queue_id } => queue_ended(queue_id, connected, outcome),
        Role::Agent { user_id, queue_id, .. } => json!({
            "userId": user_id, "divisionId": DIVISION_ID, "queueId": queue_id,
            "interactingDurationMs": connected, "heldDurationMs": connected.map(|_| 0),
            "alertingDurationMs": milliseconds(leg.started_at, leg.connected_at.unwrap_or(now)),
        }),
    };
    event(parties, leg, now, &format!("{}.end", word(leg)), Some(why), rest)
}

/// `acw`: the agent has finished the wrap-up of a leg that ended at `ended_at`.
pub(crate) fn wrapped_up(
    parties: &Parties,
    leg: &Leg,
    now: Timestamp,
    ended_at: Timestamp,
) -> Emission {
    let rest = json!({
        "userId": leg.user_id(), "queueId": leg.queue_id(), "wrapupCode": WRAP_UP_CODE,
        "wrapupDurationMs": milliseconds(ended_at, now),
    });
    event(parties, leg, now, "acw", None, rest)
}

/// `attributes`: the participant's data as they stand now.
pub(crate) fn attributes(
    parties: &Parties,
    leg: &Leg,
    now: Timestamp,
    attributes: &Value,
) -> Emission {
    let body = json!({
        "eventTime": now.as_millisecond(),
        "conversationId": parties.conversation_id,
        "participantId": leg.participant_id,
        "attributes": attributes,
        "communications": [{ "id": leg.communication_id, "mediaType": "MESSAGE" }],
        "participantStartTime": leg.started_at.as_millisecond(),
    });
    Emission::Event { topic: topic(parties, "attributes"), body }
}

fn queue_ended(queue_id: &str, connected: Option<i64>, outcome: &QueueOutcome) -> Value {
    let (name, user_id) = match outcome {
        QueueOutcome::Abandon => ("ABANDON", None),
        QueueOutcome::Answered { user_id } => ("ANSWERED", Some(user_id)),
        QueueOutcome::FlowOut => ("FLOW_OUT", None),
    };
    json!({
        "queueId": queue_id, "divisionId": DIVISION_ID, "acdOutcome": name,
        "answeredUserId": user_id, "requestedRoutings": ["STANDARD"],
        "usedRouting": user_id.map(|_| "STANDARD"), "routingPriority": 0,
        "connectedDurationMs": connected,
    })
}

fn event(
    parties: &Parties,
    leg: &Leg,
    now: Timestamp,
    kind: &str,
    why: Option<DisconnectType>,
    rest: Value,
) -> Emission {
    let (customer, integration) = (&parties.end_user.id, &parties.integration_id);
    let (to, from) =
        if leg.is_customer() { (integration, customer) } else { (customer, integration) };
    let common = json!({
        "eventTime": now.as_millisecond(),
        "conversationId": parties.conversation_id,
        "participantId": leg.participant_id,
        "sessionId": leg.communication_id,
        "disconnectType": why,
        "mediaType": "MESSAGE",
        "provider": PROVIDER,
        "direction": "INBOUND",
        "addressTo": to,
        "addressFrom": from,
        "messageType": "OPEN",
    });
    let body: Map<String, Value> = [common, rest]
        .into_iter()
        .filter_map(|part| match part {
            Value::Object(fields) => Some(fields),
            _ => None,
        })
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .collect();
    Emission::Event { topic: topic(parties, kind), body: Value::Object(body) }
}

fn topic(parties: &Parties, kind: &str) -> String {
    format!("v2.detail.events.conversation.{}.{kind}", parties.conversation_id)
}

/// The word for a leg in the names of the topics.
fn word(leg: &Leg) -> &'static str {
    match leg.role {
        Role::Customer => "customer",
        Role::Flow { .. } => "flow",
        Role::Queue { .. } => "acd",
        Role::Agent { .. } => "user",
    }
}

fn milliseconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond() - from.as_millisecond()
}
