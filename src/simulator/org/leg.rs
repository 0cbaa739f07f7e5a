//! One leg of a conversation: one entry in the list of its participants.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one participant does from its start to its end. When it comes back, it gets another
/// leg, and the participant's id recurs (Genesys reference 5).
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    /// The participant's id: the same in every leg of the customer or of one agent.
    pub(crate) participant_id: String,
    /// The leg's own id. Events call it `sessionId`.
    pub(crate) communication_id: String,
    pub(crate) role: Role,
    pub(crate) state: LegState,
    pub(crate) started_at: Timestamp,
    /// When it was connected. Customers, flows and queues are at once.
    pub(crate) connected_at: Option<Timestamp>,
    /// The customer's leg that this one talks to. The customer's own leg has none.
    pub(crate) customer_leg: Option<String>,
}

/// Whose leg it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Customer,
    Flow { flow_id: String },
    Queue { queue_id: String },
    Agent { user_id: String, queue_id: Option<String>, part: Part },
}

/// What an agent is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// To talk with the customer.
    Serving,
    /// To advise a colleague; the customer does not see it.
    Consulted,
}

/// How far a leg has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LegState {
    Alerting,
    Connected,
    Parked { since: Timestamp },
    Ended { at: Timestamp, why: DisconnectType, wrapped_up_at: Option<Timestamp> },
}

/// Why a leg ended, as the detail events spell it (Genesys reference 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisconnectType {
    /// Not told.
    Unknown,
    /// The device.
    Endpoint,
    /// The participant itself.
    Client,
    /// The platform.
    System,
    /// The conversation went elsewhere.
    Transfer,
    /// An error.
    Error,
    /// The other side.
    Peer,
    /// Something else.
    Other,
    /// It was reported as spam.
    Spam,
    /// It took too long.
    Timeout,
    /// The consulted colleague took over.
    ConsultTransfer,
    /// The agent did not answer.
    NoAnswerTransfer,
    /// The agent declined.
    NotAvailableTransfer,
    /// Nobody wrote for too long.
    Inactivity,
    /// The session expired.
    SessionExpired,
}

impl DisconnectType {
    /// As REST and the conversation topics spell it (Genesys reference 4.6).
    pub(crate) fn dotted(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Client => "client",
            Self::System => "system",
            Self::Transfer => "transfer",
            Self::Error => "error",
            Self::Peer => "peer",
            // The model of REST has no word for the unknown, and none for a time-out.
            Self::Unknown | Self::Other | Self::Timeout => "other",
            Self::Spam => "spam",
            Self::ConsultTransfer => "transfer.consult",
            Self::NoAnswerTransfer => "transfer.noanswer",
            Self::NotAvailableTransfer => "transfer.notavailable",
            Self::Inactivity => "inactivity",
            Self::SessionExpired => "session.expired",
        }
    }
}

impl Leg {
    /// The agent accepts.
    pub(crate) fn connect(&mut self, now: Timestamp) {
        self.state = LegState::Connected;
        self.connected_at = Some(now);
    }

    /// A consulted agent takes over.
    pub(crate) fn serve(&mut self) {
        if let Role::Agent { part, .. } = &mut self.role {
            *part = Part::Serving;
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.state, LegState::Ended { .. })
    }

    pub(crate) fn is_alerting(&self) -> bool {
        self.state == LegState::Alerting
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == LegState::Connected
    }

    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.state, LegState::Parked { .. })
    }

    pub(crate) fn is_customer(&self) -> bool {
        self.role == Role::Customer
    }

    pub(crate) fn is_flow(&self) -> bool {
        matches!(self.role, Role::Flow { .. })
    }

    pub(crate) fn is_queue(&self) -> bool {
        matches!(self.role, Role::Queue { .. })
    }

    pub(crate) fn is_agent(&self) -> bool {
        matches!(self.role, Role::Agent { .. })
    }

    /// Whether it is an agent's who talks, or is about to talk, with the customer.
    pub(crate) fn is_serving(&self) -> bool {
        matches!(self.role, Role::Agent { part: Part::Serving, .. })
    }

    pub(crate) fn is_consulted(&self) -> bool {
        matches!(self.role, Role::Agent { part: Part::Consulted, .. })
    }

    /// Whether it is the leg of this agent.
    pub(crate) fn is_of(&self, user_id: &str) -> bool {
        self.user_id() == Some(user_id)
    }

    pub(crate) fn user_id(&self) -> Option<&str> {
        match &self.role {
            Role::Agent { user_id, .. } => Some(user_id),
            _ => None,
        }
    }

    /// The queue that the leg is, or that its agent answers for.
    pub(crate) fn queue_id(&self) -> Option<&str> {
        match &self.role {
            Role::Queue { queue_id } => Some(queue_id),
            Role::Agent { queue_id, .. } => queue_id.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            LegState::Ended { at, .. } => Some(at),
            _ => None,
        }
    }

    /// The participant's `purpose` (Genesys reference 4.6).
    pub(crate) fn purpose(&self) -> &'static str {
        match self.role {
            Role::Customer => "customer",
            Role::Flow { .. } => "workflow",
            Role::Queue { .. } => "acd",
            Role::Agent { .. } => "agent",
        }
    }

    /// The leg's `state` (Genesys reference 6.2).
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            LegState::Alerting => "alerting",
            LegState::Connected => "connected",
            LegState::Parked { .. } => "parked",
            LegState::Ended { .. } => "disconnected",
        }
    }
}
