//! How the org behaves: its durations, the switches, and the autopilot.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long an agent is alerted before the conversation goes back to the queue.
const ALERTING_TIME_OUT: Duration = Duration::from_secs(30);
/// How long after the end of a leg the agent's wrap-up is over (Genesys reference 4.5: minutes).
const WRAP_UP: Duration = Duration::from_secs(60);
/// How long an end user's messages stay in one conversation (Genesys reference 1: up to 72 h).
const THREADING_WINDOW: Duration = Duration::from_secs(72 * 60 * 60);
/// The shortest alerting time-out at any pace: below it, nobody could ever accept.
const ALERTING_FLOOR: Duration = Duration::from_millis(100);

/// The durations of the org, already scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgSettings {
    /// How long an agent is alerted before the conversation goes back to the queue.
    pub alerting_time_out: Duration,
    /// From the end of an agent's leg to its `acw` event.
    pub wrap_up: Duration,
    /// How long after the last message another one joins the same conversation.
    pub threading_window: Duration,
}

impl OrgSettings {
    /// Genesys' durations multiplied by `time_scale`, which must be finite and not negative. The
    /// alerting time-out never falls below 100 ms.
    pub fn at_pace(time_scale: f64) -> Self {
        let scaled = |duration: Duration| {
            Duration::try_from_secs_f64(duration.as_secs_f64() * time_scale).unwrap_or(duration)
        };
        Self {
            alerting_time_out: scaled(ALERTING_TIME_OUT).max(ALERTING_FLOOR),
            wrap_up: scaled(WRAP_UP),
            threading_window: scaled(THREADING_WINDOW),
        }
    }
}

impl Default for OrgSettings {
    /// Genesys' pace.
    fn default() -> Self {
        Self::at_pace(1.0)
    }
}

/// What a tester may change about an org while it runs. A field that is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Whether the customer's leg lives on when the agent ends, so that no `customer.end` comes.
    pub customer_leg_outlives_agent: bool,
    /// Whether the answer to a message names its conversation when it is asked to.
    pub answers_name_conversation: bool,
    /// Whether webhooks carry `conversationId`. Older payloads do not (Genesys reference 2.3).
    pub webhooks_carry_conversation_id: bool,
    /// Whether webhooks carry `channel.to.idType`. Older payloads do not.
    pub webhooks_carry_id_type: bool,
    /// Whether what the customer types reaches the agent, in every messaging setting; `null` for
    /// what each of them says.
    pub typing_inbound: Option<bool>,
    /// Whether what the agent types reaches the customer, in every messaging setting; `null` for
    /// what each of them says.
    pub typing_outbound: Option<bool>,
    /// Whether the Platform API shows the signature secret of an integration. It is not known
    /// what Genesys does (2.7).
    pub integrations_show_secrets: bool,
    /// Whether a message that came in is confirmed by a receipt on the webhook (2.6).
    pub receipts_for_inbound: bool,
    /// Whether parking emits `user.end` and resuming `user.start`, with the agent's leg `parked`
    /// in between. It is not known what Genesys does (6.2).
    pub parking_emits_user_end: bool,
    /// Whether the flow keeps the conversation until somebody sends it to a queue.
    pub flow_keeps_conversation: bool,
    /// The queue, by id or name, into which the flow puts every conversation, or `null` for the one
    /// that the customer's attributes ask for.
    pub flow_queue: Option<String>,
    /// Which participant can be replaced while the conversation waits in a queue.
    pub replaceable_in_queue: Replaceable,
    /// What the flow says as a bot when it begins.
    pub flow_message: Option<String>,
    /// What the in-queue flow says as a bot when the conversation enters a queue.
    pub queue_message: Option<String>,
    /// How long the wait in any queue is thought to take, or `null` where nothing is known, as in
    /// a queue in which nobody has waited lately.
    pub estimated_wait_seconds: Option<u32>,
    /// Agents that act by themselves, or `null` for agents that wait for orders.
    pub autopilot: Option<Autopilot>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            customer_leg_outlives_agent: false,
            answers_name_conversation: true,
            webhooks_carry_conversation_id: true,
            webhooks_carry_id_type: true,
            typing_inbound: None,
            typing_outbound: None,
            integrations_show_secrets: false,
            receipts_for_inbound: true,
            parking_emits_user_end: false,
            flow_keeps_conversation: false,
            flow_queue: None,
            replaceable_in_queue: Replaceable::default(),
            flow_message: None,
            queue_message: None,
            estimated_wait_seconds: None,
            autopilot: None,
        }
    }
}

/// Which participant can be replaced while the conversation waits in a queue. It is not known what
/// Genesys does (6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replaceable {
    /// The queue's own.
    #[default]
    Acd,
    /// The customer's.
    Customer,
    /// None.
    Neither,
}

/// How agents act by themselves. The durations are real ones: no time scale applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Autopilot {
    /// From the start of alerting to acceptance, in milliseconds. An agent who takes longer than
    /// the alerting time-out never accepts.
    pub accept_after_milliseconds: u64,
    /// What the agent says on acceptance.
    pub greeting: Option<String>,
    /// Whether the agent sends back every text that the customer writes.
    pub echo: bool,
    /// The agent ends after this many messages of the customer since the acceptance.
    pub end_after_messages: Option<u32>,
}

impl Default for Autopilot {
    fn default() -> Self {
        Self {
            accept_after_milliseconds: 1000,
            greeting: Some("Hello, how can I help?".into()),
            echo: true,
            end_after_messages: None,
        }
    }
}
