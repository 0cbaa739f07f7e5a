//! What a tester can order the people of the org to do.

use serde::Deserialize;

use super::change::Change;
use super::leg::{DisconnectType, Leg};
use super::refusal::OrgRefusal;
use super::speech::{Speaker, Utterance};
use crate::webhook::Shape;

/// One act of somebody in one conversation. A person is named by id, name, preferred name or
/// e-mail address; a queue or flow by id or name.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// The queue lets this agent's client ring. It goes on until somebody accepts or declines, or
    /// until the alerting time-out.
    Alert {
        /// The agent.
        user: String,
    },
    /// The agent accepts. One who is not alerted yet is alerted first.
    Accept {
        /// The agent, or nobody for the one who is alerted.
        user: Option<String>,
    },
    /// The alerting time-out comes now: the conversation goes back to the queue.
    NoAnswer {
        /// The agent, or nobody for the one who is alerted.
        user: Option<String>,
    },
    /// The agent declines: the conversation goes back to the queue.
    Decline {
        /// The agent, or nobody for the one who is alerted.
        user: Option<String>,
    },
    /// The agent types. Nothing leaves the org unless outbound typing is switched on.
    Type {
        /// The agent, or nobody for the one who is connected.
        user: Option<String>,
    },
    /// The agent says something: a text, a shape, or a shape with this text.
    Answer {
        /// The agent, or nobody for the one who is connected.
        user: Option<String>,
        /// The text.
        text: Option<String>,
        /// The name of a shape.
        shape: Option<String>,
    },
    /// The flow or the in-queue flow says something as a bot.
    BotAnswer {
        /// The text.
        text: Option<String>,
        /// The name of a shape.
        shape: Option<String>,
    },
    /// A program sends a text through the agentless API. Any conversation takes it.
    Agentless {
        /// The text.
        text: String,
    },
    /// Whoever has the conversation transfers it to a queue.
    TransferToQueue {
        /// The queue.
        queue: String,
    },
    /// Whoever has the conversation transfers it to an agent, whose client rings.
    TransferToUser {
        /// The agent who is to take over.
        to: String,
    },
    /// Whoever has the conversation sends it back to a flow.
    SendToFlow {
        /// The flow, or nothing for the inbound flow.
        flow: Option<String>,
    },
    /// The agent asks a colleague, whose client rings; the colleague can accept or decline.
    Consult {
        /// The agent, or nobody for the one who is connected.
        user: Option<String>,
        /// The colleague.
        with: String,
    },
    /// The consultation ends and the agent goes on.
    EndConsult {},
    /// The consulted colleague takes over.
    CompleteConsult {},
    /// The agent puts the conversation aside.
    Park {
        /// The agent, or nobody for the one who is connected.
        user: Option<String>,
    },
    /// The agent takes it up again.
    Resume {
        /// The agent, or nobody for the one who parked it.
        user: Option<String>,
    },
    /// The agent ends the conversation.
    End {
        /// The agent, or nobody for the one who is connected or parked it.
        user: Option<String>,
        /// Why, as the event spells it; `CLIENT` if it is left out.
        disconnect_type: Option<DisconnectType>,
    },
    /// The flow, or the in-queue flow, ends the conversation.
    EndFlow {},
}

impl Change<'_> {
    /// Does what was ordered. Answers the id of the message that was said, if one was.
    ///
    /// # Errors
    ///
    /// A refusal if the order names somebody or something that is not there, or if it cannot be
    /// done in the conversation as it stands.
    pub(crate) fn act(&mut self, action: Action) -> Result<Option<String>, OrgRefusal> {
        match action {
            Action::Alert { user } => {
                let user = self.user(&user)?;
                self.ring(&user)?;
            }
            Action::Accept { user } => {
                let user = self.user_or(user, Leg::is_alerting)?;
                self.accept(&user)?;
            }
            Action::NoAnswer { user } => {
                let user = self.user_or(user, Leg::is_alerting)?;
                self.not_taken(&user, DisconnectType::NoAnswerTransfer)?;
            }
            Action::Decline { user } => {
                let user = self.user_or(user, Leg::is_alerting)?;
                self.not_taken(&user, DisconnectType::NotAvailableTransfer)?;
            }
            Action::Type { user } => {
                let speaker = self.speaking_agent(user)?;
                self.agent_types(speaker);
            }
            Action::Answer { user, text, shape } => {
                let speaker = self.speaking_agent(user)?;
                return Ok(Some(self.say(speaker, utterance(text, shape)?)));
            }
            Action::BotAnswer { text, shape } => {
                let speaker = self.bot().ok_or_else(in_no_flow)?;
                return Ok(Some(self.say(speaker, utterance(text, shape)?)));
            }
            Action::Agentless { text } => {
                return Ok(Some(self.say(Speaker::Agentless, Utterance::Text(text))));
            }
            Action::TransferToQueue { queue } => {
                let queue = self.seed.find_queue(&queue).ok_or_else(OrgRefusal::unknown_queue)?;
                self.attended()?;
                self.transfer_to_queue(queue.id.clone());
            }
            Action::TransferToUser { to } => {
                let to = self.user(&to)?;
                self.attended()?;
                self.transfer_to_user(&to)?;
            }
            Action::SendToFlow { flow } => {
                let flow = self.flow(flow.as_deref())?;
                self.attended()?;
                self.send_to_flow(flow);
            }
            Action::Consult { user, with } => {
                let user = self.user_or(user, is_talking)?;
                let with = self.user(&with)?;
                self.consult(&user, &with)?;
            }
            Action::EndConsult {} => self.end_consult()?,
            Action::CompleteConsult {} => self.complete_consult()?,
            Action::Park { user } => {
                let user = self.user_or(user, is_talking)?;
                self.park(&user)?;
            }
            Action::Resume { user } => {
                let user = self.user_or(user, Leg::is_parked)?;
                self.resume(&user)?;
            }
            Action::End { user, disconnect_type } => {
                let user = self.user_or(user, |leg| is_talking(leg) || leg.is_parked())?;
                self.conversation
                    .live()
                    .find(|leg| leg.is_of(&user) && (is_talking(leg) || leg.is_parked()))
                    .ok_or_else(|| OrgRefusal::out_of_place("this agent has nothing to end"))?;
                self.agent_ends(&user, disconnect_type.unwrap_or(DisconnectType::Client));
            }
            Action::EndFlow {} => {
                self.bot().ok_or_else(in_no_flow)?;
                self.flow_ends();
            }
        }
        Ok(None)
    }

    /// The agent who talks with the customer, if it is the one whom the order names.
    fn speaking_agent(&self, reference: Option<String>) -> Result<Speaker, OrgRefusal> {
        let ordered = self.user_or(reference, is_talking)?;
        match self.connected_agent() {
            Some(Speaker::Agent { communication_id, user_id }) if user_id == ordered => {
                Ok(Speaker::Agent { communication_id, user_id })
            }
            _ => Err(OrgRefusal::out_of_place("this agent is not connected with the customer")),
        }
    }

    fn flow(&self, reference: Option<&str>) -> Result<String, OrgRefusal> {
        let flow = match reference {
            Some(reference) => self.seed.find_flow(reference),
            None => self.seed.flows.first(),
        };
        let flow = flow.ok_or_else(|| OrgRefusal::not_found("flow", reference.unwrap_or_default()));
        flow.map(|flow| flow.id.clone())
    }

    fn user(&self, reference: &str) -> Result<String, OrgRefusal> {
        let user = self.seed.find_user(reference);
        user.map(|user| user.id.clone()).ok_or_else(|| OrgRefusal::not_found("user", reference))
    }

    /// This user or, if the order names nobody, the agent whose leg `which` picks.
    fn user_or(
        &self,
        reference: Option<String>,
        which: impl Fn(&Leg) -> bool,
    ) -> Result<String, OrgRefusal> {
        if let Some(reference) = reference {
            return self.user(&reference);
        }
        let leg = self.conversation.live().find(|leg| leg.is_agent() && which(leg));
        leg.and_then(Leg::user_id).map(str::to_owned).ok_or_else(|| {
            OrgRefusal::out_of_place("no agent of the conversation can do that now; name one")
        })
    }

    fn attended(&self) -> Result<(), OrgRefusal> {
        if self.conversation.is_attended() { Ok(()) } else { Err(OrgRefusal::not_connected()) }
    }
}

fn is_talking(leg: &Leg) -> bool {
    leg.is_serving() && leg.is_connected()
}

fn in_no_flow() -> OrgRefusal {
    OrgRefusal::out_of_place("the conversation is in no flow or queue")
}

fn utterance(text: Option<String>, shape: Option<String>) -> Result<Utterance, OrgRefusal> {
    match (text, shape) {
        (text, Some(name)) => {
            let shape = Shape::named(&name).ok_or_else(|| {
                OrgRefusal::out_of_place("no such shape; GET /control/v1/shapes lists them")
            })?;
            Ok(Utterance::Shape(shape, text))
        }
        (Some(text), None) => Ok(Utterance::Text(text)),
        (None, None) => Err(OrgRefusal::out_of_place("give a text, a shape, or both")),
    }
}
