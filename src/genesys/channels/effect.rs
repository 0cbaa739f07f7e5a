//! What a channel asks the tasks around it to do, and what they bring it.

use super::{
    address::{Address, ChannelId},
    report::Report,
    subscriptions::Batch,
};

/// A channel that was had for us.
#[derive(Debug)]
pub(crate) enum Acquired {
    /// One made a moment ago.
    Made(Address),
    /// One that we made in an earlier life.
    Adopted(Address),
}

/// What Genesys says when it is asked whether a channel exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Existence {
    /// It does.
    Confirmed,
    /// It does not.
    Denied,
    /// Nothing, for this reason.
    Unknown(String),
}

/// Counts the sockets of a channel.
pub(crate) type SocketNumber = u64;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// To have a channel: a remembered one, or else a new one.
    Acquire,
    /// To ask Genesys whether the channel with this id exists.
    Verify(ChannelId),
    /// The channel with this id is no more.
    Forget(ChannelId),
    /// To open a socket.
    Connect { socket: SocketNumber, address: Address },
    /// To close a socket, if it is not closed yet.
    Close(SocketNumber),
    /// To ask for topics at the channel with this id, in the request of this number.
    Subscribe { channel_id: ChannelId, request: u64, batch: Batch },
    /// To have these conversations compared with Genesys.
    Reconcile(Vec<String>),
    /// To tell the operator.
    Report(Report),
}
