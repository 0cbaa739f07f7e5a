//! What truly happens, told to whoever listens in this process.
//!
//! A [`Feed`] is given to the simulator with its configuration. It tells of each attempt to
//! deliver a webhook, of each frame that is written to a notification socket, of each request to
//! the Platform API, and of faults that strike. Nothing is computed while nobody listens.
//!
//! No token, no secret and no id of a channel is ever told: a channel's id opens its socket.
//! Texts of messages are.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::delivery::Answer;

/// How many happenings wait for a listener. One that is slower misses the oldest, and is told so.
const KEPT: usize = 4096;

/// Tells what happens. Clones share the listeners.
#[derive(Clone, Debug)]
pub struct Feed(broadcast::Sender<Arc<Happening>>);

/// Something that happened, and when.
///
/// The `Debug` form shows no body.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Occurrence,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Occurrence {
    /// An attempt to deliver a webhook, or an event to a target, has begun.
    AttemptBegun(AttemptBegun),
    /// That attempt is over.
    AttemptSettled {
        /// Which sending it belongs to, and which attempt of it, the first is 1.
        attempt: AttemptId,
        /// What came of it.
        answer: Answer,
        /// From its begin to the head of the answer or to the error.
        took: Duration,
    },
    /// A frame was written to a notification socket.
    Notified(Notified),
    /// A request has come in, to the Platform API or for a token.
    RequestBegun(RequestBegun),
    /// That request is answered.
    RequestSettled(RequestSettled),
    /// A fault struck.
    FaultStruck(FaultStruck),
}

/// Which attempt of which sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptId {
    /// The number of the sending, as the control API shows it.
    pub sending: u64,
    /// Which attempt it is; the first is 1.
    pub number: u32,
}

/// The begin of an attempt.
#[derive(Clone)]
pub struct AttemptBegun {
    /// Which one.
    pub attempt: AttemptId,
    /// The name of the shape; `raw`, `eventbridge` or `trigger` for what has none.
    pub shape: &'static str,
    /// Genesys' id of the message, if it is about one.
    pub message_id: Option<String>,
    /// To whom it goes, as the body says.
    pub end_user_id: Option<String>,
    /// Of which conversation it is, as the body says.
    pub conversation_id: Option<String>,
    /// The raw body.
    pub body: Bytes,
    /// The value of the signature header, if it has one.
    pub signature: Option<String>,
}

/// A frame that was written to a notification socket.
#[derive(Clone)]
pub struct Notified {
    /// The socket: a number that rises with each of this run.
    pub socket: u64,
    /// The frame's topic; none for the answer to a command.
    pub topic: Option<String>,
    /// The frame.
    pub frame: String,
}

/// A request that has come in.
#[derive(Clone, Debug)]
pub struct RequestBegun {
    /// Rises by one with each request of this run.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The pattern of the path, such as `/api/v2/users/{userId}`.
    pub route: String,
    /// The path; the pattern in its place where the path names a channel.
    pub path: String,
}

/// A request that is answered.
#[derive(Clone)]
pub struct RequestSettled {
    /// The number with which it began.
    pub number: u64,
    /// The id of the OAuth client that asked, as far as the token says.
    pub client_id: Option<String>,
    /// The status, or none where the answer was lost.
    pub status: Option<u16>,
    /// From its begin to the whole answer.
    pub took: Duration,
    /// The JSON of the request, if there is any.
    pub request: Option<Value>,
    /// The JSON of the answer, if there is any; none for a token, and none for a channel.
    pub answer: Option<Value>,
}

/// A fault that struck.
#[derive(Clone, Debug)]
pub struct FaultStruck {
    /// On which occasion: `request`, `notification`, `webhook`, `event_post`, or `now` for one
    /// that was ordered to strike at once.
    pub occasion: &'static str,
    /// The name of the occasion, such as the topic or the shape; empty for `now`.
    pub name: String,
    /// The fault, as the plan writes it.
    pub fault: Value,
}

impl Feed {
    /// A feed that nobody listens to yet.
    pub fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// What happens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.0.subscribe()
    }

    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Tells what happens now, if anybody listens.
    pub(crate) fn tell(&self, what: impl FnOnce() -> Occurrence) {
        if self.is_heard() {
            // The last listener may have left meanwhile.
            let _ = self.0.send(Arc::new(Happening { at: Timestamp::now(), what: what() }));
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AttemptBegun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AttemptBegun")
            .field("attempt", &self.attempt)
            .field("shape", &self.shape)
            .field("message_id", &self.message_id)
            .field("end_user_id", &self.end_user_id)
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Notified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Notified")
            .field("socket", &self.socket)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RequestSettled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestSettled")
            .field("number", &self.number)
            .field("client_id", &self.client_id)
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}
