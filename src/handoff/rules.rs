//! How long a handoff waits for what.

use std::time::Duration;

use jiff::Timestamp;

/// What a handoff is configured with. It is not part of a handoff's state: new rules hold for
/// handoffs that are open already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether agents are looked up for their names and pictures; off unless configured.
    pub name_agents: bool,
    /// How long the joining of an agent waits for the agent's name.
    pub naming: Duration,
    /// How soon a conversation is read again: after a read that failed, while an agent is being
    /// alerted, and before an empty conversation counts as ended. It doubles each time, except
    /// for the last.
    pub reread: Duration,
    /// What the doubling of `reread` ends at.
    pub reread_cap: Duration,
    /// How long a user waits for the first agent before the handoff is given up; `None` for as long
    /// as it takes.
    pub longest_wait: Option<Duration>,
    /// How often a queue's estimated wait is asked for while the user is in it; `None` for never.
    pub estimates: Option<Duration>,
    /// How often an open handoff is compared with Genesys even if nothing happens.
    pub reconcile: Duration,
    /// How long Genesys tries to deliver a webhook (Genesys reference, 2.2).
    pub webhook_retries: Duration,
    /// How long the end waits for webhooks before the messages that are missing are fetched.
    pub last_messages: Duration,
    /// How long the end waits at all: for missing messages; for a conversation that could not be
    /// read after its customer was heard to leave; for one that never was seen to begin; for an
    /// agent who is just being alerted when the longest wait is over.
    pub end_at_latest: Duration,
    /// How long it is waited for more of a bunch of events before the conversation is read.
    pub bunch: Duration,
    /// How long a user who leaves waits for Genesys' confirmation.
    pub leaving: Duration,
    /// How long it is tried to disconnect a customer who was told the end.
    pub detaching: Duration,
    /// How far Genesys' clock and ours may be apart, where that tells a handoff from one before it
    /// in the same session.
    pub clock_difference: Duration,
    /// How far apart Genesys' own times for the same moment may be, such as the end of a leg and
    /// the message that was sent just before it.
    pub jitter: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            name_agents: false,
            naming: Duration::from_secs(2),
            reread: Duration::from_secs(2),
            reread_cap: Duration::from_secs(30),
            longest_wait: None,
            estimates: None,
            reconcile: Duration::from_mins(10),
            webhook_retries: Duration::from_secs(90),
            last_messages: Duration::from_secs(2),
            end_at_latest: Duration::from_secs(30),
            bunch: Duration::from_millis(100),
            leaving: Duration::from_secs(10),
            detaching: Duration::from_hours(1),
            clock_difference: Duration::from_secs(5),
            jitter: Duration::from_secs(1),
        }
    }
}

impl Rules {
    /// The same rules where time runs at another pace: `scaled` says how long a duration is there.
    /// A network gets no faster by that: what an agent's name may take does not become less.
    pub fn scaled(self, scaled: impl Fn(Duration) -> Duration) -> Self {
        Self {
            name_agents: self.name_agents,
            naming: scaled(self.naming).max(self.naming),
            reread: scaled(self.reread),
            reread_cap: scaled(self.reread_cap),
            longest_wait: self.longest_wait.map(&scaled),
            estimates: self.estimates.map(&scaled),
            reconcile: scaled(self.reconcile),
            webhook_retries: scaled(self.webhook_retries),
            last_messages: scaled(self.last_messages),
            end_at_latest: scaled(self.end_at_latest),
            bunch: scaled(self.bunch),
            leaving: scaled(self.leaving),
            detaching: scaled(self.detaching),
            clock_difference: scaled(self.clock_difference),
            jitter: scaled(self.jitter),
        }
    }
}

/// The time so much later; the last there is, if there is none.
pub(crate) fn later(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
