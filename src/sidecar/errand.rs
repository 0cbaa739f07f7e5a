//! What an actor has under way at Genesys and with the bot, beside its own work.

use std::{collections::HashSet, future::Future, time::Duration};

use baton_genesys::Taken;
use baton_handoff::{AgentDetails, DisconnectOutcome, ReadOutcome, Ticket, TransferOutcome};
use baton_store::StoreError;
use tokio::task::JoinSet;

use crate::{
    actor::{NotPosted, TurnOutcome},
    outgoing::Speaker,
};

/// One thing that is fetched or brought. Of each there is one under way at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Errand {
    /// Posts the oldest message of the outbox.
    Relay,
    /// Reads the conversation.
    Read,
    /// Looks an agent up.
    Name,
    /// Asks the store which messages arrived.
    Check,
    /// Fetches a message that did not arrive.
    Fetch,
    /// Finds out which conversation a message is in.
    Locate,
    /// Transfers the conversation out of the bot's queue.
    Transfer,
    /// Disconnects the customer.
    Disconnect,
    /// Tells the agent that the user types.
    Typing,
    /// Asks for the estimated wait in a queue.
    Estimate,
    /// Tells the bot the oldest turn of its queue.
    Turn,
}

/// Which handoff an errand is for. What comes of it says nothing of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    /// The handoff's number in its session.
    pub(crate) handoff: u32,
    /// The conversation that it was about then.
    pub(crate) conversation_id: Option<String>,
}

/// What came of an errand.
pub(crate) enum Outcome {
    /// The oldest message was posted, or could not be.
    Posted {
        /// Its number in the outbox.
        number: u64,
        /// Whose words it holds.
        speaker: Speaker,
        /// What Genesys made of it.
        result: Result<Taken, NotPosted>,
    },
    /// Nothing waited in the outbox when it had been filled so often.
    NothingToPost {
        /// How often.
        filled: u64,
    },
    /// The oldest message is a farewell, for which it is too early.
    TooEarly,
    /// The outbox could not be read.
    OutboxUnread(StoreError),
    /// The conversation, as asked for with this ticket.
    Read(Ticket, ReadOutcome),
    /// Who an agent is.
    Named(String, Option<AgentDetails>),
    /// Of the messages asked about, those that never arrived.
    Checked(Vec<String>),
    /// The store did not say which messages arrived.
    NotChecked,
    /// The conversation that a message is in, if that is to be had.
    Located(Option<String>),
    /// Whether a message was put into the inbox.
    Fetched(String, bool),
    /// What came of the transfer.
    Transferred(TransferOutcome),
    /// What came of the disconnecting.
    Disconnected(DisconnectOutcome),
    /// The agent was told that the user types, or that could wait.
    Typed,
    /// How long the wait in a queue may take, if that is to be had.
    Estimated(String, Option<Duration>),
    /// What came of a turn of the bot.
    Turned(TurnOutcome),
}

/// The errands under way. Dropped, it calls them off: what they are for is in the store, and is
/// seen to again.
#[derive(Default)]
pub(crate) struct Errands {
    tasks: JoinSet<(Errand, About, Outcome)>,
    under_way: HashSet<Errand>,
}

impl Errands {
    /// Starts an errand, unless it is under way.
    pub(crate) fn start<F>(&mut self, errand: Errand, about: &About, work: impl FnOnce() -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        if self.under_way.insert(errand.clone()) {
            let (about, work) = (about.clone(), work());
            self.tasks.spawn(async move { (errand, about, work.await) });
        }
    }

    /// The next outcome; waits for ever when nothing is under way. Nothing is lost when the
    /// future is dropped.
    pub(crate) async fn next(&mut self) -> (About, Outcome) {
        loop {
            match self.tasks.join_next().await {
                Some(Ok((errand, about, outcome))) => {
                    self.under_way.remove(&errand);
                    return (about, outcome);
                }
                Some(Err(error)) if error.is_cancelled() => {}
                Some(Err(error)) => {
                    // Which one it was is not known: all begin again when they are wanted.
                    tracing::error!(%error, "an errand to Genesys broke off");
                    self.tasks.abort_all();
                    self.under_way.clear();
                }
                None => std::future::pending().await,
            }
        }
    }

    pub(crate) fn has(&self, errand: &Errand) -> bool {
        self.under_way.contains(errand)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}
