//! The notification topics that exist (Genesys reference 4.4).

use uuid::Uuid;

use super::seed::OrgSeed;

const CONVERSATION_EVENTS: [&str; 16] = [
    "user.start",
    "user.end",
    "customer.start",
    "customer.end",
    "acd.start",
    "acd.end",
    "acw",
    "wrapup",
    "flow.start",
    "flow.end",
    "flow.outcome",
    "attributes",
    "contact",
    "outbound",
    "voicemail.start",
    "voicemail.end",
];
const QUEUE_EVENTS: [&str; 2] = ["conversations", "conversations.messages"];
const USER_EVENTS: [&str; 7] = [
    "conversations",
    "conversations.messages",
    "conversations.inbound.typing.event",
    "presence",
    "routingStatus",
    "activity",
    "tokens",
];

/// Whether a topic exists. A conversation need not, but its id has to be a UUID; a queue or a
/// user has to be one of the org.
pub(crate) fn exists(seed: &OrgSeed, topic: &str) -> bool {
    let split = |prefix: &str| topic.strip_prefix(prefix).and_then(|rest| rest.split_once('.'));
    if let Some((id, event)) = split("v2.detail.events.conversation.") {
        Uuid::try_parse(id).is_ok() && CONVERSATION_EVENTS.contains(&event)
    } else if let Some((id, event)) = split("v2.routing.queues.") {
        seed.queues.iter().any(|queue| queue.id == id) && QUEUE_EVENTS.contains(&event)
    } else if let Some((id, event)) = split("v2.users.") {
        seed.users.iter().any(|user| user.id == id) && USER_EVENTS.contains(&event)
    } else {
        false
    }
}
