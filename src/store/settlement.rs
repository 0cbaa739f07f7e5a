//! How a delivery leaves the inbox, and what reached nobody.

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, Row, params};

use crate::{
    NewReceipt, Store, StoreError, receipt,
    sql::{self, saturated},
};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// What it holds went into its session's log.
    Appended,
    /// Its tenant is not configured, or its integration is not the tenant's.
    NotConfigured,
    /// No session belongs to its end user.
    UnknownSession,
    /// It holds nothing that a chat client is told, such as receipts only.
    NothingToShow,
    /// Its session had no open handoff, and shows nothing outside of one.
    NoHandoff,
    /// Its session had ended.
    SessionEnded,
    /// Nothing of it can be read.
    Unreadable,
}

impl Settlement {
    const ALL: [Self; 7] = [
        Self::Appended,
        Self::NotConfigured,
        Self::UnknownSession,
        Self::NothingToShow,
        Self::NoHandoff,
        Self::SessionEnded,
        Self::Unreadable,
    ];

    /// The word that is kept beside the delivery.
    fn word(self) -> &'static str {
        match self {
            Self::Appended => "appended",
            Self::NotConfigured => "not_configured",
            Self::UnknownSession => "unknown_session",
            Self::NothingToShow => "nothing_to_show",
            Self::NoHandoff => "no_handoff",
            Self::SessionEnded => "session_ended",
            Self::Unreadable => "unreadable",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|settlement| settlement.word() == word)
    }

    /// Whether there is something in it that reached nobody.
    fn keeps_body(self) -> bool {
        !matches!(self, Self::Appended | Self::NothingToShow)
    }
}

/// Whether a delivery was settled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is settled by this call.
    Now,
    /// It was settled before, and stays as it was.
    Before,
}

/// A delivery that reached nobody. Its body is in the store's file only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place in the order of arrival.
    pub arrival: u64,
    /// The delivery's id, as it stands in the store.
    pub delivery_id: String,
    /// Whose webhook it was.
    pub tenant: TenantKey<'static>,
    /// Why it reached nobody.
    pub outcome: Settlement,
    /// When it was received: milliseconds since 1970, UTC.
    pub received_at_ms: i64,
}

impl Store {
    /// Settles the delivery of this arrival number, which goes into no session's log, and keeps
    /// the outcome beside it. One that is settled already stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownDelivery`] when the delivery was never accepted.
    pub async fn settle(&self, arrival: u64, outcome: Settlement) -> Result<(), StoreError> {
        self.settle_with_receipt(arrival, outcome, None).await
    }

    /// Settles a delivery as [`Store::settle`] does, and in the same transaction queues the
    /// receipt that tells Genesys that its message reached nobody. Of a delivery that is settled
    /// already no receipt is queued.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownDelivery`] when the delivery was never accepted.
    pub async fn settle_with_receipt(
        &self,
        arrival: u64,
        outcome: Settlement,
        failed: Option<NewReceipt>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| match (settle(connection, arrival, outcome)?, failed) {
            (Settled::Now, Some(failed)) => receipt::queue_failed(connection, &failed),
            (Settled::Now, None) | (Settled::Before, _) => Ok(()),
        })
        .await
    }

    /// The deliveries that reached nobody, in order of arrival: those with an arrival number
    /// above `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn dead_letters(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |connection| dead_letters(connection, after, limit)).await
    }
}

/// Settles a delivery, unless it is settled.
pub(crate) fn settle(
    connection: &Connection,
    arrival: u64,
    outcome: Settlement,
) -> Result<Settled, StoreError> {
    let arrival = saturated(arrival);
    let doing = "settle a delivery";
    let settled = connection
        .prepare_cached(sql::SETTLE)
        .and_then(|mut statement| {
            statement.execute(params![arrival, outcome.word(), outcome.keeps_body()])
        })
        .map_err(StoreError::sqlite(doing))?;
    if settled > 0 {
        return Ok(Settled::Now);
    }
    let known = connection
        .prepare_cached(sql::IS_ARRIVAL)
        .and_then(|mut statement| statement.exists([arrival]))
        .map_err(StoreError::sqlite(doing))?;
    if known { Ok(Settled::Before) } else { Err(StoreError::UnknownDelivery) }
}

fn dead_letters(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<DeadLetter>, StoreError> {
    let letters: Vec<Option<DeadLetter>> = connection
        .prepare_cached(sql::DEAD_LETTERS)
        .and_then(|mut statement| {
            let range = params![saturated(after), saturated(limit)];
            statement.query_map(range, read)?.collect()
        })
        .map_err(StoreError::sqlite("read the dead letters"))?;
    let damaged = StoreError::Damaged { what: "a delivery's outcome" };
    letters.into_iter().collect::<Option<_>>().ok_or(damaged)
}

/// None, if its outcome is no word of ours.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<DeadLetter>> {
    let outcome = Settlement::of_word(row.get_ref("outcome")?.as_str()?);
    let Some(outcome) = outcome else { return Ok(None) };
    Ok(Some(DeadLetter {
        arrival: sql::unsigned(row, "arrival")?,
        delivery_id: row.get("delivery_id")?,
        tenant: sql::tenant(row)?,
        outcome,
        received_at_ms: row.get("received_at_ms")?,
    }))
}
