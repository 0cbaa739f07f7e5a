//! Whose is what: the integration of each tenant, and the session of each end user.

use std::collections::HashMap;

use baton_core::tenant::TenantKey;
use baton_store::{Settlement, Store, StoreError};

use crate::configuration::Tenant;

/// Where a delivery goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// To the session of this id.
    Session(String),
    /// To nobody; this says why.
    Nobody(Settlement),
}

/// What is configured, and the store that knows the sessions.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) store: Store,
    integrations: HashMap<TenantKey<'static>, String>,
}

impl Directory {
    pub(crate) fn new(store: Store, tenants: &[Tenant]) -> Self {
        let integrations = tenants
            .iter()
            .map(|tenant| (tenant.key.clone(), tenant.integration_id.clone()))
            .collect();
        Self { store, integrations }
    }

    /// The integration of a tenant that is configured.
    pub(crate) fn integration<'a>(&'a self, tenant: &TenantKey<'a>) -> Option<&'a str> {
        self.integrations.get(tenant).map(String::as_str)
    }

    /// For whom a delivery of this tenant is, by what its webhook named.
    pub(crate) async fn recipient(
        &self,
        tenant: &TenantKey<'_>,
        integration_id: Option<&str>,
        end_user_id: Option<&str>,
    ) -> Result<Recipient, StoreError> {
        let Some(configured) = self.integration(tenant) else {
            return Ok(Recipient::Nobody(Settlement::NotConfigured));
        };
        let (Some(integration_id), Some(end_user_id)) = (integration_id, end_user_id) else {
            return Ok(Recipient::Nobody(Settlement::UnknownSession));
        };
        if integration_id != configured {
            return Ok(Recipient::Nobody(Settlement::NotConfigured));
        }
        let session = self.store.session_of_end_user(tenant, integration_id, end_user_id).await?;
        Ok(session.map_or(Recipient::Nobody(Settlement::UnknownSession), Recipient::Session))
    }
}
