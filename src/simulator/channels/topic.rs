//! Topics of the notification service (Genesys reference 4.2 and 4.4).

use serde_json::{Value, json};

/// A topic id is shorter than this many characters (Genesys reference 4.2).
const LONGEST_ID: usize = 199;
/// What the detail topics need (Genesys reference 4.4, inferred there).
const DETAIL_PERMISSION: &str = "analytics:conversationDetail:view";
/// How the names of the detail topics begin.
pub(crate) const DETAIL_PREFIX: &str = "v2.detail.events.conversation.";

/// What a subscription asks for: one topic, or several that differ in the last segment only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// As it was asked for, such as `v2.….user?start&end`.
    pub(crate) id: String,
    /// The single topics, such as `v2.….user.start` and `v2.….user.end`.
    pub(crate) topics: Vec<String>,
}

impl Subscription {
    /// Reads an id, combined or not. `None` if it is too long or a part of it is empty.
    pub(crate) fn parse(id: &str) -> Option<Self> {
        if id.is_empty() || id.chars().count() > LONGEST_ID {
            return None;
        }
        let topics = match id.split_once('?') {
            None => vec![id.to_owned()],
            Some((prefix, parts)) => {
                parts.split('&').map(|part| format!("{prefix}.{part}")).collect()
            }
        };
        let whole = topics.iter().all(|topic| topic.split('.').all(|segment| !segment.is_empty()));
        whole.then(|| Self { id: id.to_owned(), topics })
    }
}

/// The permission that a single topic needs, if it needs one.
pub(crate) fn needed_permission(topic: &str) -> Option<&'static str> {
    topic.starts_with(DETAIL_PREFIX).then_some(DETAIL_PERMISSION)
}

/// The topics that there are, as `GET /notifications/availabletopics` lists them.
pub(crate) fn available() -> Vec<Value> {
    let detail = [
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
        "attributes",
    ]
    .map(|kind| format!("{DETAIL_PREFIX}{{id}}.{kind}"));
    let conversations = [
        "v2.routing.queues.{id}.conversations.messages",
        "v2.routing.queues.{id}.conversations",
        "v2.users.{id}.conversations.messages",
        "v2.users.{id}.conversations",
        "v2.users.{id}.conversations.inbound.typing.event",
    ]
    .map(str::to_owned);
    detail
        .into_iter()
        .chain(conversations)
        .map(|id| {
            let permissions: Vec<&str> = needed_permission(&id).into_iter().collect();
            let transports: &[&str] = if permissions.is_empty() {
                &["Websocket"]
            } else {
                &["Websocket", "EventBridge", "ProcessAutomation"]
            };
            json!({ "id": id, "requiresPermissions": permissions, "transports": transports })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combined_topic_stands_for_its_parts() {
        let subscription = Subscription::parse("v2.detail.events.conversation.c1.user?start&end");
        assert_eq!(
            subscription.unwrap().topics,
            [
                "v2.detail.events.conversation.c1.user.start",
                "v2.detail.events.conversation.c1.user.end",
            ]
        );
    }

    #[test]
    fn a_topic_that_is_too_long_or_has_an_empty_part_is_none() {
        for id in ["", "v2..users", "v2.users.u1?", "v2.users.u1?a&&b", &"v".repeat(200)] {
            assert_eq!(Subscription::parse(id), None, "{id}");
        }
    }
}
