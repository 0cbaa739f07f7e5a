//! Who is measured.

use serde::Serialize;

/// A server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Variant {
    /// Envoy with its buffer filter, which holds the body and looks at nothing.
    Baseline,
    /// Envoy with Baton's filter, which pauses in the header phase.
    BatonPause,
    /// Envoy with Baton's filter and the buffer filter behind it.
    BatonBufferFilter,
    /// Envoy with a Lua filter that verifies and does nothing else.
    Lua,
    /// Node with a handler that verifies and does nothing else.
    Node,
}

impl Variant {
    /// Everyone.
    pub(crate) const ALL: [Self; 5] =
        [Self::Baseline, Self::BatonPause, Self::BatonBufferFilter, Self::Lua, Self::Node];

    /// The name in the table.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Baseline => "Envoy",
            Self::BatonPause => "Envoy + Baton",
            Self::BatonBufferFilter => "Envoy + Baton, hold mode `buffer_filter`",
            Self::Lua => "Envoy + Lua, verifies only",
            Self::Node => "Node, verifies only",
        }
    }

    /// Whether a forged webhook has to be refused.
    pub(crate) const fn verifies(self) -> bool {
        !matches!(self, Self::Baseline)
    }
}
