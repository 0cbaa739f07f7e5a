//! The connection of a chat: one WebSocket after another, and one conversation over all of them
//! (Messaging API, 5 to 8).

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use baton_inspection::json_text::without_blanks;
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};
use uuid::Uuid;

use crate::{
    chat_api::ChatError, failure::Failure, output, stop::StopSignals, transcript::Transcript,
};

/// The most bytes of a frame that a server takes (Messaging API, 5.3).
pub(crate) const MOST_FRAME_BYTES: usize = 128 * 1024;

/// The most bytes of a frame that is taken: fifty events of the largest size fit in.
const MOST_INCOMING_BYTES: usize = 16 * 1024 * 1024;

const HEARTBEAT: Duration = Duration::from_secs(30);

/// Two heartbeats went unanswered: the connection is dead, whatever TCP says.
const SILENCE: Duration = Duration::from_secs(75);

/// How long a step of the connection may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long the server may take to close after the session's end.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long the server may take to answer our close.
const FAREWELL_OF_OURS: Duration = Duration::from_secs(1);

const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How many messages may wait for their echo.
const MOST_UNCONFIRMED: usize = 100;

/// How many event ids are remembered. A replay repeats no more than what came after the cursor.
const REMEMBERED_IDS: usize = 10_000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The session that is watched.
pub(crate) struct Watched {
    /// Its id.
    pub(crate) session_id: String,
    /// The token that opens it.
    pub(crate) access_token: String,
    /// Whether this client began it, and so asks for the bot.
    pub(crate) is_ours: bool,
}

/// A conversation over as many connections as it takes.
pub(crate) struct Conversation {
    ws_url: Url,
    watched: Watched,
    /// The highest sequence number seen.
    cursor: u64,
    json: bool,
    transcript: Transcript,
    seen: SeenIds,
    /// What was typed and not echoed yet, by its local id: the server drops what it has.
    unconfirmed: VecDeque<(String, String)>,
    /// Whether the line /end was typed: what follows it is not read.
    end_requested: bool,
    began: bool,
    bot_joined: bool,
    bot_requested: bool,
    ended: bool,
}

/// Why a connection is over.
enum Ending {
    /// There is nothing more to come, or nobody to see it.
    Over,
    /// It broke, and another one may do better.
    Lost(String),
}

impl Conversation {
    /// A conversation that begins after the event with this sequence number.
    pub(crate) fn new(ws_url: Url, watched: Watched, cursor: u64, json: bool) -> Self {
        Self {
            ws_url,
            watched,
            cursor,
            json,
            transcript: Transcript::default(),
            seen: SeenIds::default(),
            unconfirmed: VecDeque::new(),
            end_requested: false,
            began: false,
            bot_joined: false,
            bot_requested: false,
            ended: false,
        }
    }

    /// Connects, and connects again, until the session ends or a stop signal comes.
    pub(crate) async fn run(
        mut self,
        mut lines: mpsc::Receiver<String>,
        mut stop: StopSignals,
    ) -> Result<(), Failure> {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let connected = tokio::select! {
                connected = self.connect() => connected?,
                () = stop.received() => return Ok(()),
            };
            let reason = match connected {
                Err(reason) => reason,
                Ok(socket) => match self.converse(socket, &mut lines, &mut stop, &mut pause).await?
                {
                    Ending::Over => return Ok(()),
                    Ending::Lost(reason) => reason,
                },
            };
            output::note(&format!(
                "baton: the connection is lost ({}); connecting again in {} s",
                output::harmless(&reason).replace('\n', " "),
                pause.as_secs()
            ));
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.received() => return Ok(()),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A socket, or why there is none this time.
    async fn connect(&self) -> Result<Result<Socket, String>, Failure> {
        let mut url = self.ws_url.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("access_token", &self.watched.access_token)
                .append_pair("session_id", &self.watched.session_id);
            if self.cursor > 0 {
                query.append_pair("cursor", &self.cursor.to_string());
            }
        }
        let configuration = WebSocketConfig::default()
            .max_message_size(Some(MOST_INCOMING_BYTES))
            .max_frame_size(Some(MOST_INCOMING_BYTES));
        let connecting = connect_async_with_config(url.as_str(), Some(configuration), false);
        match timeout(PATIENCE, connecting).await {
            Ok(Ok((socket, _))) => Ok(Ok(socket)),
            Ok(Err(Error::Http(response))) => Err(refused(response.status().as_u16()).into()),
            // The error may hold the URL, and that the token: only its kind is told.
            Ok(Err(Error::Io(error))) => Ok(Err(error.kind().to_string())),
            Ok(Err(_)) => Ok(Err("no WebSocket answered".to_owned())),
            Err(_) => Ok(Err("no answer in time".to_owned())),
        }
    }

    async fn converse(
        &mut self,
        mut socket: Socket,
        lines: &mut mpsc::Receiver<String>,
        stop: &mut StopSignals,
        pause: &mut Duration,
    ) -> Result<Ending, Failure> {
        for frame in self.unanswered() {
            if let Err(reason) = send(&mut socket, frame).await {
                return Ok(Ending::Lost(reason));
            }
        }
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut typing_is_over = false;
        let mut silent_at = Instant::now() + SILENCE;
        loop {
            let accepts_lines =
                !typing_is_over && !self.end_requested && self.unconfirmed.len() < MOST_UNCONFIRMED;
            let frame = tokio::select! {
                () = stop.received() => {
                    close(&mut socket).await;
                    return Ok(Ending::Over);
                }
                () = sleep_until(silent_at) => {
                    if self.ended {
                        return Ok(Ending::Over);
                    }
                    return Ok(Ending::Lost("no sign of life from the server".to_owned()));
                }
                line = lines.recv(), if accepts_lines => match line {
                    Some(line) => self.typed(line),
                    None => {
                        typing_is_over = true;
                        None
                    }
                },
                _ = heartbeat.tick() => Some(client_event("HEARTBEAT", json!({}))),
                received = socket.next() => {
                    silent_at = Instant::now() + SILENCE;
                    match received {
                        Some(Ok(Message::Text(text))) => {
                            *pause = SHORTEST_PAUSE;
                            let answer = self.take(text.as_str())?;
                            if self.ended {
                                silent_at = Instant::now() + FAREWELL;
                            }
                            answer
                        }
                        Some(Ok(Message::Close(frame))) => {
                            // The answer to it is written already, and has to go out.
                            let _ = timeout(FAREWELL_OF_OURS, socket.flush()).await;
                            return self.closed(frame);
                        }
                        Some(Ok(_)) => None,
                        _ if self.ended => return Ok(Ending::Over),
                        Some(Err(_)) => return Ok(Ending::Lost("the connection broke".to_owned())),
                        None => return Ok(Ending::Lost("the server went away".to_owned())),
                    }
                }
            };
            if let Some(frame) = frame
                && let Err(reason) = send(&mut socket, frame).await
            {
                return Ok(Ending::Lost(reason));
            }
        }
    }

    /// What the last connection may have lost, in the order in which it was typed.
    fn unanswered(&self) -> Vec<String> {
        let messages = self.unconfirmed.iter().map(|(id, text)| user_message(id, text));
        messages.chain(self.end_requested.then(end_session)).collect()
    }

    /// The frame for a line that was typed.
    fn typed(&mut self, line: String) -> Option<String> {
        if line == "/end" {
            self.end_requested = true;
            return Some(end_session());
        }
        let local_id = Uuid::new_v4().to_string();
        let frame = user_message(&local_id, &line);
        // The server would close the connection over it, again and again.
        if frame.len() > MOST_FRAME_BYTES {
            output::note("baton: not sent: a message has 128 KiB at most; write less at once");
            return None;
        }
        self.unconfirmed.push_back((local_id, line));
        Some(frame)
    }

    /// Shows a frame. The answer to it, if it asks for one.
    fn take(&mut self, frame: &str) -> Result<Option<String>, Failure> {
        if self.json {
            output::line(&without_blanks(frame))?;
        }
        let Ok(event) = serde_json::from_str::<Value>(frame) else {
            return Ok(None);
        };
        if event.get("type").and_then(Value::as_str) == Some("EVENT_TYPE_EVENT_BATCH") {
            let events = event.pointer("/payload/events").and_then(Value::as_array);
            for event in events.into_iter().flatten() {
                self.take_event(event)?;
            }
        } else {
            self.take_event(&event)?;
        }
        let needs_bot = self.watched.is_ours && self.began && !self.bot_joined;
        if needs_bot && !self.bot_requested {
            self.bot_requested = true;
            return Ok(Some(client_event("REQUEST_POLY_AGENT_JOIN", json!({}))));
        }
        Ok(None)
    }

    fn take_event(&mut self, event: &Value) -> Result<(), Failure> {
        let sequence = event.get("sequence").and_then(Value::as_u64);
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
        // What has no sequence is shown and forgotten, and never repeated.
        if sequence.is_some() && !id.is_empty() && !self.seen.is_new(id) {
            return Ok(());
        }
        self.cursor = self.cursor.max(sequence.unwrap_or(0));
        match event.get("type").and_then(Value::as_str) {
            Some("EVENT_TYPE_SESSION_START") => self.began = true,
            Some("EVENT_TYPE_POLY_AGENT_JOINED") => self.bot_joined = true,
            Some("EVENT_TYPE_SESSION_END") => self.ended = true,
            _ => {}
        }
        // An error about a message confirms it too: to send it again would not help.
        let confirmed = event.pointer("/metadata/custom/local_id").and_then(Value::as_str);
        if let Some(confirmed) = confirmed {
            self.unconfirmed.retain(|(local_id, _)| local_id != confirmed);
        }
        if !self.json {
            for line in self.transcript.lines(event) {
                output::line(&line)?;
            }
        }
        Ok(())
    }

    fn closed(&self, frame: Option<CloseFrame>) -> Result<Ending, Failure> {
        let code = frame.as_ref().map(|frame| u16::from(frame.code));
        match (code, frame) {
            (Some(1000), _) => Ok(Ending::Over),
            (Some(code @ 4001), _) => Err(ChatError::Gone { code }.into()),
            _ if self.ended => Ok(Ending::Over),
            (Some(code), Some(frame)) => {
                Ok(Ending::Lost(format!("{code} {}", frame.reason).trim_end().to_owned()))
            }
            _ => Ok(Ending::Lost("closed without a reason".to_owned())),
        }
    }
}

fn refused(status: u16) -> ChatError {
    ChatError::Refused {
        what: "the WebSocket",
        status,
        said: String::new(),
        advice: match status {
            401 => "the access token is not the session's, or has expired",
            404 => "there is no such session any more, or --ws-url is wrong",
            _ => "check --ws-url, and look at the sidecar's log",
        },
    }
}

fn client_event(kind: &str, payload: Value) -> String {
    json!({"type": format!("EVENT_TYPE_{kind}"), "payload": payload}).to_string()
}

fn end_session() -> String {
    client_event("USER_END_SESSION", json!({}))
}

fn user_message(local_id: &str, text: &str) -> String {
    json!({
        "type": "EVENT_TYPE_USER_MESSAGE",
        "payload": {"text": text},
        "metadata": {"custom": {"local_id": local_id}},
    })
    .to_string()
}

async fn send(socket: &mut Socket, frame: String) -> Result<(), String> {
    match timeout(PATIENCE, socket.send(Message::text(frame))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err("the connection broke".to_owned()),
        Err(_) => Err("the server does not read".to_owned()),
    }
}

/// Says goodbye, and gives the server a moment to do so too.
async fn close(socket: &mut Socket) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "client shutdown".into() };
    let goodbye = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_close() {
                    break;
                }
            }
        }
    };
    let _ = timeout(FAREWELL_OF_OURS, goodbye).await;
}

/// The newest event ids.
#[derive(Default)]
struct SeenIds {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl SeenIds {
    /// Whether the id was not seen yet. From now on it was.
    fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_and_forgotten_after_many_others() {
        let mut seen = SeenIds::default();
        assert!(seen.is_new("first"));
        assert!(!seen.is_new("first"));
        for number in 0..REMEMBERED_IDS {
            seen.is_new(&number.to_string());
        }
        assert_eq!(seen.ids.len(), REMEMBERED_IDS);
        assert!(seen.is_new("first"));
    }
}
