//! What the bot answers.

use std::fmt;

use baton_core::event::{Attachment, ResponseSuggestion};
use serde_json::{Map, Value};

/// What the bot wants to happen; by default nothing. Its links are those of the web, its texts
/// are not blank, and each of its lists is of a length that a client can show.
#[derive(Clone, Default, PartialEq)]
pub struct BotAnswer {
    /// What to tell the user.
    pub utterance: Option<String>,
    /// Links to show with it.
    pub attachments: Vec<Attachment<'static>>,
    /// Answers that the user can give with one tap.
    pub suggestions: Vec<ResponseSuggestion<'static>>,
    /// Whether the bot is done. Beside a handoff it only says that the bot's own part is over.
    pub end_conversation: bool,
    /// The wish for a handoff; the utterance goes before it.
    pub handoff: Option<HandoffWish>,
}

/// To whom the bot wants to hand the chat over.
#[derive(Clone, PartialEq)]
pub enum HandoffWish {
    /// To a contact-centre system: the shape that all of PolyAI's chat integrations share
    /// (Messaging API, 13).
    Integration {
        /// Which: `genesys` for the key `genesys_integration`. ASCII letters, digits, `_` and
        /// `-`, at most 64 of them.
        name: String,
        /// Where in it: what stands under the key.
        hints: Map<String, Value>,
    },
    /// To a destination that the tenant has configured.
    Destination {
        /// Its name.
        destination: String,
        /// Why, in a word.
        reason: Option<String>,
        /// What whoever takes over should know.
        data: Map<String, Value>,
    },
}

impl BotAnswer {
    /// Whether there is nothing in it that a user could see.
    pub fn says_nothing(&self) -> bool {
        self.utterance.is_none() && self.attachments.is_empty() && self.suggestions.is_empty()
    }
}

impl fmt::Debug for BotAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BotAnswer")
            .field("utterance_bytes", &self.utterance.as_ref().map(String::len))
            .field("attachments", &self.attachments.len())
            .field("suggestions", &self.suggestions.len())
            .field("end_conversation", &self.end_conversation)
            .field("handoff", &self.handoff)
            .finish()
    }
}

impl fmt::Debug for HandoffWish {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integration { name, .. } => {
                formatter.debug_struct("Integration").field("name", name).finish_non_exhaustive()
            }
            Self::Destination { .. } => {
                formatter.debug_struct("Destination").finish_non_exhaustive()
            }
        }
    }
}
