//! The thread that writes: it commits for all callers that wait, at once.

use std::time::Instant;

use baton_process::Recurrence;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc;

use crate::{
    StoreError,
    command::{Command, Order},
};

/// How many commands go into one transaction at most. A commit waits for the disk once,
/// whatever it holds; a longer one would only make the first caller wait for the last.
const GROUP: usize = 512;

/// Carries out orders until the queue is closed and empty. Returns how many transactions that
/// took.
pub(crate) fn run(mut orders: mpsc::Receiver<Order>, connection: &mut Connection) -> u64 {
    let mut transactions = 0;
    let mut taken = Vec::with_capacity(GROUP);
    let mut group = Vec::with_capacity(GROUP);
    let trouble = Recurrence::default();
    while orders.blocking_recv_many(&mut taken, GROUP) > 0 {
        for order in taken.drain(..) {
            match order {
                Order::Run(command) => group.push(command),
                Order::Stop => orders.close(),
            }
        }
        if group.is_empty() {
            continue;
        }
        let result = commit(connection, &mut group);
        transactions += 1;
        if let Err(error) = &result
            && let Some(times) = trouble.happened(Instant::now())
        {
            tracing::error!(
                error = error as &dyn std::error::Error,
                commands = group.len(),
                times,
                "a group was not stored; its callers are told"
            );
        }
        for command in group.drain(..) {
            command.answer(result.clone());
        }
    }
    // Not needed: the log would be read at the next opening. So the file alone is the store.
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the write-ahead log stays beside the store's file; keep them together"
        );
    }
    transactions
}

/// Runs the commands in one transaction, and returns when it is on disk. A command that fails
/// is undone alone; after an error nobody of the group can be told that its work stands.
fn commit(connection: &mut Connection, group: &mut [Box<dyn Command>]) -> Result<(), StoreError> {
    // From the start a writer, so that no command finds out half-way that it cannot be one.
    let mut transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::sqlite("begin a transaction"))?;
    for command in group {
        let mut savepoint =
            transaction.savepoint().map_err(StoreError::sqlite("set a savepoint"))?;
        if let Err(error) = command.run(&savepoint) {
            // On some errors, such as a full disk, SQLite undoes the whole transaction.
            if savepoint.is_autocommit() {
                return Err(error);
            }
            savepoint.rollback().map_err(StoreError::sqlite("undo a failed command"))?;
        }
        savepoint.commit().map_err(StoreError::sqlite("release a savepoint"))?;
    }
    transaction.commit().map_err(StoreError::sqlite("commit"))
}
