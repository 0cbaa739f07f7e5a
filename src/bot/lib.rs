//! The bot connector: a turn out, an answer back.
//!
//! A [`Turn`] is one thing that the bot is told: that a session began, what the user wrote, how
//! a handover goes. The [`Bot`] answers it, with something for the user and perhaps with the
//! wish for a handoff. Behind an [`HttpBot`] is an endpoint of the tenant; the built-in bot
//! is for trying things out.
//!
//! ```text
//! POST <the tenant's URL>        authorization: Bearer <credential>
//!                                idempotency-key: <the turn's id>
//! Turn ──▶ {"id", "type", "session", "message"?, "handover"?}
//!
//! 204, or nothing                                      nothing to say
//! 2xx {"utterance", "attachments", "response_suggestions", "end_conversation", "handoff"}
//! ```
//!
//! Nothing here remembers anything from one turn to the next.

mod answer;
mod bot;
mod builtin;
mod credential;
mod error;
mod http_bot;
mod members;
mod pace;
mod reading;
mod tries;
mod turn;
mod wish;

#[cfg(test)]
mod reading_tests;

pub use answer::{BotAnswer, HandoffWish};
pub use baton_core::event::{Attachment, AttachmentContentType, ResponseSuggestion};
pub use baton_outbound::{
    GuardedClient, OutboundError, OutboundUrl as BotUrl, Reach, TlsError, UrlProblem,
};
pub use bot::Bot;
pub use credential::{Credential, CredentialProblem};
pub use error::{AnswerProblem, BotError, Trouble};
pub use http_bot::HttpBot;
pub use pace::Pace;
pub use turn::{Handover, HandoverData, HandoverState, SessionFacts, Turn, TurnKind, UserMessage};
