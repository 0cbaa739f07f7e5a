//! By what the tenants' webhooks are known: the one place for the edge in this process and for those
//! that look tenants up here. It changes while the process runs.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use baton_core::{
    api_key::ApiKey,
    configuration::{
        Configuration, DEFAULT_MAX_BODY_BYTES, DEFAULT_PATH_PREFIXES, Envoy, UnlistedTenants,
        Upstream,
    },
    gate::Gate,
    tenant::{Tenant, TenantKey},
    translation::BotMessages,
};
use baton_genesys::Secret;

use crate::configuration::{self, TenantEdge};

/// By what the tenants' webhooks are known. Each request takes what is known at its begin.
pub(crate) struct TenantEdges(RwLock<Arc<Known>>);

/// What is known at a time.
pub(crate) struct Known {
    /// Of each tenant that has a section for it.
    pub(crate) tenants: HashMap<TenantKey<'static>, TenantEdge>,
    /// The gate of the edge in this process.
    pub(crate) gate: Gate,
}

impl TenantEdges {
    /// What the configuration says of these tenants.
    pub(crate) fn new(tenants: &[configuration::Tenant]) -> Self {
        let edge =
            |tenant: &configuration::Tenant| Some((tenant.key.clone(), tenant.edge.clone()?));
        Self(RwLock::new(Arc::new(Known::new(tenants.iter().filter_map(edge).collect()))))
    }

    /// What is known now.
    pub(crate) fn now(&self) -> Arc<Known> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes these for the secrets that Genesys signs the tenant's webhooks with, from the next
    /// request on. A tenant of which nothing is known stays so.
    pub(crate) fn change_secrets(&self, key: &TenantKey<'_>, signature_secrets: Vec<Secret>) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut tenants = now.tenants.clone();
        if let Some(edge) = tenants.get_mut(&key.clone().into_owned()) {
            edge.signature_secrets = signature_secrets;
        }
        *now = Arc::new(Known::new(tenants));
    }
}

impl Known {
    fn new(tenants: HashMap<TenantKey<'static>, TenantEdge>) -> Self {
        let listed = tenants.iter().map(|(key, edge)| (key.clone(), Arc::new(tenant(key, edge))));
        let configuration = Configuration {
            path_prefixes: DEFAULT_PATH_PREFIXES.map(Into::into).into(),
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            // Unless the tenant says otherwise, what becomes of them is its handoff's to decide.
            bot_messages: BotMessages::Forward,
            // Nothing goes there: the intake is called.
            upstream: Upstream { path: "/internal".into(), authorization: String::new() },
            tenants: listed.collect(),
            unlisted_tenants: UnlistedTenants::Refuse,
            look_up: Default::default(),
            envoy: Envoy::default(),
            warnings: Vec::new(),
        };
        Self { gate: Gate::new(configuration), tenants }
    }
}

fn tenant(key: &TenantKey<'static>, edge: &TenantEdge) -> Tenant {
    let secrets = edge.signature_secrets.iter().map(|secret| secret.expose());
    let mut tenant = Tenant::new(key.clone(), secrets);
    for (active, digest) in tenant.api_keys.0.iter_mut().zip(&edge.api_keys) {
        *active = ApiKey::of_digest(&digest.to_hex());
    }
    tenant.policy.bot_messages = edge.bot_messages;
    tenant
}
