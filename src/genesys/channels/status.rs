//! How the channels stand, for metrics and for people.

/// How one channel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelStatus {
    /// Its number here, from 1. Its id at Genesys is a secret: whoever has it can listen.
    pub number: usize,
    /// What it is doing.
    pub state: ChannelState,
    /// How many topics it has at Genesys, as far as is known.
    pub topics: usize,
    /// How many topics Genesys refuses it. Their handoffs are read over REST, and the log names
    /// the permission that the role of the OAuth client lacks.
    pub refused: usize,
    /// How often it was gone (evicted, expired, its token revoked) and another one was made in
    /// its place.
    pub replaced: u32,
}

/// What a channel is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelState {
    /// Nobody needs it at present.
    Dormant,
    /// It is being made, or a remembered one is being looked up.
    Creating,
    /// Its first socket is being opened.
    Connecting,
    /// It works.
    Open,
    /// It works, but its socket is about to close; the next one is being opened or will be soon.
    Closing,
    /// It is away, after so many failures in a row; the next attempt is under way or due.
    Reconnecting {
        /// The failures in a row, below ten.
        attempt: u32,
    },
    /// It stays away. Attempts go on, and its handoffs are read over REST.
    Lost {
        /// The failures in a row, ten or more.
        attempt: u32,
    },
    /// Somebody else takes it away again and again, most likely a process on a copy of our
    /// store. Attempts go on, and its handoffs are read over REST.
    Contested,
}

impl ChannelState {
    /// Its name in a metric or an API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dormant => "dormant",
            Self::Creating => "creating",
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Lost { .. } => "lost",
            Self::Contested => "contested",
        }
    }
}
