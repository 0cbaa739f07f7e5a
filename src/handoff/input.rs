//! What a handoff hears of.

use std::time::Duration;

use baton_core::lifecycle::LifecycleEvent;

use crate::{AgentDetails, Delivered, Snapshot, Ticket};

/// Something that happened, in the order of its arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message of the user was taken by Genesys. The first makes the conversation known.
    Accepted {
        /// The conversation that the message is in.
        conversation_id: String,
    },
    /// The first message can never be taken: no conversation comes.
    Refused,
    /// The conversation's topics are subscribed, or are again after a gap: what happened before
    /// may have gone unheard.
    Reconcile,
    /// A step in the conversation's life, from any of the three sources.
    Event(LifecycleEvent<'static>),
    /// What came of reading the conversation.
    Read {
        /// The ticket that the read was wanted with.
        ticket: Ticket,
        /// What came of it.
        outcome: ReadOutcome,
    },
    /// A delivery of Genesys', whose messages are the next to be logged.
    Delivered(Delivered),
    /// The look-up of an agent is over.
    Named {
        /// Who was looked up.
        user_id: String,
        /// What was found; `None` if nothing is to be had.
        details: Option<AgentDetails>,
    },
    /// Genesys was asked for [`Wants::estimate`](crate::Wants::estimate).
    Estimated {
        /// The queue that was asked about.
        queue_id: String,
        /// How long the wait may take; `None` if Genesys does not say, or did not answer.
        wait: Option<Duration>,
    },
    /// The answer to [`Wants::check`](crate::Wants::check): which of these messages never arrived.
    /// It comes only when all that did arrive are logged.
    Missing(Vec<String>),
    /// One of [`Wants::fetch`](crate::Wants::fetch) was put into the inbox, or is not to be had.
    Fetched {
        /// The message.
        message_id: String,
        /// Whether it is in the inbox.
        arrived: bool,
    },
    /// The user has left the chat.
    Left(Leaving),
    /// What came of a transfer out of the bot's queue.
    Transferred(TransferOutcome),
    /// What came of disconnecting the customer.
    Disconnected(DisconnectOutcome),
    /// [`Wants::wake_at`](crate::Wants::wake_at) has come.
    Tick,
}

/// What came of reading a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The conversation as it is.
    Snapshot(Snapshot),
    /// Genesys does not know the conversation.
    NotFound,
    /// The read failed; another may not.
    Failed,
}

/// How a user leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// The user ended the session.
    EndedByUser,
    /// The user is gone without a word.
    Abandoned,
}

/// What came of asking Genesys for a transfer. Where the conversation is then, only a read shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferOutcome {
    /// Genesys has taken the request.
    Done,
    /// It failed, or its answer was lost; another try may do better.
    Failed,
    /// It fails until an operator mends something.
    Stuck,
    /// It can never succeed with this participant.
    Refused,
}

/// What came of disconnecting the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectOutcome {
    /// Genesys has taken the request.
    Done,
    /// There is nothing to disconnect: unknown to Genesys, or disconnected already.
    Gone,
    /// It failed; another try may not.
    Failed,
    /// It can never succeed.
    Refused,
}
