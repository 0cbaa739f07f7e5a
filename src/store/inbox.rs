//! The inbox: deliveries as they came, until they are settled.

use std::fmt;

use baton_core::{id::Id, tenant::TenantKey};
use rusqlite::{Connection, params};

use crate::{
    StoreError,
    sql::{self, saturated},
};

/// A delivery that came from the edge.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The delivery's id: of two deliveries with the same id, the first counts.
    pub delivery_id: Id,
    /// Whose webhook it was.
    pub tenant: TenantKey<'static>,
    /// The end user whom it is for; absent when the webhook names none.
    pub end_user_id: Option<String>,
    /// The integration that it came by; absent when the webhook names none.
    pub integration_id: Option<String>,
    /// When it was received: milliseconds since 1970, UTC.
    pub received_at_ms: i64,
    /// The delivery's JSON as received.
    pub body: Vec<u8>,
}

impl fmt::Debug for Arrived {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Arrived")
            .field("delivery_id", &self.delivery_id)
            .field("tenant", &self.tenant)
            .field("end_user_id", &self.end_user_id)
            .field("integration_id", &self.integration_id)
            .field("received_at_ms", &self.received_at_ms)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Whether a delivery was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acceptance {
    /// It is stored now.
    New,
    /// A delivery of the same id was stored before; this one was dropped.
    Duplicate,
}

/// A delivery that was accepted and is not settled yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its place in the order of arrival: rises from delivery to delivery, with gaps.
    pub arrival: u64,
    /// The delivery's id.
    pub delivery_id: Id,
    /// When it was received: milliseconds since 1970, UTC.
    pub received_at_ms: i64,
    /// The delivery's JSON as received.
    pub body: Vec<u8>,
}

impl fmt::Debug for Pending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pending")
            .field("arrival", &self.arrival)
            .field("delivery_id", &self.delivery_id)
            .field("received_at_ms", &self.received_at_ms)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Why a delivery went into no session's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// No session belongs to its end user.
    UnknownSession,
    /// It holds nothing that a chat client is told, such as receipts only.
    NothingToShow,
    /// Its session had ended.
    SessionEnded,
    /// It cannot be read as a delivery.
    Unreadable,
}

impl Settlement {
    /// The word that is kept beside the delivery.
    fn word(self) -> &'static str {
        match self {
            Self::UnknownSession => "unknown_session",
            Self::NothingToShow => "nothing_to_show",
            Self::SessionEnded => "session_ended",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The word for a delivery that went into a session's log.
const APPENDED: &str = "appended";

/// Whether a delivery was settled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is settled by this call.
    Now,
    /// It was settled before, and stays as it was.
    Before,
}

pub(crate) fn accept(connection: &Connection, arrived: &Arrived) -> Result<Acceptance, StoreError> {
    let inserted = connection
        .prepare_cached(sql::ACCEPT)
        .and_then(|mut statement| {
            statement.execute(params![
                arrived.delivery_id.to_string(),
                arrived.tenant.account_id,
                arrived.tenant.project_id,
                arrived.tenant.client_env,
                arrived.integration_id,
                arrived.end_user_id,
                arrived.received_at_ms,
                arrived.body,
            ])
        })
        .map_err(StoreError::sqlite("store a delivery"))?;
    Ok(if inserted == 0 { Acceptance::Duplicate } else { Acceptance::New })
}

pub(crate) fn pending(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<Pending>, StoreError> {
    let rows: Vec<(i64, String, i64, Vec<u8>)> = connection
        .prepare_cached(sql::PENDING)
        .and_then(|mut statement| {
            statement
                .query_map(params![saturated(after), saturated(limit)], |row| row.try_into())?
                .collect()
        })
        .map_err(StoreError::sqlite("read the pending deliveries"))?;
    rows.into_iter()
        .map(|(arrival, delivery_id, received_at_ms, body)| {
            let delivery_id = Id::from_text(&delivery_id)
                .ok_or(StoreError::Damaged { what: "a delivery's id" })?;
            // Arrivals count up from 1.
            Ok(Pending { arrival: arrival.unsigned_abs(), delivery_id, received_at_ms, body })
        })
        .collect()
}

/// Settles a delivery that goes into no session's log.
pub(crate) fn settle(
    connection: &Connection,
    delivery_id: Id,
    outcome: Settlement,
) -> Result<Settled, StoreError> {
    settle_as(connection, delivery_id, outcome.word())
}

/// Settles a delivery whose events are appended in the same transaction.
pub(crate) fn settle_appended(
    connection: &Connection,
    delivery_id: Id,
) -> Result<Settled, StoreError> {
    settle_as(connection, delivery_id, APPENDED)
}

fn settle_as(
    connection: &Connection,
    delivery_id: Id,
    outcome: &str,
) -> Result<Settled, StoreError> {
    let delivery_id = delivery_id.to_string();
    let doing = "settle a delivery";
    let settled = connection
        .prepare_cached(sql::SETTLE)
        .and_then(|mut statement| statement.execute(params![delivery_id, outcome]))
        .map_err(StoreError::sqlite(doing))?;
    if settled > 0 {
        return Ok(Settled::Now);
    }
    let known = connection
        .prepare_cached(sql::IS_DELIVERY)
        .and_then(|mut statement| statement.exists([&delivery_id]))
        .map_err(StoreError::sqlite(doing))?;
    if known { Ok(Settled::Before) } else { Err(StoreError::UnknownDelivery) }
}
