//! What goes first.

/// What a call is for. Genesys takes 300 requests a minute of a token, whatever they are for
/// (Genesys reference, 3.3): where they do not suffice, the classes go in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What a user said, or chose.
    Message,
    /// The end of a conversation, by the user.
    Disconnect,
    /// To a queue, and the data that goes with it.
    Transfer,
    /// Notification channels and their topics: without them no handoff is noticed to change.
    Subscription,
    /// The truth of a conversation. These take a third of the budget at most.
    Reconcile,
    /// Who or what an id stands for.
    Name,
    /// That a message has arrived. Given up after a whole window.
    Receipt,
    /// That a user is typing. Given up at once where there is no room for it.
    Typing,
}

impl Class {
    /// All of them, the first to go first.
    pub const ALL: [Self; 8] = [
        Self::Message,
        Self::Disconnect,
        Self::Transfer,
        Self::Subscription,
        Self::Reconcile,
        Self::Name,
        Self::Receipt,
        Self::Typing,
    ];

    /// How much of the budget may be spent, by all classes together, for one of this class to go:
    /// in percent. What lies above is kept for the classes before it, so that a user's message
    /// finds room in a window that the others have filled.
    pub(super) fn ceiling(self) -> u32 {
        match self {
            Self::Message | Self::Disconnect => 100,
            Self::Transfer => 95,
            Self::Subscription => 90,
            Self::Reconcile => 80,
            Self::Name => 75,
            Self::Receipt => 70,
            Self::Typing => 50,
        }
    }
}
