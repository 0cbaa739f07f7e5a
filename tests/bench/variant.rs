//! Who is measured.

use serde::Serialize;

/// A server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Variant {
    /// Envoy with its buffer filter, which holds the body and looks at nothing.
    Envoy,
    /// Envoy with Baton's filter, which pauses in the header phase.
    BatonPause,
    /// Envoy with Baton's filter and the buffer filter behind it.
    BatonBufferFilter,
    /// Envoy with a Lua filter.
    Lua,
    /// Envoy that asks a service in Node, which is sent the body.
    AuthorizationNode,
    /// Envoy that asks a service in Rust, which is sent the body.
    AuthorizationRust,
    /// nginx that answers by itself.
    Nginx,
    /// nginx with a handler in njs.
    NginxNjs,
    /// HAProxy that holds the body and looks at nothing.
    Haproxy,
    /// HAProxy with rules around its converter `hmac`.
    HaproxyHmac,
    /// Node with a handler that reads the body and looks at nothing.
    Node,
    /// Node with a handler that verifies.
    NodeVerifying,
    /// workerd with a Worker that posts the body on as it is.
    Workerd,
    /// workerd with Baton's Worker.
    BatonWorker,
}

impl Variant {
    /// Everyone. Whoever has another's figures taken off stands behind it.
    pub(crate) const ALL: [Self; 14] = [
        Self::Envoy,
        Self::BatonPause,
        Self::BatonBufferFilter,
        Self::Lua,
        Self::AuthorizationNode,
        Self::AuthorizationRust,
        Self::Nginx,
        Self::NginxNjs,
        Self::Haproxy,
        Self::HaproxyHmac,
        Self::Node,
        Self::NodeVerifying,
        Self::Workerd,
        Self::BatonWorker,
    ];

    /// Baton's, which verify and translate.
    pub(crate) const BATON: [Self; 3] =
        [Self::BatonPause, Self::BatonBufferFilter, Self::BatonWorker];

    /// What else a user has; each verifies and does nothing else.
    pub(crate) const ALTERNATIVES: [Self; 6] = [
        Self::Lua,
        Self::AuthorizationNode,
        Self::AuthorizationRust,
        Self::NginxNjs,
        Self::HaproxyHmac,
        Self::NodeVerifying,
    ];

    /// The name in the tables.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Envoy => "Envoy",
            Self::BatonPause => "Envoy + Baton",
            Self::BatonBufferFilter => "Envoy + Baton, hold mode `buffer_filter`",
            Self::Lua => "Envoy + Lua",
            Self::AuthorizationNode => "Envoy + ext_authz, and a service in Node",
            Self::AuthorizationRust => "Envoy + ext_authz, and a service in Rust",
            Self::Nginx => "nginx",
            Self::NginxNjs => "nginx + njs",
            Self::Haproxy => "HAProxy",
            Self::HaproxyHmac => "HAProxy + `hmac`",
            Self::Node => "Node",
            Self::NodeVerifying => "Node that verifies",
            Self::Workerd => "workerd, a Worker that posts on",
            Self::BatonWorker => "workerd, Baton's Worker",
        }
    }

    /// The same server without what is measured; `None` for one that is just that.
    pub(crate) const fn baseline(self) -> Option<Self> {
        match self {
            Self::Envoy | Self::Nginx | Self::Haproxy | Self::Node | Self::Workerd => None,
            Self::BatonPause
            | Self::BatonBufferFilter
            | Self::Lua
            | Self::AuthorizationNode
            | Self::AuthorizationRust => Some(Self::Envoy),
            Self::NginxNjs => Some(Self::Nginx),
            Self::HaproxyHmac => Some(Self::Haproxy),
            Self::NodeVerifying => Some(Self::Node),
            Self::BatonWorker => Some(Self::Workerd),
        }
    }

    /// Whether a forged webhook has to be refused.
    pub(crate) const fn verifies(self) -> bool {
        self.baseline().is_some()
    }
}
