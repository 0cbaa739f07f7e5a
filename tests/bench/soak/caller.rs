//! A caller: sends requests one after the other, and sees that each is answered as it has to be.

use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};

use tokio::time::timeout;

use super::{
    chance::Chance,
    kind::{Kind, Request},
};
use crate::{Result, connection::Connection};

/// For how long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A caller with its connection.
#[derive(Debug)]
pub(super) struct Caller {
    server: SocketAddr,
    number: usize,
    chance: Chance,
    connection: Connection,
    /// The last webhook that was accepted.
    last: Option<Request>,
    tally: Tally,
}

/// How many requests of each kind were answered with each status; with none, if they were broken
/// off.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<(Kind, Option<u16>), u64>);

impl Caller {
    /// The caller of this number, connected.
    pub(super) async fn connect(server: SocketAddr, number: usize, chance: Chance) -> Result<Self> {
        let connection = Connection::open(server).await?;
        let (last, tally) = (None, Tally::default());
        Ok(Self { server, number, chance, connection, last, tally })
    }

    /// Which one it is.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// What came of all that it has sent.
    pub(super) fn into_tally(self) -> Tally {
        self.tally
    }

    /// Sends so many requests of any kinds.
    pub(super) async fn send_mixed(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            let kind = Kind::any(&mut self.chance);
            self.send(kind).await?;
        }
        Ok(())
    }

    /// Sends one of this kind.
    ///
    /// # Errors
    ///
    /// It is not answered as it has to be.
    pub(super) async fn send(&mut self, kind: Kind) -> Result<()> {
        let request = match (kind, self.last.take()) {
            (Kind::Duplicate, Some(last)) => last,
            _ => kind.request(&mut self.chance)?,
        };
        let status = timeout(PATIENCE, self.exchange(&request))
            .await
            .map_err(|_| format!("{kind:?}: no answer came"))?
            .map_err(|problem| format!("{kind:?}: {problem}"))?;
        if let Some(status) = status
            && !kind.is_answered(status)
        {
            return Err(format!("{kind:?} was answered {status}").into());
        }
        *self.tally.0.entry((kind, status)).or_default() += 1;
        if kind.is_delivered() {
            self.last = Some(request);
        }
        Ok(())
    }

    async fn exchange(&mut self, request: &Request) -> Result<Option<u16>> {
        if !request.is_answered {
            self.connection.send(&request.bytes).await?;
            self.connection = Connection::open(self.server).await?;
            return Ok(None);
        }
        let received = self.connection.exchange(&request.bytes).await?;
        let (status, closes) = (received.status, received.closes);
        if closes {
            self.connection = Connection::open(self.server).await?;
        }
        Ok(Some(status))
    }
}

impl Tally {
    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (outcome, count) in other.0 {
            *self.0.entry(outcome).or_default() += count;
        }
        self
    }

    /// How many of these kinds there were.
    pub(super) fn count(&self, kinds: impl Fn(Kind) -> bool) -> u64 {
        self.0.iter().filter(|((kind, _), _)| kinds(*kind)).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| kind | answered | requests |\n|---|--:|--:|")?;
        for ((kind, status), count) in &self.0 {
            let status = status.map_or_else(|| "–".into(), |status| status.to_string());
            writeln!(formatter, "| {kind:?} | {status} | {count} |")?;
        }
        Ok(())
    }
}
