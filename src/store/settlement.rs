//! How a delivery leaves the inbox.

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    NewReceipt, Store, StoreError, dead_letter, receipt,
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
    /// No session belongs to its end user, and nobody misses what it says.
    Needless,
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
    const ALL: [Self; 8] = [
        Self::Appended,
        Self::NotConfigured,
        Self::UnknownSession,
        Self::Needless,
        Self::NothingToShow,
        Self::NoHandoff,
        Self::SessionEnded,
        Self::Unreadable,
    ];

    /// The word that is kept beside the delivery, and by which operators know it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Appended => "appended",
            Self::NotConfigured => "not_configured",
            Self::UnknownSession => "unknown_session",
            Self::Needless => "needless",
            Self::NothingToShow => "nothing_to_show",
            Self::NoHandoff => "no_handoff",
            Self::SessionEnded => "session_ended",
            Self::Unreadable => "unreadable",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|settlement| settlement.word() == word)
    }

    /// Whether there is something in it that reached nobody: then it is a dead letter.
    fn is_dead(self) -> bool {
        !matches!(self, Self::Appended | Self::Needless | Self::NothingToShow)
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

/// What became of a delivery so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryStanding {
    /// The delivery's id, as it stands in the store.
    pub delivery_id: String,
    /// Whose webhook it was.
    pub tenant: TenantKey<'static>,
    /// When it was received: milliseconds since 1970, UTC.
    pub received_at_ms: i64,
    /// Its outcome; absent while it waits.
    pub outcome: Option<Settlement>,
}

impl Store {
    /// What became of the delivery of this id; nothing if it never came, or went with its session.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn delivery_standing(
        &self,
        delivery_id: &str,
    ) -> Result<Option<DeliveryStanding>, StoreError> {
        let delivery_id = delivery_id.to_owned();
        self.read(move |connection| standing(connection, &delivery_id)).await
    }

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
}

/// Settles a delivery, unless it is settled.
pub(crate) fn settle(
    connection: &Connection,
    arrival: u64,
    outcome: Settlement,
) -> Result<Settled, StoreError> {
    let arrival = saturated(arrival);
    let doing = "settle a delivery";
    if outcome.is_dead() {
        dead_letter::bury_delivery(connection, arrival, outcome.word())?;
    }
    let settled = connection
        .prepare_cached(sql::SETTLE)
        .and_then(|mut statement| statement.execute(params![arrival, outcome.word()]))
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

fn standing(
    connection: &Connection,
    delivery_id: &str,
) -> Result<Option<DeliveryStanding>, StoreError> {
    connection
        .prepare_cached(sql::DELIVERY_STANDING)
        .and_then(|mut statement| statement.query_row([delivery_id], read_standing).optional())
        .map_err(StoreError::sqlite("look for what became of a delivery"))?
        .transpose()
}

fn read_standing(row: &Row<'_>) -> rusqlite::Result<Result<DeliveryStanding, StoreError>> {
    let outcome = match row.get_ref("outcome")?.as_str_or_null()? {
        Some(word) => match Settlement::of_word(word) {
            None => return Ok(Err(StoreError::Damaged { what: "a delivery's outcome" })),
            known => known,
        },
        None => None,
    };
    Ok(Ok(DeliveryStanding {
        delivery_id: row.get("delivery_id")?,
        tenant: sql::tenant(row)?,
        received_at_ms: row.get("received_at_ms")?,
        outcome,
    }))
}
