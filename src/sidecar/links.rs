//! Ties the tenants to Genesys: one client, with its token, its rate and its channels, for each
//! OAuth client, however many tenants share it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::OnceLock,
};

use baton_core::tenant::Tenant as EdgeTenant;
use baton_genesys::{Channels, Genesys, IntegrationRef, TlsError};
use baton_metrics::Metrics;
use baton_process::{Random, Recurrence, Shutdown};
use baton_store::Store;

use crate::{
    channel_memory::StoredChannels,
    configuration::{GenesysAccess, Tenant},
    estimated_waits::EstimatedWaits,
    link::{Link, Links},
    pacing::Pacing,
    standing::TenantStanding,
};

/// What the links are made with.
pub(crate) struct Making<'a> {
    pub(crate) store: &'a Store,
    pub(crate) random: &'a Random,
    pub(crate) shutdown: &'a Shutdown,
    pub(crate) pacing: &'a Pacing,
    pub(crate) metrics: &'a Metrics,
    /// The most channels of one OAuth client.
    pub(crate) most_channels: usize,
}

impl Making<'_> {
    /// The links of all tenants that speak with Genesys.
    pub(crate) fn links(&self, tenants: &[Tenant]) -> Result<Links, TlsError> {
        let mut clients: HashMap<String, (Genesys, Channels)> = HashMap::new();
        let mut links = Vec::new();
        for tenant in tenants {
            let Some(access) = &tenant.genesys else { continue };
            let (genesys, channels) = match clients.entry(client(access)) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(new) => {
                    let made = self.client(access, new.key())?;
                    new.insert(made).clone()
                }
            };
            links.push(self.link(tenant, access, genesys, channels));
        }
        Ok(Links::new(links))
    }

    fn client(
        &self,
        access: &GenesysAccess,
        client: &str,
    ) -> Result<(Genesys, Channels), TlsError> {
        let pace = self.pacing.pace.clone();
        let genesys = Genesys::measured(
            access.hosts.clone(),
            access.credentials.clone(),
            pace,
            self.random.clone(),
            self.metrics.client(client),
        )?;
        let memory = StoredChannels { store: self.store.clone(), client: client.to_owned() };
        let shutdown = self.shutdown.clone();
        let channels = Channels::start(genesys.clone(), memory, self.most_channels, shutdown);
        Ok((genesys, channels))
    }

    fn link(
        &self,
        tenant: &Tenant,
        access: &GenesysAccess,
        genesys: Genesys,
        channels: Channels,
    ) -> Link {
        let integration_id = match &tenant.integration {
            IntegrationRef::Id(id) => OnceLock::from(id.clone()),
            IntegrationRef::Name(_) => OnceLock::new(),
        };
        let mut rules = self.pacing.rules.clone();
        rules.name_agents = access.handoff.wants_agent_details();
        rules.longest_wait = access.handoff.longest_wait;
        rules.estimates = access.handoff.estimates.map(|pause| self.pacing.of(pause));
        Link {
            tenant: tenant.key.clone(),
            wanted: tenant.integration.clone(),
            integration_id,
            genesys,
            channels,
            client: client(access),
            token_credentials: access.token_credentials.clone(),
            handoff_credentials: access.handoff_credentials.clone(),
            options: access.handoff.clone(),
            queues: access.queues.clone(),
            rules,
            edge: EdgeTenant::new(tenant.key.clone(), [""]),
            standing: TenantStanding::new(tenant.key.clone()),
            messages_wait: Recurrence::default(),
            unread: Recurrence::default(),
            estimated_waits: EstimatedWaits::default(),
        }
    }
}

/// By what an OAuth client is known: its org and its id.
fn client(access: &GenesysAccess) -> String {
    format!("{} {}", access.hosts.api(), access.credentials.client_id)
}
