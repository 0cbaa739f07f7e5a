//! The bot of a tenant.

use crate::{answer::BotAnswer, builtin, error::BotError, http_bot::HttpBot, turn::Turn};

/// The bot of a tenant.
#[derive(Clone, Debug)]
pub enum Bot {
    /// An endpoint of the tenant.
    Http(HttpBot),
    /// The one that is built in, for trying things out: it greets, repeats what it is told, hands
    /// over on words such as "agent", "human" or "person", and ends on "bye".
    Builtin,
}

impl Bot {
    /// What the bot says to the turn.
    ///
    /// # Errors
    ///
    /// Those of [`HttpBot::answer`]; the built-in bot always has an answer.
    pub async fn answer(&self, turn: &Turn<'_>) -> Result<BotAnswer, BotError> {
        match self {
            Self::Http(bot) => bot.answer(turn).await,
            Self::Builtin => Ok(builtin::answer(turn)),
        }
    }
}
