//! What is wanted in Genesys.

use baton_genesys::{IntegrationRef, Secret};

/// What is wanted in Genesys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The integration: one that is there, by id or name, or the name of a new one.
    pub integration: IntegrationRef,
    /// Where its webhooks are to go.
    pub webhook_url: String,
    /// What they are to be signed with.
    pub secret: WantedSecret,
    /// The name of the agents' queue; no queue is looked at without it.
    pub queue: Option<String>,
    /// The name of the bot's queue, from which handoffs are transferred to the agents'; the flow
    /// leads to the agents' own without it.
    pub bot_queue: Option<String>,
    /// The name of the inbound message flow; one that takes the messages already stays without it.
    pub flow: Option<String>,
}

/// What the webhooks are to be signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSecret {
    /// This one, for an integration that is made. One that is there keeps its own.
    IfNew(Secret),
    /// This one, whatever the integration has. Unless Genesys shows that it is set already, it is
    /// set again: that changes nothing where it was the same.
    Always(Secret),
}

impl WantedSecret {
    /// The secret for an integration that is made.
    pub fn for_new(&self) -> &Secret {
        match self {
            Self::IfNew(secret) | Self::Always(secret) => secret,
        }
    }
}
