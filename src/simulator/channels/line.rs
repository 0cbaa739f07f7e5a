//! The two ends of the queue between the channels and the task of a socket.

use tokio::sync::{mpsc, oneshot};

/// How many frames wait for a socket. One that lets more pile up is closed.
const QUEUE: usize = 500;

/// The end that the channels hold.
pub(crate) struct Line {
    number: u64,
    frames: mpsc::Sender<String>,
    closing: oneshot::Sender<Closing>,
}

/// The end that the task of the socket holds.
pub(crate) struct SocketEnd {
    /// Rises with every socket.
    pub(crate) number: u64,
    /// What to write, in order.
    pub(crate) frames: mpsc::Receiver<String>,
    /// When and how to end. A sender that is gone means: at once, and without a word.
    pub(crate) closing: oneshot::Receiver<Closing>,
}

/// How a socket ends.
pub(crate) struct Closing {
    /// A frame to write after those that wait.
    pub(crate) last_words: Option<String>,
    /// The close code. Without one the connection just ends.
    pub(crate) code: Option<u16>,
}

impl Line {
    /// A line to the socket of this number.
    pub(crate) fn new(number: u64) -> (Self, SocketEnd) {
        let (frames, frames_end) = mpsc::channel(QUEUE);
        let (closing, closing_end) = oneshot::channel();
        (
            Self { number, frames, closing },
            SocketEnd { number, frames: frames_end, closing: closing_end },
        )
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the frame found a place. It never waits for one.
    pub(crate) fn takes(&self, frame: String) -> bool {
        self.frames.try_send(frame).is_ok()
    }

    /// Ends the socket.
    pub(crate) fn close(self, closing: Closing) {
        // The task may have ended by itself already.
        let _ended = self.closing.send(closing);
    }
}
