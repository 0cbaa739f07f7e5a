//! One change to one conversation, and the primitives that every change is made of.

use std::time::Duration;

use jiff::Timestamp;

use super::agenda::{Agenda, Appointment, Occasion};
use super::conversation::Conversation;
use super::conversation_view::{self, Spelling};
use super::detail_event::{self, QueueOutcome};
use super::emission::Emission;
use super::identity::IdSource;
use super::leg::{DisconnectType, Leg, LegState, Role};
use super::seed::{Flow, MessagingSetting, OrgSeed};
use super::settings::{OrgSettings, Switches};

/// A change under way: the conversation, and what of the org it may read or add to.
///
/// Everything that happens in a conversation is a method of this type. The methods are in the
/// files named after who acts: `customer`, `routing`, `agent`, `consult`, `speech`, `autopilot`.
pub(crate) struct Change<'a> {
    pub(crate) now: Timestamp,
    pub(crate) conversation: &'a mut Conversation,
    pub(crate) seed: &'a OrgSeed,
    pub(crate) settings: &'a OrgSettings,
    pub(crate) switches: &'a Switches,
    pub(crate) ids: &'a mut IdSource,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) emissions: &'a mut Vec<Emission>,
    /// Whose turn it is next when the autopilot picks an agent.
    pub(crate) turn: &'a mut usize,
}

impl Change<'_> {
    /// What the integration is set to now.
    pub(crate) fn messaging_setting(&self) -> Option<MessagingSetting> {
        let setting = self.seed.setting_of(&self.conversation.parties.integration_id)?;
        Some(setting.under(self.switches))
    }

    /// The flow that takes what comes in at the integration.
    pub(crate) fn flow_of_integration(&self) -> Option<&Flow> {
        self.seed.flow_of(&self.conversation.parties.integration_id)
    }

    /// Begins a leg: an agent's is alerting, any other is connected. Answers its communication
    /// id.
    pub(crate) fn begin(&mut self, role: Role) -> String {
        let is_agent = matches!(role, Role::Agent { .. });
        let leg = Leg {
            participant_id: self.participant_id(&role),
            communication_id: self.ids.uuid(),
            customer_leg: self.conversation.customer().map(|leg| leg.communication_id.clone()),
            role,
            state: if is_agent { LegState::Alerting } else { LegState::Connected },
            started_at: self.now,
            connected_at: (!is_agent).then_some(self.now),
        };
        self.emissions.push(detail_event::started(&self.conversation.parties, &leg, self.now));
        let communication_id = leg.communication_id.clone();
        self.conversation.legs.push(leg);
        communication_id
    }

    /// Ends every live leg that `which` picks.
    pub(crate) fn end(&mut self, which: impl Fn(&Leg) -> bool, why: DisconnectType) {
        let outcome = match why {
            DisconnectType::Transfer => QueueOutcome::FlowOut,
            _ => QueueOutcome::Abandon,
        };
        self.end_with_outcome(which, why, &outcome);
    }

    /// Ends the queue's leg because this agent accepted.
    pub(crate) fn end_queue_answered(&mut self, user_id: &str) {
        let outcome = QueueOutcome::Answered { user_id: user_id.to_owned() };
        self.end_with_outcome(Leg::is_queue, DisconnectType::Transfer, &outcome);
    }

    fn end_with_outcome(
        &mut self,
        which: impl Fn(&Leg) -> bool,
        why: DisconnectType,
        outcome: &QueueOutcome,
    ) {
        let now = self.now;
        let mut to_wrap_up = Vec::new();
        let parties = &self.conversation.parties;
        for leg in self.conversation.legs.iter_mut().filter(|leg| leg.is_live() && which(leg)) {
            self.emissions.push(detail_event::ended(parties, leg, now, why, outcome));
            leg.state = LegState::Ended { at: now, why, wrapped_up_at: None };
            if leg.is_serving() && leg.connected_at.is_some() {
                to_wrap_up.push(leg.communication_id.clone());
            }
        }
        for communication_id in to_wrap_up {
            self.appoint(self.settings.wrap_up, communication_id, Occasion::WrapUpDone);
        }
    }

    /// Writes down what is to happen in a leg after `delay`.
    pub(crate) fn appoint(
        &mut self,
        delay: Duration,
        communication_id: String,
        occasion: Occasion,
    ) {
        let conversation_id = self.conversation.parties.conversation_id.clone();
        let appointment = Appointment { conversation_id, communication_id, occasion };
        self.agenda.write(self.now, delay, appointment);
    }

    /// Lets what was written down happen, unless its leg has moved on.
    pub(crate) fn keep_appointment(&mut self, communication_id: &str, occasion: Occasion) {
        let is_it = |leg: &&mut Leg| leg.communication_id == communication_id;
        let Some(leg) = self.conversation.legs.iter_mut().find(is_it) else { return };
        let user_id = leg.user_id().unwrap_or_default().to_owned();
        match (occasion, &mut leg.state) {
            (Occasion::AlertingTimeOut, LegState::Alerting) => {
                self.stop_alerting(&user_id, DisconnectType::NoAnswerTransfer);
            }
            (Occasion::AutopilotAccepts, LegState::Alerting) => self.connect_agent(&user_id),
            (Occasion::WrapUpDone, LegState::Ended { at, wrapped_up_at, .. }) => {
                let ended_at = *at;
                *wrapped_up_at = Some(self.now);
                let parties = &self.conversation.parties;
                let event = detail_event::wrapped_up(parties, leg, self.now, ended_at);
                self.emissions.push(event);
            }
            _ => {}
        }
    }

    /// Publishes the conversation's new state on the topics of the queues and agents that have,
    /// or had until now, to do with it.
    pub(crate) fn publish(&mut self) {
        let (now, conversation) = (self.now, &*self.conversation);
        let concerned = conversation
            .legs
            .iter()
            .filter(|leg| leg.is_live() || leg.ended_at().is_some_and(|at| at == now));
        let mut topics: Vec<String> = concerned
            .flat_map(|leg| {
                let queue = leg.queue_id().map(|id| format!("v2.routing.queues.{id}"));
                let user = leg.user_id().map(|id| format!("v2.users.{id}"));
                [queue, user].into_iter().flatten()
            })
            .map(|prefix| format!("{prefix}.conversations.messages"))
            .collect();
        topics.sort_unstable();
        topics.dedup();
        if topics.is_empty() {
            return;
        }
        let body = conversation_view::conversation(
            conversation,
            self.seed,
            self.settings,
            Spelling::Topic,
        );
        let events = topics.into_iter().map(|topic| Emission::Event { topic, body: body.clone() });
        self.emissions.extend(events);
    }

    /// The customer and each agent keep their participant's id when they come back (Genesys
    /// reference 5).
    fn participant_id(&mut self, role: &Role) -> String {
        let same = |leg: &&Leg| match role {
            Role::Customer => leg.is_customer(),
            Role::Agent { user_id, .. } => leg.is_of(user_id),
            Role::Flow { .. } | Role::Queue { .. } => false,
        };
        let earlier = self.conversation.legs.iter().find(same);
        earlier.map(|leg| leg.participant_id.clone()).unwrap_or_else(|| self.ids.uuid())
    }
}
