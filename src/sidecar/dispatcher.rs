//! Brings the deliveries of the inbox to their sessions, in order of arrival.
//!
//! What came in before a restart and what comes in now take the same way: the dispatcher reads
//! the inbox after the last delivery that it handed on. So a delivery whose intake timed out and
//! was stored all the same is found too, and what waits costs memory in the store only.

use std::{collections::HashMap, sync::Arc, time::Duration};

use baton_chat::Shutdown;
use baton_core::{delivery::Delivery, tenant::TenantKey};
use baton_store::{Pending, Settlement, Store};
use jiff::Timestamp;
use tokio::{
    sync::{Notify, Semaphore},
    time::sleep,
};

use crate::{
    actor::ActorMessage, registry::Registry, retry::until_done, session_event::SessionEvent,
};

/// How many deliveries are read from the inbox at a time.
const PAGE: usize = 16;

/// How many KiB of deliveries may be on their way to actors.
const MEMORY_KIB: u32 = 64 * 1024;

/// When to look into the inbox without being told to.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// The one task that empties the inbox.
pub(crate) struct Dispatcher {
    store: Store,
    registry: Registry,
    integrations: HashMap<TenantKey<'static>, String>,
    arrived: Arc<Notify>,
    shutdown: Shutdown,
    memory: Arc<Semaphore>,
}

impl Dispatcher {
    /// `arrived` tells that there is something new in the inbox.
    pub(crate) fn new(
        store: Store,
        registry: Registry,
        integrations: HashMap<TenantKey<'static>, String>,
        arrived: Arc<Notify>,
        shutdown: Shutdown,
    ) -> Self {
        let memory = Arc::new(Semaphore::new(MEMORY_KIB as usize));
        Self { store, registry, integrations, arrived, shutdown, memory }
    }

    /// Works until the process stops.
    pub(crate) async fn run(mut self) {
        let mut after = 0;
        while let Some(page) = self.next_page(after).await {
            if page.is_empty() {
                tokio::select! {
                    () = self.shutdown.begun() => return,
                    () = self.arrived.notified() => {}
                    () = sleep(LOOK_AFTER) => {}
                }
            }
            for pending in page {
                after = pending.arrival;
                if self.dispatch(pending).await.is_none() {
                    return;
                }
            }
        }
    }

    async fn next_page(&mut self, after: u64) -> Option<Vec<Pending>> {
        let store = &self.store;
        until_done("read the inbox", &mut self.shutdown, || store.pending(after, PAGE)).await
    }

    /// Hands a delivery to its session's actor, or settles it; `None` if the process stopped
    /// before that.
    async fn dispatch(&mut self, pending: Pending) -> Option<()> {
        let delivery_id = pending.delivery_id;
        let Ok(delivery) = serde_json::from_slice::<Delivery<'_>>(&pending.body) else {
            tracing::error!(%delivery_id, "a stored delivery cannot be read; it reaches nobody");
            return self.settle(&pending, Settlement::Unreadable).await;
        };
        let Some(session_id) = self.session(&delivery).await? else {
            tracing::info!(%delivery_id, "a delivery belongs to no session");
            return self.settle(&pending, Settlement::UnknownSession).await;
        };
        let received_at =
            Timestamp::from_millisecond(pending.received_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let events = SessionEvent::of_delivery(&delivery.data.events, received_at);
        let kib = u32::try_from(pending.body.len() / 1024).unwrap_or(MEMORY_KIB);
        let kib = kib.saturating_add(1).min(MEMORY_KIB);
        let memory = tokio::select! {
            () = self.shutdown.begun() => return None,
            memory = Arc::clone(&self.memory).acquire_many_owned(kib) => memory.ok()?,
        };
        let mut message = ActorMessage::Delivery { delivery_id, events, memory };
        loop {
            let actor = self.registry.actor(&session_id)?;
            let sent = tokio::select! {
                () = self.shutdown.begun() => return None,
                sent = actor.send(message) => sent,
            };
            match sent {
                Ok(()) => return Some(()),
                Err(returned) => message = returned,
            }
        }
    }

    /// The session that the delivery is for, if its tenant and integration have one.
    async fn session(&mut self, delivery: &Delivery<'_>) -> Option<Option<String>> {
        let store = &self.store;
        let Some(address) = address(&self.integrations, delivery) else {
            return Some(None);
        };
        until_done("look up a session", &mut self.shutdown, || {
            store.session_of_end_user(address.tenant, address.integration_id, address.end_user_id)
        })
        .await
    }

    async fn settle(&mut self, pending: &Pending, outcome: Settlement) -> Option<()> {
        let (store, id) = (&self.store, pending.delivery_id);
        until_done("settle a delivery", &mut self.shutdown, || store.settle(id, outcome)).await
    }
}

/// Where a delivery goes.
pub(crate) struct Address<'a> {
    pub(crate) tenant: &'a TenantKey<'a>,
    pub(crate) integration_id: &'a str,
    pub(crate) end_user_id: &'a str,
}

/// Where the delivery goes; nowhere if its tenant is not configured, its integration is not the
/// tenant's, or it names nobody.
pub(crate) fn address<'a>(
    integrations: &HashMap<TenantKey<'static>, String>,
    delivery: &'a Delivery<'a>,
) -> Option<Address<'a>> {
    let tenant = &delivery.data.tenant;
    let integration_id = delivery.data.genesys.integration_id.as_deref()?;
    let end_user_id = delivery.subject.as_deref()?;
    let configured = integrations.get(tenant)?;
    (configured == integration_id).then_some(Address { tenant, integration_id, end_user_id })
}
