//! What ties a tenant's sessions to Genesys.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use baton_chat::SecretDigest;
use baton_core::tenant::{Tenant as EdgeTenant, TenantKey};
use baton_genesys::{Channels, Genesys, IntegrationRef};
use baton_handoff::{QueueRef, Rules, TwoQueues};
use baton_process::Recurrence;

use crate::{
    configuration::HandoffOptions, estimated_waits::EstimatedWaits, standing::TenantStanding,
};

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
    /// The queues of an org whose flow puts every conversation into one of the bot.
    pub(crate) queues: Option<TwoQueues>,
    pub(crate) rules: Rules,
    /// The tenant as the translation takes it.
    pub(crate) edge: EdgeTenant,
    /// How the tenant stands with Genesys.
    pub(crate) standing: TenantStanding,
    /// That messages of its users have to wait.
    pub(crate) messages_wait: Recurrence,
    /// That its conversations cannot be read.
    pub(crate) unread: Recurrence,
    /// How long users may have to wait in its queues.
    pub(crate) estimated_waits: EstimatedWaits,
}

impl Link {
    /// The two queues of a handoff, in an org that has them. The agents' is the one that is
    /// wished for, unless that is the bot's.
    pub(crate) fn two_queues(&self, wished: Option<QueueRef>) -> Option<TwoQueues> {
        let TwoQueues { bot, agent } = self.queues.clone()?;
        let wished = wished.filter(|queue| *queue != bot);
        Some(TwoQueues { bot, agent: wished.unwrap_or(agent) })
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
