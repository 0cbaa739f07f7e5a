//! The handoff's pure logic: what a conversation at Genesys means for the client's chat.
//!
//! A [`Handoff`] is a state machine without I/O and without a clock. Each [`Input`] is applied to
//! it with the time of its arrival; what the client is to be told comes back as [`Notice`]s, and
//! what should be going on outside is read off its state at any time, as [`Wants`]. Its state is
//! data: stored with the notices in one step, it goes on after a crash as if nothing had been.
//!
//! Around it is what a handoff reads and writes: the [`Snapshot`] of a conversation, the
//! [`topics`] that tell of its life, the [`RoutingHints`] and custom [`attributes`] that a bot
//! passes on, the [`transcript`] of what was said before, the [`parts`] of a text too long for one
//! message, and the [`quick_reply`] that a user's text may be.

#![forbid(unsafe_code)]

pub mod attributes;
pub mod topics;

mod attendance;
mod delivered;
mod estimates;
mod handoff;
mod hearing;
mod input;
mod leaving;
mod liveness;
mod messages;
mod notice;
mod parts;
mod queue_ref;
mod quick_reply;
mod reading;
mod requester;
mod routing_hints;
mod rules;
mod snapshot;
mod transcript;
mod transfer;
mod waiting;
mod wants;

#[cfg(test)]
mod any_order_tests;
#[cfg(test)]
mod delivered_tests;
#[cfg(test)]
mod ending_tests;
#[cfg(test)]
mod estimates_tests;
#[cfg(test)]
mod joining_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod model_world;
#[cfg(test)]
mod reviving_tests;
#[cfg(test)]
mod snapshot_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod transfer_tests;
#[cfg(test)]
mod waiting_tests;

pub use delivered::Delivered;
pub use handoff::{Handoff, Progress};
pub use input::{DisconnectOutcome, Input, Leaving, ReadOutcome, TransferOutcome};
pub use notice::{Agent, AgentDetails, End, Notice, QueueStatus};
pub use parts::parts;
pub use queue_ref::QueueRef;
pub use quick_reply::quick_reply;
pub use reading::Ticket;
pub use requester::Requester;
pub use routing_hints::RoutingHints;
pub use rules::Rules;
pub use snapshot::{AcdQueue, Participant, Purpose, SentMessage, Snapshot, SnapshotProblem, State};
pub use transcript::{
    REASSURANCE, TranscriptEntry, TranscriptForm, TranscriptSpeaker, is_blank, is_reassurance,
    transcript,
};
pub use transfer::TwoQueues;
pub use wants::{Disconnect, Transfer, Wants};
