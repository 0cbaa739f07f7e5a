//! What Genesys refuses to tell us.

use std::collections::{BTreeMap, BTreeSet};

use super::{calls::Rejection, frame};
use crate::error::printable;

/// The most complaints that are remembered; Genesys has far fewer permissions for topics.
const MOST_COMPLAINTS: usize = 32;

/// Of which conversations topics are refused, and how many of each: from 1 to
/// [`TOPICS_PER_CONVERSATION`](super::placement::TOPICS_PER_CONVERSATION).
pub(crate) type Refused = BTreeMap<String, usize>;

/// The refused topics, by conversation.
pub(crate) fn refused(rejections: &[Rejection]) -> Refused {
    let mut refused = Refused::new();
    for conversation in rejections.iter().filter_map(|one| frame::conversation_of(&one.id)) {
        *refused.entry(conversation.to_owned()).or_default() += 1;
    }
    refused
}

/// The missing permissions that the operator was told of, so that each is told once and not with
/// each handoff: the role of the OAuth client lacks it on every channel.
#[derive(Debug, Default)]
pub(crate) struct Complaints(BTreeSet<String>);

impl Complaints {
    /// Tells the operator of what is new in these rejections.
    pub(crate) fn tell(&mut self, rejections: &[Rejection]) {
        for rejection in rejections {
            if let Some(missing_permissions) = self.news(rejection) {
                tracing::error!(
                    missing_permissions,
                    reason = printable(rejection.rejection_reason.as_deref().unwrap_or_default()),
                    "Genesys refuses topics: their handoffs are read over REST; give the role of \
                     the OAuth client the missing permission"
                );
            }
        }
    }

    /// The missing permissions, where nobody was told of them yet; empty where Genesys names none.
    fn news(&mut self, rejection: &Rejection) -> Option<String> {
        let missing = printable(&rejection.missing_permissions.join(", "));
        let is_new = self.0.len() < MOST_COMPLAINTS && self.0.insert(missing.clone());
        is_new.then_some(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(step: &str, missing_permissions: &[&str]) -> Rejection {
        Rejection {
            id: format!("v2.detail.events.conversation.c.{step}"),
            rejection_reason: None,
            missing_permissions: missing_permissions.iter().map(|one| (*one).to_owned()).collect(),
        }
    }

    #[test]
    fn refused_topics_are_counted_by_conversation() {
        let rejections = [
            rejection("user.end", &[]),
            rejection("acd.end", &[]),
            Rejection { id: "v2.users.1.presence".to_owned(), ..rejection("", &[]) },
        ];
        assert_eq!(refused(&rejections), Refused::from([("c".to_owned(), 2)]));
    }

    #[test]
    fn a_missing_permission_is_told_once() {
        let mut complaints = Complaints::default();
        let detail = rejection("user.end", &["analytics:conversationDetail:view"]);
        let unexplained = rejection("user.end", &[]);
        assert!(complaints.news(&detail).is_some());
        assert_eq!(complaints.news(&unexplained).as_deref(), Some(""));
        let other = rejection("user.end", &["routing:queue:view"]);
        assert_eq!(complaints.news(&other).as_deref(), Some("routing:queue:view"));
        for told in [detail, unexplained, other] {
            assert_eq!(complaints.news(&told), None);
        }
    }
}
