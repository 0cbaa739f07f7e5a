//! What a channel asks the tasks around it to do, and what they bring it.

use std::fmt;

use super::{report::Report, subscriptions::Batch};

/// Where a channel is. Whoever knows it can listen, so that it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) connect_uri: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address(…)")
    }
}

/// A channel that was had for us.
#[derive(Debug)]
pub(crate) enum Acquired {
    /// One made a moment ago.
    Made(Address),
    /// One that we made in an earlier life.
    Adopted(Address),
}

/// Counts the sockets of a channel.
pub(crate) type SocketNumber = u64;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// To have a channel: a remembered one, or else a new one.
    Acquire,
    /// The channel with this id is no more.
    Forget(String),
    /// To open a socket.
    Connect { socket: SocketNumber, address: Address },
    /// To close a socket, if it is not closed yet.
    Close(SocketNumber),
    /// To ask for topics at the channel with this id, in the request of this number.
    Subscribe { channel_id: String, request: u64, batch: Batch },
    /// To have these conversations compared with Genesys.
    Reconcile(Vec<String>),
    /// To tell the operator.
    Report(Report),
}
