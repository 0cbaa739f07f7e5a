//! Agents that act by themselves.

use std::time::Duration;

use super::agenda::Occasion;
use super::change::Change;
use super::leg::{DisconnectType, Part};
use super::message::{Direction, Message};
use super::speech::Utterance;

impl Change<'_> {
    /// The conversation waits in a queue: the next agent in turn is alerted.
    pub(crate) fn autopilot_rings(&mut self) {
        if self.switches.autopilot.is_none() || !self.waits_for_members() {
            return;
        }
        let next = self.turn.checked_rem(self.seed.users.len());
        let Some(user) = next.and_then(|next| self.seed.users.get(next)) else { return };
        *self.turn = self.turn.wrapping_add(1);
        self.alert(&user.id, Part::Serving);
    }

    /// An agent is alerted and will accept.
    pub(crate) fn autopilot_accepts(&mut self, communication_id: String) {
        if let Some(autopilot) = &self.switches.autopilot {
            let delay = Duration::from_millis(autopilot.accept_after_milliseconds);
            self.appoint(delay, communication_id, Occasion::AutopilotAccepts);
        }
    }

    /// An agent has accepted and greets.
    pub(crate) fn autopilot_greets(&mut self) {
        let autopilot = self.switches.autopilot.as_ref();
        if let Some(greeting) = autopilot.and_then(|autopilot| autopilot.greeting.clone()) {
            self.autopilot_says(greeting);
        }
    }

    /// The customer has written, and the connected agent responds, if one is.
    pub(crate) fn autopilot_responds(&mut self) {
        let Some(autopilot) = &self.switches.autopilot else { return };
        let Some(agent) = self.conversation.agent() else { return };
        let Some(user_id) = agent.user_id().map(str::to_owned) else { return };
        let heard = |message: &&Message| {
            message.direction == Direction::Inbound && Some(message.at) >= agent.connected_at
        };
        let mut since_acceptance = self.conversation.messages.iter().filter(heard);
        let count = since_acceptance.clone().count();
        let echo = since_acceptance.next_back().and_then(Message::text).filter(|_| autopilot.echo);
        let (echo, end_after) = (echo.map(str::to_owned), autopilot.end_after_messages);
        if let Some(text) = echo {
            self.autopilot_says(text);
        }
        if end_after.is_some_and(|most| count >= most as usize) {
            self.agent_ends(&user_id, DisconnectType::Client);
        }
    }

    fn autopilot_says(&mut self, text: String) {
        if let Some(speaker) = self.connected_agent() {
            self.say(speaker, Utterance::Text(text));
        }
    }
}
