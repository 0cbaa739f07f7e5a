//! What an actor has under way at Genesys, beside its own work.

use std::{collections::HashSet, future::Future};

use baton_genesys::Taken;
use baton_handoff::{AgentDetails, DisconnectOutcome, ReadOutcome, Ticket};
use baton_store::StoreError;
use tokio::task::JoinSet;

use crate::actor::NotPosted;

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
    Fetch(String),
    /// Disconnects the customer.
    Disconnect,
    /// Tells the agent that the user types.
    Typing,
}

/// What came of an errand.
pub(crate) enum Outcome {
    /// The oldest message was posted, or could not be.
    Posted {
        /// Its number in the outbox.
        number: u64,
        /// What Genesys made of it.
        result: Result<Taken, NotPosted>,
    },
    /// Nothing waited in the outbox when it had been filled so often.
    NothingToPost {
        /// How often.
        filled: u64,
    },
    /// The outbox could not be read.
    OutboxUnread(StoreError),
    /// The conversation, as asked for with this ticket.
    Read(Ticket, ReadOutcome),
    /// Who an agent is.
    Named(String, Option<AgentDetails>),
    /// Of the messages asked about, those that never arrived; none if the store did not say.
    Checked(Option<Vec<String>>),
    /// Whether a message was put into the inbox.
    Fetched(String, bool),
    /// What came of the disconnecting.
    Disconnected(DisconnectOutcome),
    /// The agent was told that the user types, or that could wait.
    Typed,
}

/// The errands under way. Dropped, it calls them off: what they are for is in the store, and is
/// seen to again.
#[derive(Default)]
pub(crate) struct Errands {
    tasks: JoinSet<(Errand, Outcome)>,
    under_way: HashSet<Errand>,
}

impl Errands {
    /// Starts an errand, unless it is under way.
    pub(crate) fn start<F>(&mut self, errand: Errand, work: impl FnOnce() -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        if self.under_way.insert(errand.clone()) {
            let work = work();
            self.tasks.spawn(async move { (errand, work.await) });
        }
    }

    /// The next outcome; waits for ever when nothing is under way. Nothing is lost when the
    /// future is dropped.
    pub(crate) async fn next(&mut self) -> Outcome {
        loop {
            match self.tasks.join_next().await {
                Some(Ok((errand, outcome))) => {
                    self.under_way.remove(&errand);
                    return outcome;
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

    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}
