//! The topics of one channel: which conversations it is to have, which it has, and what to ask
//! of Genesys next.

use std::collections::BTreeSet;

use baton_process::Random;
use tokio::time::Instant;

use super::{
    placement::{CONVERSATIONS_PER_CHANNEL, TOPICS_PER_CONVERSATION},
    refusals::Refused,
    retry::Retry,
};
use crate::Pace;

/// What is asked of Genesys: one request, for many conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// To add the topics of these conversations.
    Add(Vec<String>),
    /// To have the topics of these conversations, and no others.
    Replace(Vec<String>),
}

impl Batch {
    /// The conversations that the channel has once it is carried out.
    pub(crate) fn conversations(&self) -> &[String] {
        match self {
            Self::Add(conversations) | Self::Replace(conversations) => conversations,
        }
    }
}

/// One channel's subscriptions.
///
/// There is no request that removes one topic (Genesys reference, 4.1), so removals are
/// collected and carried out by writing the whole list. The list is also written as a whole
/// while it is not known what the channel has, and to extend the channel's life.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    pace: Pace,
    wanted: BTreeSet<String>,
    /// What the channel has, as far as Genesys has confirmed it: all topics of a conversation,
    /// or at least one.
    present: BTreeSet<String>,
    /// What Genesys refuses. A conversation of which it refuses some topics only is in both.
    refused: Refused,
    /// Whether the channel has nothing but what is in `present`.
    known: bool,
    in_flight: Option<Batch>,
    /// The requests that there were so far.
    requests: u64,
    add_due: Option<Instant>,
    remove_due: Option<Instant>,
    renew_due: Option<Instant>,
    /// After a failure.
    not_before: Option<Instant>,
    retry: Retry,
}

impl Subscriptions {
    /// Nothing wanted yet, on a channel of which nothing is known.
    pub(crate) fn new(pace: &Pace, random: Random) -> Self {
        Self {
            pace: pace.clone(),
            wanted: BTreeSet::new(),
            present: BTreeSet::new(),
            refused: Refused::new(),
            known: false,
            in_flight: None,
            requests: 0,
            add_due: None,
            remove_due: None,
            renew_due: None,
            not_before: None,
            retry: Retry::new(pace.reconnect, pace.reconnect_cap, random),
        }
    }

    /// The channel is to have this conversation. `true` if it has it already.
    pub(crate) fn want(&mut self, conversation_id: &str, now: Instant) -> bool {
        self.wanted.insert(conversation_id.to_owned());
        if self.present.contains(conversation_id) {
            return true;
        }
        self.add_due.get_or_insert(now + self.pace.subscribe_batch);
        false
    }

    /// Nobody asks for this conversation any more.
    pub(crate) fn unwant(&mut self, conversation_id: &str, now: Instant) {
        self.wanted.remove(conversation_id);
        self.refused.remove(conversation_id);
        if self.present.contains(conversation_id) {
            self.remove_due.get_or_insert(now + self.pace.unsubscribe_batch);
        }
    }

    /// Whether it is to have any conversation at all.
    pub(crate) fn is_idle(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The conversations that it is to have.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &String> {
        self.wanted.iter()
    }

    /// The wanted conversations that it has.
    pub(crate) fn in_place(&self) -> Vec<String> {
        self.wanted.intersection(&self.present).cloned().collect()
    }

    /// How many topics it has, wanted or not.
    pub(crate) fn topics(&self) -> usize {
        let refused = self.refused.iter().filter(|(id, _)| self.present.contains(*id));
        let refused: usize = refused.map(|(_, topics)| topics).sum();
        (self.present.len() * TOPICS_PER_CONVERSATION).saturating_sub(refused)
    }

    /// How many topics Genesys refuses it.
    pub(crate) fn refused_topics(&self) -> usize {
        self.refused.values().sum()
    }

    /// The wanted conversations that it does not have, or not whole, and will not have soon:
    /// Genesys refuses topics of them, or the requests fail.
    pub(crate) fn uncovered(&self) -> impl Iterator<Item = &String> {
        let failing = self.retry.failures() > 0;
        self.wanted.iter().filter(move |id| {
            self.refused.contains_key(*id) || (failing && !self.present.contains(*id))
        })
    }

    /// The channel is another one now, or one of which nothing is known.
    pub(crate) fn begin_anew(&mut self, now: Instant) {
        self.present.clear();
        self.refused.clear();
        self.known = false;
        self.in_flight = None;
        self.not_before = None;
        self.remove_due = None;
        self.renew_due = None;
        self.add_due = (!self.wanted.is_empty()).then_some(now);
    }

    /// The channel was made a moment ago: it has no topics.
    pub(crate) fn begin_empty(&mut self, now: Instant) {
        self.begin_anew(now);
        self.known = true;
    }

    /// The number of the last request.
    pub(crate) fn request(&self) -> u64 {
        self.requests
    }

    /// Whether the outcome of the request with this number still matters.
    pub(crate) fn awaits(&self, request: u64) -> bool {
        self.in_flight.is_some() && self.requests == request
    }

    /// What to ask of Genesys now. Until its outcome is told there is nothing more.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Batch> {
        if self.in_flight.is_some() || self.due().is_none_or(|due| now < due) {
            return None;
        }
        let is_due = |due: Option<Instant>| due.is_some_and(|due| now >= due);
        let pending: Vec<String> = self
            .wanted
            .iter()
            .filter(|id| !self.present.contains(*id) && !self.refused.contains_key(*id))
            .cloned()
            .collect();
        let whole = !self.known
            || is_due(self.remove_due)
            || is_due(self.renew_due)
            || self.present.len() + pending.len() > CONVERSATIONS_PER_CHANNEL;
        self.add_due = None;
        let batch = if whole {
            self.remove_due = None;
            Batch::Replace(self.obtainable())
        } else if pending.is_empty() {
            return None;
        } else {
            Batch::Add(pending)
        };
        self.in_flight = Some(batch.clone());
        self.requests += 1;
        Some(batch)
    }

    /// Genesys carried the request out, but for the refused topics. The wanted conversations for
    /// which that changed something: their topics are in place since then, or refused.
    pub(crate) fn succeeded(&mut self, refused: &Refused, now: Instant) -> Vec<String> {
        let Some(batch) = self.in_flight.take() else { return Vec::new() };
        self.retry.reset();
        self.not_before = None;
        self.renew_due = Some(now + self.pace.channel_renewal);
        let asked: BTreeSet<String> = batch.conversations().iter().cloned().collect();
        let is_new = |id: &String| self.wanted.contains(id) && !self.present.contains(id);
        let changed = asked.iter().filter(|id| is_new(id)).cloned().collect();
        if let Batch::Replace(_) = batch {
            self.present.clear();
            self.known = true;
        }
        for id in asked {
            let refused = refused.get(&id).copied().unwrap_or_default();
            self.refused.remove(&id);
            if refused > 0 && self.wanted.contains(&id) {
                self.refused.insert(id.clone(), refused);
            }
            if refused < TOPICS_PER_CONVERSATION {
                self.present.insert(id);
            }
        }
        // One that was removed, and came back before that was carried out.
        if self.obtainable().iter().any(|id| !self.present.contains(id)) {
            self.add_due.get_or_insert(now + self.pace.subscribe_batch);
        }
        if !self.present.is_subset(&self.wanted) {
            self.remove_due.get_or_insert(now + self.pace.unsubscribe_batch);
        }
        changed
    }

    /// The request failed. Whether Genesys carried it out all the same is not known, so that the
    /// next one writes the whole list.
    pub(crate) fn failed(&mut self, now: Instant) {
        if self.in_flight.take().is_some() {
            self.known = false;
            self.not_before = Some(now + self.retry.after_failure());
            self.add_due = Some(now);
        }
    }

    /// The wanted conversations of which the channel has topics, or may have them.
    fn obtainable(&self) -> Vec<String> {
        let is_obtainable =
            |id: &&String| self.present.contains(*id) || !self.refused.contains_key(*id);
        self.wanted.iter().filter(is_obtainable).cloned().collect()
    }

    /// When [`Subscriptions::next`] has something.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.in_flight.is_some() {
            return None;
        }
        // A channel without conversations is not kept alive.
        let renew_due = self.renew_due.filter(|_| !self.wanted.is_empty());
        let due = [self.add_due, self.remove_due, renew_due].into_iter().flatten().min()?;
        Some(self.not_before.map_or(due, |not_before| due.max(not_before)))
    }
}
