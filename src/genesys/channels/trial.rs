//! Whether a notification channel can be had: one is opened and listened to for a moment.
//!
//! There is no call that ends a channel, and the 21st of an OAuth client costs another one its life
//! (Genesys reference, 4.1 and 4.2). So a trial leaves its channel marked, by topics of a conversation
//! that does not exist, and the next one finds it again; and it makes none where that would be
//! the 21st.

use std::time::Duration;

use baton_handoff::topics;
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{
    address::{Address, ChannelId},
    calls::{CHANNELS, Existing, unquoted},
    ending::Ending,
    socket::{self, Stream},
    subscriptions::Batch,
};
use crate::{
    call::Call,
    client::Genesys,
    error::CallError,
    lenient::{Item, or_default},
    rate_limit::Class,
};

/// How many channels an OAuth client has at most (Genesys reference, 4.2).
const MOST_CHANNELS: usize = 20;

/// The conversation whose topics mark the channel of a trial. Nothing has its id.
const MARK: &str = "ba704c8e-c4ec-8000-8000-000000000001";

/// A channel that opened and lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelTrial {
    /// How many channels the OAuth client has now, this one included.
    pub channels: usize,
    /// What of the topics came back.
    pub topics: TopicsTrial,
}

/// Whether Genesys lets the OAuth client have the topics by which it learns of conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicsTrial {
    /// It does.
    Granted,
    /// It does not, for want of these permissions.
    Missing(Vec<String>),
    /// It does not, for another reason: its own word for it.
    Refused(String),
}

/// Why no channel was had.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelTrialError {
    /// Genesys could not be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There are as many as there may be.
    #[error(
        "the OAuth client has {channels} notification channels, and a further one would take one \
         of them away from whoever listens there; give each deployment an OAuth client of its \
         own, or wait: a channel that nobody uses goes after 24 hours"
    )]
    AllInUse {
        /// How many there are.
        channels: usize,
    },
    /// No socket came about.
    #[error(
        "a notification channel was had, but its socket did not open ({0}); let WebSockets \
         through to the streaming host of the region, also in proxies that inspect TLS"
    )]
    NotOpened(String),
    /// The socket opened and stayed silent.
    #[error(
        "the socket of a notification channel opened, but nothing came within {0:?}, not even the \
         answer to a ping; look for a proxy on the way that holds WebSockets back"
    )]
    Silent(Duration),
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default = "Vec::new", deserialize_with = "or_default")]
    entities: Vec<Item<Topic>>,
}

#[derive(Deserialize)]
struct Topic {
    id: String,
}

impl Genesys {
    /// Opens a notification channel, asks for the topics of a conversation that does not exist, and
    /// waits for the first sign of life: a heartbeat, or the answer to a ping.
    pub async fn try_channel(&self) -> Result<ChannelTrial, ChannelTrialError> {
        let existing = self.channels().await?;
        let count = existing.len();
        let (channel, channels) = match self.marked(existing).await? {
            Some(channel) => (channel, count),
            None if count >= MOST_CHANNELS => {
                return Err(ChannelTrialError::AllInUse { channels: count });
            }
            None => (self.create_channel().await?, count + 1),
        };
        let topics = self.try_topics(&channel.id).await?;
        self.try_socket(&channel.address?).await?;
        Ok(ChannelTrial { channels, topics })
    }

    /// The channel of an earlier trial. Where the topics of a channel cannot be read it is
    /// somebody else's.
    async fn marked(&self, existing: Vec<Existing>) -> Result<Option<Existing>, CallError> {
        let mark = topics::of(MARK);
        for channel in existing {
            let [notifications, channels] = CHANNELS;
            let path = [notifications, channels, channel.id.expose(), "subscriptions"];
            let call = Call::get("reading a channel's topics", Class::Subscription, &path);
            let listed: Listed = match self.read(call).await.map_err(unquoted) {
                // It may have gone meanwhile.
                Err(error) if error.is_not_found() => continue,
                outcome => outcome?,
            };
            let topics: Vec<Topic> =
                listed.entities.into_iter().filter_map(Item::readable).collect();
            if !topics.is_empty() && topics.iter().all(|topic| mark.contains(&topic.id)) {
                return Ok(Some(channel));
            }
        }
        Ok(None)
    }

    async fn try_topics(&self, channel_id: &ChannelId) -> Result<TopicsTrial, CallError> {
        let batch = Batch::Replace(vec![MARK.to_owned()]);
        let rejected = self.subscribe(channel_id, &batch).await?;
        let mut missing: Vec<String> =
            rejected.iter().flat_map(|topic| topic.missing_permissions.clone()).collect();
        missing.sort();
        missing.dedup();
        Ok(match rejected.first() {
            None => TopicsTrial::Granted,
            Some(topic) if missing.is_empty() => {
                TopicsTrial::Refused(topic.rejection_reason.clone().unwrap_or_default())
            }
            Some(_) => TopicsTrial::Missing(missing),
        })
    }

    async fn try_socket(&self, address: &Address) -> Result<(), ChannelTrialError> {
        let not_opened = |ending: Ending| ChannelTrialError::NotOpened(ending.to_string());
        let pace = self.pace();
        let mut stream = socket::connect(address, self.tls(), pace).await.map_err(not_opened)?;
        let patience = pace.heartbeat_silence.max(pace.connect_timeout);
        let heard = async {
            if let Some(ending) = socket::ping(&mut stream, pace.pong_wait).await {
                return Err(not_opened(ending));
            }
            first_sign(&mut stream).await.map_err(not_opened)
        };
        let outcome = timeout(patience, heard).await;
        socket::close(&mut stream).await;
        outcome.unwrap_or(Err(ChannelTrialError::Silent(patience)))
    }
}

/// Waits for the first text.
async fn first_sign(stream: &mut Stream) -> Result<(), Ending> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(_))) => return Ok(()),
            Some(Ok(Message::Close(frame))) => {
                return Err(Ending::Closed(frame.map(|frame| frame.code.into())));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Ending::of(&error)),
            None => return Err(Ending::Broke),
        }
    }
}
