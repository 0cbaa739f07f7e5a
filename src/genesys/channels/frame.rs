//! What a frame of a notification channel says (Genesys reference, 4.3).

use std::{borrow::Cow, fmt};

use baton_core::{
    json::{Document, Object},
    lifecycle::{LifecycleEvent, LifecycleKind},
};

/// What the topics of a conversation's detail events begin with.
const DETAIL_EVENTS: &str = "v2.detail.events.conversation.";

/// What the topics of Genesys' own messages begin with.
const SYSTEM: &str = "v2.system.";

/// What a frame says, as far as we look at it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The channel lives: a heartbeat, a pong, or something that we do not know.
    Life,
    /// A step in the life of a conversation.
    Event {
        /// The conversation, as the topic names it.
        conversation_id: String,
        /// The step.
        event: LifecycleEvent<'static>,
    },
    /// The socket closes in about a minute; the channel stays.
    SocketClosing,
    /// The channel is no more, or not ours.
    Loss(Loss),
}

/// How a channel was lost, in Genesys' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// A command was answered with 401, 403, 404 or 410: expired, evicted, or its token is.
    Gone,
    /// The token behind it was revoked.
    TokenRevoked,
    /// Its topics were taken off: it was evicted or replaced.
    NoLongerSubscribed,
    /// Somebody else opened a socket to the same channel.
    Duplicate,
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gone => "it expired or was evicted",
            Self::TokenRevoked => "its token was revoked",
            Self::NoLongerSubscribed => "its topics were taken off it",
            Self::Duplicate => "another socket took it",
        })
    }
}

/// Reads a frame that came over the channel with this id. What is not understood is a sign of
/// life and nothing else.
pub(crate) fn read(text: &str, channel_id: &str) -> Frame {
    match Document::parse(text.as_bytes()) {
        Ok(Document::Object(frame)) => meaning(&frame, channel_id).unwrap_or(Frame::Life),
        _ => Frame::Life,
    }
}

/// The conversation that a topic is about.
pub(crate) fn conversation_of(topic: &str) -> Option<&str> {
    let (conversation_id, step) = topic.strip_prefix(DETAIL_EVENTS)?.split_once('.')?;
    step.contains('.').then_some(conversation_id)
}

fn meaning(frame: &Object<'_>, channel_id: &str) -> Option<Frame> {
    let Some(topic) = frame.text("topicName") else {
        return reply(frame);
    };
    let body = frame.object("eventBody").unwrap_or_default();
    if let Some(conversation_id) = conversation_of(&topic) {
        let kind = LifecycleKind::of_topic(&topic)?;
        let mut event = LifecycleEvent::read(kind, &body).into_owned();
        event.conversation_id = Some(Cow::Owned(conversation_id.to_owned()));
        return Some(Frame::Event { conversation_id: conversation_id.to_owned(), event });
    }
    // One that names another channel is not about the one that it came over.
    if body.text("channelId").is_some_and(|about| about != channel_id) {
        return None;
    }
    let declared = body.text("systemTopicType");
    system(declared.as_deref().or_else(|| topic.strip_prefix(SYSTEM))?)
}

/// The answer to a command of ours, which has no topic.
fn reply(frame: &Object<'_>) -> Option<Frame> {
    let result = frame.get("result")?;
    let text = result.text().or_else(|| result.number().map(Cow::Borrowed))?;
    matches!(&*text, "401" | "403" | "404" | "410").then_some(Frame::Loss(Loss::Gone))
}

/// The exact names are known in part only, so a word in them decides.
fn system(kind: &str) -> Option<Frame> {
    let words = [
        ("socket_closing", Frame::SocketClosing),
        ("token_revoked", Frame::Loss(Loss::TokenRevoked)),
        ("no_longer_subscribed", Frame::Loss(Loss::NoLongerSubscribed)),
        ("duplicate", Frame::Loss(Loss::Duplicate)),
    ];
    words.into_iter().find(|(word, _)| kind.contains(word)).map(|(_, frame)| frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = "streaming-0-q1w2e3r4t5y6u7i8o9p0a1s2d3";
    const CONVERSATION: &str = "c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b";

    fn system(topic: &str, body: &str) -> Frame {
        read(&format!(r#"{{"topicName":"{topic}","eventBody":{body}}}"#), CHANNEL)
    }

    #[test]
    fn an_event_is_that_of_its_topic() {
        let text = format!(
            r#"{{"topicName":"{DETAIL_EVENTS}{CONVERSATION}.acd.end","version":"2","eventBody":
            {{"eventTime":1777886142000,"conversationId":"{CONVERSATION}","sessionId":"leg",
            "acdOutcome":"ANSWERED","answeredUserId":"agent"}}}}"#
        );
        let Frame::Event { conversation_id, event } = read(&text, CHANNEL) else {
            panic!("no event");
        };
        assert_eq!(conversation_id, CONVERSATION);
        assert_eq!(event.kind, LifecycleKind::AcdEnd);
        assert_eq!(event.conversation_id.as_deref(), Some(CONVERSATION));
        assert_eq!(event.user_id.as_deref(), Some("agent"));
        assert_eq!(event.acd_outcome.as_deref(), Some("ANSWERED"));
        assert_eq!(event.time_ms, Some(1_777_886_142_000));
    }

    #[test]
    fn an_event_without_a_body_still_names_its_conversation_and_kind() {
        let text = format!(r#"{{"topicName":"{DETAIL_EVENTS}{CONVERSATION}.user.end"}}"#);
        let Frame::Event { conversation_id, event } = read(&text, CHANNEL) else {
            panic!("no event");
        };
        assert_eq!(conversation_id, CONVERSATION);
        assert_eq!(event.kind, LifecycleKind::UserEnd);
        assert_eq!(event.user_id, None);
    }

    #[test]
    fn heartbeats_pongs_and_what_is_unknown_are_signs_of_life() {
        for text in [
            r#"{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}"#,
            r#"{"topicName":"channel.metadata","eventBody":{"message":"pong"}}"#,
            r#"{"topicName":"v2.users.1.presence","eventBody":{}}"#,
            r#"{"topicName":"v2.detail.events.conversation.user.end"}"#,
            r#"{"topicName":"v2.detail.events.conversation.1.acw","eventBody":{}}"#,
            r#"{"topicName":7,"eventBody":"text"}"#,
            r#"{"result":"200","status":"subscribed","correlationId":"k3J9x0PqLm2Zs8Rt"}"#,
            r#"{"result":"400","status":"failure","message":"Topic limit exceeded"}"#,
            r#"{"result":{}}"#,
            "[]",
            "",
            "not JSON",
        ] {
            assert_eq!(read(text, CHANNEL), Frame::Life, "{text}");
        }
    }

    #[test]
    fn a_reply_that_knows_no_such_channel_is_its_loss() {
        for text in [
            r#"{"result":"404","message":"channel not found"}"#,
            r#"{"result":404}"#,
            r#"{"result":"401"}"#,
        ] {
            assert_eq!(read(text, CHANNEL), Frame::Loss(Loss::Gone), "{text}");
        }
    }

    #[test]
    fn system_messages_are_told_apart() {
        assert_eq!(
            system("v2.system.socket_closing", r#"{"message":"maintenance"}"#),
            Frame::SocketClosing
        );
        let body = format!(r#"{{"channelId":"{CHANNEL}","systemTopicType":"token_revoked"}}"#);
        assert_eq!(system("v2.system.token_revoked", &body), Frame::Loss(Loss::TokenRevoked));
        let topic = format!("v2.system.no_longer_subscribed.{CHANNEL}");
        assert_eq!(system(&topic, "{}"), Frame::Loss(Loss::NoLongerSubscribed));
        assert_eq!(system("v2.system.duplicate_id", "null"), Frame::Loss(Loss::Duplicate));
        assert_eq!(system("v2.system.subscription_changed", "{}"), Frame::Life);
    }

    #[test]
    fn a_system_message_about_another_channel_is_not_ours() {
        let body = r#"{"channelId":"streaming-0-other","systemTopicType":"no_longer_subscribed"}"#;
        assert_eq!(system("v2.system.no_longer_subscribed", body), Frame::Life);
    }
}
