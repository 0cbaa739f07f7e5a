//! Which notification channels this store's processes made, for the client that reuses them.

use baton_genesys::ChannelMemory;
use baton_store::Store;

use crate::cause::Chain;

/// The memory of one OAuth client's channels.
pub(crate) struct StoredChannels {
    pub(crate) store: Store,
    /// By what the store knows the client.
    pub(crate) client: String,
}

impl ChannelMemory for StoredChannels {
    async fn load(&self) -> Vec<String> {
        self.store.channels(&self.client).await.unwrap_or_else(|error| {
            tracing::error!(error = %Chain(&error), "no channel is reused: the store fails");
            Vec::new()
        })
    }

    async fn remember(&self, channel_id: &str) {
        if let Err(error) = self.store.remember_channel(&self.client, channel_id).await {
            tracing::error!(error = %Chain(&error), "a channel will not be reused after a restart");
        }
    }

    async fn forget(&self, channel_id: &str) {
        if let Err(error) = self.store.forget_channel(&self.client, channel_id).await {
            tracing::error!(error = %Chain(&error), "a channel that is gone was not forgotten");
        }
    }
}
