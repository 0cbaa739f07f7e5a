//! Callers of the edge in the process, who see every byte of its answers.

use std::{net::SocketAddr, time::Duration};

use baton_simulator::signature;
use baton_tests::{
    SECRET, WEBHOOK_PATH,
    http1::{self, Answer},
    sidecar::INTEGRATION,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long lies between two messages on a connection.
const PAUSE: Duration = Duration::from_millis(3);

/// A caller who brings one agent's message after the other.
pub(crate) struct Caller {
    edge: SocketAddr,
    end_user_id: String,
    name: String,
}

/// How a caller was answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// How many answers came whole.
    pub(crate) whole: usize,
    /// How many began and broke off.
    pub(crate) broken: usize,
}

/// What came of a request on a connection.
enum Exchange {
    Answered { is_last: bool },
    BrokenOff,
    Unanswered,
}

impl Caller {
    pub(crate) fn new(edge: SocketAddr, end_user_id: &str, name: &str) -> Self {
        Self { edge, end_user_id: end_user_id.to_owned(), name: name.to_owned() }
    }

    /// Brings one message on a connection of its own.
    pub(crate) async fn tell(&self, text: &str) -> Answer {
        http1::exchange(self.edge, &self.webhook(text)).await
    }

    /// Brings messages until nobody listens any more. Connections are used again, as Genesys does.
    pub(crate) async fn call(self) -> Answers {
        let mut answers = Answers::default();
        let mut number = 0;
        while let Ok(mut stream) = TcpStream::connect(self.edge).await {
            loop {
                number += 1;
                let text = format!("{}: message {number}", self.name);
                let came = exchange(&mut stream, &self.webhook(&text)).await;
                match came {
                    Exchange::Answered { .. } => answers.whole += 1,
                    Exchange::BrokenOff => answers.broken += 1,
                    Exchange::Unanswered => {}
                }
                if !matches!(came, Exchange::Answered { is_last: false }) {
                    break;
                }
                sleep(PAUSE).await;
            }
        }
        answers
    }

    fn webhook(&self, text: &str) -> Vec<u8> {
        let to = &self.end_user_id;
        let body = json!({
            "id": format!("{to} {text}"),
            "channel": {"id": INTEGRATION, "to": {"id": to}, "time": "2026-05-04T09:15:22Z"},
            "type": "Text",
            "text": text,
            "originatingEntity": "Human",
            "direction": "Outbound",
        })
        .to_string()
        .into_bytes();
        let signed = signature::base64(SECRET, &body);
        let headers = [
            ("content-type".to_owned(), "application/json".to_owned()),
            (signature::HEADER.to_owned(), signed),
        ];
        http1::request("POST", WEBHOOK_PATH, &headers, &body)
    }
}

async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Exchange {
    if stream.write_all(request).await.is_err() {
        return Exchange::Unanswered;
    }
    let mut answer = Vec::new();
    loop {
        let read =
            timeout(PATIENCE, stream.read_buf(&mut answer)).await.expect("an answer in time");
        if !read.is_ok_and(|read| read > 0) {
            return if answer.is_empty() { Exchange::Unanswered } else { Exchange::BrokenOff };
        }
        if let Some(answered) = whole(&answer) {
            return answered;
        }
    }
}

/// The answer, once all of it is there.
fn whole(answer: &[u8]) -> Option<Exchange> {
    let (head, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let length: usize = header("content-length: ")?.parse().ok()?;
    let is_last = header("connection: ") == Some("close");
    (body.len() >= length).then_some(Exchange::Answered { is_last })
}
