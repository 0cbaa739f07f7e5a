//! One WebSocket to a channel, in a task of its own.

use std::{sync::Arc, time::Duration};

use baton_process::Shutdown;
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

use super::{
    actor::Signal,
    address::Address,
    effect::SocketNumber,
    ending::{Ending, MOST_MESSAGE_BYTES},
    frame::{self, Frame},
    liveness::{Liveness, Verdict},
};
use crate::{Genesys, Pace};

/// How long Genesys may take to answer our close.
const FAREWELL: Duration = Duration::from_secs(1);

const PING: &str = r#"{"message":"ping"}"#;

pub(super) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Keeps a socket open; dropping it closes the socket.
#[derive(Debug)]
pub(crate) struct SocketHandle {
    _open: oneshot::Sender<()>,
}

/// A socket's end of things.
struct Socket {
    channel: usize,
    number: SocketNumber,
    address: Address,
    tls: Arc<ClientConfig>,
    pace: Pace,
    signals: mpsc::Sender<Signal>,
    /// Ends when the handle is dropped.
    handle: oneshot::Receiver<()>,
    /// Held until the socket is closed.
    _shutdown: Shutdown,
}

/// Opens a socket for the channel of this number. What becomes of it is told by signals. A full
/// queue of signals makes the socket wait, and so Genesys: nothing is dropped.
pub(crate) fn open(
    genesys: &Genesys,
    channel: usize,
    number: SocketNumber,
    address: Address,
    signals: mpsc::Sender<Signal>,
    shutdown: Shutdown,
) -> SocketHandle {
    let (open, handle) = oneshot::channel();
    let socket = Socket {
        channel,
        number,
        address,
        tls: Arc::clone(genesys.tls()),
        pace: genesys.pace().clone(),
        signals,
        handle,
        _shutdown: shutdown,
    };
    tokio::spawn(socket.run());
    SocketHandle { _open: open }
}

impl Socket {
    /// Connects, and forwards what comes until nothing comes any more or nobody listens.
    async fn run(mut self) {
        let Some(ending) = self.live().await else { return };
        let (channel, socket) = (self.channel, self.number);
        // The actor may be gone, and then nobody asks.
        let _ = self.signals.send(Signal::Ended { channel, socket, ending }).await;
    }

    /// How it ended; `None` if we did not want it any more.
    async fn live(&mut self) -> Option<Ending> {
        let connected = tokio::select! {
            connected = connect(&self.address, &self.tls, &self.pace) => connected,
            _ = &mut self.handle => return None,
        };
        let mut stream = match connected {
            Ok(stream) => stream,
            Err(ending) => return Some(ending),
        };
        let (channel, socket) = (self.channel, self.number);
        self.signals.send(Signal::Opened { channel, socket }).await.ok()?;
        let Pace { heartbeat_silence, pong_wait, .. } = self.pace;
        let mut liveness = Liveness::new(heartbeat_silence, pong_wait, Instant::now());
        loop {
            tokio::select! {
                _ = &mut self.handle => {
                    close(&mut stream).await;
                    return None;
                }
                () = sleep_until(liveness.due()) => match liveness.look(Instant::now()) {
                    Verdict::Wait => {}
                    Verdict::Ping => {
                        if let Some(ending) = ping(&mut stream, pong_wait).await {
                            return Some(ending);
                        }
                    }
                    Verdict::Dead => return Some(Ending::Silent),
                },
                received = stream.next() => {
                    liveness.heard(Instant::now());
                    match received {
                        Some(Ok(Message::Text(text))) => self.forward(text.as_str()).await?,
                        Some(Ok(Message::Close(frame))) => {
                            // The answer to it is written already, and has to go out.
                            let _ = timeout(FAREWELL, stream.flush()).await;
                            return Some(Ending::Closed(frame.map(|frame| frame.code.into())));
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Some(Ending::of(&error)),
                        None => return Some(Ending::Broke),
                    }
                }
            }
        }
    }

    /// Tells the actor what a frame says; `None` if the actor is gone.
    async fn forward(&self, text: &str) -> Option<()> {
        let frame = frame::read(text, self.address.id.expose());
        if frame == Frame::Life {
            return Some(());
        }
        let (channel, socket) = (self.channel, self.number);
        self.signals.send(Signal::Received { channel, socket, frame }).await.ok()
    }
}

pub(super) async fn connect(
    address: &Address,
    tls: &Arc<ClientConfig>,
    pace: &Pace,
) -> Result<Stream, Ending> {
    let configuration = WebSocketConfig::default()
        .max_message_size(Some(MOST_MESSAGE_BYTES))
        .max_frame_size(Some(MOST_MESSAGE_BYTES));
    let connecting = connect_async_tls_with_config(
        address.socket.as_str(),
        Some(configuration),
        true,
        Some(Connector::Rustls(Arc::clone(tls))),
    );
    // Name look-up, TCP, TLS and the upgrade together.
    match timeout(pace.connect_timeout, connecting).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(Error::Http(response))) => Err(Ending::Refused(response.status().as_u16())),
        Ok(Err(Error::Io(error))) => Err(Ending::Unreachable(error.to_string())),
        Ok(Err(Error::Tls(error))) => Err(Ending::Unreachable(error.to_string())),
        // Others may show the address, which is a secret.
        Ok(Err(_)) => Err(Ending::Unreachable("what answered is no WebSocket".to_owned())),
        Err(_) => Err(Ending::Unreachable("no answer to the upgrade".to_owned())),
    }
}

/// Asks whether anybody is there. An ending if the question cannot even be sent.
pub(super) async fn ping(stream: &mut Stream, patience: Duration) -> Option<Ending> {
    match timeout(patience, stream.send(Message::text(PING))).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some(Ending::Broke),
        Err(_) => Some(Ending::Silent),
    }
}

/// Says goodbye, and gives Genesys a moment to do so too.
pub(super) async fn close(stream: &mut Stream) {
    let goodbye = async {
        if stream.close(None).await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    let _ = timeout(FAREWELL, goodbye).await;
}
