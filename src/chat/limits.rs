//! What bounds a connection.

use std::time::Duration;

/// The most bytes of UTF-8 in a message text that a client is told it may send. A frame around
/// such a text is larger than the text, by escaping up to twice as large (Messaging API, 12); a
/// larger text in a frame that is not too large is answered with a `SYSTEM_MESSAGE`.
pub const MAX_MESSAGE_BYTES: usize = 120_000;

/// The most bytes of a client's frame that are read; a larger one closes the connection (1009).
pub(crate) const MAX_FRAME_BYTES: usize = 256 * 1024;

/// The most bytes of a client's frame that are taken in, so that one a little over
/// [`MAX_FRAME_BYTES`] still gets a clean close. As much is held for a frame whose rest does not
/// come.
pub(crate) const MAX_RECEIVED_BYTES: usize = MAX_FRAME_BYTES + 4096;

/// The bytes that each connection holds to read into, also while nothing comes. Almost all frames
/// are smaller; for one that is larger, more is held until it is read.
pub(crate) const READ_BUFFER_BYTES: usize = 1024;

/// The most events in a batch: Android clients lose what goes beyond (Messaging API, 11).
pub(crate) const MAX_BATCH_EVENTS: usize = 50;

/// About the most bytes of events that a connection holds while it writes; a single event may
/// be larger.
pub(crate) const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// How many seconds a client is told to let pass between heartbeats (Messaging API, 8).
pub const HEARTBEAT_SECONDS: u32 = 30;

/// How many connections a session may have at a time (Messaging API, 5.3).
pub const MAX_CONNECTIONS_PER_SESSION: usize = 10;

/// For how long things may take. [`Limits::default`] is what a server runs with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A connection without a frame from its client for so long is closed
    /// (Messaging API, 5.3: 10 min).
    pub client_silence: Duration,
    /// A write that takes longer ends the connection.
    pub write: Duration,
    /// What lies between two batches of the history, so that clients keep up
    /// (Messaging API, 11).
    pub between_batches: Duration,
    /// A connection whose request takes longer to arrive, its head and then its body, is closed.
    pub request: Duration,
    /// A call to the store or to a session that takes longer has failed.
    pub call: Duration,
    /// How long a connection may still take once it is to be closed.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            client_silence: Duration::from_secs(600),
            write: Duration::from_secs(30),
            between_batches: Duration::from_millis(40),
            request: Duration::from_secs(30),
            call: Duration::from_secs(5),
            farewell: Duration::from_secs(2),
        }
    }
}
