//! The relay: what the user said, on its way to Genesys.
//!
//! The outbox is posted in order, one message at a time. A message leaves it only when Genesys
//! has taken it, or has said what cannot become better.

use std::sync::Arc;

use baton_core::id::Id;
use baton_genesys::{CallError, Taken};
use baton_handoff::Input;
use baton_store::{NewEvent, Outgoing, Sent, Step};
use serde_json::json;
use tokio::time::Instant;

use super::{Actor, Known, Stopped};
use crate::{
    cause::Chain,
    errand::{Errand, Outcome},
    link::Link,
    outgoing::OutgoingMessage,
};

/// What the user is told of a message that reached nobody (Messaging API, 8.4).
const NOT_FORWARDED: &str = "Failed to forward message to live agent";

impl Actor {
    /// Posts the oldest message of the outbox, unless one is on its way or has to wait.
    pub(super) fn pursue_relay(&mut self) {
        let Some(Known { session, link: Some(link), handoff, outbox, .. }) = &self.known else {
            return;
        };
        if self.relay_at.is_some() || !outbox.waits() {
            return;
        }
        let (link, store) = (Arc::clone(link), self.surroundings.store.clone());
        let session_id = self.session_id.clone();
        let end_user_id = session.details.end_user_id.clone();
        // A message posted after the end would begin a conversation that nobody attends to.
        let over = handoff.as_ref().is_none_or(|handoff| handoff.state.is_over());
        let filled = outbox.filled;
        self.errands.start(Errand::Relay, || async move {
            match store.next_outgoing(&session_id).await {
                Ok(Some(next)) if over => {
                    Outcome::Posted { number: next.number, result: Err(NotPosted::Over) }
                }
                Ok(Some(next)) => post(&link, next, end_user_id).await,
                Ok(None) => Outcome::NothingToPost { filled },
                Err(error) => Outcome::OutboxUnread(error),
            }
        });
    }

    /// What came of a post. A message that was taken is remembered with the handoff that it
    /// belongs to, in one step.
    pub(super) async fn posted(
        &mut self,
        number: u64,
        result: Result<Taken, NotPosted>,
    ) -> Result<(), Stopped> {
        match result {
            Ok(taken) => {
                self.relay_pause.end();
                self.taken(number, taken).await
            }
            // Another handoff has begun since.
            Err(NotPosted::Over) if self.has_open_handoff() => Ok(()),
            Err(error) if error.is_final() => self.give_up(number, &error).await,
            Err(error) => {
                self.post_later(&error);
                Ok(())
            }
        }
    }

    async fn taken(&mut self, number: u64, taken: Taken) -> Result<(), Stopped> {
        let Taken { message_id, conversation_id } = taken;
        let input = conversation_id.map(|conversation_id| Input::Accepted { conversation_id });
        self.sent(Sent::Accepted { number, message_id }, Vec::new(), input).await
    }

    /// Gives a message up, and tells the client and the log why.
    async fn give_up(&mut self, number: u64, error: &NotPosted) -> Result<(), Stopped> {
        let (session_id, error) = (&self.session_id, Chain(error));
        tracing::error!(session_id, %error, "a user's message is given up");
        let told = self.not_forwarded(number);
        let never_began = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        let never_began = never_began.is_some_and(|handoff| {
            !handoff.state.is_over() && handoff.state.conversation_id().is_none()
        });
        let reason = "Genesys does not take the conversation".to_owned();
        let input = never_began.then_some(Input::Refused { reason });
        let sent = Sent::GivenUp { number, reason: error.to_string() };
        self.sent(sent, vec![told], input).await
    }

    /// One durable step: a message has left the outbox.
    async fn sent(
        &mut self,
        sent: Sent,
        told: Vec<NewEvent>,
        input: Option<Input>,
    ) -> Result<(), Stopped> {
        let mut step = Step { events: told, sent: Some(sent), ..Step::default() };
        let mut changed = None;
        if let Some(Known { handoff: Some(handoff), link: Some(link), .. }) = &self.known
            && let Some(input) = input
        {
            let mut handoff = handoff.clone();
            let now = self.surroundings.clock.now();
            let notices = handoff.state.apply(input, now, &link.rules);
            self.tell(&mut step, notices, &handoff);
            step.handoff = Some(handoff.row());
            changed = Some(handoff);
        }
        self.complete(step, changed).await
    }

    fn not_forwarded(&self, number: u64) -> NewEvent {
        let parts = [self.session_id.as_bytes(), b"not-forwarded", &number.to_be_bytes()];
        let payload = json!({ "level": "SYSTEM_MESSAGE_LEVEL_ERROR", "message": NOT_FORWARDED });
        let id = Id::of_parts(&parts).to_string();
        self.event(id, "EVENT_TYPE_SYSTEM_MESSAGE", &payload.to_string(), None)
    }

    /// Nothing waited in the outbox, unless it was filled since: what waited for that goes on.
    pub(super) fn outbox_was_empty(&mut self, filled: u64) {
        let Some(known) = &mut self.known else { return };
        known.outbox.emptied = filled;
        if known.missing.is_some() {
            self.look_at = Some(Instant::now());
        }
    }

    /// Tries again after a pause.
    pub(super) fn post_later(&mut self, error: &(dyn std::error::Error + Send + Sync + 'static)) {
        let (session_id, shown) = (&self.session_id, Chain(error));
        tracing::warn!(session_id, error = %shown, "a user's message has to wait");
        self.relay_at = Some(Instant::now() + self.relay_pause.after_failure());
    }
}

async fn post(link: &Link, next: Outgoing, end_user_id: String) -> Outcome {
    let Outgoing { number, id, body } = next;
    let result = match (serde_json::from_str::<OutgoingMessage>(&body), link.integration_id.get()) {
        (Err(_), _) => Err(NotPosted::Unreadable),
        (Ok(_), None) => Err(NotPosted::NoIntegration),
        (Ok(message), Some(integration_id)) => {
            let message = message.inbound(id, end_user_id);
            match link.genesys.send_message(integration_id, &message).await {
                Ok(taken) => Ok(with_conversation(link, taken).await),
                Err(error) => Err(NotPosted::Call(error)),
            }
        }
    };
    Outcome::Posted { number, result }
}

/// Genesys may leave out which conversation it put the message into: then it is asked for. Without
/// an answer the next message, or the agent's first, tells it.
async fn with_conversation(link: &Link, mut taken: Taken) -> Taken {
    if let (None, Some(message_id)) = (&taken.conversation_id, &taken.message_id) {
        match link.genesys.conversation_of(message_id).await {
            Ok(conversation_id) => taken.conversation_id = Some(conversation_id),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "a message's conversation is not known");
            }
        }
    }
    taken
}

/// Why a message was not posted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotPosted {
    /// Genesys did not take it.
    #[error("Genesys did not take it")]
    Call(#[source] CallError),
    /// The integration of the tenant is not known yet.
    #[error("the tenant's integration was not found at Genesys yet")]
    NoIntegration,
    /// The handoff is over.
    #[error("the handoff was over before it could be posted")]
    Over,
    /// What the outbox holds is no message.
    #[error("what the outbox holds cannot be read")]
    Unreadable,
}

impl NotPosted {
    /// Whether trying again can never help.
    fn is_final(&self) -> bool {
        match self {
            Self::Call(error) => error.is_final(),
            Self::NoIntegration => false,
            Self::Over | Self::Unreadable => true,
        }
    }
}
