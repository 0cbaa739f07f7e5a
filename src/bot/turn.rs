//! What the bot is told.

use std::{borrow::Cow, fmt};

use baton_core::tenant::TenantKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One thing that the bot is told, and answers. Serialised it is what goes over the wire; what
/// was serialised can be read back, so that a turn can wait in a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn<'a> {
    /// The same for each time that the turn is sent: by it the bot knows one that it answered
    /// already. Visible ASCII, since it is a header too.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// What happened: the member `type`, and what belongs to it.
    #[serde(borrow, flatten)]
    pub kind: TurnKind<'a>,
    /// Whose session it is.
    #[serde(borrow)]
    pub session: SessionFacts<'a>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TurnKind<'a> {
    /// A user is there and has not written yet.
    SessionStart,
    /// The user wrote.
    UserMessage {
        /// What.
        #[serde(borrow)]
        message: UserMessage<'a>,
    },
    /// A handover came to another state.
    HandoverUpdate {
        /// To which.
        #[serde(borrow)]
        handover: Handover<'a>,
    },
    /// The session is over. What the bot answers is heard by nobody.
    SessionEnd,
}

/// What the bot may know of a session.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionFacts<'a> {
    /// The session's id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Whose it is: the members `account_id`, `project_id` and `client_env`.
    #[serde(borrow, flatten)]
    pub tenant: TenantKey<'a>,
    /// What the application calls the session, if it has a name for it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Cow<'a, str>>,
    /// On what the user chats, such as `web`, `ios` or `android`, if the client said so.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Cow<'a, str>>,
    /// What the application or the client gave along with the session; empty if nothing.
    #[serde(default)]
    pub custom: Map<String, Value>,
}

/// A message of the user.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct UserMessage<'a> {
    /// The id that the message has in the session.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// What the user wrote.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

/// How a handover goes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover<'a> {
    /// The state to which it came.
    pub state: HandoverState,
    /// Why, in a word, where that is known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// What a flow or a bot of the contact centre wrote meanwhile.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    /// What is known about the queue.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub data: Option<HandoverData<'a>>,
}

/// The states of a handover (Messaging API, 16: those on which a Cognigy flow can branch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    /// The user waits for a person.
    Queued,
    /// A person has the chat.
    Active,
    /// The person is done; the bot may have the chat again.
    Completed,
    /// The user or the application called it off.
    Cancelled,
    /// It did not come about.
    Error,
    /// There is news, and the state is as before.
    Update,
    /// The bot asked for a handover while there was one.
    AlreadyInProgress,
}

/// What is known about the queue in which the user waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverData<'a> {
    /// The user's place in it; 1 is next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// How long it may still take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_wait_seconds: Option<u32>,
    /// Its name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub queue_name: Option<Cow<'a, str>>,
}

impl fmt::Debug for SessionFacts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionFacts")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UserMessage<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UserMessage").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Handover<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handover")
            .field("state", &self.state)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn session() -> SessionFacts<'static> {
        SessionFacts {
            id: "s-1".into(),
            tenant: TenantKey::new("acme", "support", "live"),
            external_id: None,
            platform: None,
            custom: Map::new(),
        }
    }

    fn full_session() -> SessionFacts<'static> {
        let custom = json!({ "customer": { "id": 7 }, "vip": true });
        SessionFacts {
            external_id: Some("case-\"7\"".into()),
            platform: Some("web".into()),
            custom: custom.as_object().unwrap().clone(),
            ..session()
        }
    }

    fn turns() -> Vec<(Turn<'static>, Value)> {
        let little = json!({
            "id": "s-1", "account_id": "acme", "project_id": "support", "client_env": "live",
            "custom": {},
        });
        let all = json!({
            "id": "s-1", "account_id": "acme", "project_id": "support", "client_env": "live",
            "external_id": "case-\"7\"", "platform": "web",
            "custom": { "customer": { "id": 7 }, "vip": true },
        });
        let turn = |kind, session| Turn { id: "t-1".into(), kind, session };
        let message = UserMessage { id: "m-1".into(), text: "Füße\n\"?\"".into() };
        let bare =
            Handover { state: HandoverState::Completed, reason: None, text: None, data: None };
        let queued = Handover {
            state: HandoverState::Queued,
            reason: Some("busy".into()),
            text: Some("You are third.".into()),
            data: Some(HandoverData {
                position: Some(3),
                estimated_wait_seconds: Some(180),
                queue_name: Some("General".into()),
            }),
        };
        vec![
            (
                turn(TurnKind::SessionStart, session()),
                json!({ "id": "t-1", "type": "session_start", "session": little }),
            ),
            (
                turn(TurnKind::UserMessage { message }, full_session()),
                json!({
                    "id": "t-1", "type": "user_message", "session": all,
                    "message": { "id": "m-1", "text": "Füße\n\"?\"" },
                }),
            ),
            (
                turn(TurnKind::HandoverUpdate { handover: bare }, session()),
                json!({
                    "id": "t-1", "type": "handover_update", "session": little,
                    "handover": { "state": "completed" },
                }),
            ),
            (
                turn(TurnKind::HandoverUpdate { handover: queued }, session()),
                json!({
                    "id": "t-1", "type": "handover_update", "session": little,
                    "handover": {
                        "state": "queued", "reason": "busy", "text": "You are third.",
                        "data": {
                            "position": 3, "estimated_wait_seconds": 180, "queue_name": "General",
                        },
                    },
                }),
            ),
            (
                turn(TurnKind::SessionEnd, session()),
                json!({ "id": "t-1", "type": "session_end", "session": little }),
            ),
        ]
    }

    #[test]
    fn each_turn_has_its_shape_on_the_wire() {
        for (turn, wire) in turns() {
            assert_eq!(serde_json::to_value(&turn).unwrap(), wire);
        }
    }

    #[test]
    fn a_turn_that_was_stored_is_read_back() {
        for (turn, _) in turns() {
            let stored = serde_json::to_string(&turn).unwrap();
            assert_eq!(serde_json::from_str::<Turn<'_>>(&stored).unwrap(), turn);
        }
    }

    #[test]
    fn each_state_has_its_word() {
        let words = [
            (HandoverState::Queued, "queued"),
            (HandoverState::Active, "active"),
            (HandoverState::Completed, "completed"),
            (HandoverState::Cancelled, "cancelled"),
            (HandoverState::Error, "error"),
            (HandoverState::Update, "update"),
            (HandoverState::AlreadyInProgress, "already_in_progress"),
        ];
        for (state, word) in words {
            assert_eq!(serde_json::to_value(state).unwrap(), word);
        }
    }

    #[test]
    fn what_users_wrote_and_gave_is_not_shown() {
        for (turn, _) in turns() {
            let shown = format!("{turn:?}");
            for text in ["Füße", "customer", "case-", "You are third", "busy"] {
                assert!(!shown.contains(text), "{shown}");
            }
        }
    }
}
