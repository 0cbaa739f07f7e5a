//! What is known of tenants that were looked up.

use std::{collections::BTreeMap, sync::Arc};

use baton_core::{
    look_up::{Entry, Policy},
    tenant::{Tenant, TenantKey},
};

use crate::host;

/// How many tenants a worker remembers by itself.
const MOST_REMEMBERED: usize = 1_000;

/// What is known of tenants that were looked up.
///
/// All workers share what was learnt of a tenant that is there, or once was: the sidecar says how
/// many these are. Callers name as many others as they like, and what is shared can never be
/// forgotten; so that there is no such tenant each worker remembers by itself, of some.
#[derive(Default)]
pub(crate) struct Known {
    /// What this worker remembers: of a tenant what it made of the entry, for as long as that says
    /// the same; of others, the entry itself.
    remembered: BTreeMap<TenantKey<'static>, (Entry, Option<Arc<Tenant>>)>,
}

impl Known {
    /// What was learnt of this tenant.
    pub(crate) fn entry(&self, key: &TenantKey<'static>) -> Option<Entry> {
        let shared = host::shared(&Entry::name(key));
        let shared = shared.as_deref().and_then(Entry::from_bytes);
        shared.or_else(|| {
            let (entry, _) = self.remembered.get(key)?;
            (!entry.is_known()).then(|| entry.clone())
        })
    }

    /// Keeps what was learnt of this tenant.
    pub(crate) fn keep(&mut self, key: &TenantKey<'static>, entry: &Entry) {
        let name = Entry::name(key);
        if entry.is_known() || host::shared(&name).is_some() {
            host::share(&name, &entry.to_bytes());
        } else {
            self.remember(key, entry, None);
        }
    }

    /// The tenant of this entry; `None`, if there is none of this name.
    pub(crate) fn tenant(
        &mut self,
        key: &TenantKey<'static>,
        entry: &Entry,
    ) -> Option<Arc<Tenant>> {
        match self.remembered.get(key) {
            Some((remembered, tenant)) if remembered.says_the_same(entry) => tenant.clone(),
            _ => {
                let tenant = entry.tenant(key)?;
                self.remember(key, entry, Some(Arc::clone(&tenant)));
                Some(tenant)
            }
        }
    }

    /// Whether this worker asks for the tenant once more because a proof did not match; it counts as
    /// asked for then. Each worker has a pause of its own: none can wait for what another has asked,
    /// and a proof that the answer makes right must not be refused meanwhile.
    pub(crate) fn asks_after_mismatch(
        &mut self,
        key: &TenantKey<'static>,
        policy: &Policy,
        now: u64,
    ) -> bool {
        let Some((entry, _)) = self.remembered.get_mut(key) else { return false };
        let asks = policy.asks_after_mismatch(entry, now);
        if asks {
            *entry = entry.clone().asked(now);
        }
        asks
    }

    /// Remembers it. If there are too many, all others are forgotten: they are soon learnt again.
    fn remember(&mut self, key: &TenantKey<'static>, entry: &Entry, tenant: Option<Arc<Tenant>>) {
        if self.remembered.len() >= MOST_REMEMBERED && !self.remembered.contains_key(key) {
            self.remembered.clear();
        }
        self.remembered.insert(key.clone(), (entry.clone(), tenant));
    }
}
