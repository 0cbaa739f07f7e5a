//! The records of what was sent, kept in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::delivery::{Attempt, ErrorInfo, Outcome};

/// How many records are kept: the newest. Older ones are forgotten, even while their delivery
/// still goes on.
pub const KEPT: usize = 10_000;

/// The record of one webhook on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sending {
    /// Rises by one with every sending of this run, from 1.
    pub id: u64,
    /// Genesys' id of the message, unless raw bytes were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The name of the shape, or `raw`.
    pub shape: &'static str,
    /// How far it has come.
    pub state: State,
    /// Every attempt so far, oldest first.
    pub attempts: Vec<Attempt>,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_info: Option<ErrorInfo>,
}

/// How far a sending has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not settled: an attempt is under way or will follow.
    Pending,
    /// The receiver answered 2xx.
    Delivered,
    /// Genesys has given up.
    Failed,
}

impl Sending {
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Delivered => self.state = State::Delivered,
            Outcome::Failed(error_info) => {
                self.state = State::Failed;
                self.error_info = Some(error_info);
            }
        }
    }
}

/// The newest [`KEPT`] records.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    last_id: u64,
    newest: BTreeMap<u64, Sending>,
}

impl Ledger {
    /// Starts a record, and forgets the oldest one if there are too many.
    pub(crate) fn open(&self, shape: &'static str, message_id: Option<String>) -> Sending {
        let mut records = self.records();
        records.last_id += 1;
        let sending = Sending {
            id: records.last_id,
            message_id,
            shape,
            state: State::Pending,
            attempts: Vec::new(),
            error_info: None,
        };
        records.newest.insert(sending.id, sending.clone());
        if records.newest.len() > KEPT {
            records.newest.pop_first();
        }
        sending
    }

    /// Replaces the record by its newer version, unless it was forgotten meanwhile.
    pub(crate) fn update(&self, sending: &Sending) {
        if let Some(record) = self.records().newest.get_mut(&sending.id) {
            record.clone_from(sending);
        }
    }

    pub(crate) fn get(&self, id: u64) -> Option<Sending> {
        self.records().newest.get(&id).cloned()
    }

    /// Every record kept, newest last.
    pub(crate) fn all(&self) -> Vec<Sending> {
        self.records().newest.values().cloned().collect()
    }

    /// No step under the lock can leave the records half changed, so a poisoned lock is sound.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_records_are_kept_and_the_oldest_forgotten() {
        let ledger = Ledger::default();
        let mut first = ledger.open("text-agent", None);
        for _ in 0..KEPT {
            ledger.open("text-agent", None);
        }
        first.settle(Outcome::Delivered);
        ledger.update(&first);
        let all = ledger.all();
        assert_eq!(all.len(), KEPT);
        assert_eq!(ledger.get(first.id), None);
        assert_eq!(all.first().map(|sending| sending.id), Some(2));
        assert_eq!(all.last().map(|sending| sending.id), Some(KEPT as u64 + 1));
    }
}
