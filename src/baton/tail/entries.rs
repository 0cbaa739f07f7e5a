//! The entries of a console, as it sends them.

use std::{fmt, time::Duration};

use reqwest::{Client, Response, StatusCode, Url};
use thiserror::Error;
use tokio::time::sleep;

use crate::failure::Failure;

/// How long the console may take to answer; how long it goes on sending is its own affair.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long nothing may come: every 15 s there is a sign of life.
const SILENCE: Duration = Duration::from_secs(45);

/// How often a connection that broke is made again before the demonstration counts as ended.
const ATTEMPTS: u32 = 4;

/// What lies between two of these attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest line that is taken, in bytes: an entry without its payload is far shorter.
const LONGEST_LINE: usize = 1 << 20;

/// Why the timeline cannot be read.
#[derive(Debug, Error)]
pub(crate) enum TailError {
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
    /// Nothing answered, or the answer broke off.
    #[error("the console does not answer: is the demonstration running?")]
    Unreachable(#[source] reqwest::Error),
    /// The console refused.
    #[error("the console refused with {status}: give the address that this run has printed")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// What came is no entry.
    #[error("the console sent something that is no entry: is it of the same version?")]
    NoEntry,
}

/// The address of a console, with the token that opens it. The `Debug` form does not show that.
pub(crate) struct ConsoleAddress {
    origin: Url,
    token: String,
}

impl ConsoleAddress {
    /// Reads the address as the demonstration printed it, which `option` holds.
    pub(crate) fn parse(option: &'static str, text: &str) -> Result<Self, Failure> {
        let problem = "it is no address of a console; give the one that `baton demo` has \
                       printed, such as http://127.0.0.1:8070/#token=...";
        let unusable = || Failure::Option { option, problem: problem.to_owned() };
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.has_host());
        let mut origin = url.ok_or_else(unusable)?;
        let token = origin.fragment().and_then(|fragment| fragment.strip_prefix("token="));
        let token = token.filter(|token| !token.is_empty()).ok_or_else(unusable)?.to_owned();
        origin.set_fragment(None);
        Ok(Self { origin, token })
    }

    /// What there is after the change of this id, or all that there is so far, and what comes; of
    /// one session, or of all.
    pub(crate) async fn entries(
        &self,
        session: Option<&str>,
        after: Option<&str>,
    ) -> Result<Entries, TailError> {
        let client = Client::builder()
            .no_proxy()
            .connect_timeout(PATIENCE)
            .read_timeout(SILENCE)
            .build()
            .map_err(TailError::Client)?;
        let mut url = self.origin.clone();
        url.set_path("/api/timeline");
        if let Some(session) = session {
            url.query_pairs_mut().append_pair("session", session);
        }
        let mut request = client.get(url).bearer_auth(&self.token);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await.map_err(unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(TailError::Refused { status: response.status().as_u16() });
        }
        let last_change = after.map(str::to_owned);
        Ok(Entries { response, buffer: Vec::new(), change: None, data: None, last_change })
    }

    /// The same once more, after the connection broke; none if nobody answers any more.
    pub(crate) async fn entries_again(
        &self,
        session: Option<&str>,
        after: Option<&str>,
    ) -> Result<Option<Entries>, TailError> {
        for _ in 0..ATTEMPTS {
            sleep(PAUSE).await;
            match self.entries(session, after).await {
                Ok(entries) => return Ok(Some(entries)),
                Err(TailError::Unreachable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for ConsoleAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConsoleAddress")
            .field("origin", &self.origin.as_str())
            .finish_non_exhaustive()
    }
}

/// The entries of a console: server-sent events (HTML standard, 9.2).
pub(crate) struct Entries {
    response: Response,
    /// What came of lines that are not read yet.
    buffer: Vec<u8>,
    /// What came so far of the event that is being read: its id, and its data.
    change: Option<String>,
    data: Option<String>,
    /// The id of the last event that came whole.
    last_change: Option<String>,
}

impl Entries {
    /// The id of the last change that was read, after which it can go on.
    pub(crate) fn last_change(&self) -> Option<&str> {
        self.last_change.as_deref()
    }

    /// The JSON of the next entry; none when the console has ended. Nothing is lost if the wait is
    /// given up.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, TailError> {
        loop {
            while let Some(line) = self.line() {
                if let Some(change) = line.strip_prefix("id:") {
                    self.change = Some(change.trim_start().to_owned());
                } else if let Some(data) = line.strip_prefix("data:") {
                    self.data = Some(data.trim_start().to_owned());
                } else if line.is_empty()
                    && let Some(data) = self.data.take()
                {
                    self.last_change = self.change.take().or(self.last_change.take());
                    return Ok(Some(data));
                }
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(TailError::NoEntry);
            }
            match self.response.chunk().await.map_err(unreachable)? {
                Some(piece) => self.buffer.extend_from_slice(&piece),
                None => return Ok(None),
            }
        }
    }

    /// The next line that has come whole.
    fn line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.buffer.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}

fn unreachable(error: reqwest::Error) -> TailError {
    TailError::Unreachable(error.without_url())
}
