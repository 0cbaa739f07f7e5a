//! What a role of the OAuth client has to allow, by what Baton does with it.
//!
//! The spelling is that of the Platform API's own operations (Genesys reference, 9): the domain of
//! the conversations is `conversation`, in the singular. Which operation wants which is from the
//! documentation of Genesys' SDKs.

use std::{collections::BTreeSet, fmt};

/// A permission of Genesys Cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The part of Genesys, such as `conversation`.
    pub domain: &'static str,
    /// The kind of thing, such as `message`.
    pub entity: &'static str,
    /// What may be done with it, such as `receive`.
    pub action: &'static str,
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.domain, self.entity, self.action)
    }
}

const fn permission(
    domain: &'static str,
    entity: &'static str,
    action: &'static str,
) -> Permission {
    Permission { domain, entity, action }
}

/// What Baton does at Genesys, by the permissions that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Messages, typing and receipts of the user go in.
    Messages,
    /// The end of a conversation by the user goes in.
    Ending,
    /// The notification channel tells who joins and leaves.
    Lifecycle,
    /// After a gap in the channel the conversation is read over REST.
    Reconciliation,
    /// The integration is found, by its name or by its id.
    Integration,
    /// A conversation is handed from the bot's queue to the agents'.
    Transfer,
    /// The estimated wait in a queue is read.
    Estimates,
    /// `baton setup --apply` makes what is missing. Only while it runs.
    SetUp,
}

const ALL: [Feature; 8] = [
    Feature::Messages,
    Feature::Ending,
    Feature::Lifecycle,
    Feature::Reconciliation,
    Feature::Integration,
    Feature::Transfer,
    Feature::Estimates,
    Feature::SetUp,
];

const ALWAYS: [Feature; 5] = [
    Feature::Messages,
    Feature::Ending,
    Feature::Lifecycle,
    Feature::Reconciliation,
    Feature::Integration,
];

impl Feature {
    /// All of them.
    pub const ALL: &[Self] = &ALL;

    /// Those that no handoff goes without.
    pub const ALWAYS: &[Self] = &ALWAYS;

    /// The permissions that it takes, all of them.
    pub const fn permissions(self) -> &'static [Permission] {
        const VIEW_INTEGRATION: Permission = permission("messaging", "integration", "view");
        const VIEW_QUEUE: Permission = permission("routing", "queue", "view");
        match self {
            Self::Messages => &const { [permission("conversation", "message", "receive")] },
            Self::Ending => &const { [permission("conversation", "communication", "disconnect")] },
            Self::Lifecycle => &const { [permission("analytics", "conversationDetail", "view")] },
            Self::Reconciliation => {
                &const {
                    [
                        permission("conversation", "communication", "view"),
                        permission("conversation", "message", "view"),
                    ]
                }
            }
            Self::Integration => &[VIEW_INTEGRATION],
            Self::Transfer => {
                &const { [permission("conversation", "communication", "blindTransferQueue")] }
            }
            Self::Estimates => &[VIEW_QUEUE],
            Self::SetUp => {
                &const {
                    [
                        VIEW_INTEGRATION,
                        permission("messaging", "integration", "add"),
                        permission("messaging", "integration", "edit"),
                        permission("messaging", "setting", "view"),
                        permission("messaging", "setting", "add"),
                        permission("messaging", "setting", "edit"),
                        permission("messaging", "supportedContent", "view"),
                        VIEW_QUEUE,
                        permission("routing", "queue", "add"),
                        permission("routing", "message", "manage"),
                        permission("architect", "flow", "view"),
                    ]
                }
            }
        }
    }

    /// What does not work without it, for people.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Messages => "the user's messages, typing and receipts reach Genesys",
            Self::Ending => "the conversation ends in Genesys when the user ends it",
            Self::Lifecycle => "Baton is told when an agent joins or leaves",
            Self::Reconciliation => "what was missed is found again after a gap",
            Self::Integration => "the integration is found and checked",
            Self::Transfer => "the bot's queue hands over to the agents' queue",
            Self::Estimates => "users are told how long they may have to wait",
            Self::SetUp => "baton setup makes what is missing; take it away afterwards",
        }
    }

    /// The permissions of these features, each once, in the order of the alphabet.
    pub fn permissions_of(features: &[Self]) -> BTreeSet<Permission> {
        features.iter().flat_map(|feature| feature.permissions()).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_spelt_as_genesys_spells_them() {
        let of = |features| {
            let permissions = Feature::permissions_of(features);
            permissions.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            of(Feature::ALWAYS),
            [
                "analytics:conversationDetail:view",
                "conversation:communication:disconnect",
                "conversation:communication:view",
                "conversation:message:receive",
                "conversation:message:view",
                "messaging:integration:view",
            ]
        );
        assert_eq!(of(&[Feature::Transfer]), ["conversation:communication:blindTransferQueue"]);
    }

    #[test]
    fn a_permission_that_two_features_take_is_named_once() {
        let both = Feature::permissions_of(&[Feature::Integration, Feature::SetUp]);
        assert_eq!(both, Feature::permissions_of(&[Feature::SetUp]));
    }
}
