//! The calls that an actor makes for its handoff. Each ends with what the handoff hears of it.

use std::{borrow::Cow, sync::Arc};

use baton_core::{
    id::Id,
    json::Document,
    translation::{BotMessages, message_delivery_ids, translate},
};
use baton_genesys::{CallError, User};
use baton_handoff::{
    AgentDetails, DisconnectOutcome, QueueRef, ReadOutcome, Rules, Ticket, TransferOutcome,
};
use baton_store::{Arrived, Store, StoreError};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use crate::{
    cause::Chain,
    configuration::{AgentName, HandoffOptions},
    errand::Outcome,
    link::Link,
    standing::Purpose,
};

/// How often a message that did not arrive is fetched before it is given up: with the pauses
/// between, some three minutes.
const FETCHES: u32 = 10;

/// What the calls about a conversation need.
pub(crate) struct Call {
    pub(crate) link: Arc<Link>,
    pub(crate) store: Store,
    pub(crate) conversation_id: String,
    /// The integration by which the session reaches Genesys.
    pub(crate) integration_id: String,
}

/// Why a message that Genesys lists was not had.
#[derive(Debug, thiserror::Error)]
enum NotFetched {
    #[error("Genesys did not give it")]
    Call(#[from] CallError),
    #[error("the store did not take it")]
    Store(#[from] StoreError),
    #[error("what Genesys gave is no message")]
    Unreadable,
}

impl NotFetched {
    /// Whether another try may do better.
    fn may_pass(&self) -> bool {
        match self {
            Self::Call(error) => !error.is_final() && !error.is_not_found(),
            Self::Store(_) => true,
            Self::Unreadable => false,
        }
    }
}

impl Call {
    /// Reads the conversation.
    pub(crate) async fn read(self, ticket: Ticket) -> Outcome {
        let read = self.link.genesys.conversation(&self.conversation_id).await;
        self.link.standing.note(Purpose::Reading, &read);
        let outcome = match read {
            Ok(snapshot) => {
                if self.link.unread.ended() {
                    tracing::info!(tenant = %self.link.tenant, "conversations can be read again");
                }
                ReadOutcome::Snapshot(snapshot)
            }
            Err(error) if error.is_not_found() => ReadOutcome::NotFound,
            Err(error) => {
                self.report_unread(&error);
                ReadOutcome::Failed
            }
        };
        Outcome::Read(ticket, outcome)
    }

    /// Says that the conversation could not be read. While no channel tells of them, each open one
    /// is read twice a minute, and all fail for the same reason.
    fn report_unread(&self, error: &CallError) {
        let (tenant, conversation_id) = (&self.link.tenant, &self.conversation_id);
        let error = Chain(error);
        match self.link.unread.happened(Instant::now().into_std()) {
            Some(times) => tracing::warn!(
                %tenant,
                conversation_id,
                %error,
                times,
                "a conversation could not be read"
            ),
            None => tracing::debug!(
                %tenant,
                conversation_id,
                %error,
                "a conversation still could not be read"
            ),
        }
    }

    /// Looks an agent up.
    pub(crate) async fn name(self, user_id: String) -> Outcome {
        let details = match self.link.genesys.user(&user_id).await {
            Ok(user) => Some(shown(&user, &self.link.options)),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "an agent could not be looked up");
                None
            }
        };
        Outcome::Named(user_id, details)
    }

    /// Asks the store which of these messages never arrived.
    pub(crate) async fn check(self, message_ids: Vec<String>) -> Outcome {
        let deliveries =
            |message_id: &String| self.delivery_ids(message_id).map(|id| id.to_string());
        let asked = message_ids.iter().flat_map(deliveries).collect();
        let arrived = match self.store.known_deliveries(asked).await {
            Ok(arrived) => arrived,
            Err(error) => {
                let error = Chain(&error);
                tracing::error!(%error, "it is not known which messages have arrived");
                sleep(self.link.rules.reread).await;
                return Outcome::NotChecked;
            }
        };
        let is_missing = |message_id: &String| {
            !deliveries(message_id).iter().any(|delivery| arrived.contains(delivery))
        };
        Outcome::Checked(message_ids.into_iter().filter(is_missing).collect())
    }

    fn delivery_ids(&self, message_id: &str) -> [Id; 2] {
        message_delivery_ids(&self.link.tenant, &self.integration_id, message_id)
    }

    /// Fetches a message and puts it into the inbox, as its webhook would have.
    pub(crate) async fn fetch(
        self,
        message_id: String,
        end_user_id: String,
        received_at: Timestamp,
    ) -> Outcome {
        let Rules { reread, reread_cap, .. } = self.link.rules;
        let mut pause = reread;
        for _ in 0..FETCHES {
            match self.fetched(&message_id, &end_user_id, received_at).await {
                Ok(()) => return Outcome::Fetched(message_id, true),
                Err(error) => {
                    let (again, error) = (error.may_pass(), Chain(&error));
                    tracing::warn!(message_id, %error, "a message of an agent is still missing");
                    if !again {
                        break;
                    }
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(reread_cap);
        }
        Outcome::Fetched(message_id, false)
    }

    async fn fetched(
        &self,
        message_id: &str,
        end_user_id: &str,
        received_at: Timestamp,
    ) -> Result<(), NotFetched> {
        let message = self.link.genesys.message(&self.conversation_id, message_id).await;
        self.link.standing.note(Purpose::ReadingMessages, &message);
        let webhook = self.as_webhook(message?.get(), message_id).ok_or(NotFetched::Unreadable)?;
        let document = Document::parse(webhook.as_bytes()).map_err(|_| NotFetched::Unreadable)?;
        let mut delivery =
            translate(webhook.as_bytes(), &document, &self.link.edge, BotMessages::Drop);
        // Of another id it would come a second time by its webhook.
        if !self.delivery_ids(message_id).contains(&delivery.id) {
            return Err(NotFetched::Unreadable);
        }
        // Who is meant is known, whatever the message says of it.
        delivery.subject = Some(Cow::Borrowed(end_user_id));
        let arrived = Arrived {
            delivery_id: delivery.id,
            tenant: self.link.tenant.clone(),
            end_user_id: Some(end_user_id.to_owned()),
            integration_id: Some(self.integration_id.clone()),
            received_at_ms: received_at.as_millisecond(),
            body: serde_json::to_vec(&delivery).map_err(|_| NotFetched::Unreadable)?,
            traceparent: None,
        };
        self.store.accept(arrived).await?;
        Ok(())
    }

    /// The message as its webhook would have brought it: what identifies it stands in it, also
    /// where Genesys leaves that out.
    fn as_webhook(&self, message: &str, message_id: &str) -> Option<String> {
        let Ok(Value::Object(mut webhook)) = serde_json::from_str(message) else { return None };
        webhook.insert("id".to_owned(), message_id.into());
        let channel = webhook.entry("channel").or_insert_with(|| Value::Object(Map::new()));
        let channel = channel.as_object_mut()?;
        channel.insert("id".to_owned(), self.integration_id.as_str().into());
        Some(Value::Object(webhook).to_string())
    }

    /// How long the wait in a queue may take.
    pub(crate) async fn estimate(self, queue_id: String) -> Outcome {
        let Link { genesys, estimated_waits, rules, .. } = &*self.link;
        let ask = async {
            genesys.estimated_wait(&queue_id).await.unwrap_or_else(|error| {
                tracing::debug!(queue_id, error = %Chain(&error), "a wait is not estimated");
                None
            })
        };
        let kept = rules.estimates.unwrap_or_default();
        let wait = estimated_waits.of(&queue_id, Instant::now(), kept, ask).await;
        Outcome::Estimated(queue_id, wait)
    }

    /// Transfers the conversation to the queue: replaces this participant with it.
    pub(crate) async fn transfer(self, participant_id: String, queue: QueueRef) -> Outcome {
        let genesys = &self.link.genesys;
        let done = genesys.transfer_to_queue(&self.conversation_id, &participant_id, &queue).await;
        self.link.standing.note(Purpose::Transfer, &done);
        let Err(error) = done else { return Outcome::Transferred(TransferOutcome::Done) };
        let (conversation_id, shown) = (&self.conversation_id, Chain(&error));
        tracing::warn!(
            conversation_id,
            participant_id,
            ?queue,
            error = %shown,
            "a conversation was not transferred out of the bot's queue"
        );
        Outcome::Transferred(if error.is_final() || error.is_not_found() {
            TransferOutcome::Refused
        } else if error.needs_operator() {
            TransferOutcome::Stuck
        } else {
            TransferOutcome::Failed
        })
    }

    /// Disconnects the customer.
    pub(crate) async fn disconnect(self, participant_id: String) -> Outcome {
        let done = self.link.genesys.disconnect(&self.conversation_id, &participant_id).await;
        self.link.standing.note(Purpose::Disconnect, &done);
        let outcome = match done {
            Ok(()) => DisconnectOutcome::Done,
            Err(error) if error.is_not_found() => DisconnectOutcome::Gone,
            Err(error) => {
                let (conversation_id, shown) = (&self.conversation_id, Chain(&error));
                tracing::warn!(conversation_id, error = %shown, "a customer was not disconnected");
                if error.is_final() {
                    DisconnectOutcome::Refused
                } else {
                    DisconnectOutcome::Failed
                }
            }
        };
        Outcome::Disconnected(outcome)
    }
}

/// Finds out which conversation a message is in, where Genesys' answer to it left that out.
pub(crate) async fn locate(link: Arc<Link>, message_id: String) -> Outcome {
    let Rules { reread, reread_cap, .. } = link.rules;
    let mut pause = reread;
    for _ in 0..FETCHES {
        let found = link.genesys.conversation_of(&message_id).await;
        link.standing.note(Purpose::ReadingMessages, &found);
        match found {
            Ok(conversation_id) => return Outcome::Located(Some(conversation_id)),
            Err(error) => {
                let (passes, error) = (!error.is_final(), Chain(&error));
                tracing::warn!(message_id, %error, "a message's conversation is not known yet");
                if !passes {
                    break;
                }
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(reread_cap);
    }
    tracing::error!(
        message_id,
        "a message's conversation is not known; its agent's first tells it"
    );
    Outcome::Located(None)
}

/// What a client may see of an agent.
fn shown(user: &User, options: &HandoffOptions) -> AgentDetails {
    let first = |name: &String| name.split_whitespace().next().map(str::to_owned);
    let name = match options.agent_name {
        AgentName::Hidden => None,
        AgentName::First => user.name.as_ref().and_then(first),
        AgentName::Preferred => {
            user.preferred_name.clone().or_else(|| user.name.as_ref().and_then(first))
        }
        AgentName::Full => user.name.clone(),
    };
    let picture = user.picture.clone().filter(|_| options.agent_picture);
    AgentDetails { name, picture }
}
