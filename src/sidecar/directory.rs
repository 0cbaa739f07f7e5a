//! Whose is what: the integration of each tenant, and the session of each end user.

use std::collections::HashMap;

use baton_core::tenant::TenantKey;
use baton_genesys::IntegrationRef;
use baton_store::{Settlement, Store};

use crate::{configuration::Tenant, link::Links};

/// Where a delivery goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// To the session of this id.
    Session(String),
    /// To nobody; this says why.
    Nobody(Settlement),
}

/// Why the integration of a tenant is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoIntegration {
    /// The tenant is not configured.
    NotConfigured,
    /// It is configured by its name, which was not looked up yet.
    NotFoundYet,
}

/// What is configured, and the store that knows the sessions.
pub(crate) struct Directory {
    pub(crate) store: Store,
    integrations: HashMap<TenantKey<'static>, IntegrationRef>,
    links: Links,
}

impl Directory {
    pub(crate) fn new(store: Store, tenants: &[Tenant], links: Links) -> Self {
        let integrations =
            tenants.iter().map(|tenant| (tenant.key.clone(), tenant.integration.clone())).collect();
        Self { store, integrations, links }
    }

    /// The integration of a tenant.
    pub(crate) fn integration<'a>(
        &'a self,
        tenant: &TenantKey<'a>,
    ) -> Result<&'a str, NoIntegration> {
        match self.integrations.get(tenant).ok_or(NoIntegration::NotConfigured)? {
            IntegrationRef::Id(id) => Ok(id),
            IntegrationRef::Name(_) => self
                .links
                .of(tenant)
                .and_then(|link| link.integration_id.get())
                .map(String::as_str)
                .ok_or(NoIntegration::NotFoundYet),
        }
    }

    /// For whom a delivery of this tenant is that came by this integration, with the session of
    /// its end user; absent where the tenant's own integration is not known yet.
    pub(crate) fn recipient(
        &self,
        tenant: &TenantKey<'_>,
        integration_id: Option<&str>,
        session_id: Option<String>,
    ) -> Option<Recipient> {
        let configured = match self.integration(tenant) {
            Ok(configured) => configured,
            Err(NoIntegration::NotFoundYet) => return None,
            Err(NoIntegration::NotConfigured) => {
                return Some(Recipient::Nobody(Settlement::NotConfigured));
            }
        };
        if integration_id.is_some_and(|integration_id| integration_id != configured) {
            return Some(Recipient::Nobody(Settlement::NotConfigured));
        }
        let nobody = Recipient::Nobody(Settlement::UnknownSession);
        Some(session_id.map_or(nobody, Recipient::Session))
    }
}
