//! The tenants, and what the sidecar and the edge are told of them.

use baton_core::tenant::TenantKey;
use serde_json::{Value, json};

use crate::{plugin, webhook};

/// Where the chat clients come from.
pub(crate) const HOST: &str = "www.example.com";

/// A tenant, known by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenant(pub(crate) usize);

impl Tenant {
    /// So many tenants.
    pub(crate) fn all(count: usize) -> Vec<Self> {
        (0..count).map(Self).collect()
    }

    /// Its key.
    pub(crate) fn key(self) -> TenantKey<'static> {
        TenantKey::new(format!("account-{}", self.0), "support", "live")
    }

    /// The id of its integration.
    pub(crate) fn integration_id(self) -> String {
        format!("5b0c1d2e-7f31-4a6b-9c44-{:012x}", self.0)
    }

    /// What its chat clients show.
    pub(crate) fn connector_token(self) -> String {
        format!("connector-token-of-account-{}", self.0)
    }

    /// The environment variable with that token.
    pub(crate) fn connector_variable(self) -> String {
        format!("CONNECTOR_TOKEN_{}", self.0)
    }

    /// The path of its webhook.
    pub(crate) fn webhook_path(self) -> String {
        let TenantKey { account_id, project_id, client_env } = self.key();
        format!("{}/{account_id}/{project_id}/{client_env}/events", webhook::PREFIX)
    }

    /// Its section in the sidecar's configuration. Genesys is not in it, so that each agent's
    /// message is shown, whether or not there is a handoff.
    pub(crate) fn section(self) -> String {
        let TenantKey { account_id, project_id, client_env } = self.key();
        let (integration, variable) = (self.integration_id(), self.connector_variable());
        format!(
            r#"
[[tenants]]
account_id = "{account_id}"
project_id = "{project_id}"
client_env = "{client_env}"
integration_id = "{integration}"
connector_tokens = [{{ env = "{variable}" }}]
hosts = ["{HOST}"]
"#
        )
    }

    /// Its member of the edge's configuration.
    fn member(self) -> Value {
        let TenantKey { account_id, project_id, client_env } = self.key();
        json!({
            "account_id": account_id,
            "project_id": project_id,
            "client_env": client_env,
            "signature_secrets": [{"env": "GENESYS_WEBHOOK_SECRET"}],
        })
    }
}

/// The edge's configuration for these tenants.
pub(crate) fn edge_document(tenants: &[Tenant]) -> Value {
    let mut document = plugin::document("pause");
    if let Some(members) = document.get_mut("tenants") {
        *members = tenants.iter().map(|tenant| tenant.member()).collect();
    }
    document
}
