//! What Envoy keeps of one request, and what it has let go of it.

use std::{collections::BTreeMap, fmt};

use super::{
    Action,
    headers::{Headers, pairs, value_of},
};

/// How a request is held until there is a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// By the filter, from its headers on.
    Pause,
    /// By the buffer filter behind it, until the request has come to its end.
    BufferFilter,
}

impl Hold {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Pause, Self::BufferFilter];

    /// Its word in the filter's configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::BufferFilter => "buffer_filter",
        }
    }
}

/// What went past the filter.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The headers; `None`, if something else came first.
    pub headers: Option<Headers>,
    /// The body.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Headers,
    /// Whether nothing follows.
    pub whole: bool,
}

impl fmt::Debug for Sent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.headers.iter().flatten().chain(&self.trailers) {
            let [name, value] = [name, value].map(|bytes| String::from_utf8_lossy(bytes));
            writeln!(formatter, "{name}: {value}")?;
        }
        let body = String::from_utf8_lossy(&self.body);
        write!(formatter, "{body} (whole: {})", self.whole)
    }
}

/// What the caller was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; empty for the upstream's.
    pub body: Vec<u8>,
    /// Whether it is the filter's own.
    pub own: bool,
}

/// One request. What is there of it and has not gone on is at hand: the filter can read and change
/// it.
#[derive(Debug)]
pub struct Stream {
    hold: Hold,
    /// The root context that it belongs to.
    pub(super) root: u32,
    pub(super) headers: Option<Headers>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) trailers: Option<Headers>,
    pub(super) response: Option<Headers>,
    /// What the filter has noted of it.
    pub(super) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether the caller has sent all of it.
    ended: bool,
    /// Envoy gives every answer to a request of gRPC the status 200.
    is_grpc: bool,
    sent: Option<Sent>,
    reply: Reply,
    answer: Option<Answer>,
    trouble: Option<&'static str>,
}

/// The filter's own answer.
#[derive(Debug, Default)]
enum Reply {
    #[default]
    None,
    /// It was given in the callback that runs.
    Given(Answer),
    /// Its headers are before the filter.
    Told(Answer),
}

impl Stream {
    pub(super) fn new(hold: Hold, root: u32) -> Self {
        Self {
            hold,
            root,
            headers: None,
            body: None,
            trailers: None,
            response: None,
            properties: BTreeMap::new(),
            ended: false,
            is_grpc: false,
            sent: None,
            reply: Reply::None,
            answer: None,
            trouble: None,
        }
    }

    /// What the upstream has seen of it; `None` for nothing, not even a header. The buffer filter
    /// lets nothing go before the end.
    pub fn upstream(&self) -> Option<&Sent> {
        let sent = self.sent.as_ref();
        sent.filter(|sent| self.hold == Hold::Pause || sent.whole)
    }

    /// What the caller was answered.
    pub const fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// Whether all of it is there and it waits for something still.
    pub fn waits(&self) -> bool {
        self.ended && self.answer.is_none() && self.upstream().is_none()
    }

    pub(super) fn headers_came(&mut self, headers: Headers, end: bool) {
        let kind = value_of(&headers, "content-type").unwrap_or_default();
        self.is_grpc = kind.starts_with(b"application/grpc");
        self.headers = Some(headers);
        self.ended |= end;
    }

    /// The headers alone go on, or stay; with `end` they are the whole request.
    pub(super) fn headers_judged(&mut self, action: Action, end: bool) {
        if self.is_answered() {
            return;
        }
        match action {
            Action::Continue => {
                let sent = self.sent.get_or_insert_default();
                sent.headers = sent.headers.take().or(self.headers.take());
                sent.whole |= end;
            }
            Action::Pause if self.hold == Hold::BufferFilter && !end => {
                self.trouble = Some("paused in its headers, where Envoy then hands no body over");
            }
            Action::Pause => {}
        }
    }

    /// Returns how much of the body is there.
    pub(super) fn body_came(&mut self, part: &[u8], end: bool) -> usize {
        self.ended |= end;
        let body = self.body.get_or_insert_default();
        body.extend_from_slice(part);
        body.len()
    }

    pub(super) fn trailers_came(&mut self, trailers: Headers) {
        self.ended = true;
        self.trailers = Some(trailers);
    }

    pub(super) fn judged(&mut self, action: Action) {
        if action == Action::Continue {
            self.go_on();
        }
    }

    /// Lets what is at hand go on. Nothing of a request goes on that was answered.
    pub(super) fn go_on(&mut self) {
        if self.is_answered() {
            return;
        }
        let sent = self.sent.get_or_insert_default();
        sent.headers = sent.headers.take().or(self.headers.take());
        sent.body.append(&mut self.body.take().unwrap_or_default());
        sent.trailers.append(&mut self.trailers.take().unwrap_or_default());
        sent.whole = self.ended;
    }

    /// Whether there is something at hand that can be told to go on.
    pub(super) const fn is_held(&self) -> bool {
        (self.headers.is_some() || self.body.is_some() || self.trailers.is_some())
            && !self.is_answered()
    }

    /// Whether the body is at hand, or is yet to come: then there is nothing in it, and nothing wrong
    /// with asking.
    pub(super) fn body_may_be_read(&self) -> bool {
        let has_gone_on = self.sent.as_ref().is_some_and(|sent| !sent.body.is_empty());
        self.body.is_some() || !(has_gone_on || self.is_answered())
    }

    /// Whether there is an answer already, if only the filter's that has not gone out.
    pub(super) const fn is_answered(&self) -> bool {
        self.answer.is_some() || !matches!(self.reply, Reply::None)
    }

    pub(super) fn reply(&mut self, status: u16, body: Vec<u8>) {
        self.reply = Reply::Given(Answer { status, body, own: true });
    }

    /// The number of the headers of an answer of the filter's that are now before it; `None`, if
    /// there are none to come.
    pub(super) fn reply_due(&mut self) -> Option<u32> {
        let Reply::Given(answer) = &mut self.reply else { return None };
        if self.answer.is_some() {
            return None;
        }
        let answer = std::mem::take(answer);
        let status = if self.is_grpc { 200 } else { answer.status };
        self.reply = Reply::Told(answer);
        Some(self.response_came(status))
    }

    /// Returns how many headers there are.
    pub(super) fn response_came(&mut self, status: u16) -> u32 {
        let status = status.to_string();
        let headers = pairs(&[(":status", &status), ("content-type", "text/plain")]);
        let count = super::length_of(&headers);
        self.response = Some(headers);
        count
    }

    /// The headers of an answer have gone out, unless the filter put its own answer in the place of
    /// the upstream's: that one it does not see.
    pub(super) fn response_judged(&mut self) {
        let status =
            self.response.take().as_ref().and_then(|headers| {
                str::from_utf8(value_of(headers, ":status")?).ok()?.parse().ok()
            });
        let status = status.unwrap_or_default();
        let answer = match &self.reply {
            Reply::Given(answer) => answer.clone(),
            Reply::Told(answer) => Answer { status, ..answer.clone() },
            Reply::None => Answer { status, ..Answer::default() },
        };
        self.answer.get_or_insert(answer);
    }

    /// What was wrong in the last callback.
    pub(super) const fn trouble(&mut self) -> Option<&'static str> {
        self.trouble.take()
    }
}
