//! File descriptors: how many connections there may be without one kind of them, or the store,
//! going short.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many connections of chat clients there may be beside those that are sockets: for short
/// requests, and for telling a client that there is no place for its socket.
const SHORT_CONNECTIONS: u64 = 1_000;

/// How many connections of edges and operators there may be at a time.
const INTERNAL_CONNECTIONS: u64 = 1_000;

/// How many connections that bring webhooks to the edge in this process there may be at a time.
const EDGE_CONNECTIONS: u64 = 1_000;

/// How many connections of applications there may be at a time.
const APPLICATION_CONNECTIONS: u64 = 1_000;

/// How many connections to bots, to applications' webhooks and to Genesys are kept free: without
/// one of these a chat that goes on would get no answer.
const OUTGOING_CONNECTIONS: u64 = 1_000;

/// How many connections of monitoring there may be at a time, out of the reserve.
const OBSERVATION_CONNECTIONS: usize = 16;

/// What the process opens beside connections, and more.
const RESERVE: u64 = 64;

/// How many connections from outside there may be at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MostConnections {
    /// For chat clients.
    pub(crate) chat: usize,
    /// How many of these may be sockets.
    pub(crate) sockets: usize,
    /// For edges and operators.
    pub(crate) internal: usize,
    /// For webhooks, where the edge is in this process.
    pub(crate) edge: usize,
    /// For applications.
    pub(crate) application: usize,
    /// How many of these may be streams of events; the others are for requests.
    pub(crate) streams: usize,
    /// For monitoring.
    pub(crate) observation: usize,
}

/// Lets the process open as many files as it may, and says for how many connections they are
/// enough, if there shall be no more than so many sockets.
pub(crate) fn most_connections(most_sockets: usize) -> MostConnections {
    let limit = raise();
    let most = MostConnections::within(limit, most_sockets as u64);
    if most.sockets < most_sockets {
        let MostConnections { chat, sockets, internal, application, .. } = most;
        tracing::warn!(
            limit,
            chat,
            sockets,
            internal,
            application,
            "the limit of open files allows fewer sockets than configured; raise it (ulimit -Hn)"
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
    /// The edge has its share of a low limit, and so has what goes out: no number of chat clients
    /// keeps a delivery out, or an answer from its bot.
    fn within(limit: u64, most_sockets: u64) -> Self {
        let left = limit.saturating_sub(RESERVE).max(8);
        let internal = (left / 4).clamp(1, INTERNAL_CONNECTIONS);
        let short = (left / 8).clamp(1, SHORT_CONNECTIONS);
        let edge = (left / 8).clamp(1, EDGE_CONNECTIONS);
        let application = (left / 8).clamp(1, APPLICATION_CONNECTIONS);
        let outgoing = (left / 8).clamp(1, OUTGOING_CONNECTIONS);
        let sockets = (left - internal - edge - short - application - outgoing).min(most_sockets);
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            chat: count(sockets + short),
            sockets: count(sockets),
            internal: count(internal),
            edge: count(edge),
            application: count(application),
            streams: count(application - application / 4),
            observation: OBSERVATION_CONNECTIONS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_never_take_the_last_descriptors_nor_those_of_what_goes_out() {
        for limit in (RESERVE + 8..20_000).chain([u64::MAX]) {
            let MostConnections { chat, sockets, internal, edge, application, .. } =
                MostConnections::within(limit, 10_000);
            let least = [chat - sockets, sockets, internal, edge, application].into_iter().min();
            assert!(least > Some(0), "{limit}");
            let outgoing = ((limit - RESERVE) / 8).min(OUTGOING_CONNECTIONS);
            let incoming = (chat + internal + edge + application) as u64;
            assert!(incoming + outgoing + RESERVE <= limit, "{limit}");
        }
    }

    #[test]
    fn a_high_limit_is_not_used_up() {
        let all = MostConnections {
            chat: 11_000,
            sockets: 10_000,
            internal: 1_000,
            edge: 1_000,
            application: 1_000,
            streams: 750,
            observation: OBSERVATION_CONNECTIONS,
        };
        assert_eq!(MostConnections::within(15_064, 10_000), all);
        assert_eq!(MostConnections::within(u64::MAX, 10_000), all);
        let few = MostConnections {
            chat: 375,
            sockets: 250,
            internal: 250,
            edge: 125,
            application: 125,
            streams: 94,
            observation: OBSERVATION_CONNECTIONS,
        };
        assert_eq!(MostConnections::within(1_064, 10_000), few);
    }
}
