//! File descriptors: how many connections there may be without one kind of them, or the store,
//! going short.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many connections of chat clients there may be at a time.
const CHAT_CONNECTIONS: u64 = 10_000;

/// How many connections of edges and operators there may be at a time.
const INTERNAL_CONNECTIONS: u64 = 1_000;

/// What the process opens beside connections, and more.
const RESERVE: u64 = 64;

/// How many connections there may be at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MostConnections {
    /// For chat clients.
    pub(crate) chat: usize,
    /// For edges and operators.
    pub(crate) internal: usize,
}

/// Lets the process open as many files as it may, and says for how many connections they are
/// enough.
pub(crate) fn most_connections() -> MostConnections {
    let limit = raise();
    let most = MostConnections::within(limit);
    if limit < CHAT_CONNECTIONS + INTERNAL_CONNECTIONS + RESERVE {
        let MostConnections { chat, internal } = most;
        tracing::warn!(
            limit,
            chat,
            internal,
            "the limit of open files allows few connections; raise it (ulimit -Hn)"
        );
    }
    most
}

/// Raises the soft limit of open files to the hard one, and says where it is now.
fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    limit.unwrap_or(u64::MAX)
}

impl MostConnections {
    /// The edge has its share of a low limit: no number of chat clients keeps a delivery out.
    fn within(limit: u64) -> Self {
        let left = limit.saturating_sub(RESERVE).max(2);
        let internal = (left / 4).clamp(1, INTERNAL_CONNECTIONS);
        let chat = (left - internal).min(CHAT_CONNECTIONS);
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self { chat: count(chat), internal: count(internal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_take_the_last_descriptors() {
        for limit in (RESERVE + 2..20_000).chain([u64::MAX]) {
            let MostConnections { chat, internal } = MostConnections::within(limit);
            assert!(chat > 0 && internal > 0, "{limit}");
            assert!((chat + internal) as u64 + RESERVE <= limit, "{limit}");
        }
    }

    #[test]
    fn a_high_limit_is_not_used_up() {
        let all = MostConnections { chat: 10_000, internal: 1_000 };
        assert_eq!(MostConnections::within(11_064), all);
        assert_eq!(MostConnections::within(u64::MAX), all);
        assert_eq!(MostConnections::within(1_064), MostConnections { chat: 750, internal: 250 });
    }
}
