//! What happens by itself, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// The things that are due, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<(Timestamp, u64), Appointment>,
    written: u64,
}

/// One thing that is due in one leg of a conversation. It is void if the leg has moved on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Appointment {
    pub(crate) conversation_id: String,
    pub(crate) communication_id: String,
    pub(crate) occasion: Occasion,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The agent has been alerted long enough.
    AlertingTimeOut,
    /// The agent has finished the wrap-up.
    WrapUpDone,
    /// The autopilot accepts.
    AutopilotAccepts,
}

impl Agenda {
    /// Writes down `appointment` for `delay` after `now`. One that no calendar can hold is due
    /// at the end of time.
    pub(crate) fn write(&mut self, now: Timestamp, delay: Duration, appointment: Appointment) {
        let due = now.checked_add(delay).unwrap_or(Timestamp::MAX);
        self.written += 1;
        self.entries.insert((due, self.written), appointment);
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.entries.keys().next().map(|(due, _)| *due)
    }

    /// Takes the next one out if it is due at `now`, with the time it was due.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Appointment)> {
        let first = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((due, _), appointment) = first.remove_entry();
        Some((due, appointment))
    }
}
