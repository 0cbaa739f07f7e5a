//! The calls of the Platform API that channels need (Genesys reference, 4.1).

use baton_handoff::topics;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{effect::Address, subscriptions::Batch};
use crate::{call::Call, client::Genesys, error::CallError, rate_limit::Class};

const CHANNELS: [&str; 2] = ["notifications", "channels"];

/// A topic that Genesys does not let us have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rejection {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) rejection_reason: Option<String>,
    #[serde(default)]
    pub(crate) missing_permissions: Vec<String>,
}

#[derive(Deserialize)]
struct Listed<T> {
    #[serde(default = "Vec::new")]
    entities: Vec<T>,
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
    pub(crate) async fn create_channel(&self) -> Result<Address, CallError> {
        let call = Call::post("making a notification channel", Class::Subscription, &CHANNELS)
            .with_body(&json!({}));
        let purpose = call.purpose;
        let body: ChannelBody = self.read(call).await?;
        self.address(body).ok_or_else(|| {
            let reason = "its address is none that may be connected to".to_owned();
            self.unreadable(purpose, reason)
        })
    }

    /// The channels of the OAuth client, whoever made them.
    pub(crate) async fn channels(&self) -> Result<Vec<Address>, CallError> {
        let call = Call::get("listing notification channels", Class::Subscription, &CHANNELS)
            .with_query("includechannels", "oauthclient");
        let listed: Listed<ChannelBody> = self.read(call).await?;
        Ok(listed.entities.into_iter().filter_map(|body| self.address(body)).collect())
    }

    /// Asks for the topics of the batch. What Genesys refuses costs those topics and no others.
    pub(crate) async fn subscribe(
        &self,
        channel_id: &str,
        batch: &Batch,
    ) -> Result<Vec<Rejection>, CallError> {
        let [notifications, channels] = CHANNELS;
        let path = [notifications, channels, channel_id, "subscriptions"];
        let method = match batch {
            Batch::Add(_) => Method::POST,
            Batch::Replace(conversations) if conversations.is_empty() => Method::DELETE,
            Batch::Replace(_) => Method::PUT,
        };
        let call = Call::new("subscribing to topics", Class::Subscription, method.clone(), &path);
        if method == Method::DELETE {
            return self.carry_out(call).await.map(|()| Vec::new());
        }
        let topics = batch.conversations().iter().flat_map(|id| topics::of(id));
        let body: Value = topics.map(|topic| json!({ "id": topic })).collect();
        let call = call.with_query("ignoreErrors", "true").with_body(&body);
        let listed: Listed<TopicBody> = self.read(call).await?;
        let rejected = |topic: TopicBody| {
            let is_rejected = topic.state.is_some_and(|state| state == "Rejected");
            is_rejected.then_some(topic.rejection)
        };
        Ok(listed.entities.into_iter().filter_map(rejected).collect())
    }

    /// A channel with an address that may be connected to: one that is encrypted, unless nothing
    /// is.
    fn address(&self, body: ChannelBody) -> Option<Address> {
        let url = Url::parse(&body.connect_uri).ok()?;
        let allowed = url.scheme() == "wss" || (url.scheme() == "ws" && self.hosts().are_plain());
        allowed.then_some(Address { id: body.id, connect_uri: body.connect_uri })
    }
}
