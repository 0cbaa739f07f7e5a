//! Agents, whose messages Genesys brings as webhooks.

use std::{io, net::SocketAddr, time::Duration};

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

/// An agent who writes one message after the other.
pub(crate) struct Agent {
    edge: SocketAddr,
    end_user_id: String,
    name: String,
}

/// What became of what an agent wrote.
pub(crate) struct Told {
    pub(crate) end_user_id: String,
    /// The texts that were answered 200.
    pub(crate) answered: Vec<String>,
    /// How many were not answered: Genesys sends them again.
    pub(crate) unanswered: usize,
    /// How many answers began and broke off.
    pub(crate) broken_answers: usize,
}

/// What came of a request on a connection.
enum Exchange {
    Answered { status: u16, is_last: bool },
    BrokenOff,
    Unanswered,
}

impl Agent {
    pub(crate) fn new(edge: SocketAddr, end_user_id: &str, name: String) -> Self {
        Self { edge, end_user_id: end_user_id.to_owned(), name }
    }

    /// Writes one message on a connection of its own.
    pub(crate) async fn tell(&self, text: &str) -> io::Result<Answer> {
        drop(TcpStream::connect(self.edge).await?);
        Ok(http1::exchange(self.edge, &self.webhook(text)).await)
    }

    /// Writes until nobody listens any more. Connections are used again, as Genesys does.
    pub(crate) async fn write(self) -> Told {
        let end_user_id = self.end_user_id.clone();
        let mut told = Told { end_user_id, answered: Vec::new(), unanswered: 0, broken_answers: 0 };
        let mut number = 0;
        while let Ok(mut stream) = TcpStream::connect(self.edge).await {
            loop {
                number += 1;
                let text = format!("{}: message {number}", self.name);
                match exchange(&mut stream, &self.webhook(&text)).await {
                    Exchange::Answered { status, is_last } => {
                        match status {
                            200 => told.answered.push(text),
                            _ => told.unanswered += 1,
                        }
                        if is_last {
                            break;
                        }
                    }
                    Exchange::BrokenOff => {
                        told.broken_answers += 1;
                        break;
                    }
                    Exchange::Unanswered => {
                        told.unanswered += 1;
                        break;
                    }
                }
                sleep(Duration::from_millis(3)).await;
            }
        }
        told
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
    let status = head.get(9..12)?.parse().ok()?;
    let is_last = header("connection: ") == Some("close");
    (body.len() >= length).then_some(Exchange::Answered { status, is_last })
}
