//! Who is there at Genesys, and whether the client knows.
//!
//! Proofs of one acceptance come several times, late and out of order. They are told apart by
//! Genesys' own times: an acceptance lies after the one before it, and the same agent accepts
//! again only after having left. What a proof cannot decide alone, a snapshot does.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Agent, AgentDetails, Notice, Participant, Rules, Snapshot, State, rules::later};

/// The agents of a handoff, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attendance {
    /// The last acceptance that is known.
    last: Option<Acceptance>,
    /// Who was announced before that.
    before: Option<Agent>,
}

/// That an agent accepted the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Acceptance {
    agent: Agent,
    /// When it was, by Genesys' clock; where a message proved it, when that was sent.
    since: Option<Timestamp>,
    /// When the agent left again, by Genesys' clock.
    left_at: Option<Timestamp>,
    /// Until when the announcement waits for the agent's name; `None` once it was made.
    announce_by: Option<Timestamp>,
    /// Whether the agent is still to be looked up.
    look_up: bool,
}

impl Attendance {
    /// The queue ended with this user's answer: a proof where no agent is there. With one there,
    /// it may be the same acceptance, or a colleague who is consulted.
    pub(crate) fn answered(
        &mut self,
        user_id: &str,
        at: Timestamp,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let free = self.last.as_ref().is_none_or(|last| last.left_at.is_some_and(|left| at > left));
        if free { self.accept(Some(user_id.to_owned()), Some(at), now, rules) } else { Vec::new() }
    }

    /// A person's message is a proof where no agent is there, unless it is a late one of the
    /// agent who has left.
    pub(crate) fn wrote(&mut self, at: Timestamp, now: Timestamp, rules: &Rules) -> Vec<Notice> {
        let had_left =
            |last: &Acceptance| last.left_at.is_some_and(|left| at > later(left, rules.jitter));
        let free = self.last.as_ref().is_none_or(had_left);
        if free { self.accept(None, Some(at), now, rules) } else { Vec::new() }
    }

    /// An agent's leg has ended. Of the present agent's, the first end counts.
    pub(crate) fn left(&mut self, user_id: &str, at: Timestamp) {
        if let Some(last) = &mut self.last
            && last.agent.user_id.as_deref() == Some(user_id)
        {
            last.ended(at);
        }
    }

    /// The conversation is another one now: nobody has come along.
    pub(crate) fn moved(&mut self) {
        if let Some(last) = &mut self.last {
            last.left_at = last.left_at.or(last.since);
        }
    }

    /// Takes in who a snapshot shows.
    pub(crate) fn observe(
        &mut self,
        snapshot: &Snapshot,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let legs: Vec<&Participant> = snapshot.agents().collect();
        if let Some(last) = &mut self.last {
            last.recognise(&legs, rules);
            if last.is_there(&legs) {
                return Vec::new();
            }
        }
        let next = legs
            .into_iter()
            .filter(|leg| leg.state == State::Connected)
            .filter(|leg| self.last.as_ref().is_none_or(|last| last.is_before(leg)))
            .min_by_key(|leg| leg.connected_at);
        match next {
            Some(leg) => self.accept(leg.user_id.clone(), leg.connected_at, now, rules),
            None => Vec::new(),
        }
    }

    /// The look-up of an agent is over.
    pub(crate) fn named(&mut self, user_id: &str, details: Option<AgentDetails>) -> Vec<Notice> {
        match &mut self.last {
            Some(last) if last.look_up && last.agent.user_id.as_deref() == Some(user_id) => {
                last.look_up = false;
                last.agent.details = details;
                self.announce().into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Announces who has waited long enough for a name.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<Notice> {
        let due = self.announcement_due().is_some_and(|due| due <= now);
        if due { self.announce().into_iter().collect() } else { Vec::new() }
    }

    /// The handoff is over: what is still to be said of agents.
    pub(crate) fn end(&mut self) -> Vec<Notice> {
        let joined = self.announce();
        let left = self.announced().cloned().map(Notice::AgentLeft);
        joined.into_iter().chain(left).collect()
    }

    /// Whether an agent is there, as far as is known.
    pub(crate) fn is_attended(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.left_at.is_none())
    }

    /// Whether an agent ever came.
    pub(crate) fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Who was last announced.
    pub(crate) fn announced(&self) -> Option<&Agent> {
        match &self.last {
            Some(last) if last.announce_by.is_none() => Some(&last.agent),
            _ => self.before.as_ref(),
        }
    }

    /// By when the announcement that is being settled is made.
    pub(crate) fn announcement_due(&self) -> Option<Timestamp> {
        self.last.as_ref()?.announce_by
    }

    /// Who is to be looked up.
    pub(crate) fn to_look_up(&self) -> Option<&str> {
        self.last.as_ref().filter(|last| last.look_up)?.agent.user_id.as_deref()
    }

    /// Whether it is known who is there.
    pub(crate) fn is_known(&self) -> bool {
        let last = self.last.as_ref();
        last.is_some_and(|last| last.agent.user_id.is_some() && last.left_at.is_none())
    }

    fn accept(
        &mut self,
        user_id: Option<String>,
        since: Option<Timestamp>,
        now: Timestamp,
        rules: &Rules,
    ) -> Vec<Notice> {
        let mut notices: Vec<Notice> = self.announce().into_iter().collect();
        self.before = self.announced().cloned();
        let number = self.before.as_ref().map_or(0, |agent| agent.number).saturating_add(1);
        self.last = Some(Acceptance {
            agent: Agent { number, user_id, details: None },
            since,
            left_at: None,
            announce_by: Some(later(now, rules.naming)),
            look_up: rules.name_agents,
        });
        if !rules.name_agents {
            notices.extend(self.announce());
        }
        notices
    }

    fn announce(&mut self) -> Option<Notice> {
        let last = self.last.as_mut()?;
        last.announce_by.take()?;
        Some(Notice::AgentJoined(last.agent.clone()))
    }
}

impl Acceptance {
    /// Finds out from the legs who it was, if that is unknown, and whether the agent has left.
    fn recognise(&mut self, legs: &[&Participant], rules: &Rules) {
        if self.agent.user_id.is_none() {
            let no_play = Duration::ZERO;
            let may_be = legs.iter().filter(|leg| self.may_be(leg, rules.jitter));
            let own = may_be.min_by_key(|leg| (!self.may_be(leg, no_play), leg.connected_at));
            if let Some(own) = own {
                self.agent.user_id.clone_from(&own.user_id);
                self.since = own.connected_at;
            }
        }
        for leg in legs {
            if let Some(at) = leg.ended_at.filter(|_| self.owns(leg)) {
                self.ended(at);
            }
        }
        if legs.iter().any(|leg| leg.state == State::Live && self.owns(leg)) {
            // What was heard as an end was the agent putting the conversation aside.
            self.left_at = None;
        }
    }

    /// Whether this leg may be the one of an agent who is known by a message only: it was
    /// connected when the message was sent, give or take so much.
    fn may_be(&self, leg: &Participant, play: Duration) -> bool {
        let (Some(connected), Some(sent)) = (leg.connected_at, self.since) else {
            return leg.state == State::Connected && self.since.is_none();
        };
        connected <= later(sent, play)
            && leg.ended_at.is_none_or(|ended| sent <= later(ended, play))
    }

    fn owns(&self, leg: &Participant) -> bool {
        self.agent.user_id.is_some() && leg.user_id == self.agent.user_id
    }

    /// A leg of this agent ended: this one, unless that was before the acceptance. An end further
    /// on is one of a later leg.
    fn ended(&mut self, at: Timestamp) {
        if self.since.is_none_or(|since| since <= at) {
            self.left_at = Some(self.left_at.map_or(at, |left| left.min(at)));
        }
    }

    /// Whether the legs show the agent there. If the agent is known to have left that leg, they
    /// are older than what is known, and tell nothing of who came after.
    fn is_there(&self, legs: &[&Participant]) -> bool {
        legs.iter().filter(|leg| leg.is_live() && self.owns(leg)).any(|leg| match self.left_at {
            Some(left) => leg.connected_at.is_some_and(|connected| connected <= left),
            None => true,
        })
    }

    /// Whether this connected leg is a later acceptance: by the same agent, who has left in
    /// between, or by another one. A snapshot may lag behind events, so that the leg may also be
    /// one from before.
    fn is_before(&self, leg: &Participant) -> bool {
        if leg.user_id.is_none() || self.owns(leg) {
            self.left_at.zip(leg.connected_at).is_some_and(|(left, connected)| connected > left)
        } else {
            self.since.zip(leg.connected_at).is_none_or(|(since, connected)| connected > since)
        }
    }
}
