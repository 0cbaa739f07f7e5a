//! Subscribing to topics, over REST or on the socket itself (Genesys reference 4.1 to 4.3).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::channels::topic::{Subscription, needed_permission};
use crate::channels::{Change, TopicsRefusal};
use crate::oauth::Caller;
use crate::simulator::Simulator;

/// What a client may say on its socket.
#[derive(Debug, Deserialize)]
#[serde(tag = "message", rename_all = "lowercase")]
pub(crate) enum InBandCommand {
    /// `{"message":"ping"}`.
    Ping {},
    /// `{"message":"subscribe","topics":[…],"correlationId":…}`.
    Subscribe {
        topics: Vec<Value>,
        #[serde(rename = "correlationId")]
        correlation_id: Option<Value>,
    },
}

/// Why nothing was subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubscribeRefusal {
    /// The channel is dead, or another client's.
    NoSuchChannel,
    /// One of the topics does not exist.
    InvalidTopic,
    /// These permissions are missing.
    MissingPermissions(Vec<&'static str>),
    /// The channel would listen to too many topics.
    TooManyTopics,
}

impl SubscribeRefusal {
    /// For the reply on the socket.
    pub(crate) fn in_words(&self) -> &'static str {
        match self {
            Self::NoSuchChannel => "channel not found",
            Self::InvalidTopic => "The subscription topic is not valid.",
            Self::MissingPermissions(_) => "Missing permissions",
            Self::TooManyTopics => "Topic limit exceeded",
        }
    }
}

impl From<TopicsRefusal> for SubscribeRefusal {
    fn from(refusal: TopicsRefusal) -> Self {
        match refusal {
            TopicsRefusal::NoSuchChannel => Self::NoSuchChannel,
            TopicsRefusal::TooManyTopics => Self::TooManyTopics,
        }
    }
}

/// One entry of the listing that answers a subscription.
pub(crate) struct Entry {
    subscription: Subscription,
    missing: Vec<&'static str>,
}

impl Entry {
    /// An entry that is in force.
    pub(crate) fn permitted(subscription: Subscription) -> Self {
        Self { subscription, missing: Vec::new() }
    }

    /// As Genesys lists it.
    pub(crate) fn listed(&self, channel_id: &str) -> Value {
        let id = &self.subscription.id;
        if self.missing.is_empty() {
            let self_uri =
                format!("/api/v2/notifications/channels/{channel_id}/subscriptions/{id}");
            json!({ "id": id, "state": "Permitted", "selfUri": self_uri })
        } else {
            json!({
                "id": id,
                "state": "Rejected",
                "rejectionReason": "Missing permissions",
                "missingPermissions": self.missing,
            })
        }
    }
}

impl Simulator {
    /// Subscribes a channel of the caller's to topics. One topic without permission refuses all,
    /// unless errors are to be ignored: then it alone is left out.
    pub(crate) fn subscribe(
        &self,
        caller: &Caller,
        channel_id: &str,
        ids: &[&str],
        change: Change,
        ignore_errors: bool,
    ) -> Result<Vec<Entry>, SubscribeRefusal> {
        let now = Timestamp::now();
        let alive = |client| self.channels.with(|c| c.is_alive(now, channel_id, Some(client)));
        if !alive(&caller.client.id) {
            return Err(SubscribeRefusal::NoSuchChannel);
        }
        let entries = ids
            .iter()
            .map(|id| self.entry(caller, id))
            .collect::<Option<Vec<Entry>>>()
            .ok_or(SubscribeRefusal::InvalidTopic)?;
        let mut missing: Vec<&str> =
            entries.iter().flat_map(|entry| entry.missing.iter().copied()).collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() && !ignore_errors {
            return Err(SubscribeRefusal::MissingPermissions(missing));
        }
        let permitted = entries
            .iter()
            .filter(|entry| entry.missing.is_empty())
            .map(|entry| entry.subscription.clone())
            .collect();
        self.channels.with(|channels| {
            channels.subscribe(now, channel_id, caller.token, permitted, change)
        })?;
        Ok(entries)
    }

    /// The entry for a topic, or `None` if there is no such topic.
    fn entry(&self, caller: &Caller, id: &str) -> Option<Entry> {
        let subscription = Subscription::parse(id)?;
        let exists = |topic: &String| self.ask_org(|org| org.topic_exists(topic));
        if !subscription.topics.iter().all(exists) {
            return None;
        }
        let mut missing: Vec<&str> = subscription
            .topics
            .iter()
            .filter_map(|topic| needed_permission(topic))
            .filter(|permission| !caller.client.permissions.contains(*permission))
            .collect();
        missing.dedup();
        Some(Entry { subscription, missing })
    }
}
