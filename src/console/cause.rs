//! What a chat event followed from, as far as that can be told from outside.

use crate::{entry::Lane, reading::Beginning};

/// What to look for among the entries before a chat event, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The webhook of this message.
    Message(String),
    /// The newest entry of the session on this lane with one of these titles.
    Titled(Lane, &'static [&'static str]),
}

/// The request by which a message of the user reaches Genesys.
const INBOUND_MESSAGE: &str = "POST /api/v2/conversations/messages/{…}/inbound/open/message";

impl Cause {
    /// The cause of a chat event, which may be about a message of Genesys.
    pub(crate) fn of(beginning: &Beginning) -> Option<Self> {
        let is_typing = beginning.summary.as_deref() == Some("On");
        match (beginning.title.as_str(), &beginning.message_id) {
            (_, Some(id)) => Some(Self::Message(id.clone())),
            ("LIVE_AGENT_JOINED", _) => Some(Self::Titled(Lane::Notification, &["user.start"])),
            ("LIVE_AGENT_LEFT", _) => {
                Some(Self::Titled(Lane::Notification, &["user.end", "customer.end"]))
            }
            // That nobody types any more may have no cause but time.
            ("LIVE_AGENT_TYPING", _) if is_typing => Some(Self::Titled(Lane::Webhook, &["Typing"])),
            ("HANDOFF_ACCEPTED", _) => Some(Self::Titled(Lane::Rest, &[INBOUND_MESSAGE])),
            _ => None,
        }
    }
}
