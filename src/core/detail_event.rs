//! A detail event as it is posted to us: by Amazon EventBridge, or by a process-automation
//! trigger (Genesys reference, 7 and 8).
//!
//! EventBridge posts an envelope: `{"detail-type", "detail": {"topicName", "eventBody"}}`. A
//! trigger's workflow posts what its data action was made to: the event's own members beside
//! `topic`, or only `{"userId", "topic", "disconnectType"}`. The shapes tell themselves apart, so
//! there is one way to read all of them, and reading never fails: a member that is missing or has
//! another type is absent.

use alloc::borrow::Cow;

use crate::{
    json::Object,
    lifecycle::{LifecycleEvent, LifecycleKind},
};

/// One posted event.
pub struct DetailEvent<'a> {
    /// Its topic as given, such as `v2.detail.events.conversation.{id}.user.end`.
    pub topic: Option<Cow<'a, str>>,
    /// What is told, and of whom.
    pub news: News<'a>,
}

/// What a detail event tells us.
pub enum News<'a> {
    /// It is of a conversation of Open Messaging, or does not say of which medium.
    Open(OpenConversation<'a>),
    /// It is of another medium, which has this word: `VOICE`, `WEBMESSAGING`. Whom such an event
    /// names is none of our business.
    OtherMedium(Cow<'a, str>),
}

/// An event of a conversation of Open Messaging.
#[derive(Default)]
pub struct OpenConversation<'a> {
    /// The end user.
    pub end_user_id: Option<Cow<'a, str>>,
    /// The integration.
    pub integration_id: Option<Cow<'a, str>>,
    /// The conversation.
    pub conversation_id: Option<Cow<'a, str>>,
    /// The step in the conversation's life; absent when the topic is none that a handoff looks at.
    pub step: Option<LifecycleEvent<'a>>,
}

impl<'a> DetailEvent<'a> {
    /// Reads an event from the members of what was posted.
    pub fn read(posted: &Object<'a>) -> Self {
        let inner = posted.object("detail");
        let detail = inner.as_ref().unwrap_or(posted);
        let inner = detail.object("eventBody");
        let body = inner.as_ref().unwrap_or(detail);
        let topic = detail
            .filled_text("topicName")
            .or_else(|| posted.filled_text("detail-type"))
            .or_else(|| posted.filled_text("topic"));
        let news = match other_medium(body) {
            Some(medium) => News::OtherMedium(medium),
            None => News::Open(OpenConversation::read(topic.as_deref(), body)),
        };
        Self { topic, news }
    }
}

impl<'a> OpenConversation<'a> {
    fn read(topic: Option<&str>, body: &Object<'a>) -> Self {
        let kind = topic.and_then(LifecycleKind::of_topic);
        let mut step = kind.map(|kind| LifecycleEvent::read(kind, body));
        let [from, to, conversation_id] =
            ["addressFrom", "addressTo", "conversationId"].map(|name| body.filled_text(name));
        let (end_user_id, integration_id) = match kind {
            // No event names none of the three. Here `userId` is the end user, and not an agent.
            _ if from.is_none() && to.is_none() && conversation_id.is_none() => {
                if let Some(step) = &mut step {
                    step.user_id = None;
                }
                (body.filled_text("userId"), None)
            }
            // The customer's own leg begins at the customer, and every other one ends there
            // (Genesys reference, 4.5).
            Some(LifecycleKind::CustomerStart | LifecycleKind::CustomerEnd) => (from, to),
            _ => (to, from),
        };
        Self { end_user_id, integration_id, conversation_id, step }
    }
}

/// The word for the event's medium, if it has one and is not of Open Messaging.
fn other_medium<'a>(body: &Object<'a>) -> Option<Cow<'a, str>> {
    let other = |name, ours: &str| {
        body.filled_text(name).filter(|word: &Cow<'a, str>| !word.eq_ignore_ascii_case(ours))
    };
    other("mediaType", "MESSAGE").or_else(|| other("messageType", "OPEN"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn open(text: &str) -> OpenConversation<'_> {
        let posted = Json::parse(text.as_bytes()).unwrap().object().unwrap();
        match DetailEvent::read(&posted).news {
            News::Open(conversation) => conversation,
            News::OtherMedium(medium) => panic!("{medium}"),
        }
    }

    #[test]
    fn the_user_of_an_event_is_the_agent_and_the_user_of_the_short_contract_is_the_end_user() {
        let short = open(r#"{"userId":"u","topic":"v2.detail.events.conversation.id.user.end"}"#);
        assert_eq!(short.end_user_id.as_deref(), Some("u"));
        assert_eq!(short.step.unwrap().user_id, None);
        for (member, end_user_id) in
            [("addressTo", Some("x")), ("addressFrom", None), ("conversationId", None)]
        {
            let text = alloc::format!(r#"{{"userId":"agent","topic":"user.end","{member}":"x"}}"#);
            let event = open(&text);
            assert_eq!(event.end_user_id.as_deref(), end_user_id, "{member}");
            assert_eq!(event.step.unwrap().user_id.as_deref(), Some("agent"), "{member}");
        }
    }

    #[test]
    fn the_ends_of_the_customers_leg_are_the_other_way_round() {
        for (topic, expected) in [
            ("customer.start", ["a", "b"]),
            ("customer.end", ["a", "b"]),
            ("user.end", ["b", "a"]),
            ("acd.end", ["b", "a"]),
            ("flow.start", ["b", "a"]),
            ("acw", ["b", "a"]),
        ] {
            let text = alloc::format!(r#"{{"topic":"{topic}","addressFrom":"a","addressTo":"b"}}"#);
            let event = open(&text);
            let ends = [event.end_user_id, event.integration_id].map(Option::unwrap);
            assert_eq!(ends, expected, "{topic}");
        }
    }

    #[test]
    fn the_real_topic_counts_before_the_one_of_the_envelope() {
        for (text, kind) in [
            (r#"{"detail-type":"x.acd.end","detail":{"topicName":"x.user.end"}}"#, "user.end"),
            (r#"{"detail-type":"x.acd.end","detail":{"topicName":7}}"#, "acd.end"),
            (r#"{"detail-type":"x.acd.end","detail":{"topicName":""}}"#, "acd.end"),
            (r#"{"detail-type":"x.acd.end"}"#, "acd.end"),
            (r#"{"topicName":"x.flow.end","eventBody":{}}"#, "flow.end"),
        ] {
            assert_eq!(open(text).step.unwrap().kind, LifecycleKind::of_topic(kind).unwrap());
        }
    }
}
