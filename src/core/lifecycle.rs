//! What Genesys tells of a conversation's life: who comes, who goes, how the queue ends.
//!
//! The same detail event (Genesys reference, 4.5) reaches us over three transports: a
//! notification channel, Amazon EventBridge and a process-automation trigger. All three are read
//! into the one type here.

use alloc::borrow::Cow;
use serde::{Deserialize, Serialize};

use crate::json::{Json, Object};

/// One step in a conversation's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleEvent<'a> {
    /// Which step.
    pub kind: LifecycleKind,
    /// The conversation; absent when the source does not say, as a trigger need not.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<Cow<'a, str>>,
    /// The leg that it is about: Genesys' `sessionId`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub communication_id: Option<Cow<'a, str>>,
    /// The agent: `userId`, or who answered when the queue ended.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Cow<'a, str>>,
    /// How the leg ended, in Genesys' upper-case words, such as `TRANSFER`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub disconnect_type: Option<Cow<'a, str>>,
    /// How the queue ended: `ANSWERED`, `ABANDON`, `FLOW_OUT`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub acd_outcome: Option<Cow<'a, str>>,
    /// When it happened, in milliseconds since 1970 by Genesys' clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
}

/// A number, also as text: a trigger's data action may put everything between quotation marks.
fn milliseconds(time: Json<'_>) -> Option<u64> {
    time.integer().or_else(|| time.text()?.parse().ok())
}

/// The steps that a handoff looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleKind {
    /// An agent's leg began: alerting, or connected.
    UserStart,
    /// An agent's leg ended, for whatever reason.
    UserEnd,
    /// The customer's leg began.
    CustomerStart,
    /// The customer's leg ended.
    CustomerEnd,
    /// The conversation entered a queue.
    AcdStart,
    /// The conversation left a queue.
    AcdEnd,
    /// A flow took the conversation.
    FlowStart,
    /// A flow let go of the conversation.
    FlowEnd,
}

impl LifecycleKind {
    /// Each step there is.
    pub const ALL: [Self; 8] = [
        Self::UserStart,
        Self::UserEnd,
        Self::CustomerStart,
        Self::CustomerEnd,
        Self::AcdStart,
        Self::AcdEnd,
        Self::FlowStart,
        Self::FlowEnd,
    ];

    /// How its topics end.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserStart => "user.start",
            Self::UserEnd => "user.end",
            Self::CustomerStart => "customer.start",
            Self::CustomerEnd => "customer.end",
            Self::AcdStart => "acd.start",
            Self::AcdEnd => "acd.end",
            Self::FlowStart => "flow.start",
            Self::FlowEnd => "flow.end",
        }
    }

    /// The step that the end of a topic names: `…conversation.{id}.user.end`.
    pub fn of_topic(topic: &str) -> Option<Self> {
        let names = |kind: &Self| {
            let before = topic.strip_suffix(kind.name());
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        Self::ALL.into_iter().find(names)
    }
}

impl<'a> LifecycleEvent<'a> {
    /// Reads the body of a detail event (Genesys reference, 4.5). A member that is missing or of
    /// another type is absent.
    pub fn read(kind: LifecycleKind, body: &Object<'a>) -> Self {
        let filled = |name| body.filled_text(name);
        Self {
            kind,
            conversation_id: filled("conversationId"),
            communication_id: filled("sessionId"),
            user_id: filled("userId").or_else(|| filled("answeredUserId")),
            disconnect_type: filled("disconnectType"),
            acd_outcome: filled("acdOutcome"),
            time_ms: body.get("eventTime").and_then(milliseconds),
        }
    }

    /// The same, free of the text that it was read from.
    pub fn into_owned(self) -> LifecycleEvent<'static> {
        let owned = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        LifecycleEvent {
            kind: self.kind,
            conversation_id: owned(self.conversation_id),
            communication_id: owned(self.communication_id),
            user_id: owned(self.user_id),
            disconnect_type: owned(self.disconnect_type),
            acd_outcome: owned(self.acd_outcome),
            time_ms: self.time_ms,
        }
    }
}
