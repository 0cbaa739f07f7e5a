//! HTTP/1.1 by hand: bytes when the test says so.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long to wait for an answer that has to come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A connection.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("no delay");
        Self(stream)
    }

    /// Sends bytes. A server that has answered may have closed already: that is no failure.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// Reads the next answer.
    pub async fn answer(&mut self) -> Answer {
        timeout(PATIENCE, self.read_answer()).await.expect("an answer in time")
    }

    async fn read_answer(&mut self) -> Answer {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            assert!(self.more(&mut bytes).await, "closed before an answer: {bytes:?}");
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer {
            status: status.parse().expect("a status"),
            headers,
            body: bytes.split_off(head_end + 4),
        };
        match answer.header("content-length").map(|length| length.parse().expect("a length")) {
            Some(length) => {
                while answer.body.len() < length {
                    assert!(self.more(&mut answer.body).await, "closed inside a body");
                }
            }
            // It has no body (RFC 9110, 15.3.5).
            None if answer.status == 204 => {}
            None => {
                while !answer.body.ends_with(b"0\r\n\r\n") {
                    assert!(self.more(&mut answer.body).await, "closed inside a chunked body");
                }
                answer.body = join_chunks(&answer.body);
            }
        }
        answer
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> bool {
        self.0.read_buf(bytes).await.unwrap_or(0) > 0
    }
}

/// The head of a POST with these headers, and no length.
pub fn head(method: &str, path: &str, headers: &[(String, String)]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: edge.example\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head.into_bytes()
}

/// A complete request with its content length.
pub fn request(method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(method, path, headers);
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// One chunk of a chunked body.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// Sends one request on a connection of its own.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut connection = Connection::open(address).await;
    connection.send(request).await;
    connection.answer().await
}

/// The status with which a server answers one request; `None` if it does not.
pub async fn status_of(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(request).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        std::str::from_utf8(&answer).ok()?.split(' ').nth(1)?.parse().ok()
    };
    timeout(PATIENCE, exchange).await.ok().flatten()
}

fn join_chunks(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = find(chunks, b"\r\n") {
        let length = std::str::from_utf8(&chunks[..end]).expect("a chunk's length");
        let length = usize::from_str_radix(length, 16).expect("a chunk's length");
        let begin = end + 2;
        body.extend_from_slice(&chunks[begin..begin + length]);
        chunks = &chunks[begin + length + 2..];
    }
    body
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
