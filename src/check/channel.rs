//! The notification channel.

use baton_genesys::{ChannelTrial, Genesys, TopicsTrial};

use crate::report::{Findings, Step};

/// Whether a channel opens and lives, and what came of its topics.
pub(crate) async fn check_channel(
    genesys: &Genesys,
    findings: &mut Findings<'_>,
) -> Option<TopicsTrial> {
    match genesys.try_channel().await {
        Ok(ChannelTrial { channels, topics }) => {
            let sentence = format!("one opened and lives; the OAuth client has {channels} of 20");
            findings.tick(Step::Channel, sentence);
            Some(topics)
        }
        Err(error) => {
            findings.cross(Step::Channel, error.to_string());
            None
        }
    }
}
