//! Agents' messages that Genesys lists: whether they arrived, and what to fetch.
//!
//! A message goes one way, once: listed, checked, and if it never arrived, fetched. What was
//! fetched is checked once more, for it has to be logged before the end.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Handoff, Notice, Rules, SentMessage, Snapshot, handoff::Stage, rules::later};

/// The most messages that wait for a check, and the most that are remembered as fetched. Of more,
/// the oldest are dropped: an outage that swallows so many of one conversation is none.
const MOST: usize = 500;

/// The messages that are in question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Messages {
    /// To be checked next.
    listed: VecDeque<String>,
    /// When these are; at once if no time is given.
    check_at: Option<Timestamp>,
    /// Being checked. The list does not change until the answer is there.
    check: Vec<String>,
    /// Being fetched.
    fetch: Vec<String>,
    /// Fetched, or not to be had: not fetched again.
    fetched: VecDeque<String>,
}

impl Messages {
    /// These messages are there at Genesys, the oldest first.
    pub(crate) fn list<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) {
        for id in ids {
            let mut known =
                self.listed.iter().chain(&self.check).chain(&self.fetch).chain(&self.fetched);
            if !known.any(|known| known == id) {
                push(&mut self.listed, id.to_owned());
            }
        }
    }

    /// The answer to the check. What is missing is fetched, or if it is too early for that, checked
    /// again then.
    pub(crate) fn missing(&mut self, missing: &[String], now: Timestamp, fetch_from: Timestamp) {
        for id in std::mem::take(&mut self.check) {
            if !missing.contains(&id) || self.fetched.contains(&id) {
                continue;
            }
            if fetch_from <= now {
                self.fetch.push(id);
            } else {
                push(&mut self.listed, id);
                self.check_at = Some(fetch_from);
            }
        }
    }

    /// One of the messages was fetched, or is not to be had.
    pub(crate) fn fetched(&mut self, id: &str, arrived: bool) {
        let Some(place) = self.fetch.iter().position(|fetching| fetching == id) else {
            return;
        };
        let id = self.fetch.remove(place);
        if arrived {
            push(&mut self.listed, id.clone());
        }
        push(&mut self.fetched, id);
    }

    /// A message has come: what is to be checked again may be checked now.
    pub(crate) fn hurry(&mut self) {
        self.check_at = None;
    }

    /// Begins the next check if it is time.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.check.is_empty() && self.check_at.is_none_or(|at| at <= now) {
            self.check = self.listed.drain(..).collect();
            self.check_at = None;
        }
    }

    /// Whether nothing is in question any more.
    pub(crate) fn are_settled(&self) -> bool {
        self.listed.is_empty() && self.check.is_empty() && self.fetch.is_empty()
    }

    /// What is to be checked.
    pub(crate) fn to_check(&self) -> &[String] {
        &self.check
    }

    /// What is to be fetched.
    pub(crate) fn to_fetch(&self) -> &[String] {
        &self.fetch
    }

    /// When the next check begins, if it waits.
    pub(crate) fn check_due(&self) -> Option<Timestamp> {
        self.check_at.filter(|_| self.check.is_empty())
    }
}

impl Handoff {
    /// Lists the agents' messages that a snapshot shows and that should have arrived.
    pub(crate) fn list_messages(&mut self, snapshot: &Snapshot, now: Timestamp, rules: &Rules) {
        let mut in_question: Vec<&SentMessage> = snapshot
            .agents()
            .flat_map(|leg| &leg.messages)
            .filter(|message| self.is_in_question(message, now, rules))
            .collect();
        in_question.sort_by_key(|message| message.at);
        self.messages.list(in_question.into_iter().map(|message| message.id.as_str()));
    }

    /// Whether an agent's message should have arrived: at the end each one, before that one which
    /// Genesys no longer tries to deliver.
    fn is_in_question(&self, message: &SentMessage, now: Timestamp, rules: &Rules) -> bool {
        let Some(at) = message.at else { return true };
        let given_up = message.failed || later(at, rules.webhook_retries) <= now;
        let ending = matches!(self.stage, Stage::Ending { .. });
        self.is_of_this_handoff(at, rules) && (ending || given_up)
    }

    /// Of the messages that were checked, these never arrived.
    pub(crate) fn missing(&mut self, ids: &[String], now: Timestamp) -> Vec<Notice> {
        let fetch_from = match self.stage {
            Stage::Ending { fetch_from, .. } => fetch_from,
            _ => now,
        };
        self.messages.missing(ids, now, fetch_from);
        Vec::new()
    }

    pub(crate) fn fetched(&mut self, message_id: &str, arrived: bool) -> Vec<Notice> {
        self.messages.fetched(message_id, arrived);
        Vec::new()
    }
}

fn push(queue: &mut VecDeque<String>, id: String) {
    if queue.len() == MOST {
        queue.pop_front();
    }
    queue.push_back(id);
}
