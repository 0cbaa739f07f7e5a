//! Why the bot gave no answer, and what is to be done.

use std::{fmt, time::Duration};

use baton_outbound::OutboundError;

/// Why the bot gave no answer. No message repeats a credential, more of the URL than its host,
/// or anything of what was asked and answered but names of members.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BotError {
    /// It was asked again until there was no more time, and each time something was in the way
    /// that may pass.
    #[error(
        "the bot at {host} gave no answer, asked {tries} times within {within:?}: the last time \
         {last}; check that it runs and that nothing stands in between"
    )]
    Unavailable {
        /// Where.
        host: String,
        /// How often it was asked.
        tries: u32,
        /// The time that there was for all of it.
        within: Duration,
        /// What was in the way the last time.
        last: Trouble,
    },
    /// Its address leads where it must not, or its answer is too long.
    #[error("the bot gave no answer: {0}")]
    Outbound(OutboundError),
    /// It would not.
    #[error(
        "the bot at {host} answered with status {status}; check its URL and its credential, and \
         what it says about that itself"
    )]
    Refused {
        /// Where.
        host: String,
        /// The status.
        status: u16,
    },
    /// It wanted to be asked elsewhere.
    #[error(
        "the bot at {host} answered with the redirect {status}, and redirects are not followed; \
         give the URL to which it leads"
    )]
    Redirected {
        /// Where.
        host: String,
        /// The status.
        status: u16,
    },
    /// It answered something that is no answer.
    #[error("the bot at {host} answered with something that cannot be used: {problem}")]
    Answer {
        /// Where.
        host: String,
        /// What is wrong with it.
        problem: AnswerProblem,
    },
    /// The turn cannot be sent at all.
    #[error("the turn cannot be sent to the bot: {reason}")]
    Unsendable {
        /// What is wrong with it.
        reason: String,
    },
}

/// What was in the way, and may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// The network, or the time.
    Network(OutboundError),
    /// The bot said that it cannot now: 429 or 5xx.
    Status(u16),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(error) => error.fmt(formatter),
            Self::Status(status) => write!(formatter, "it answered with status {status}"),
        }
    }
}

/// What is wrong with an answer. Names of members are shown, values are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerProblem {
    /// It is not JSON.
    #[error("it is not JSON at line {line}, column {column}")]
    NotJson {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// It is JSON, and no object.
    #[error("it is no JSON object; answer with one, or with status 204 for nothing")]
    NotAnObject,
    /// A member is of another type than it has to be.
    #[error("its member {member} is not {wanted}")]
    WrongType {
        /// Where: `attachments[2].title`.
        member: String,
        /// What it has to be: "a text".
        wanted: &'static str,
    },
    /// It asks for a handoff, and does not say to whom.
    #[error(
        "its member handoff names nobody; put a member such as text_chat.genesys_integration or \
         destination into it, or leave it out"
    )]
    NoTarget,
}
