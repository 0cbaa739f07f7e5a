//! The tenants' webhooks: who is told of an event, and that it waits.

use std::{collections::HashMap, sync::Arc};

use baton_application::{Webhook, WebhookPace, WebhookSender};
use baton_bot::{GuardedClient, TlsError};
use baton_core::tenant::TenantKey;
use baton_metrics::Metrics;
use baton_process::{Clock, Shutdown};
use baton_store::Store;
use baton_traces::Traces;
use tokio::sync::watch;

use crate::configuration::Tenant;

/// The webhooks of all tenants.
#[derive(Clone, Default)]
pub(crate) struct Webhooks(Arc<HashMap<TenantKey<'static>, OfTenant>>);

struct OfTenant {
    webhooks: Vec<Webhook>,
    /// Changes when something may wait for one of them.
    queued: watch::Sender<()>,
}

/// What the senders are made with.
pub(crate) struct Sending<'a> {
    pub(crate) store: &'a Store,
    pub(crate) clock: &'a Clock,
    pub(crate) pace: &'a WebhookPace,
    pub(crate) metrics: &'a Metrics,
    pub(crate) traces: Traces,
    pub(crate) shutdown: &'a Shutdown,
}

impl Webhooks {
    pub(crate) fn new(tenants: &[Tenant]) -> Self {
        let of_tenant = |tenant: &Tenant| {
            let webhooks = tenant.webhooks.clone();
            (tenant.key.clone(), OfTenant { webhooks, queued: watch::Sender::new(()) })
        };
        Self(Arc::new(tenants.iter().map(of_tenant).collect()))
    }

    /// Whether the tenant is configured.
    pub(crate) fn knows<'a>(&'a self, tenant: &TenantKey<'a>) -> bool {
        self.0.contains_key(tenant)
    }

    /// The names of the endpoints that want an event of one of these types of the tenant.
    pub(crate) fn wanting<'a>(
        &'a self,
        tenant: &TenantKey<'a>,
        kinds: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Vec<String> {
        let Some(OfTenant { webhooks, .. }) = self.0.get(tenant) else { return Vec::new() };
        let wants = |webhook: &&Webhook| kinds.clone().into_iter().any(|kind| webhook.wants(kind));
        webhooks.iter().filter(wants).map(|webhook| webhook.endpoint().to_owned()).collect()
    }

    /// Tells that something may wait for the tenant's endpoints.
    pub(crate) fn tell<'a>(&'a self, tenant: &TenantKey<'a>) {
        if let Some(OfTenant { queued, .. }) = self.0.get(tenant) {
            queued.send_replace(());
        }
    }

    /// A sender for each endpoint.
    pub(crate) fn senders(&self, sending: &Sending<'_>) -> Result<Vec<WebhookSender>, TlsError> {
        let mut senders = Vec::new();
        for OfTenant { webhooks, queued } in self.0.values() {
            for webhook in webhooks {
                let client = GuardedClient::new(webhook.reach(), sending.pace.per_try)?;
                senders.push(WebhookSender {
                    webhook: webhook.clone(),
                    store: sending.store.clone(),
                    client,
                    clock: sending.clock.clone(),
                    metrics: sending.metrics.applications().clone(),
                    traces: sending.traces,
                    pace: sending.pace.clone(),
                    queued: queued.subscribe(),
                    shutdown: sending.shutdown.clone(),
                });
            }
        }
        Ok(senders)
    }
}
