//! Tells Genesys what became of its agents' messages.
//!
//! Receipts wait in the store until Genesys has them. They go out behind everything else: the
//! rate limiter drops what it has no room for, and what was dropped is tried again. A tenant of
//! which one fails is left alone for a while, so that it holds up nobody else's.

use std::{collections::HashMap, sync::Arc, time::Duration};

use baton_core::tenant::TenantKey;
use baton_genesys::{OutboundReceipt, ReceiptStatus as Status};
use baton_metrics::{Metrics, PostResult};
use baton_process::{Clock, Shutdown};
use baton_store::{Receipt, ReceiptStatus, Store, StoreError};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{cause::Chain, link::Links, orphans::Grace};

/// How many receipts are on their way at a time.
const AT_A_TIME: usize = 16;

/// The pause after a tenant's first failure; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long to wait for news before the store is looked into all the same.
const NOW_AND_THEN: Duration = Duration::from_secs(30);

/// What an agent is told of a message that reached nobody.
const UNREACHED: &str = "The chat had ended, so that nobody saw the message.";

/// The one task that sends receipts.
pub(crate) struct Receipts {
    pub(crate) store: Store,
    pub(crate) links: Links,
    /// How long what is for a tenant without a link waits for it to come back.
    pub(crate) grace: Grace,
    pub(crate) clock: Clock,
    /// Tells that a receipt waits.
    pub(crate) queued: Arc<Notify>,
    /// What counts them.
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: Shutdown,
}

/// The tenants of which a receipt failed: how long each is left alone, and until when.
type Failing = HashMap<TenantKey<'static>, (Duration, Instant)>;

/// What became of a receipt.
enum Sent {
    /// Genesys has it, or will never take it.
    Done(u64, PostResult),
    /// It has to wait, and so do those of the same tenant.
    Failed,
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
        let mut failing = Failing::new();
        loop {
            if let Err(error) = self.send_all(&mut failing).await {
                tracing::error!(error = %Chain(&error), "receipts have to wait");
                sleep(FIRST_PAUSE).await;
                continue;
            }
            let now = Instant::now();
            let pauses = failing.values().map(|(_, until)| until.duration_since(now));
            let next = pauses.filter(|left| !left.is_zero()).min();
            let wait = next.map_or(NOW_AND_THEN, |next| next.min(NOW_AND_THEN));
            // With nothing new it is looked again when somebody's pause is over.
            let _ = timeout(wait, self.queued.notified()).await;
        }
    }

    /// Sends what waits, but for the tenants that are left alone.
    async fn send_all(&self, failing: &mut Failing) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let page = self.store.receipts(after, AT_A_TIME).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.number;
            let now = Instant::now();
            let mut sending = JoinSet::new();
            for receipt in page {
                let waits = failing.get(&receipt.tenant).is_some_and(|(_, until)| *until > now);
                if !waits && !self.may_come_back(&receipt.tenant) {
                    sending.spawn(send(self.links.clone(), self.clock.clone(), receipt));
                }
            }
            while let Some(sent) = sending.join_next().await {
                match sent {
                    Ok((tenant, Sent::Done(number, result))) => {
                        self.metrics.relay().posted_receipt(result);
                        failing.remove(&tenant);
                        self.store.receipt_done(number).await?;
                    }
                    Ok((tenant, Sent::Failed)) => {
                        self.metrics.relay().posted_receipt(PostResult::PutOff);
                        leave_alone(failing, tenant);
                    }
                    Err(error) => tracing::error!(%error, "a receipt broke off"),
                }
            }
        }
    }

    /// Whether nobody speaks with Genesys for the tenant, which may be a mistake.
    fn may_come_back(&self, tenant: &TenantKey<'_>) -> bool {
        self.links.of(tenant).is_none() && !self.grace.is_over()
    }
}

fn leave_alone(failing: &mut Failing, tenant: TenantKey<'static>) {
    let (pause, until) = failing.entry(tenant).or_insert((FIRST_PAUSE / 2, Instant::now()));
    *pause = (*pause * 2).min(LONGEST_PAUSE);
    *until = Instant::now() + *pause;
}

async fn send(links: Links, clock: Clock, receipt: Receipt) -> (TenantKey<'static>, Sent) {
    let Receipt { number, tenant, integration_id, end_user_id, message_id, status } = receipt;
    // Nobody speaks with Genesys for a tenant without a link any more.
    let Some(link) = links.of(&tenant) else {
        return (tenant, Sent::Done(number, PostResult::GivenUp));
    };
    let status = match status {
        ReceiptStatus::Delivered => Status::Delivered,
        ReceiptStatus::Failed { reason } => {
            Status::Failed { code: reason, message: UNREACHED.to_owned() }
        }
    };
    let receipt = OutboundReceipt { message_id, end_user_id, at: clock.now(), status };
    let sent = match link.genesys.send_receipt(&integration_id, &receipt).await {
        Ok(()) => Sent::Done(number, PostResult::Taken),
        Err(error) => {
            let done = error.is_final() || error.is_not_found();
            tracing::debug!(%tenant, error = %Chain(&error), done, "a receipt was not taken");
            if done { Sent::Done(number, PostResult::GivenUp) } else { Sent::Failed }
        }
    };
    (tenant, sent)
}
