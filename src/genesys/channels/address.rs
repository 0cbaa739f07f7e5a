//! Where a channel is.

use std::fmt;

use url::Url;

/// The id of a channel at Genesys. Whoever knows it can listen (Genesys reference, 4.1), so that
/// it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ChannelId(String);

impl ChannelId {
    pub(crate) fn new(id: String) -> Self {
        Self(id)
    }

    /// For a request to Genesys, or for the memory of channels; for nothing that people see.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ChannelId(…)")
    }
}

/// A channel and where its sockets are opened, which has the id in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) id: ChannelId,
    pub(crate) socket: Url,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address(…)")
    }
}
