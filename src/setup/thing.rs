//! The things in Genesys that a handoff takes.

use std::fmt;

use serde::Serialize;

/// A thing in Genesys that a handoff takes, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// The role of the OAuth client, with its permissions.
    Role,
    /// The OAuth client, with the grant "client credentials".
    OauthClient,
    /// The messaging setting, in which typing is on or off.
    PlatformConfiguration,
    /// The Open Messaging integration, with the webhook and its secret.
    Integration,
    /// The queue of the agents.
    Queue,
    /// The flow that sends conversations to the queue.
    InboundMessageFlow,
    /// Which flow takes what comes in at the integration.
    MessageRouting,
}

impl Thing {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 7] = [
        Self::Role,
        Self::OauthClient,
        Self::PlatformConfiguration,
        Self::Integration,
        Self::Queue,
        Self::InboundMessageFlow,
        Self::MessageRouting,
    ];

    /// Where in Genesys' admin pages it is.
    pub const fn admin_path(self) -> &'static str {
        match self {
            Self::Role => "Admin > People & Permissions > Roles / Permissions",
            Self::OauthClient => "Admin > Integrations > OAuth",
            Self::PlatformConfiguration => "Admin > Message > Platform Configurations",
            Self::Integration => "Admin > Message > Platform Integrations",
            Self::Queue => "Admin > Contact Center > Queues",
            Self::InboundMessageFlow => "Admin > Architect > Inbound Message",
            Self::MessageRouting => "Admin > Routing > Message Routing",
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Role => "role",
            Self::OauthClient => "OAuth client",
            Self::PlatformConfiguration => "platform configuration",
            Self::Integration => "Open Messaging integration",
            Self::Queue => "queue",
            Self::InboundMessageFlow => "inbound message flow",
            Self::MessageRouting => "message routing",
        })
    }
}
