//! What became of something that was posted to somebody else.

use prometheus_client::encoding::EncodeLabelSet;

/// What became of something that was posted: a message or a receipt to Genesys, an event to an
/// application's endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostResult {
    /// It was taken.
    Taken,
    /// It is tried again.
    PutOff,
    /// It will never be taken.
    GivenUp,
}

impl PostResult {
    /// Every result there is.
    pub(crate) const ALL: [Self; 3] = [Self::Taken, Self::PutOff, Self::GivenUp];

    /// The label for it.
    pub(crate) const fn label(self) -> ByPostResult {
        let result = match self {
            Self::Taken => "taken",
            Self::PutOff => "put_off",
            Self::GivenUp => "given_up",
        };
        ByPostResult { result }
    }
}

/// The label that tells results apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ByPostResult {
    result: &'static str,
}
