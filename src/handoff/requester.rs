//! Who asks for a handoff.

use serde::{Deserialize, Serialize};

/// Who asked for a handoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requester {
    /// The bot.
    Bot,
    /// Nobody: the bot did not answer, and a human takes over for it.
    SilentBot,
    /// The user, by writing in a chat that begins with a human.
    User,
    /// The application that has the chat.
    Application,
    /// An operator, or another program inside.
    Operator,
}
