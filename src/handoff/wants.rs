//! What a handoff needs from outside.

use jiff::Timestamp;

use crate::{Handoff, QueueRef, Ticket, handoff::Stage};

/// What should be going on outside, as the state has it now.
///
/// Who drives the handoff compares this with what is in flight, starts what is missing, and
/// reports each outcome as an [`Input`](crate::Input). A want stays until its outcome is reported,
/// so that a crash loses none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants<'h> {
    /// The conversation whose topics are to be subscribed.
    pub watch: Option<&'h str>,
    /// Read the conversation. A read answers its own ticket and all before it: one with a later
    /// ticket is to begin only when the one before is over.
    pub read: Option<Ticket>,
    /// Look this user up.
    pub name: Option<&'h str>,
    /// Ask for the estimated wait in this queue.
    pub estimate: Option<&'h str>,
    /// Which of these messages never arrived? The list does not change until it is answered.
    pub check: &'h [String],
    /// Fetch these messages, which never arrived.
    pub fetch: &'h [String],
    /// Transfer the conversation out of the bot's queue.
    pub transfer: Option<Transfer<'h>>,
    /// Disconnect the customer.
    pub disconnect: Option<Disconnect<'h>>,
    /// Agents' messages are to wait: the joining of their author is being settled.
    pub hold: bool,
    /// When to send [`Input::Tick`](crate::Input::Tick).
    pub wake_at: Option<Timestamp>,
}

/// The transfer of a conversation to the agents' queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'h> {
    /// The conversation.
    pub conversation_id: &'h str,
    /// The participant in it that is replaced.
    pub participant_id: &'h str,
    /// With which queue.
    pub queue: &'h QueueRef,
}

/// The customer's leg that is to be disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnect<'h> {
    /// The conversation.
    pub conversation_id: &'h str,
    /// The customer's participant in it.
    pub participant_id: &'h str,
}

impl Handoff {
    /// What should be going on outside.
    pub fn wants(&self) -> Wants<'_> {
        let conversation_id = self.conversation_id().filter(|_| self.stage != Stage::Closed);
        Wants {
            watch: conversation_id,
            read: conversation_id.and_then(|_| self.reading.needed()),
            name: self.attendance.to_look_up().filter(|_| !self.is_over()),
            estimate: self.estimates.to_ask(),
            check: self.messages.to_check(),
            fetch: self.messages.to_fetch(),
            transfer: conversation_id.zip(self.transfer()).map(
                |(conversation_id, (participant_id, queue))| Transfer {
                    conversation_id,
                    participant_id,
                    queue,
                },
            ),
            disconnect: conversation_id.zip(self.disconnect.as_deref()).map(
                |(conversation_id, participant_id)| Disconnect { conversation_id, participant_id },
            ),
            hold: self.attendance.announcement_due().is_some(),
            wake_at: self.next_due(),
        }
    }

    /// When the next thing is due.
    fn next_due(&self) -> Option<Timestamp> {
        let of_stage = match self.stage {
            Stage::Open => self.customer_gone_by,
            Stage::Ending { by, .. } | Stage::Leaving { by, .. } | Stage::Detaching { by } => {
                Some(by)
            }
            _ => None,
        };
        let of_reading = self.reading.planned().filter(|_| self.stage != Stage::Closed);
        let due = [
            of_stage,
            of_reading,
            self.wait.due(),
            self.estimates.due(),
            self.attendance.announcement_due(),
            self.messages.check_due(),
        ];
        due.into_iter().flatten().min()
    }
}
