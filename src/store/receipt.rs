//! Receipts: what Genesys is told about the messages of its agents, until it is told.

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, Row, params};

use crate::{
    Store, StoreError, session, session_log,
    sql::{self, saturated},
};

/// A receipt that is to tell Genesys that a message will be shown to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceipt {
    /// Whose message it is.
    pub tenant: TenantKey<'static>,
    /// The integration that the message came by.
    pub integration_id: String,
    /// The end user whom the message was for.
    pub end_user_id: String,
    /// Genesys' id of the message.
    pub message_id: String,
    /// Why nobody is shown it: a code of Genesys' receipts.
    pub reason_code: String,
}

/// A receipt that waits to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its place in the order in which receipts were queued: rises, with gaps.
    pub number: u64,
    /// Whose message it is about.
    pub tenant: TenantKey<'static>,
    /// The integration that the message came by.
    pub integration_id: String,
    /// The end user whom the message was for.
    pub end_user_id: String,
    /// Genesys' id of the message.
    pub message_id: String,
    /// What it says.
    pub status: ReceiptStatus,
}

/// What a receipt says. A message gets one of each at most, ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReceiptStatus {
    /// The message was shown.
    Delivered,
    /// The message will be shown to nobody.
    Failed {
        /// Why: a code of Genesys' receipts.
        reason: String,
    },
}

impl Store {
    /// Keeps that a client was shown a session's events up to and with this sequence number, and
    /// queues a [`Delivered`](ReceiptStatus::Delivered) receipt for each message of an agent that
    /// was not shown before. Events that are not in the log yet do not count as shown. Returns how
    /// many receipts were queued.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`].
    pub async fn shown(&self, session_id: &str, up_to_sequence: u64) -> Result<usize, StoreError> {
        let session_id = session_id.to_owned();
        self.write(move |connection| queue_delivered(connection, &session_id, up_to_sequence)).await
    }

    /// Queues a [`Failed`](ReceiptStatus::Failed) receipt, unless its message has had one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn fail_receipt(&self, receipt: NewReceipt) -> Result<(), StoreError> {
        self.write(move |connection| queue_failed(connection, &receipt)).await
    }

    /// The receipts that wait, in the order in which they were queued: those with a number above
    /// `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn receipts(&self, after: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        self.read(move |connection| waiting(connection, after, limit)).await
    }

    /// Takes the receipt of this number out of the queue: Genesys has it, or will never take it.
    /// Does nothing if it is not there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn receipt_done(&self, number: u64) -> Result<(), StoreError> {
        self.write(move |connection| finish(connection, number)).await
    }
}

fn queue_delivered(
    connection: &Connection,
    session_id: &str,
    up_to: u64,
) -> Result<usize, StoreError> {
    let session = session::number(connection, session_id)?;
    let up_to = saturated(up_to.min(session_log::last_sequence(connection, session)?));
    let run = |statement| -> rusqlite::Result<usize> {
        connection.prepare_cached(statement)?.execute([session, up_to])
    };
    run(sql::QUEUE_DELIVERED)
        .and_then(|queued| run(sql::MARK_SHOWN).map(|_| queued))
        .map_err(StoreError::sqlite("queue receipts for what was shown"))
}

/// Queues the receipt, unless its message has had one that says so.
pub(crate) fn queue_failed(
    connection: &Connection,
    receipt: &NewReceipt,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::QUEUE_FAILED)
        .and_then(|mut statement| {
            statement.execute(params![
                receipt.tenant.account_id,
                receipt.tenant.project_id,
                receipt.tenant.client_env,
                receipt.integration_id,
                receipt.end_user_id,
                receipt.message_id,
                receipt.reason_code,
            ])
        })
        .map(drop)
        .map_err(StoreError::sqlite("queue a receipt"))
}

fn waiting(connection: &Connection, after: u64, limit: usize) -> Result<Vec<Receipt>, StoreError> {
    connection
        .prepare_cached(sql::RECEIPTS)
        .and_then(|mut statement| {
            let range = params![saturated(after), saturated(limit)];
            statement.query_map(range, read)?.collect()
        })
        .map_err(StoreError::sqlite("read the receipts that wait"))
}

fn finish(connection: &Connection, number: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::RECEIPT_DONE)
        .and_then(|mut statement| statement.execute([saturated(number)]))
        .map(drop)
        .map_err(StoreError::sqlite("take a receipt out of the queue"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Receipt> {
    let reason: Option<String> = row.get("reason")?;
    Ok(Receipt {
        number: sql::unsigned(row, "number")?,
        tenant: sql::tenant(row)?,
        integration_id: row.get("integration_id")?,
        end_user_id: row.get("end_user_id")?,
        message_id: row.get("message_id")?,
        status: reason.map_or(ReceiptStatus::Delivered, |reason| ReceiptStatus::Failed { reason }),
    })
}
