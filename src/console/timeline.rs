//! The timeline: happenings in, numbered entries out. It has no clock and does no I/O.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    time::SystemTime,
};

use baton_chat::PassingEvent;
use baton_simulator::feed::{AttemptId, Happening, Occurrence, RequestSettled};
use baton_store::AppendedEvent;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::{
    cause::Cause,
    entry::{Entry, Outcome},
    parties::{Parties, Party},
    reading::{self, Beginning},
};

/// How many entries are kept: the newest.
const MOST_ENTRIES: usize = 10_000;

/// How many bytes their payloads may take together.
const MOST_BYTES: usize = 64 << 20;

/// How far back the cause of a chat event is looked for.
const MOST_LOOKED_BACK: usize = 500;

/// How old a cause may be.
const OLDEST_CAUSE: SignedDuration = SignedDuration::from_secs(15);

/// What happened, in order.
///
/// Something under way has an entry, which is changed when it is answered. Each change has a
/// number of its own, so that whoever has seen all up to one can go on after it.
pub struct Timeline {
    entries: VecDeque<Kept>,
    /// How many entries there have been.
    last_number: u64,
    /// The number of the entry that each change was made to, as far as it was the newest of it.
    changes: BTreeMap<u64, u64>,
    last_change: u64,
    bytes: usize,
    under_way: HashMap<Answerable, u64>,
    parties: Parties,
}

/// An entry as it has become by a change.
#[derive(Clone, Debug)]
pub struct Change {
    /// The number of the change.
    pub number: u64,
    /// The entry, without its payload.
    pub entry: Entry,
}

/// An entry, with what is known of it beside.
struct Kept {
    /// Without its payload.
    entry: Entry,
    payload: Box<RawValue>,
    at: Timestamp,
    party: Party,
    message_id: Option<String>,
    path: Option<String>,
    changed: u64,
    under_way: Option<Answerable>,
}

/// Something that will be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Answerable {
    Attempt(AttemptId),
    Request(u64),
}

impl fmt::Debug for Timeline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Timeline")
            .field("entries", &self.entries.len())
            .field("last_number", &self.last_number)
            .finish_non_exhaustive()
    }
}

impl Timeline {
    /// Nothing has happened yet.
    #[allow(clippy::new_without_default, reason = "a timeline has a beginning, not a default")]
    pub fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            last_number: 0,
            changes: BTreeMap::new(),
            last_change: 0,
            bytes: 0,
            under_way: HashMap::new(),
            parties: Parties::new(),
        }
    }

    /// Takes in what happened at Genesys.
    pub fn happened(&mut self, happening: &Happening) {
        let at = happening.at;
        match &happening.what {
            Occurrence::AttemptBegun(begun) => {
                let answerable = Answerable::Attempt(begun.attempt);
                self.begin(at, reading::attempt(begun), Some(answerable), None);
            }
            Occurrence::AttemptSettled { attempt, answer, took } => {
                let (status, outcome) = reading::answered(answer);
                self.settle(Answerable::Attempt(*attempt), |kept| {
                    kept.entry.status = status;
                    kept.entry.outcome = outcome;
                    kept.entry.took_milliseconds = Some(milliseconds(took.as_secs_f64()));
                });
            }
            Occurrence::Notified(notified) => {
                if let Some(beginning) = reading::notification(notified) {
                    self.begin(at, beginning, None, None);
                }
            }
            Occurrence::RequestBegun(begun) => {
                let answerable = Answerable::Request(begun.number);
                let path = Some(begun.path.clone());
                self.begin(at, reading::request(begun), Some(answerable), path);
            }
            Occurrence::RequestSettled(settled) => self.request_settled(settled),
            Occurrence::FaultStruck(struck) => {
                self.begin(at, reading::fault(struck), None, None);
            }
        }
    }

    /// Takes in that an event was appended to a chat's log.
    pub fn appended(&mut self, appended: &AppendedEvent) {
        self.chat(timestamp(appended.at), reading::chat(appended));
    }

    /// Takes in that an event passed through a chat.
    pub fn passed(&mut self, event: &PassingEvent) {
        self.chat(timestamp(event.at), reading::passing(event));
    }

    fn chat(&mut self, at: Timestamp, beginning: Beginning) {
        let cause = Cause::of(&beginning);
        let session_id = beginning.party.session_id.clone();
        let since = cause.and_then(|cause| self.since(at, &cause, session_id.as_deref()));
        self.begin(at, beginning, None, None);
        if let (Some(since), Some(kept)) = (since, self.entries.back_mut()) {
            kept.entry.took_milliseconds = Some(milliseconds(since.as_secs_f64()));
        }
    }

    /// Takes in by which id Genesys knows the end user of a session.
    pub fn session_began(&mut self, session_id: &str, end_user_id: &str) {
        self.learn(&Party {
            session_id: Some(session_id.to_owned()),
            end_user_id: Some(end_user_id.to_owned()),
            conversation_id: None,
        });
    }

    /// The number of the newest change, 0 before the first.
    pub fn last_change(&self) -> u64 {
        self.last_change
    }

    /// The entry of this number with its payload, if it is kept.
    pub fn entry(&self, number: u64) -> Option<Entry> {
        let kept = self.entries.get(self.place(number)?)?;
        Some(Entry { payload: Some(kept.payload.clone()), ..kept.entry.clone() })
    }

    /// The entries that were changed after this change, each as it is now, in the order of their
    /// newest changes: at most `limit`.
    pub fn changes_after(&self, change: u64, limit: usize) -> Vec<Change> {
        let later = self.changes.range(change.saturating_add(1)..).take(limit);
        later
            .filter_map(|(number, entry)| {
                let kept = self.entries.get(self.place(*entry)?)?;
                Some(Change { number: *number, entry: kept.entry.clone() })
            })
            .collect()
    }

    fn begin(
        &mut self,
        at: Timestamp,
        beginning: Beginning,
        under_way: Option<Answerable>,
        path: Option<String>,
    ) {
        let Beginning { lane, direction, title, summary, outcome, attempt, .. } = beginning;
        let Beginning { party, message_id, payload, .. } = beginning;
        self.learn(&party);
        self.last_number += 1;
        let entry = Entry {
            number: self.last_number,
            at: format!("{at:.3}"),
            lane,
            direction,
            title,
            summary,
            outcome,
            status: None,
            took_milliseconds: None,
            attempt,
            session_id: self.parties.session(&party),
            conversation_id: party.conversation_id.clone(),
            payload: None,
        };
        self.bytes += payload.get().len();
        if let Some(answerable) = under_way {
            self.under_way.insert(answerable, entry.number);
        }
        let number = entry.number;
        let changed = 0;
        let kept = Kept { entry, payload, at, party, message_id, path, changed, under_way };
        self.entries.push_back(kept);
        self.mark_changed(number);
        while self.entries.len() > MOST_ENTRIES || self.bytes > MOST_BYTES {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(kept) = self.entries.pop_front() else { return };
        self.bytes = self.bytes.saturating_sub(kept.payload.get().len());
        self.changes.remove(&kept.changed);
        if let Some(answerable) = kept.under_way {
            self.under_way.remove(&answerable);
        }
    }

    fn request_settled(&mut self, settled: &RequestSettled) {
        let answerable = Answerable::Request(settled.number);
        let Some(number) = self.under_way.get(&answerable).copied() else { return };
        let mut learned = Party::default();
        let mut grown = (0, 0);
        self.settle(answerable, |kept| {
            let path = kept.path.take().unwrap_or_default();
            let (summary, party, payload) = reading::settled(settled, &path);
            kept.entry.status = settled.status;
            kept.entry.outcome = reading::outcome(settled.status);
            kept.entry.took_milliseconds = Some(milliseconds(settled.took.as_secs_f64()));
            kept.entry.summary = summary;
            kept.party.end_user_id = party.end_user_id;
            kept.party.conversation_id =
                kept.party.conversation_id.take().or(party.conversation_id);
            kept.entry.conversation_id.clone_from(&kept.party.conversation_id);
            grown = (kept.payload.get().len(), payload.get().len());
            kept.payload = payload;
            learned = kept.party.clone();
        });
        self.bytes = (self.bytes + grown.1).saturating_sub(grown.0);
        self.learn(&learned);
        // What was no news of others may be news of this one.
        let session_id = self.parties.session(&learned);
        if let Some(kept) = self.place(number).and_then(|place| self.entries.get_mut(place)) {
            kept.entry.session_id = session_id;
        }
    }

    /// Changes the entry of something that was under way.
    fn settle(&mut self, answerable: Answerable, change: impl FnOnce(&mut Kept)) {
        let Some(number) = self.under_way.remove(&answerable) else { return };
        let Some(place) = self.place(number) else { return };
        if let Some(kept) = self.entries.get_mut(place) {
            kept.under_way = None;
            change(kept);
            self.mark_changed(number);
        }
    }

    /// Takes in who belongs together. Where that is news, earlier entries learn it too.
    fn learn(&mut self, party: &Party) {
        if self.parties.learn(party) {
            self.relabel();
        }
    }

    /// Says of each entry without a session whose it is, where that is known by now.
    fn relabel(&mut self) {
        let mut found = Vec::new();
        for kept in self.entries.iter_mut().filter(|kept| kept.entry.session_id.is_none()) {
            if let Some(session_id) = self.parties.session(&kept.party) {
                kept.entry.session_id = Some(session_id);
                found.push(kept.entry.number);
            }
        }
        for number in found {
            self.mark_changed(number);
        }
    }

    fn mark_changed(&mut self, number: u64) {
        let Some(place) = self.place(number) else { return };
        let Some(kept) = self.entries.get_mut(place) else { return };
        self.changes.remove(&kept.changed);
        self.last_change += 1;
        kept.changed = self.last_change;
        self.changes.insert(self.last_change, number);
    }

    /// Where the entry of this number is.
    fn place(&self, number: u64) -> Option<usize> {
        let first = self.entries.front()?.entry.number;
        usize::try_from(number.checked_sub(first)?).ok()
    }

    /// How long ago it was, at `at`, that this cause came about.
    fn since(
        &self,
        at: Timestamp,
        cause: &Cause,
        session_id: Option<&str>,
    ) -> Option<SignedDuration> {
        let is_it = |kept: &&Kept| match cause {
            Cause::Message(id) => {
                kept.entry.attempt.is_some() && kept.message_id.as_ref() == Some(id)
            }
            Cause::Titled(lane, titles) => {
                kept.entry.lane == *lane
                    && kept.entry.outcome != Outcome::Failed
                    && titles.contains(&kept.entry.title.as_str())
                    && kept.entry.session_id.as_deref() == session_id
            }
        };
        let found = self.entries.iter().rev().take(MOST_LOOKED_BACK).find(is_it)?;
        let since = at.duration_since(found.at);
        (since <= OLDEST_CAUSE).then_some(since.max(SignedDuration::ZERO))
    }
}

/// The time. One that no calendar has is not worth an error.
pub(crate) fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::MAX)
}

/// Milliseconds with one digit after the point.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 10_000.0).round() / 10.0
}
