//! What agents do.

use jiff::Timestamp;

use super::change::Change;
use super::conversation::{Parties, Transfer};
use super::detail_event::{self, QueueOutcome};
use super::emission::Emission;
use super::leg::{DisconnectType, Leg, LegState, Part};
use super::refusal::OrgRefusal;

impl Change<'_> {
    /// The agent accepts. One who is not alerted yet is alerted first.
    ///
    /// # Errors
    ///
    /// A refusal if there is nothing for this agent to accept.
    pub(crate) fn accept(&mut self, user_id: &str) -> Result<(), OrgRefusal> {
        if !self.is_alerted(user_id) {
            self.ring(user_id)?;
        }
        self.connect_agent(user_id);
        Ok(())
    }

    /// The agent does not answer in time, or declines.
    ///
    /// # Errors
    ///
    /// A refusal if this agent is not alerted.
    pub(crate) fn not_taken(
        &mut self,
        user_id: &str,
        why: DisconnectType,
    ) -> Result<(), OrgRefusal> {
        if !self.is_alerted(user_id) {
            return Err(OrgRefusal::out_of_place("this agent is not alerted"));
        }
        self.stop_alerting(user_id, why);
        Ok(())
    }

    /// The agent presses end. The customer's leg ends as well, unless it is to live on.
    pub(crate) fn agent_ends(&mut self, user_id: &str, why: DisconnectType) {
        self.end(|leg| leg.is_serving() && leg.is_of(user_id), why);
        self.end(|leg| !leg.is_customer(), DisconnectType::Peer);
        if !self.switches.customer_leg_outlives_agent {
            self.end(Leg::is_customer, DisconnectType::Peer);
        }
    }

    /// Whoever has the conversation gives it to a queue.
    pub(crate) fn transfer_to_queue(&mut self, queue_id: String) {
        self.end(|leg| !leg.is_customer(), DisconnectType::Transfer);
        self.enter_queue(queue_id);
    }

    /// Whoever has the conversation gives it to an agent, whose client rings.
    ///
    /// # Errors
    ///
    /// A refusal if that agent has it already.
    pub(crate) fn transfer_to_user(&mut self, user_id: &str) -> Result<(), OrgRefusal> {
        if self.conversation.live().any(|leg| leg.is_of(user_id)) {
            return Err(OrgRefusal::conflict(
                "conversations.error.transfer.same.party",
                "The conversation cannot be transferred to the one who has it.",
            ));
        }
        self.end(|leg| !leg.is_customer(), DisconnectType::Transfer);
        self.alert(user_id, Part::Serving);
        Ok(())
    }

    /// Whoever has the conversation gives it back to a flow.
    pub(crate) fn send_to_flow(&mut self, flow_id: String) {
        self.end(|leg| !leg.is_customer(), DisconnectType::Transfer);
        self.run_flow(flow_id);
    }

    /// The agent puts the conversation aside.
    ///
    /// # Errors
    ///
    /// A refusal if the agent is not connected.
    pub(crate) fn park(&mut self, user_id: &str) -> Result<(), OrgRefusal> {
        let now = self.now;
        let leg = self.leg_mut(|leg| leg.is_of(user_id) && leg.is_connected())?;
        leg.state = LegState::Parked { since: now };
        if self.switches.parking_emits_user_end {
            self.emit_about(user_id, |parties, leg, now| {
                let outcome = QueueOutcome::Abandon;
                detail_event::ended(parties, leg, now, DisconnectType::Other, &outcome)
            });
        }
        Ok(())
    }

    /// The agent takes up what was put aside.
    ///
    /// # Errors
    ///
    /// A refusal if this agent parked nothing.
    pub(crate) fn resume(&mut self, user_id: &str) -> Result<(), OrgRefusal> {
        let leg = self.leg_mut(|leg| leg.is_of(user_id) && leg.is_parked())?;
        leg.state = LegState::Connected;
        if self.switches.parking_emits_user_end {
            self.emit_about(user_id, detail_event::started);
        }
        Ok(())
    }

    /// The agent asks a colleague, whose client rings. The customer stays with the agent.
    ///
    /// # Errors
    ///
    /// A refusal if the agent is not connected, or the colleague takes part already.
    pub(crate) fn consult(&mut self, user_id: &str, with: &str) -> Result<(), OrgRefusal> {
        self.leg_mut(|leg| leg.is_serving() && leg.is_of(user_id) && leg.is_connected())?;
        if self.conversation.live().any(|leg| leg.is_of(with)) {
            return Err(OrgRefusal::out_of_place("that colleague takes part already"));
        }
        self.alert(with, Part::Consulted);
        Ok(())
    }

    /// The consultation is over; the customer stays with the agent.
    ///
    /// # Errors
    ///
    /// A refusal if nobody is consulted.
    pub(crate) fn end_consult(&mut self) -> Result<(), OrgRefusal> {
        self.leg_mut(|leg| leg.is_consulted())?;
        self.end(Leg::is_consulted, DisconnectType::Client);
        Ok(())
    }

    /// The consulted colleague takes over and the agent leaves.
    ///
    /// # Errors
    ///
    /// A refusal if no colleague has accepted a consultation.
    pub(crate) fn complete_consult(&mut self) -> Result<(), OrgRefusal> {
        let leg = self.leg_mut(|leg| leg.is_consulted() && leg.is_connected())?;
        let colleague = leg.user_id().unwrap_or_default().to_owned();
        self.end(Leg::is_serving, DisconnectType::ConsultTransfer);
        self.leg_mut(|leg| leg.is_consulted())?.serve();
        self.note_transfer(Some(colleague));
        Ok(())
    }

    /// Notes that the conversation went to a queue, or to this agent.
    pub(crate) fn note_transfer(&mut self, to_user_id: Option<String>) {
        let transfer = Transfer { id: self.ids.uuid(), at: self.now, to_user_id };
        self.conversation.transfers.push(transfer);
    }

    fn emit_about(&mut self, user_id: &str, event: impl Fn(&Parties, &Leg, Timestamp) -> Emission) {
        let legs = self.conversation.live().filter(|leg| leg.is_of(user_id));
        let events = legs.map(|leg| event(&self.conversation.parties, leg, self.now));
        self.emissions.extend(events);
    }

    fn is_alerted(&self, user_id: &str) -> bool {
        self.conversation.live().any(|leg| leg.is_alerting() && leg.is_of(user_id))
    }

    fn leg_mut(&mut self, which: impl Fn(&Leg) -> bool) -> Result<&mut Leg, OrgRefusal> {
        let mut live = self.conversation.legs.iter_mut().filter(|leg| leg.is_live());
        live.find(|leg| which(leg)).ok_or_else(|| {
            OrgRefusal::out_of_place("nobody takes part in the conversation in that way now")
        })
    }
}
