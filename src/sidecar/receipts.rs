//! Tells Genesys what became of its agents' messages.
//!
//! Receipts wait in the store until Genesys has them. They go out behind everything else: the
//! rate limiter drops what it has no room for, and what was dropped is tried again.

use std::{sync::Arc, time::Duration};

use baton_genesys::{OutboundReceipt, ReceiptStatus as Status};
use baton_process::{Clock, Shutdown};
use baton_store::{Receipt, ReceiptStatus, Store, StoreError};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{cause::Chain, link::Links};

/// How many receipts are on their way at a time.
const AT_A_TIME: usize = 8;

/// When to look again after one could not be sent.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// How long to wait for news before the store is looked into all the same.
const NOW_AND_THEN: Duration = Duration::from_secs(30);

/// What an agent is told of a message that reached nobody.
const UNREACHED: &str = "The chat had ended, so that nobody saw the message.";

/// The one task that sends receipts.
pub(crate) struct Receipts {
    pub(crate) store: Store,
    pub(crate) links: Links,
    pub(crate) clock: Clock,
    /// Tells that a receipt waits.
    pub(crate) queued: Arc<Notify>,
    pub(crate) shutdown: Shutdown,
}

impl Receipts {
    /// Works until the process stops.
    pub(crate) async fn run(self) {
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = shutdown.begun() => {}
            () = self.work() => {}
        }
    }

    async fn work(&self) {
        loop {
            match self.send_all().await {
                Ok(true) => {
                    // Nothing waits: at the latest after a while it is looked again.
                    let _ = timeout(NOW_AND_THEN, self.queued.notified()).await;
                }
                Ok(false) => sleep(AFTER_FAILURE).await,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "receipts have to wait");
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Sends what waits. Says whether all of it went out.
    async fn send_all(&self) -> Result<bool, StoreError> {
        let mut all = true;
        let mut after = 0;
        loop {
            let page = self.store.receipts(after, AT_A_TIME).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.number;
            let mut sending = JoinSet::new();
            for receipt in page {
                sending.spawn(send(self.links.clone(), self.clock.clone(), receipt));
            }
            while let Some(sent) = sending.join_next().await {
                match sent {
                    Ok(Some(number)) => self.store.receipt_done(number).await?,
                    Ok(None) | Err(_) => all = false,
                }
            }
        }
    }
}

/// Sends a receipt; returns its number if nothing more is to be done about it.
async fn send(links: Links, clock: Clock, receipt: Receipt) -> Option<u64> {
    let Receipt { number, tenant, integration_id, end_user_id, message_id, status } = receipt;
    // Nobody speaks with Genesys for this tenant any more.
    let Some(link) = links.of(&tenant) else { return Some(number) };
    let status = match status {
        ReceiptStatus::Delivered => Status::Delivered,
        ReceiptStatus::Failed { reason } => {
            Status::Failed { code: reason, message: UNREACHED.to_owned() }
        }
    };
    let receipt = OutboundReceipt { message_id, end_user_id, at: clock.now(), status };
    match link.genesys.send_receipt(&integration_id, &receipt).await {
        Ok(()) => Some(number),
        Err(error) => {
            let done = error.is_final() || error.is_not_found();
            tracing::debug!(%tenant, error = %Chain(&error), done, "a receipt was not taken");
            done.then_some(number)
        }
    }
}
