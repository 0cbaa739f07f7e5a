//! The inbox: deliveries as they came, until they are settled.

use std::fmt;

use baton_core::{id::Id, tenant::TenantKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Store, StoreError,
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
    /// The trace that it belongs to, as a W3C `traceparent`; absent when nothing is traced.
    pub traceparent: Option<String>,
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
            .field("traceparent", &self.traceparent)
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
    /// The session of that end user, if there is one.
    pub session_id: Option<String>,
}

/// The delivery that is a session's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextDelivery {
    /// The delivery.
    pub delivery: StoredDelivery,
    /// Whether no other one waited behind it.
    pub is_last: bool,
}

/// A delivery that is not settled, with what it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Its place in the order of arrival.
    pub arrival: u64,
    /// The delivery's id, as it stands in the store.
    pub delivery_id: String,
    /// When it was received: milliseconds since 1970, UTC.
    pub received_at_ms: i64,
    /// The delivery's JSON as received.
    pub body: Vec<u8>,
    /// The trace that it belongs to, as a W3C `traceparent`; absent when nothing was traced.
    pub traceparent: Option<String>,
}

impl fmt::Debug for StoredDelivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredDelivery")
            .field("arrival", &self.arrival)
            .field("delivery_id", &self.delivery_id)
            .field("received_at_ms", &self.received_at_ms)
            .field("body_bytes", &self.body.len())
            .field("traceparent", &self.traceparent)
            .finish()
    }
}

impl Store {
    /// Step one: stores a delivery, and returns only when it is on disk and would survive a
    /// crash.
    ///
    /// # Errors
    ///
    /// [`StoreError::Overloaded`], at once, when too much waits to be written.
    pub async fn accept(&self, arrived: Arrived) -> Result<Acceptance, StoreError> {
        let bytes = arrived.body.len();
        self.write_or_refuse(bytes, move |connection| accept(connection, &arrived)).await
    }

    /// Deliveries that were accepted and are not settled, in order of arrival: those with an
    /// arrival number above `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn pending(&self, after: u64, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.read(move |connection| pending(connection, after, limit)).await
    }

    /// Of the deliveries to a session that are not settled, the one that arrived first.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn next_delivery(
        &self,
        session_id: &str,
    ) -> Result<Option<NextDelivery>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| next_delivery(connection, &session_id)).await
    }

    /// Whether a delivery to a session is not settled yet.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn unsettled_of_session(&self, session_id: &str) -> Result<bool, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| is_unsettled(connection, &session_id)).await
    }

    /// The delivery of this arrival number, unless it is settled.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn delivery(&self, arrival: u64) -> Result<Option<StoredDelivery>, StoreError> {
        self.read(move |connection| pending_delivery(connection, arrival)).await
    }

    /// Which of these delivery ids were accepted, settled or not, in the order given. Meant for
    /// some thousands at most.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn known_deliveries(&self, ids: Vec<String>) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| known(connection, ids)).await
    }
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
                arrived.traceparent,
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

fn next_delivery(
    connection: &Connection,
    session_id: &str,
) -> Result<Option<NextDelivery>, StoreError> {
    connection
        .prepare_cached(sql::NEXT_DELIVERY)
        .and_then(|mut statement| {
            let mut rows = statement.query([session_id])?;
            let Some(delivery) = rows.next()?.map(read_stored).transpose()? else {
                return Ok(None);
            };
            Ok(Some(NextDelivery { delivery, is_last: rows.next()?.is_none() }))
        })
        .map_err(StoreError::sqlite("read the next delivery of a session"))
}

fn pending_delivery(
    connection: &Connection,
    arrival: u64,
) -> Result<Option<StoredDelivery>, StoreError> {
    connection
        .prepare_cached(sql::PENDING_DELIVERY)
        .and_then(|mut statement| statement.query_row([saturated(arrival)], read_stored).optional())
        .map_err(StoreError::sqlite("read a delivery"))
}

fn is_unsettled(connection: &Connection, session_id: &str) -> Result<bool, StoreError> {
    connection
        .prepare_cached(sql::IS_UNSETTLED)
        .and_then(|mut statement| statement.exists([session_id]))
        .map_err(StoreError::sqlite("look for a delivery to a session"))
}

fn known(connection: &Connection, ids: Vec<String>) -> Result<Vec<String>, StoreError> {
    let doing = "look for deliveries by their ids";
    let mut statement =
        connection.prepare_cached(sql::IS_DELIVERY).map_err(StoreError::sqlite(doing))?;
    ids.into_iter()
        .filter_map(|id| match statement.exists([&id]) {
            Ok(true) => Some(Ok(id)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        })
        .collect::<rusqlite::Result<_>>()
        .map_err(StoreError::sqlite(doing))
}

fn read_pending(row: &Row<'_>) -> rusqlite::Result<Pending> {
    Ok(Pending {
        arrival: sql::unsigned(row, "arrival")?,
        delivery_id: row.get("delivery_id")?,
        tenant: sql::tenant(row)?,
        integration_id: row.get("integration_id")?,
        end_user_id: row.get("end_user_id")?,
        session_id: row.get("session_id")?,
    })
}

fn read_stored(row: &Row<'_>) -> rusqlite::Result<StoredDelivery> {
    Ok(StoredDelivery {
        arrival: sql::unsigned(row, "arrival")?,
        delivery_id: row.get("delivery_id")?,
        received_at_ms: row.get("received_at_ms")?,
        body: row.get("body")?,
        traceparent: row.get("traceparent")?,
    })
}
