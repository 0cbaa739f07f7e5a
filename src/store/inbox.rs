//! The inbox: deliveries as they came, until they are settled.

use std::fmt;

use baton_core::{id::Id, tenant::TenantKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its place in the order of arrival: rises from delivery to delivery, with gaps.
    pub arrival: u64,
    /// The delivery's id, as it stands in the store.
    pub delivery_id: String,
    /// Whose webhook it was.
    pub tenant: TenantKey<'static>,
    /// The integration that it came by; absent when the webhook names none.
    pub integration_id: Option<String>,
    /// The end user whom it is for; absent when the webhook names none.
    pub end_user_id: Option<String>,
}

/// The delivery that is a session's turn.
#[derive(Clone, PartialEq, Eq)]
pub struct NextDelivery {
    /// Its place in the order of arrival.
    pub arrival: u64,
    /// The delivery's id, as it stands in the store.
    pub delivery_id: String,
    /// When it was received: milliseconds since 1970, UTC.
    pub received_at_ms: i64,
    /// The delivery's JSON as received.
    pub body: Vec<u8>,
}

impl fmt::Debug for NextDelivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NextDelivery")
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
    /// Its tenant is not configured, or its integration is not the tenant's.
    NotConfigured,
    /// No session belongs to its end user.
    UnknownSession,
    /// It holds nothing that a chat client is told, such as receipts only.
    NothingToShow,
    /// Its session had ended.
    SessionEnded,
    /// Nothing of it can be read.
    Unreadable,
}

impl Settlement {
    /// The word that is kept beside the delivery.
    fn word(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::UnknownSession => "unknown_session",
            Self::NothingToShow => "nothing_to_show",
            Self::SessionEnded => "session_ended",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether there is something in it that reached nobody.
    fn keeps_body(self) -> bool {
        self != Self::NothingToShow
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
    connection
        .prepare_cached(sql::PENDING)
        .and_then(|mut statement| {
            let range = params![saturated(after), saturated(limit)];
            statement.query_map(range, read_pending)?.collect()
        })
        .map_err(StoreError::sqlite("read the pending deliveries"))
}

pub(crate) fn next_delivery(
    connection: &Connection,
    session_id: &str,
) -> Result<Option<NextDelivery>, StoreError> {
    connection
        .prepare_cached(sql::NEXT_DELIVERY)
        .and_then(|mut statement| statement.query_row([session_id], read_next).optional())
        .map_err(StoreError::sqlite("read the next delivery of a session"))
}

fn read_pending(row: &Row<'_>) -> rusqlite::Result<Pending> {
    let part = |column| row.get::<_, String>(column);
    Ok(Pending {
        arrival: arrival(row)?,
        delivery_id: row.get("delivery_id")?,
        tenant: TenantKey::new(part("account_id")?, part("project_id")?, part("client_env")?),
        integration_id: row.get("integration_id")?,
        end_user_id: row.get("end_user_id")?,
    })
}

fn read_next(row: &Row<'_>) -> rusqlite::Result<NextDelivery> {
    Ok(NextDelivery {
        arrival: arrival(row)?,
        delivery_id: row.get("delivery_id")?,
        received_at_ms: row.get("received_at_ms")?,
        body: row.get("body")?,
    })
}

/// Arrivals count up from 1.
fn arrival(row: &Row<'_>) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>("arrival")?.unsigned_abs())
}

/// Settles a delivery that goes into no session's log.
pub(crate) fn settle(
    connection: &Connection,
    arrival: u64,
    outcome: Settlement,
) -> Result<Settled, StoreError> {
    settle_as(connection, arrival, outcome.word(), outcome.keeps_body())
}

/// Settles a delivery whose events are appended in the same transaction.
pub(crate) fn settle_appended(
    connection: &Connection,
    arrival: u64,
) -> Result<Settled, StoreError> {
    settle_as(connection, arrival, APPENDED, false)
}

fn settle_as(
    connection: &Connection,
    arrival: u64,
    outcome: &str,
    keeps_body: bool,
) -> Result<Settled, StoreError> {
    let arrival = saturated(arrival);
    let doing = "settle a delivery";
    let settled = connection
        .prepare_cached(sql::SETTLE)
        .and_then(|mut statement| statement.execute(params![arrival, outcome, keeps_body]))
        .map_err(StoreError::sqlite(doing))?;
    if settled > 0 {
        return Ok(Settled::Now);
    }
    let known = connection
        .prepare_cached(sql::IS_DELIVERY)
        .and_then(|mut statement| statement.exists([arrival]))
        .map_err(StoreError::sqlite(doing))?;
    if known { Ok(Settled::Before) } else { Err(StoreError::UnknownDelivery) }
}
