//! What ties a tenant's sessions to Genesys.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use baton_chat::SecretDigest;
use baton_core::tenant::{Tenant as EdgeTenant, TenantKey};
use baton_genesys::{CallError, Channels, Genesys, IntegrationRef};
use baton_handoff::Rules;
use serde::Serialize;
use tokio::sync::watch;

use crate::{cause::Chain, configuration::HandoffOptions};

/// A tenant's way to Genesys.
pub(crate) struct Link {
    pub(crate) tenant: TenantKey<'static>,
    /// Which integration is meant.
    pub(crate) wanted: IntegrationRef,
    /// Its id: known at once, or as soon as its name was looked up.
    pub(crate) integration_id: OnceLock<String>,
    /// The OAuth client that acts for the tenant; several tenants may share it.
    pub(crate) genesys: Genesys,
    /// That client's notification channels.
    pub(crate) channels: Channels,
    /// By what that client is known: its org and its id.
    pub(crate) client: String,
    /// What other programs show to borrow a token.
    pub(crate) token_credentials: Vec<SecretDigest>,
    /// What other programs show to begin a handoff in a session of the tenant.
    pub(crate) handoff_credentials: Vec<SecretDigest>,
    pub(crate) options: HandoffOptions,
    pub(crate) rules: Rules,
    /// The tenant as the translation takes it.
    pub(crate) edge: EdgeTenant,
    /// How the tenant stands with Genesys.
    pub(crate) standing: watch::Sender<Standing>,
}

/// How a tenant stands with Genesys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It was not found out yet.
    #[default]
    Checking,
    /// Genesys does what is asked for the tenant.
    Up,
    /// It does not; this says why, and what to do.
    Down {
        /// One sentence.
        problem: String,
    },
}

impl Link {
    /// What a call says of how the tenant stands: one that was carried out, or one that was
    /// refused for what an operator can mend. Anything else passes by itself.
    pub(crate) fn note<T>(&self, result: &Result<T, CallError>) {
        match result {
            Ok(_) => self.stands(Standing::Up),
            Err(error) if error.needs_operator() => {
                self.stands(Standing::Down { problem: Chain(error).to_string() });
            }
            Err(_) => {}
        }
    }

    /// Keeps how the tenant stands, and tells of it when it is news.
    pub(crate) fn stands(&self, standing: Standing) {
        let tenant = &self.tenant;
        self.standing.send_if_modified(|before| {
            let news = *before != standing;
            match &standing {
                Standing::Up if news => tracing::info!(%tenant, "the tenant reaches Genesys"),
                Standing::Down { problem } if news => {
                    tracing::error!(%tenant, problem, "the tenant is down");
                }
                _ => {}
            }
            *before = standing;
            news
        });
    }
}

/// The links of all tenants that have one.
#[derive(Clone, Default)]
pub(crate) struct Links(Arc<HashMap<TenantKey<'static>, Arc<Link>>>);

impl Links {
    pub(crate) fn new(links: impl IntoIterator<Item = Link>) -> Self {
        let keyed = |link: Link| (link.tenant.clone(), Arc::new(link));
        Self(Arc::new(links.into_iter().map(keyed).collect()))
    }

    /// The tenant's link; none where another program speaks with Genesys.
    pub(crate) fn of<'a>(&'a self, tenant: &TenantKey<'a>) -> Option<&'a Arc<Link>> {
        self.0.get(tenant)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.0.values()
    }
}
