//! One socket: a cursor on its session's log.
//!
//! The connection pulls pages of the log after its cursor, the history in batches, then each new
//! event alone. It is told only that there is more, never what: so history and live events are
//! the same rows, nothing can fall between them, and a slow client costs one page.

use std::{future, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use baton_store::{LogPage, LoggedEvent, Session};
use baton_traces::Traces;
use jiff::Timestamp;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, sleep_until, timeout},
};
use tracing::Instrument;

use crate::{
    Chat,
    client_frame::ClientFrame,
    frame,
    limits::{Limits, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_FRAME_BYTES},
    sessions::{Attachment, ClientAction, ClientEvent, Sessions},
};

/// What a client is told whose messages come too fast (Messaging API, 8.4).
const TOO_FAST: &str = "Our system is experiencing high load. Please try again in a moment.";

/// How long lies between two times that it is told so.
const TOLD_AGAIN: Duration = Duration::from_secs(1);

/// The most bytes of a frame beyond the rate in which the end of the chat is looked for.
const MOST_BYTES_OF_END: usize = 4 * 1024;

/// Why a socket is closed (Messaging API, 5.4). After all but `Ended` a client connects anew.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Close {
    /// The session has ended, and the client was told.
    Ended,
    /// The client was silent for too long.
    Silent,
    /// What came is no WebSocket frame that can be taken.
    Protocol,
    /// A frame was too large.
    TooLarge,
    /// The process stops.
    Restart,
    /// There is too much to do, or the store cannot be read.
    TryAgain,
}

impl Close {
    const fn frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::Ended => (close_code::NORMAL, "session ended"),
            Self::Silent => (close_code::AWAY, "no sign of life from the client"),
            Self::Protocol => (close_code::PROTOCOL, "invalid frame"),
            Self::TooLarge => (close_code::SIZE, "message too large"),
            Self::Restart => (close_code::RESTART, "restarting"),
            Self::TryAgain => (close_code::AGAIN, "try again later"),
        };
        CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
    }
}

/// Why a connection is over.
enum Ending {
    /// It is ours to close.
    Close(Close),
    /// The client closed it.
    ClientClosed,
    /// It broke, or the client does not read.
    Gone,
}

/// What comes next for a connection.
enum Step {
    Pull,
    Show(Utf8Bytes),
    Receive(Option<Result<Message, axum::Error>>),
    Nothing,
    End(Close),
}

/// Says goodbye, and waits a moment for the client to do so too, so that the code arrives.
pub(crate) async fn close(socket: &mut WebSocket, reason: Close, limits: &Limits) {
    let farewell = Message::Close(Some(reason.frame()));
    let closed = async {
        if socket.send(farewell).await.is_ok() {
            drain(socket).await;
        }
    };
    // A client that does not close in time is cut off.
    let _ = timeout(limits.farewell, closed).await;
}

async fn drain(socket: &mut WebSocket) {
    while let Some(Ok(_)) = socket.recv().await {}
}

/// A connection that has joined its session.
pub(crate) struct Connection<S> {
    chat: Arc<Chat<S>>,
    session_id: String,
    /// Whether the session had ended before the client came.
    ended: bool,
    attachment: Attachment,
    socket: WebSocket,
    /// The sequence of the last event that was sent.
    cursor: u64,
    /// Whether the history is still being sent.
    replaying: bool,
    /// When to read the log next; absent while there is nothing new in it.
    pull_at: Option<Instant>,
    /// When the client has been silent for too long.
    silent_at: Instant,
    /// When the client was told last that its messages come too fast.
    told_too_fast: Option<Instant>,
    /// Whether the user's end of the chat was heard although it came too fast.
    heard_end: bool,
}

impl<S: Sessions> Connection<S> {
    pub(crate) fn new(
        chat: Arc<Chat<S>>,
        session: Session,
        cursor: u64,
        attachment: Attachment,
        socket: WebSocket,
    ) -> Self {
        Self {
            silent_at: Instant::now() + chat.limits.client_silence,
            pull_at: Some(Instant::now()),
            replaying: true,
            told_too_fast: None,
            heard_end: false,
            chat,
            session_id: session.details.session_id,
            ended: session.ended,
            attachment,
            socket,
            cursor,
        }
    }

    /// Serves the connection until it is over.
    pub(crate) async fn run(&mut self) {
        let mut shutdown = self.chat.shutdown.clone();
        let _counted = self.chat.metrics.chat_socket();
        // Whatever the connection is at, it may be left: the client comes again with its cursor.
        let ending = tokio::select! {
            () = shutdown.begun() => Ending::Close(Close::Restart),
            ending = self.serve() => ending,
        };
        let limits = &self.chat.limits;
        self.attachment.tell_seen(self.last_seen(&ending));
        match ending {
            Ending::Close(reason) => close(&mut self.socket, reason, limits).await,
            Ending::ClientClosed => {
                let _ = timeout(limits.farewell, drain(&mut self.socket)).await;
            }
            Ending::Gone => {}
        }
    }

    /// When the client was last known to be there: one that fell silent has been gone ever since,
    /// while one whose connection broke has not.
    fn last_seen(&self, ending: &Ending) -> Timestamp {
        let now = self.chat.clock.now();
        match ending {
            Ending::Close(Close::Silent) => {
                now.checked_sub(self.chat.limits.client_silence).unwrap_or(now)
            }
            Ending::Close(_) | Ending::ClientClosed | Ending::Gone => now,
        }
    }

    /// A cursor beyond the log would hide the events to come.
    async fn clamp_cursor(&mut self) -> Result<(), Ending> {
        if self.cursor > 0 {
            let last = self.chat.store.last_sequence(&self.session_id);
            let last = timeout(self.chat.limits.call, last).await;
            let last = self.answered(last)?;
            self.cursor = self.cursor.min(last);
            self.attachment.tell_shown(self.cursor);
        }
        Ok(())
    }

    async fn serve(&mut self) -> Ending {
        if let Err(ending) = self.clamp_cursor().await {
            return ending;
        }
        loop {
            let step = self.next_step().await;
            let done = match step {
                Step::Pull => self.pull().await,
                Step::Show(frame) => self.show(frame).await,
                Step::Receive(received) => self.receive(received).await,
                Step::Nothing => Ok(()),
                Step::End(reason) => Err(Ending::Close(reason)),
            };
            if let Err(ending) = done {
                return ending;
            }
        }
    }

    async fn next_step(&mut self) -> Step {
        let pull_at = self.pull_at;
        let pull = async {
            match pull_at {
                Some(at) => sleep_until(at).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            () = sleep_until(self.silent_at) => Step::End(Close::Silent),
            () = pull => Step::Pull,
            changed = self.attachment.newest.changed(), if pull_at.is_none() => match changed {
                Ok(()) => Step::Pull,
                Err(_) => Step::End(Close::Restart),
            },
            shown = self.attachment.transient.recv(), if !self.replaying => match shown {
                Ok(frame) => Step::Show(frame),
                Err(RecvError::Lagged(_)) => Step::Nothing,
                Err(RecvError::Closed) => Step::End(Close::Restart),
            },
            received = self.socket.recv() => Step::Receive(received),
        }
    }

    /// Shows what is in no log; what the log has by now comes first, since that may be what it is
    /// about.
    async fn show(&mut self, frame: Utf8Bytes) -> Result<(), Ending> {
        let newest = *self.attachment.newest.borrow();
        if newest > self.cursor {
            self.pull().await?;
        }
        self.send(frame).await
    }

    /// Sends the next page of the log.
    async fn pull(&mut self) -> Result<(), Ending> {
        let id = &self.session_id;
        let page = self.chat.store.events_after(id, self.cursor, MAX_BATCH_EVENTS, MAX_BATCH_BYTES);
        let page = timeout(self.chat.limits.call, page).await;
        let LogPage { events, complete } = self.answered(page)?;
        if self.replaying {
            self.send(frame::batch(&events)).await?;
        } else {
            for event in &events {
                self.send_traced(event).await?;
            }
        }
        if let Some(last) = events.last() {
            self.cursor = last.sequence;
            self.attachment.tell_shown(last.sequence);
        }
        if events.iter().any(|event| event.kind == frame::SESSION_END) {
            return Err(Ending::Close(Close::Ended));
        }
        self.pull_at = match (complete, self.replaying) {
            (true, _) => None,
            (false, true) => Some(Instant::now() + self.chat.limits.between_batches),
            (false, false) => Some(Instant::now()),
        };
        self.replaying &= !complete;
        if complete && self.ended {
            // The client has the end of the log, and the session had ended before it came.
            return Err(Ending::Close(Close::Ended));
        }
        Ok(())
    }

    /// Sends an event of the log, within the trace of what brought it.
    async fn send_traced(&mut self, event: &LoggedEvent) -> Result<(), Ending> {
        let Some(context) = self.attachment.traces.of(event.sequence) else {
            return self.send(frame::logged(event)).await;
        };
        let span = baton_traces::span!(
            Traces::On,
            Some(&context),
            "show",
            "producer",
            session.id = self.session_id,
            event.kind = event.kind,
        );
        self.send(frame::logged(event)).instrument(span).await
    }

    async fn receive(
        &mut self,
        received: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Ending> {
        let message = match received {
            Some(Ok(message)) => message,
            Some(Err(_)) => return Err(Ending::Close(Close::Protocol)),
            None => return Err(Ending::Gone),
        };
        self.silent_at = Instant::now() + self.chat.limits.client_silence;
        match message {
            Message::Text(text) if text.len() > MAX_FRAME_BYTES => {
                Err(Ending::Close(Close::TooLarge))
            }
            Message::Binary(bytes) if bytes.len() > MAX_FRAME_BYTES => {
                Err(Ending::Close(Close::TooLarge))
            }
            Message::Text(text) if self.is_in_time() => {
                self.take(ClientFrame::read(text.as_str())).await
            }
            Message::Text(text) => self.turn_away(text.as_str()).await,
            Message::Binary(_) if self.is_in_time() => self.take(ClientFrame::malformed()).await,
            Message::Binary(_) => Ok(()),
            // The socket itself answers a ping.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(Ending::ClientClosed),
        }
    }

    /// Whether the session may send one more frame by now.
    fn is_in_time(&self) -> bool {
        let session_id = &self.session_id;
        self.chat.admission.admits_frame(session_id, Instant::now().into_std())
    }

    /// Drops a frame that comes too fast. If that costs the user a message, the client is told,
    /// though not for each of many. A user who ends the chat is heard all the same, once.
    async fn turn_away(&mut self, frame: &str) -> Result<(), Ending> {
        let may_be_end = !self.heard_end && frame.len() <= MOST_BYTES_OF_END;
        if !may_be_end && !self.may_be_told() {
            return Ok(());
        }
        let ClientFrame::Event(event) = ClientFrame::read(frame) else { return Ok(()) };
        match event.action {
            ClientAction::UserEndSession if !self.heard_end => {
                self.heard_end = true;
                self.hand_over(event).await
            }
            ClientAction::UserMessage { .. } if self.may_be_told() => {
                self.told_too_fast = Some(Instant::now());
                self.send_error(TOO_FAST, event.metadata.as_deref()).await
            }
            _ => Ok(()),
        }
    }

    /// Whether it is long enough ago that the client was told that its messages come too fast.
    fn may_be_told(&self) -> bool {
        self.told_too_fast.is_none_or(|at| at.elapsed() >= TOLD_AGAIN)
    }

    async fn take(&mut self, client_frame: ClientFrame) -> Result<(), Ending> {
        match client_frame {
            ClientFrame::Ignored => Ok(()),
            ClientFrame::Heartbeat { metadata } => {
                let id = self.fresh_id()?;
                let now = self.chat.clock.now();
                let kind = "EVENT_TYPE_HEARTBEAT";
                self.send(frame::transient(id, now, kind, "{}", metadata.as_deref())).await
            }
            ClientFrame::Wrong { message, metadata } => {
                self.send_error(&message, metadata.as_deref()).await
            }
            ClientFrame::Event(event) => self.hand_over(event).await,
        }
    }

    async fn hand_over(&mut self, event: ClientEvent) -> Result<(), Ending> {
        let metadata = event.metadata.clone();
        let chat = Arc::clone(&self.chat);
        match chat.sessions.client_event(&self.session_id, event).await {
            Ok(()) => Ok(()),
            Err(refused) => self.send_error(&refused.to_string(), metadata.as_deref()).await,
        }
    }

    async fn send_error(&mut self, message: &str, metadata: Option<&str>) -> Result<(), Ending> {
        let id = self.fresh_id()?;
        let now = self.chat.clock.now();
        self.send(frame::system_error(id, now, message, metadata)).await
    }

    async fn send(&mut self, frame: Utf8Bytes) -> Result<(), Ending> {
        match timeout(self.chat.limits.write, self.socket.send(Message::Text(frame))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ending::Gone),
        }
    }

    fn fresh_id(&self) -> Result<uuid::Uuid, Ending> {
        self.chat.random.uuid().map_err(|error| {
            tracing::error!(%error, "a connection was closed");
            Ending::Close(Close::TryAgain)
        })
    }

    /// What the store answered; a client whose log cannot be read comes again later.
    fn answered<T, E: std::fmt::Display>(
        &self,
        answer: Result<Result<T, E>, tokio::time::error::Elapsed>,
    ) -> Result<T, Ending> {
        let session_id = &self.session_id;
        match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => tracing::error!(session_id, %error, "a log could not be read"),
            Err(_) => tracing::error!(session_id, "the store took too long to read a log"),
        }
        Err(Ending::Close(Close::TryAgain))
    }
}
