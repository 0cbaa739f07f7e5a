//! Many clients, each with a socket on a session of its own.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
    time::{interval_at, timeout},
};

use super::client::{AT_ONCE, Frame, Session, Socket};
use crate::Result;

/// What a client is sent that answers its heartbeat.
const HEARTBEAT: &str = "EVENT_TYPE_HEARTBEAT";

/// For how long a client may wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client sees.
#[derive(Debug)]
pub(crate) enum Sight {
    /// The answer to its heartbeat.
    Heartbeat,
    /// A message.
    Message {
        /// What it says.
        text: String,
        /// When it came.
        at: Instant,
    },
    /// Its socket was closed, or broke.
    Lost(String),
}

/// The clients. Their sockets break when this is dropped.
#[derive(Debug)]
pub(crate) struct Crowd {
    sights: UnboundedReceiver<Sight>,
    _clients: JoinSet<()>,
}

impl Crowd {
    /// Opens a socket on each session that begins after this sequence, and waits until each has
    /// the first that it is sent.
    pub(crate) async fn open(
        chat: SocketAddr,
        sessions: &[Session],
        cursor: u64,
        heartbeat: Duration,
    ) -> Result<Self> {
        let (sender, sights) = mpsc::unbounded_channel();
        let opened = sessions.iter().map(|session| open(chat, session, cursor));
        let mut opened = stream::iter(opened).buffer_unordered(AT_ONCE);
        let mut clients = JoinSet::new();
        // The clients' heartbeats do not come all at once.
        let apart = heartbeat / u32::try_from(sessions.len().max(1))?;
        let mut first = Duration::ZERO;
        while let Some(socket) = opened.try_next().await? {
            first += apart;
            clients.spawn(client(socket, sender.clone(), first, heartbeat));
        }
        Ok(Self { sights, _clients: clients })
    }

    /// What some client sees next that is of interest.
    ///
    /// # Errors
    ///
    /// A socket was lost, or nothing comes.
    pub(crate) async fn next(&mut self) -> Result<Sight> {
        match timeout(PATIENCE, self.sights.recv()).await {
            Ok(Some(Sight::Lost(why))) => Err(why.into()),
            Ok(Some(sight)) => Ok(sight),
            Ok(None) | Err(_) => Err("what the clients wait for does not come".into()),
        }
    }
}

/// Opens a socket, and waits for the first that it is sent.
pub(crate) async fn open(chat: SocketAddr, session: &Session, cursor: u64) -> Result<Socket> {
    let mut socket = Socket::open(chat, session, cursor).await?;
    timeout(PATIENCE, socket.next()).await.map_err(|_| "a socket is opened, and silent")??;
    Ok(socket)
}

async fn client(
    mut socket: Socket,
    sights: UnboundedSender<Sight>,
    first: Duration,
    heartbeat: Duration,
) {
    let mut heartbeats = interval_at(tokio::time::Instant::now() + first, heartbeat);
    loop {
        let done = tokio::select! {
            _ = heartbeats.tick() => socket.send_heartbeat().await,
            frame = socket.next() => frame.map(|frame| tell(frame, &sights)),
        };
        if let Err(problem) = done {
            // Nobody may be interested any more.
            let _ = sights.send(Sight::Lost(problem.to_string()));
            return;
        }
    }
}

fn tell(frame: Frame, sights: &UnboundedSender<Sight>) {
    let at = Instant::now();
    if frame.kind == HEARTBEAT {
        let _ = sights.send(Sight::Heartbeat);
    }
    let Frame { payload, .. } = frame;
    let texts = payload.events.into_iter().map(|event| event.payload.text).chain([payload.text]);
    for text in texts.filter(|text| !text.is_empty()) {
        let _ = sights.send(Sight::Message { text, at });
    }
}
