//! The calls of the Platform API that channels need (Genesys reference, 4.1).

use baton_handoff::topics;
use http::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    address::{Address, ChannelId},
    effect::Existence,
    subscriptions::Batch,
};
use crate::{
    call::Call,
    client::Genesys,
    error::CallError,
    lenient::{Item, or_default},
    rate_limit::Class,
};

pub(super) const CHANNELS: [&str; 2] = ["notifications", "channels"];

/// A topic that Genesys does not let us have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rejection {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) rejection_reason: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) missing_permissions: Vec<String>,
}

/// A channel as Genesys has it.
pub(crate) struct Existing {
    pub(crate) id: ChannelId,
    /// Where it is, or why nothing connects to it there.
    pub(crate) address: Result<Address, CallError>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Listed<T> {
    #[serde(default = "Vec::new", deserialize_with = "or_default")]
    entities: Vec<Item<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChannelBody {
    id: String,
    connect_uri: String,
}

/// A topic as Genesys lists it. Only a rejected one is of interest.
#[derive(Deserialize)]
struct TopicBody {
    #[serde(default)]
    state: Option<String>,
    #[serde(flatten)]
    rejection: Rejection,
}

impl Genesys {
    /// Makes a channel. The 21st of an OAuth client costs another one its life.
    pub(crate) async fn create_channel(&self) -> Result<Existing, CallError> {
        let call = Call::post("making a notification channel", Class::Subscription, &CHANNELS)
            .with_body(&json!({}));
        let purpose = call.purpose;
        let body: ChannelBody = self.read(call).await?;
        Ok(self.existing(purpose, body))
    }

    /// The channels of the OAuth client, whoever made them.
    pub(crate) async fn channels(&self) -> Result<Vec<Existing>, CallError> {
        let call = Call::get("listing notification channels", Class::Subscription, &CHANNELS)
            .with_query("includechannels", "oauthclient");
        let purpose = call.purpose;
        let listed: Listed<ChannelBody> = self.read(call).await?;
        let bodies = listed.entities.into_iter().filter_map(Item::readable);
        Ok(bodies.map(|body| self.existing(purpose, body)).collect())
    }

    /// Whether a channel exists. It is what Genesys has for that question, and it does not extend
    /// the life of the channel.
    pub(crate) async fn verify_channel(&self, channel_id: &ChannelId) -> Existence {
        let [notifications, channels] = CHANNELS;
        let path = [notifications, channels, channel_id.expose()];
        let purpose = "looking for a notification channel";
        let call = Call::new(purpose, Class::Subscription, Method::HEAD, &path);
        match self.carry_out(call).await.map_err(unquoted) {
            Ok(()) => Existence::Confirmed,
            Err(error) if error.is_not_found() => Existence::Denied,
            Err(error) => Existence::Unknown(error.to_string()),
        }
    }

    /// Asks for the topics of the batch. What Genesys refuses costs those topics and no others.
    pub(crate) async fn subscribe(
        &self,
        channel_id: &ChannelId,
        batch: &Batch,
    ) -> Result<Vec<Rejection>, CallError> {
        let [notifications, channels] = CHANNELS;
        let path = [notifications, channels, channel_id.expose(), "subscriptions"];
        let method = match batch {
            Batch::Add(_) => Method::POST,
            Batch::Replace(conversations) if conversations.is_empty() => Method::DELETE,
            Batch::Replace(_) => Method::PUT,
        };
        let call = Call::new("subscribing to topics", Class::Subscription, method.clone(), &path);
        if method == Method::DELETE {
            return self.carry_out(call).await.map(|()| Vec::new()).map_err(unquoted);
        }
        let topics = batch.conversations().iter().flat_map(|id| topics::of(id));
        let body: Value = topics.map(|topic| json!({ "id": topic })).collect();
        let call = call.with_query("ignoreErrors", "true").with_body(&body);
        let listed: Listed<TopicBody> = self.read(call).await.map_err(unquoted)?;
        let rejected = |topic: TopicBody| {
            let is_rejected = topic.state.is_some_and(|state| state == "Rejected");
            is_rejected.then_some(topic.rejection)
        };
        Ok(listed.entities.into_iter().filter_map(Item::readable).filter_map(rejected).collect())
    }

    fn existing(&self, purpose: &'static str, body: ChannelBody) -> Existing {
        let id = ChannelId::new(body.id);
        let address = match self.hosts().socket_address(&body.connect_uri) {
            Ok(socket) => Ok(Address { id: id.clone(), socket }),
            Err(problem) => Err(self.unreadable(purpose, problem.to_string())),
        };
        Existing { id, address }
    }
}

/// The error without Genesys' sentence, which may name the channel: whoever knows its id can
/// listen.
pub(super) fn unquoted(error: CallError) -> CallError {
    match error {
        CallError::Genesys(mut error) => {
            error.message.clear();
            CallError::Genesys(error)
        }
        other => other,
    }
}
