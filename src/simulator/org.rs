//! An org in memory: integrations, queues, people, and the conversations that they have.
//!
//! [`Org`] is pure: it does no I/O, it is told the time, and what it wants to tell the world
//! waits in [`Org::take_emissions`]. The Platform API asks it, the control API drives the people
//! in it, and a task that sleeps until [`Org::next_due`] calls [`Org::advance`].

mod action;
mod agenda;
mod agent;
mod autopilot;
mod change;
mod conversation;
mod conversation_api;
mod conversation_view;
mod customer;
mod detail_event;
mod directory;
mod emission;
mod identity;
mod inbound;
mod inbound_api;
mod leg;
mod message;
mod messaging;
mod refusal;
mod routing;
mod seed;
mod settings;
mod speech;
mod topics;
mod truth;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;

pub use action::Action;
pub use emission::Emission;
pub use leg::DisconnectType;
pub(crate) use message::PostAnswer;
pub use refusal::{MessageParameters, OrgRefusal};
pub use seed::{Flow, Integration, MessagingSetting, OrgSeed, Queue, SupportedContent, User};
pub use settings::{Autopilot, OrgSettings, Replaceable, Switches};

use agenda::Agenda;
use change::Change;
use conversation::Conversation;
use identity::IdSource;
use message::Message;

/// The org.
#[derive(Debug)]
pub struct Org {
    seed: OrgSeed,
    settings: OrgSettings,
    switches: Switches,
    /// Conversation's id to the conversation.
    conversations: BTreeMap<String, Conversation>,
    /// Integration's and end user's id to the latest conversation of the two.
    threads: HashMap<(String, String), String>,
    /// Message's id to its conversation's.
    messages: HashMap<String, String>,
    /// Receipts about messages that the org never sent, as normalised messages.
    stray_receipts: Vec<Value>,
    ids: IdSource,
    agenda: Agenda,
    emissions: Vec<Emission>,
    turn: usize,
}

impl Org {
    /// An org without conversations.
    pub fn new(seed: OrgSeed, settings: OrgSettings) -> Self {
        Self {
            ids: IdSource::new(seed.id_seed),
            seed,
            settings,
            switches: Switches::default(),
            conversations: BTreeMap::new(),
            threads: HashMap::new(),
            messages: HashMap::new(),
            stray_receipts: Vec::new(),
            agenda: Agenda::default(),
            emissions: Vec::new(),
            turn: 0,
        }
    }

    /// What has to leave the org since the last call, oldest first.
    pub fn take_emissions(&mut self) -> Vec<Emission> {
        std::mem::take(&mut self.emissions)
    }

    /// When something happens by itself next: [`Org::advance`] is to be called then. Any call
    /// may bring it forward.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.next_due()
    }

    /// Lets everything happen that is due at `now`: alerting time-outs, wrap-ups, the autopilot.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((due, appointment)) = self.agenda.take_due(now) {
            // A conversation is never forgotten, so there is nothing to refuse.
            let _ = self.change(due, &appointment.conversation_id, |change| {
                change.keep_appointment(&appointment.communication_id, appointment.occasion);
                Ok(())
            });
        }
    }

    /// Lets somebody do something in a conversation. Answers the id of the message that was
    /// said, if one was.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such conversation, or if it cannot be done in it as it
    /// stands.
    pub fn act(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        action: Action,
    ) -> Result<Option<String>, OrgRefusal> {
        self.change(now, conversation_id, |change| change.act(action))
    }

    /// The delivery of an outbound message is over: it was delivered, or it failed with this
    /// text of `errorInfo`. Ids that the org does not know are ignored, and what a receipt said
    /// before stands.
    pub fn webhook_settled(&mut self, message_id: &str, failed: Option<String>) {
        if let Some(message) = self.message_mut(message_id) {
            message.settle(failed);
        }
    }

    /// A fault befell the answer to the post that brought this message in.
    pub(crate) fn answer_befallen(&mut self, message_id: &str, answer: PostAnswer) {
        if let Some(message) = self.message_mut(message_id) {
            message.answer = Some(answer);
        }
    }

    fn message_mut(&mut self, message_id: &str) -> Option<&mut Message> {
        let conversation = self.conversations.get_mut(self.messages.get(message_id)?)?;
        conversation.messages.iter_mut().find(|message| message.id == message_id)
    }

    /// Whether a notification topic exists. It has to be written out: not combined, with a real
    /// id.
    pub fn topic_exists(&self, topic: &str) -> bool {
        topics::exists(&self.seed, topic)
    }

    /// The organisation's id.
    pub fn organization_id(&self) -> &str {
        &self.seed.organization_id
    }

    /// The switches as they stand.
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// Replaces all switches. They hold for what happens from now on.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if they name a queue that is not there.
    pub fn set_switches(&mut self, switches: Switches) -> Result<(), OrgRefusal> {
        if let Some(queue) = &switches.flow_queue
            && self.seed.find_queue(queue).is_none()
        {
            return Err(OrgRefusal::not_found("queue", queue));
        }
        self.switches = switches;
        Ok(())
    }

    /// Makes one change to one conversation, and publishes its new state.
    fn change<T>(
        &mut self,
        now: Timestamp,
        conversation_id: &str,
        make: impl FnOnce(&mut Change<'_>) -> Result<T, OrgRefusal>,
    ) -> Result<T, OrgRefusal> {
        let conversation = self
            .conversations
            .get_mut(conversation_id)
            .ok_or_else(|| OrgRefusal::not_found("conversation", conversation_id))?;
        let known = conversation.messages.len();
        let mut change = Change {
            now,
            conversation,
            seed: &self.seed,
            settings: &self.settings,
            switches: &self.switches,
            ids: &mut self.ids,
            agenda: &mut self.agenda,
            emissions: &mut self.emissions,
            turn: &mut self.turn,
        };
        let made = make(&mut change)?;
        change.publish();
        let said = change.conversation.messages.iter().skip(known);
        self.messages.extend(said.map(|message| (message.id.clone(), conversation_id.to_owned())));
        Ok(made)
    }
}
