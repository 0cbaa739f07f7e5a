//! Why nobody took a chat over.

use baton_handoff::End;

/// Why a handoff failed, for an app that shows it in its user's language and a bot that decides
/// what to do next. What an operator has to know of it is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The contact centre ended the wait, and no agent had come.
    NoAgents,
    /// The user waited as long as is configured.
    Timeout,
    /// The contact centre did not take the chat.
    Rejected,
    /// It took the chat, and did not let it come to its agents.
    NotTransferred,
}

impl Failure {
    /// What an end fails for; nothing if an agent was there, or if it is the user's.
    pub(crate) fn of(end: End, agent_was_there: bool) -> Option<Self> {
        match end {
            End::ByUser | End::Abandoned => None,
            End::ByGenesys => (!agent_was_there).then_some(Self::NoAgents),
            End::TimedOut => Some(Self::Timeout),
            End::Refused => Some(Self::Rejected),
            End::NotTransferred => (!agent_was_there).then_some(Self::NotTransferred),
        }
    }

    /// The word for it on the wire (Messaging API, 10, has the first).
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NoAgents => "no_agents",
            Self::Timeout => "timeout",
            Self::Rejected => "rejected",
            Self::NotTransferred => "not_transferred",
        }
    }
}
