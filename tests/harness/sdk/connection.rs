//! The socket of a scripted client: when it connects, what it sends again, and what it makes of
//! an end (Messaging API, 5.4 and 7.1).

use std::{future, mem, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{Delivery, Order, Profile, Shared, Status, decode::decode, frame_of, inbox::Inbox};
use crate::chat::Session;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Without a message for so long the client lets the session expire.
const IDLE: Duration = Duration::from_secs(600);

/// What lies before a new attempt after a network error.
const AFTER_NETWORK_ERROR: Duration = Duration::from_secs(10);

/// The longest pause after a close by the server; the first is a second, and each is twice the
/// one before.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What keeps the session: more than these only keeps the connection (Messaging API, 9).
const ACTIVITY: [&str; 4] =
    ["AgentMessage", "AgentMessageChunk", "LiveAgentMessage", "UserMessage"];

/// How long a socket may take to be closed.
const CLOSING: Duration = Duration::from_secs(2);

/// Something that the user said and whose echo has not come.
pub(super) struct Said {
    local_id: String,
    frame: String,
    /// When it is sent again, or given up.
    due: Instant,
    /// How often it may be sent again.
    resends: u32,
    /// Until when it waits for a socket.
    given_up_at: Instant,
}

/// How a socket ended, or was not to be had.
enum Ending {
    /// The server closed it, with a code or without a word.
    Closed(Option<u16>),
    /// The network broke off under it.
    Network,
    /// The client itself dropped it.
    Dropped,
    /// The client is done, or the conversation is lost.
    Over,
}

/// A client on its way.
pub(super) struct Connection {
    pub(super) profile: Profile,
    pub(super) chat: SocketAddr,
    pub(super) session: Session,
    pub(super) pace: f64,
    pub(super) screen: Shared,
    pub(super) inbox: Inbox,
    pub(super) orders: UnboundedReceiver<Order>,
    /// The highest sequence of a decoded event.
    pub(super) cursor: u64,
    pub(super) unanswered: Vec<Said>,
    pub(super) heartbeat: Option<Duration>,
    pub(super) beats_at: Option<Instant>,
    pub(super) active_at: Instant,
}

impl Connection {
    /// Stays connected for as long as the SDKs do.
    pub(super) async fn run(mut self) {
        let mut failures = 0_u32;
        loop {
            let ending = match self.open().await {
                Ok(stream) => {
                    failures = 0;
                    let ending = self.converse(stream).await;
                    self.note_end(&ending);
                    ending
                }
                Err(ending) => ending,
            };
            let pause = match ending {
                Ending::Over => return,
                Ending::Closed(Some(1000)) => return self.screen.lock().status = Status::Closed,
                Ending::Closed(Some(4001)) => {
                    return self.screen.lose("the server does not know the session".to_owned());
                }
                Ending::Network => AFTER_NETWORK_ERROR,
                Ending::Closed(_) | Ending::Dropped => {
                    Duration::from_secs(1 << failures.min(5)).min(LONGEST_PAUSE)
                }
            };
            failures += 1;
            if self.pause(self.paced(pause)).await.is_none() {
                return;
            }
        }
    }

    fn paced(&self, duration: Duration) -> Duration {
        duration.mul_f64(self.pace)
    }

    async fn open(&mut self) -> Result<Stream, Ending> {
        let (id, token) = (&self.session.id, self.session.access_token());
        let mut url = format!("ws://{}/ws?access_token={token}&session_id={id}", self.chat);
        if self.cursor > 0 {
            url += &format!("&cursor={}", self.cursor);
        }
        match connect_async(url).await {
            Ok((stream, _)) => {
                let mut screen = self.screen.lock();
                screen.status = Status::Open;
                screen.opened += 1;
                Ok(stream)
            }
            Err(Error::Http(answer)) => {
                // Whatever the status, the session counts as unknown.
                self.screen.lose(format!("the upgrade was refused with {}", answer.status()));
                Err(Ending::Over)
            }
            Err(_) => Err(Ending::Network),
        }
    }

    /// Waits without a socket; `None` once nobody is there any more.
    async fn pause(&mut self, pause: Duration) -> Option<()> {
        let until = Instant::now() + pause;
        loop {
            self.give_up();
            let given_up_at = self.unanswered.iter().map(|said| said.given_up_at).min();
            tokio::select! {
                () = sleep_until(until) => return Some(()),
                () = at(given_up_at) => {}
                order = self.orders.recv() => match order? {
                    Order::Say { local_id, frame } => self.keep(local_id, frame),
                    Order::Begin { heartbeat, .. } => self.begin(heartbeat),
                    // What cannot be sent is dropped.
                    _ => {}
                },
            }
        }
    }

    /// Uses a socket until its end.
    async fn converse(&mut self, mut stream: Stream) -> Ending {
        self.beats_at = self.heartbeat.map(|pause| Instant::now() + pause);
        loop {
            let due = self.unanswered.iter().map(|said| said.due).min();
            let went_on = tokio::select! {
                message = stream.next() => self.receive(message, &mut stream).await,
                () = at(due) => self.send_again(&mut stream).await,
                () = at(self.beats_at) => self.beat(&mut stream).await,
                order = self.orders.recv() => match order {
                    Some(order) => self.carry_out(order, &mut stream).await,
                    None => Err(Ending::Over),
                },
            };
            if let Err(ending) = went_on {
                return ending;
            }
        }
    }

    /// What the end of a socket does at once.
    fn note_end(&mut self, ending: &Ending) {
        let mut screen = self.screen.lock();
        screen.closes.push(match ending {
            Ending::Closed(code) => *code,
            _ => None,
        });
        if screen.status == Status::Open {
            screen.status = Status::Connecting;
        }
        drop(screen);
        self.beats_at = None;
        if self.profile.socket.is_none() {
            for said in mem::take(&mut self.unanswered) {
                self.fail(&said.local_id);
            }
        }
    }

    async fn receive(
        &mut self,
        message: Option<Result<Message, Error>>,
        stream: &mut Stream,
    ) -> Result<(), Ending> {
        match message {
            Some(Ok(Message::Text(text))) => {
                self.take(text.as_str());
                Ok(())
            }
            Some(Ok(Message::Binary(_))) => {
                self.screen.lose("the server sent a binary frame".to_owned());
                Err(Ending::Over)
            }
            Some(Ok(Message::Close(frame))) => {
                let answered = async { while let Some(Ok(_)) = stream.next().await {} };
                let _ = timeout(CLOSING, answered).await;
                Err(Ending::Closed(frame.map(|frame| u16::from(frame.code))))
            }
            Some(Ok(_)) => Ok(()),
            // An end without a goodbye counts as 1006.
            Some(Err(Error::Protocol(_) | Error::ConnectionClosed)) | None => {
                Err(Ending::Closed(None))
            }
            Some(Err(_)) => Err(Ending::Network),
        }
    }

    fn take(&mut self, text: &str) {
        let events = decode(text);
        self.screen.lock().note_frame(text);
        for event in &events {
            self.cursor = self.cursor.max(event.sequence.unwrap_or(0));
            if ACTIVITY.contains(&event.name) {
                self.active_at = Instant::now();
            }
            // An error has the id of what it is about, and is no echo.
            if event.name == "UserMessage" {
                self.unanswered.retain(|said| event.local_id() != Some(&said.local_id));
            }
        }
        let lost = self.inbox.fill(events);
        self.screen.lock().overflowed += lost;
    }

    async fn carry_out(&mut self, order: Order, stream: &mut Stream) -> Result<(), Ending> {
        match order {
            Order::Say { local_id, frame } => {
                self.active_at = Instant::now();
                let due = self.active_at + self.paced(self.profile.echo);
                let given_up_at = due + self.paced(self.profile.socket.unwrap_or_default());
                let (text, resends) = (frame.clone(), self.profile.resends);
                self.unanswered.push(Said { local_id, frame, due, resends, given_up_at });
                send(stream, text).await
            }
            Order::Send(frame) => send(stream, frame).await,
            Order::Join => self.join(stream).await,
            Order::Begin { heartbeat, join } => {
                self.begin(heartbeat);
                self.beats_at = self.heartbeat.map(|pause| Instant::now() + pause);
                if join { self.join(stream).await } else { Ok(()) }
            }
            // The server cannot be told.
            Order::LoseNetwork => Err(Ending::Dropped),
            Order::End => {
                self.screen.lock().status = Status::Closed;
                send(stream, frame_of("EVENT_TYPE_USER_END_SESSION", &Value::Null)).await?;
                let reason = "User ended session".into();
                let _ = stream.close(Some(CloseFrame { code: CloseCode::Normal, reason })).await;
                let answered = async { while let Some(Ok(_)) = stream.next().await {} };
                let _ = timeout(CLOSING, answered).await;
                Err(Ending::Over)
            }
        }
    }

    fn begin(&mut self, heartbeat: u64) {
        let pause = Some(heartbeat).filter(|seconds| *seconds > 0).map(Duration::from_secs);
        self.heartbeat = pause.map(|pause| self.paced(pause));
    }

    async fn join(&mut self, stream: &mut Stream) -> Result<(), Ending> {
        self.screen.lock().joins += 1;
        send(stream, frame_of("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", &Value::Null)).await
    }

    async fn beat(&mut self, stream: &mut Stream) -> Result<(), Ending> {
        self.beats_at = self.heartbeat.map(|pause| Instant::now() + pause);
        if self.active_at.elapsed() > self.paced(IDLE) {
            self.screen.lose("the client let the session expire".to_owned());
            return Err(Ending::Over);
        }
        send(stream, frame_of("EVENT_TYPE_HEARTBEAT", &Value::Null)).await
    }

    /// Keeps what was said while there is no socket, if this client does so.
    fn keep(&mut self, local_id: String, frame: String) {
        self.active_at = Instant::now();
        let Some(patience) = self.profile.socket else { return self.fail(&local_id) };
        let (due, given_up_at) = (self.active_at, self.active_at + self.paced(patience));
        // To be sent for the first time is no resend.
        let resends = self.profile.resends + 1;
        self.unanswered.push(Said { local_id, frame, due, resends, given_up_at });
    }

    /// Sends again what has no echo, or gives it up.
    async fn send_again(&mut self, stream: &mut Stream) -> Result<(), Ending> {
        let now = Instant::now();
        let (echo, patience) =
            (self.paced(self.profile.echo), self.paced(self.profile.socket.unwrap_or_default()));
        let (due, waiting): (Vec<_>, Vec<_>) =
            mem::take(&mut self.unanswered).into_iter().partition(|said| said.due <= now);
        self.unanswered = waiting;
        let mut frames = Vec::new();
        for mut said in due {
            match said.resends.checked_sub(1) {
                None => self.fail(&said.local_id),
                Some(left) => {
                    said.resends = left;
                    said.due = now + echo;
                    said.given_up_at = said.due + patience;
                    frames.push(said.frame.clone());
                    self.unanswered.push(said);
                }
            }
        }
        for frame in frames {
            self.screen.lock().resent += 1;
            send(stream, frame).await?;
        }
        Ok(())
    }

    /// Gives up what has waited too long for a socket.
    fn give_up(&mut self) {
        let now = Instant::now();
        let (late, waiting): (Vec<_>, Vec<_>) =
            mem::take(&mut self.unanswered).into_iter().partition(|said| said.given_up_at <= now);
        self.unanswered = waiting;
        for said in late {
            self.fail(&said.local_id);
        }
    }

    fn fail(&self, local_id: &str) {
        self.screen.lock().settle(local_id, Delivery::Failed);
    }
}

/// Waits until then; without a time for ever.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => future::pending().await,
    }
}

async fn send(stream: &mut Stream, frame: String) -> Result<(), Ending> {
    stream.send(Message::text(frame)).await.map_err(|_| Ending::Network)
}
