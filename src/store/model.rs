//! A store that is a few lists in memory, in numbers: what the real one is compared with.

use std::{collections::BTreeMap, mem};

use crate::{
    LoggedEvent,
    testing::{event, new_session},
};

/// A step, in numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) events: Vec<usize>,
    pub(crate) outgoing: Vec<usize>,
    pub(crate) handoff: Option<(u32, bool)>,
    pub(crate) settles: Option<usize>,
    /// Whether Genesys accepted the message that is next.
    pub(crate) sent: Option<bool>,
    pub(crate) turns: Vec<usize>,
    /// Whether the bot has answered the turn that is next.
    pub(crate) turned: bool,
    pub(crate) at_ms: i64,
    pub(crate) notifies: bool,
    pub(crate) ends_session: bool,
}

#[derive(Default)]
pub(crate) struct ModelSession {
    /// How many sessions were created before it.
    pub(crate) place: usize,
    /// The numbers of its events in order.
    pub(crate) log: Vec<usize>,
    pub(crate) active_at_ms: i64,
    pub(crate) ended_at_ms: Option<i64>,
    /// How many of its events were shown.
    pub(crate) shown: usize,
    /// The numbers of its messages in order, and whether each one waits.
    pub(crate) outbox: Vec<(usize, bool)>,
    /// The numbers of its turns in order, and whether each one waits.
    pub(crate) turns: Vec<(usize, bool)>,
    /// Whether each handoff is open.
    pub(crate) handoffs: BTreeMap<u32, bool>,
}

/// Whose message, which one, and whether it failed.
pub(crate) type ReceiptKey = (String, String, bool);

#[derive(Default)]
pub(crate) struct Model {
    /// The deliveries in order of arrival, and whether each is settled.
    pub(crate) inbox: Vec<(usize, bool)>,
    /// Under which number each delivery arrived.
    pub(crate) arrivals: BTreeMap<usize, u64>,
    pub(crate) sessions: BTreeMap<usize, ModelSession>,
    /// How many sessions were created.
    pub(crate) created: usize,
    /// The sessions and the sequence numbers of the events that an endpoint is to be told of.
    pub(crate) notifications: Vec<(usize, u64)>,
    /// The receipts as they were queued, and whether each one waits.
    pub(crate) receipts: Vec<(ReceiptKey, bool)>,
}

impl Model {
    /// The number under which the delivery arrived; one that no delivery has, if it did not.
    pub(crate) fn arrival(&self, number: usize) -> u64 {
        self.arrivals.get(&number).copied().unwrap_or(u64::MAX)
    }

    pub(crate) fn delivery(&mut self, number: usize) -> Option<&mut bool> {
        self.inbox.iter_mut().find(|(known, _)| *known == number).map(|(_, settled)| settled)
    }

    /// What a step returns; `None` is a refusal, which changes nothing.
    pub(crate) fn take(&mut self, session: usize, change: &Change) -> Option<Vec<LoggedEvent>> {
        let known = self.sessions.get(&session)?;
        let lacks = |queue: &[(usize, bool)]| next(queue).is_none();
        if change.sent.is_some() && lacks(&known.outbox) || change.turned && lacks(&known.turns) {
            return None;
        }
        let settled_before = match change.settles {
            Some(delivery) => mem::replace(self.delivery(delivery)?, true),
            None => false,
        };
        let number = session;
        let session = self.sessions.get_mut(&session)?;
        let appends = !settled_before && (!change.ends_session || session.end(change.at_ms));
        if change.sent.is_some() {
            finish(&mut session.outbox);
        }
        queue(&mut session.outbox, &change.outgoing);
        if change.turned {
            finish(&mut session.turns);
        }
        queue(&mut session.turns, &change.turns);
        if let Some((number, _)) = change.handoff {
            session.handoffs.range_mut(..number).for_each(|(_, open)| *open = false);
        }
        session.handoffs.extend(change.handoff);
        let before = session.log.len();
        let logged = session.append(&change.events, appends);
        let new = before + 1..=session.log.len();
        if !new.is_empty() {
            session.active_at_ms = session.active_at_ms.max(change.at_ms);
        }
        if change.notifies {
            self.notifications.extend(new.map(|sequence| (number, sequence as u64)));
        }
        Some(logged)
    }

    /// Whether the session is new.
    pub(crate) fn create(&mut self, session: usize, events: &[usize]) -> bool {
        let is_new = !self.sessions.contains_key(&session);
        if is_new {
            let (place, active_at_ms) = (self.created, new_session(session).created_at_ms);
            let mut new = ModelSession { place, active_at_ms, ..ModelSession::default() };
            new.append(events, true);
            self.sessions.insert(session, new);
            self.created += 1;
        }
        is_new
    }

    /// Forgets the sessions that ended first and have nothing left to do. Returns how many.
    pub(crate) fn forget(&mut self, limit: usize) -> usize {
        let ended = self.sessions.iter().filter(|(_, session)| !session.has_work());
        let ended = ended
            .filter_map(|(number, session)| Some((session.ended_at_ms?, session.place, *number)));
        let mut ended: Vec<_> = ended.collect();
        ended.sort_unstable();
        ended.truncate(limit);
        for (_, _, number) in &ended {
            self.sessions.remove(number);
            self.notifications.retain(|(session, _)| session != number);
            let end_user_id = new_session(*number).end_user_id;
            self.receipts.retain(|((of, _, _), _)| *of != end_user_id);
            // The end user of a delivery has its number.
            self.inbox.retain(|(delivery, settled)| delivery != number || !settled);
            if self.delivery(*number).is_none() {
                self.arrivals.remove(number);
            }
        }
        ended.len()
    }

    /// Takes the oldest of the session that was created first.
    pub(crate) fn next_notification(&mut self) -> Option<(usize, u64)> {
        let places = self.notifications.iter().map(|(session, _)| self.sessions[session].place);
        let (next, _) = places.enumerate().min_by_key(|(_, place)| *place)?;
        Some(self.notifications.remove(next))
    }

    pub(crate) fn queue_receipt(&mut self, receipt: ReceiptKey) {
        if self.receipts.iter().all(|(known, _)| *known != receipt) {
            self.receipts.push((receipt, true));
        }
    }
}

/// The first of a queue that waits.
pub(crate) fn next(queue: &[(usize, bool)]) -> Option<usize> {
    queue.iter().find(|(_, waits)| *waits).map(|(number, _)| *number)
}

fn finish(queue: &mut [(usize, bool)]) {
    if let Some((_, waits)) = queue.iter_mut().find(|(_, waits)| *waits) {
        *waits = false;
    }
}

fn queue(queue: &mut Vec<(usize, bool)>, numbers: &[usize]) {
    for number in numbers {
        if queue.iter().all(|(known, _)| known != number) {
            queue.push((*number, true));
        }
    }
}

pub(crate) fn waiting(queue: &[(usize, bool)]) -> u64 {
    queue.iter().filter(|(_, waits)| *waits).count() as u64
}

impl ModelSession {
    pub(crate) fn open_handoffs(&self) -> u64 {
        self.handoffs.values().filter(|open| **open).count() as u64
    }

    pub(crate) fn has_work(&self) -> bool {
        self.open_handoffs() + waiting(&self.outbox) + waiting(&self.turns) > 0
    }

    /// The step that finishes what is next of all that the session has to do.
    pub(crate) fn finishing(&self) -> Change {
        Change {
            sent: next(&self.outbox).map(|_| true),
            turned: next(&self.turns).is_some(),
            handoff: self.handoffs.last_key_value().map(|(number, _)| (*number, false)),
            ..Change::default()
        }
    }

    /// Whether it had not ended before.
    fn end(&mut self, at_ms: i64) -> bool {
        let is_first = self.ended_at_ms.is_none();
        self.ended_at_ms.get_or_insert(at_ms.max(self.active_at_ms));
        is_first
    }

    /// Appends what is new, if it may. Returns the events that stand in the log then.
    pub(crate) fn append(&mut self, events: &[usize], appends: bool) -> Vec<LoggedEvent> {
        let mut logged = Vec::new();
        for number in events {
            let place = self.log.iter().position(|known| known == number).or_else(|| {
                appends.then(|| {
                    self.log.push(*number);
                    self.log.len() - 1
                })
            });
            logged.extend(place.map(|place| logged_event(place, *number)));
        }
        logged
    }
}

pub(crate) fn logged_event(place: usize, number: usize) -> LoggedEvent {
    let crate::NewEvent { id, timestamp, kind, payload, metadata, .. } = event(number);
    LoggedEvent { sequence: place as u64 + 1, id, timestamp, kind, payload, metadata }
}
