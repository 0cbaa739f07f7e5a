//! What the client is told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A turn in the handoff that belongs in the client's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Genesys has taken the conversation: the user waits for an agent.
    Accepted,
    /// How long the wait in the queue may take. This is said again only when it has changed.
    Queue(QueueStatus),
    /// An agent has accepted the conversation.
    AgentJoined(Agent),
    /// The last agent has left, for the handoff is over. [`Notice::Over`] follows.
    AgentLeft(Agent),
    /// The handoff is over. This is said once, and nothing after it.
    Over(End),
}

/// How a handoff ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By an agent, or by Genesys itself.
    ByGenesys,
    /// By the user.
    ByUser,
    /// The user was gone without a word.
    Abandoned,
    /// The user has waited for an agent as long as the rules have it.
    TimedOut,
    /// Genesys could not be brought to transfer it out of the bot's queue.
    NotTransferred,
    /// It never began: Genesys did not take what was said first.
    Refused,
}

/// How it stands with a user in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    /// Which status of the handoff it is, counted from 1.
    pub number: u32,
    /// What the queue is called, if Genesys says so.
    pub queue_name: Option<String>,
    /// How long Genesys expects the wait to take, in whole minutes.
    pub estimated_wait: Duration,
}

/// An agent in this handoff. Who joins twice is two agents here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Which joining of the handoff it was, counted from 1.
    pub number: u32,
    /// Who it is at Genesys, if that is known.
    pub user_id: Option<String>,
    /// What was found about the agent, if agents are looked up and something was.
    pub details: Option<AgentDetails>,
}

/// What a client may see of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentDetails {
    /// The agent's name.
    pub name: Option<String>,
    /// The address of the agent's picture.
    pub picture: Option<String>,
}
