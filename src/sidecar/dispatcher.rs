//! Tells the sessions that deliveries wait for them, in order of arrival.
//!
//! What came in before a restart and what comes in now take the same way: the dispatcher reads
//! the inbox after the last delivery that it saw, and wakes the actor of each one's session. The
//! actor takes it from there, so that no session waits for another. Now and then the dispatcher
//! begins again at what is oldest, and so finds what failed and what an actor left that died.

use std::{sync::Arc, time::Duration};

use baton_process::Shutdown;
use baton_store::{NewReceipt, Pending, Settlement, StoreError};
use jiff::Timestamp;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    cause::Chain,
    delivery::Delivery,
    directory::{Directory, Recipient},
    link::Links,
    registry::Registry,
    vital_signs::Pulse,
};

/// How many deliveries are read from the inbox at a time, without their bodies.
const PAGE: usize = 128;

/// When to begin again at the oldest delivery.
const BEGIN_AGAIN: Duration = Duration::from_secs(5);

/// The same when something failed.
const BEGIN_AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The one task that looks through the inbox.
pub(crate) struct Dispatcher {
    pub(crate) directory: Arc<Directory>,
    pub(crate) registry: Registry,
    /// Tells that there is something new in the inbox.
    pub(crate) arrived: Arc<Notify>,
    /// The tenants' ways to Genesys.
    pub(crate) links: Links,
    /// Tells that a receipt waits.
    pub(crate) receipts: Arc<Notify>,
    /// Is told that it is at work.
    pub(crate) pulse: Pulse,
    pub(crate) shutdown: Shutdown,
}

impl Dispatcher {
    /// Works until the process stops, or the store is dead.
    pub(crate) async fn run(mut self) -> Result<(), StoreError> {
        let mut seen = 0;
        let mut begin_again = Instant::now() + BEGIN_AGAIN;
        loop {
            if !self.look(&mut seen).await? {
                begin_again = begin_again.min(Instant::now() + BEGIN_AGAIN_AFTER_FAILURE);
            }
            tokio::select! {
                () = self.shutdown.begun() => return Ok(()),
                () = sleep_until(begin_again) => {
                    seen = 0;
                    begin_again = Instant::now() + BEGIN_AGAIN;
                }
                () = self.arrived.notified() => {}
            }
        }
    }

    /// Dispatches all that arrived after the one that was seen last. Says whether that went well
    /// with each of them.
    async fn look(&self, seen: &mut u64) -> Result<bool, StoreError> {
        let mut well = true;
        while !self.shutdown.has_begun() {
            self.pulse.beat();
            let page = match self.directory.store.pending(*seen, PAGE).await {
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "the inbox could not be read");
                    return Ok(false);
                }
                Ok(page) => page,
            };
            if let Some(last) = page.last() {
                *seen = last.arrival;
            }
            for pending in &page {
                match self.dispatch(pending).await {
                    Err(StoreError::Closed) => return Err(StoreError::Closed),
                    Err(error) => {
                        let (delivery_id, error) = (&pending.delivery_id, Chain(&error));
                        tracing::error!(delivery_id, %error, "a delivery could not be dispatched");
                        well = false;
                    }
                    Ok(()) => {}
                }
            }
            // What comes after these is told of.
            if page.len() < PAGE {
                break;
            }
        }
        Ok(well)
    }

    /// Wakes the delivery's session, or settles the delivery if it has none.
    async fn dispatch(&self, pending: &Pending) -> Result<(), StoreError> {
        let Pending { arrival, delivery_id, tenant, integration_id, session_id, .. } = pending;
        let integration_id = integration_id.as_deref();
        let recipient = self.directory.recipient(tenant, integration_id, session_id.clone());
        let nobody = match recipient {
            // It waits until the integration is known.
            None => return Ok(()),
            Some(Recipient::Session(session_id)) => {
                if let Some(actor) = self.registry.actor(&session_id) {
                    actor.wake();
                }
                return Ok(());
            }
            Some(Recipient::Nobody(reason)) => reason,
        };
        if nobody == Settlement::NotConfigured {
            tracing::warn!(
                delivery_id,
                %tenant,
                integration_id,
                "a delivery's tenant is not configured, or its integration is not the tenant's"
            );
        } else {
            tracing::info!(delivery_id, %tenant, "a delivery belongs to no session");
        }
        let (outcome, failure) = match nobody {
            Settlement::UnknownSession => self.without_session(pending).await?,
            _ => (nobody, None),
        };
        let store = &self.directory.store;
        store.settle_with_receipt(*arrival, outcome, failure).await?;
        self.receipts.notify_one();
        Ok(())
    }

    /// What becomes of a delivery to an unknown session; and the receipt for it, if a person wrote
    /// it and we speak with Genesys.
    async fn without_session(
        &self,
        pending: &Pending,
    ) -> Result<(Settlement, Option<NewReceipt>), StoreError> {
        let unknown = (Settlement::UnknownSession, None);
        let store = &self.directory.store;
        let Some(delivery) = store.delivery(pending.arrival).await? else { return Ok(unknown) };
        let Ok(read) = serde_json::from_slice::<Delivery<'_>>(&delivery.body) else {
            return Ok(unknown);
        };
        // Nobody misses them.
        if read.holds_receipts_alone() {
            return Ok((Settlement::Needless, None));
        }
        if self.links.of(&pending.tenant).is_none() {
            return Ok(unknown);
        }
        let integration_id = pending.integration_id.as_deref().unwrap_or_default();
        let received_at =
            Timestamp::from_millisecond(delivery.received_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok((Settlement::UnknownSession, read.failure(integration_id, received_at)))
    }
}
