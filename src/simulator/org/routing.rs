//! How a conversation finds an agent: the flow, the queue, the alerting.

use super::agenda::Occasion;
use super::change::Change;
use super::leg::{DisconnectType, Leg, Part, Role};
use super::refusal::OrgRefusal;

/// The customer's attribute that names the queue for the flow (Genesys reference 10).
const QUEUE_ATTRIBUTE: &str = "queueId";

impl Change<'_> {
    /// Runs a flow, which sends the conversation to a queue at once unless it is to keep it.
    pub(crate) fn run_flow(&mut self, flow_id: String) {
        let communication_id = self.begin(Role::Flow { flow_id });
        if let Some(text) = self.switches.flow_message.clone() {
            self.bot_says(communication_id, text);
        }
        if !self.switches.flow_keeps_conversation {
            self.end(Leg::is_flow, DisconnectType::Transfer);
            self.enter_queue(self.chosen_queue());
        }
    }

    /// The flow, or the in-queue flow, ends the conversation.
    pub(crate) fn flow_ends(&mut self) {
        self.end(|leg| !leg.is_customer(), DisconnectType::Client);
        self.end(Leg::is_customer, DisconnectType::Peer);
    }

    /// Puts the conversation into a queue.
    pub(crate) fn enter_queue(&mut self, queue_id: String) {
        let communication_id = self.begin(Role::Queue { queue_id });
        self.note_transfer(None);
        if let Some(text) = self.switches.queue_message.clone() {
            self.bot_says(communication_id, text);
        }
        self.autopilot_rings();
    }

    /// Lets the agent's client ring: for the queue in which the conversation waits or, without
    /// one, as a direct transfer or a consultation.
    pub(crate) fn alert(&mut self, user_id: &str, part: Part) {
        let queue_id = self.conversation.queue().and_then(Leg::queue_id).map(str::to_owned);
        let communication_id =
            self.begin(Role::Agent { user_id: user_id.to_owned(), queue_id, part });
        let time_out = self.settings.alerting_time_out;
        self.appoint(time_out, communication_id.clone(), Occasion::AlertingTimeOut);
        self.autopilot_accepts(communication_id);
    }

    /// Alerts an agent for the queue in which the conversation waits.
    ///
    /// # Errors
    ///
    /// A refusal if it waits in none or in one without members, or if somebody is alerted
    /// already.
    pub(crate) fn ring(&mut self, user_id: &str) -> Result<(), OrgRefusal> {
        if self.conversation.queue().is_none() {
            return Err(OrgRefusal::out_of_place("the conversation waits in no queue"));
        }
        if !self.waits_for_members() {
            return Err(OrgRefusal::out_of_place(
                "the queue has no members; transfer the conversation to another",
            ));
        }
        if self.conversation.live().any(Leg::is_alerting) {
            return Err(OrgRefusal::out_of_place(
                "another agent is alerted; let that one accept, decline or not answer first",
            ));
        }
        self.alert(user_id, Part::Serving);
        Ok(())
    }

    /// The agent stops ringing without an acceptance, and the conversation is where it was
    /// before: with the colleague who asked, in its queue or, after a direct transfer, in the
    /// queue it came from.
    pub(crate) fn stop_alerting(&mut self, user_id: &str, why: DisconnectType) {
        self.end(|leg| leg.is_alerting() && leg.is_of(user_id), why);
        if !self.conversation.is_attended() {
            self.enter_queue(self.last_queue());
        } else if self.conversation.queue().is_some() {
            self.autopilot_rings();
        }
    }

    /// The agent whose client rings accepts.
    pub(crate) fn connect_agent(&mut self, user_id: &str) {
        let now = self.now;
        let mut serves = false;
        let ringing = |leg: &&mut Leg| leg.is_alerting() && leg.is_of(user_id);
        for leg in self.conversation.legs.iter_mut().filter(ringing) {
            leg.connect(now);
            serves = leg.is_serving();
        }
        if serves {
            self.end_queue_answered(user_id);
            self.note_transfer(Some(user_id.to_owned()));
            self.autopilot_greets();
        }
    }

    /// Whether somebody works in the queue in which the conversation waits.
    pub(crate) fn waits_for_members(&self) -> bool {
        let queue_id = self.conversation.queue().and_then(Leg::queue_id);
        let queue = queue_id.and_then(|id| self.seed.find_queue(id));
        queue.is_some_and(|queue| queue.has_members)
    }

    /// The queue that the flow is set to, or that the customer's attributes ask for, by id or
    /// name, or the org's first.
    pub(crate) fn chosen_queue(&self) -> String {
        let set = self.switches.flow_queue.as_deref().and_then(|set| self.seed.find_queue(set));
        let asked = self
            .conversation
            .customer()
            .and_then(|leg| self.conversation.attributes.get(&leg.participant_id))
            .and_then(|attributes| attributes.get(QUEUE_ATTRIBUTE))
            .and_then(|asked| self.seed.find_queue(asked));
        set.or(asked).or(self.seed.queues.first()).map(|queue| queue.id.clone()).unwrap_or_default()
    }

    /// The queue of the latest leg that had one.
    fn last_queue(&self) -> String {
        let last = self.conversation.legs.iter().rev().find_map(Leg::queue_id);
        last.map_or_else(|| self.chosen_queue(), str::to_owned)
    }
}
