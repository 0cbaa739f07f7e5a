//! The task of one notification socket: `GET /channels/{id}` (Genesys reference 4.3).
//!
//! The id in the path is the only credential, as with Genesys.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::channels::Change;
use crate::channels::frame::{self, Reply};
use crate::channels::line::{Closing, SocketEnd};
use crate::channels::subscribe::{InBandCommand, SubscribeRefusal};
use crate::feed::{Notified, Occurrence};
use crate::simulator::Simulator;

/// The time between two signs of life, at Genesys' pace.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);
/// The shortest time between two signs of life.
const HEARTBEAT_FLOOR: Duration = Duration::from_millis(20);
/// How long the client has to take the last frames and to answer a close.
const GOODBYE: Duration = Duration::from_secs(1);
/// The largest frame that a client may send.
const LARGEST_FRAME: usize = 512_000;

/// The route of the streaming host.
pub(crate) fn router(simulator: Simulator) -> Router {
    Router::new().route("/channels/{channelId}", get(connect)).with_state(simulator)
}

async fn connect(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let is_refused = simulator.faults.with(|faults| faults.refuses_sockets);
    let is_alive = || simulator.channels.with(|c| c.is_alive(Timestamp::now(), &id, None));
    if !is_refused && is_alive() {
        upgrade
            .max_message_size(LARGEST_FRAME)
            .on_upgrade(move |socket| serve(simulator, id, socket))
    } else {
        let status = simulator.faults.with(|faults| faults.dead_channel_status);
        StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND).into_response()
    }
}

async fn serve(simulator: Simulator, id: String, mut socket: WebSocket) {
    let attached = simulator.channels.with(|channels| channels.attach(Timestamp::now(), &id));
    if let Some(mut end) = attached {
        let number = end.number;
        tokio::select! {
            () = converse(&simulator, &id, &mut socket, &mut end) => {}
            () = simulator.stopped() => {}
        }
        simulator.channels.with(|channels| channels.detach(&id, number));
    }
}

/// What the task does next.
enum Step {
    Write(String),
    Close(Closing),
    End,
}

/// Writes, answers and keeps alive until either side ends the socket.
async fn converse(simulator: &Simulator, id: &str, socket: &mut WebSocket, end: &mut SocketEnd) {
    let period = simulator.pace.scaled_above(HEARTBEAT_FLOOR, HEARTBEAT);
    let mut heartbeat = interval_at(Instant::now() + period, period);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let step = tokio::select! {
            biased;
            closing = &mut end.closing => closing.map_or(Step::End, Step::Close),
            frame = end.frames.recv() => frame.map_or(Step::End, Step::Write),
            incoming = socket.recv() => match incoming {
                Some(Ok(Message::Text(text))) => match answer(simulator, id, &text) {
                    Some(frame) => Step::Write(frame),
                    None => continue,
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => Step::End,
                Some(Ok(_)) => continue,
            },
            _ = heartbeat.tick() => Step::Write(frame::heartbeat()),
        };
        let closing = match step {
            Step::Write(frame) => tokio::select! {
                written = write(simulator, id, end.number, socket, frame) => {
                    if written.is_err() {
                        return;
                    }
                    continue;
                }
                closing = &mut end.closing => closing.ok(),
            },
            Step::Close(closing) => Some(closing),
            Step::End => None,
        };
        if let Some(closing) = closing {
            // Whoever does not read gets no goodbye.
            let _read = timeout(GOODBYE, say_goodbye(simulator, id, socket, end, closing)).await;
        }
        return;
    }
}

/// Writes what waits, the last words and the close frame, and waits for the client's.
async fn say_goodbye(
    simulator: &Simulator,
    id: &str,
    socket: &mut WebSocket,
    end: &mut SocketEnd,
    closing: Closing,
) {
    let Some(code) = closing.code else { return };
    while let Ok(frame) = end.frames.try_recv() {
        if write(simulator, id, end.number, socket, frame).await.is_err() {
            return;
        }
    }
    if let Some(frame) = closing.last_words
        && write(simulator, id, end.number, socket, frame).await.is_err()
    {
        return;
    }
    let close = Message::Close(Some(CloseFrame { code, reason: "".into() }));
    if socket.send(close).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}

/// Writes a frame to the socket of this number, and tells of it without the channel's id.
async fn write(
    simulator: &Simulator,
    id: &str,
    number: u64,
    socket: &mut WebSocket,
    frame: String,
) -> Result<(), axum::Error> {
    let frame = Utf8Bytes::from(frame);
    socket.send(Message::Text(frame.clone())).await?;
    simulator.configuration.feed.tell(|| {
        let frame = frame.replace(id, "[channel]");
        let topic = frame::topic(&frame);
        Occurrence::Notified(Notified { socket: number, topic, frame })
    });
    Ok(())
}

/// The answer to a frame of the client's. What is no command is ignored.
fn answer(simulator: &Simulator, id: &str, text: &str) -> Option<String> {
    let command: InBandCommand = serde_json::from_str(text).ok()?;
    match command {
        InBandCommand::Ping {} => Some(frame::pong()),
        InBandCommand::Subscribe { topics, correlation_id } => {
            let reply = subscribe(simulator, id, &topics);
            let reply = match &reply {
                Ok(()) => Reply::Subscribed,
                Err(SubscribeRefusal::NoSuchChannel) => Reply::ChannelNotFound,
                Err(refusal) => Reply::Failed(refusal.in_words()),
            };
            Some(frame::reply(&reply, correlation_id.as_ref()))
        }
    }
}

fn subscribe(simulator: &Simulator, id: &str, topics: &[Value]) -> Result<(), SubscribeRefusal> {
    let now = Timestamp::now();
    let token = simulator.channels.with(|channels| channels.token(id));
    let caller =
        token.and_then(|token| simulator.tokens.with(|tokens| tokens.caller_of(now, token)));
    let caller = caller.ok_or(SubscribeRefusal::NoSuchChannel)?;
    let ids: Option<Vec<&str>> = topics.iter().map(Value::as_str).collect();
    let ids = ids.ok_or(SubscribeRefusal::InvalidTopic)?;
    simulator.subscribe(&caller, id, &ids, Change::Add, false).map(|_entries| ())
}
