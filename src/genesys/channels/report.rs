//! What an operator is told of a channel.

use baton_metrics::ChannelChange;

use super::frame::Loss;

/// Something that an operator may want to know, or has to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// The connection is away; it is tried again.
    Reconnecting {
        /// The failures in a row.
        attempt: u32,
        /// What happened.
        reason: String,
    },
    /// The connection stays away; handoffs are read over REST meanwhile.
    Lost {
        /// The failures in a row.
        attempt: u32,
        /// What happened the last time.
        reason: String,
    },
    /// The connection is back after it was lost.
    Back,
    /// The channel is no more, and another one takes its place.
    Replaced(Loss),
    /// Somebody else uses the channel.
    Contested,
}

impl Report {
    /// What it counts as.
    pub(crate) fn change(&self) -> ChannelChange {
        match self {
            Self::Reconnecting { .. } => ChannelChange::Away,
            Self::Lost { .. } => ChannelChange::Lost,
            Self::Back => ChannelChange::Back,
            Self::Replaced(_) => ChannelChange::Replaced,
            Self::Contested => ChannelChange::Contested,
        }
    }

    /// Writes it to the log, as being about the channel with this number.
    pub(crate) fn log(&self, channel: usize) {
        match self {
            // The first failures tell all that there is to tell; the metrics tell that it lasts.
            Self::Reconnecting { attempt, reason } if !attempt.is_power_of_two() => {
                tracing::debug!(channel, attempt, reason, "a channel is reconnected once more");
            }
            Self::Reconnecting { attempt, reason } => {
                tracing::warn!(channel, attempt, reason, "a notification channel is reconnected");
            }
            Self::Lost { attempt, reason } => tracing::error!(
                channel,
                attempt,
                reason,
                "a notification channel stays away: its handoffs are read over REST until it is \
                 back; check the network to Genesys' streaming host and Genesys' status page"
            ),
            Self::Back => tracing::info!(channel, "a notification channel is back"),
            Self::Replaced(loss) => tracing::warn!(
                channel,
                %loss,
                "a notification channel is gone and is replaced; if that happens often, too many \
                 processes share the OAuth client, which has 20 channels: give each its own"
            ),
            Self::Contested => tracing::error!(
                channel,
                "another process takes this notification channel away again and again: it seems to \
                 run on a copy of this store; stop it, or give it a store of its own"
            ),
        }
    }
}
