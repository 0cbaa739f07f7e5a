//! The head of an HTTP/1.1 answer, as much of it as the load needs.

use std::ops::Range;

use crate::Result;

/// An answer whose head is complete.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Whether the server closes the connection behind it.
    pub(crate) closes: bool,
    /// Where its body is, or will be.
    pub(crate) body: Range<usize>,
}

impl Answer {
    /// Reads the head; `None` while it is not complete.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>> {
        const END: &[u8] = b"\r\n\r\n";
        let Some(end) = bytes.windows(END.len()).position(|window| window == END) else {
            return Ok(None);
        };
        let head = str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3))
            .ok_or("an answer that is no HTTP/1.1")?
            .parse()?;
        let begin = end + END.len();
        let (mut length, mut closes) = (0, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>()?;
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.trim().eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err("an answer in chunks, which the load does not read".into());
            }
        }
        let end = begin.checked_add(length).ok_or("an answer that is too long")?;
        Ok(Some(Self { status, closes, body: begin..end }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_the_status_and_where_the_body_is() {
        let head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 7\r\nserver: envoy\r\n\r\n";
        let answer = Answer::read(head).unwrap().unwrap();
        assert_eq!((answer.status, answer.closes), (401, false));
        assert_eq!(answer.body, head.len()..head.len() + 7);
        assert_eq!(Answer::read(&head[..20]).unwrap(), None);
        let closing = b"HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\n\r\n";
        assert!(Answer::read(closing).unwrap().unwrap().closes);
        assert!(Answer::read(b"nonsense\r\n\r\n").is_err());
        assert!(Answer::read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
