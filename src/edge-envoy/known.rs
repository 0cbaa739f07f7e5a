//! What is known of tenants that were looked up.

use std::{collections::BTreeMap, sync::Arc};

use baton_core::{
    look_up::{Entry, Place, Policy},
    tenant::{Tenant, TenantKey},
};

use crate::host;

/// How many tenants a worker remembers by itself, and how many names that are nobody's.
const MOST_REMEMBERED: usize = 1_000;

/// What is known of tenants that were looked up.
///
/// All workers share what was learnt of a tenant that is there, or once was: the sidecar says how
/// many these are. Callers name as many others as they like, and what is shared can never be
/// forgotten; so that there is no such tenant each worker remembers by itself, of some.
pub(crate) struct Known {
    /// Of whose tenants it is: other filters share what they learnt in the same store.
    place: Place,
    /// What this worker made of a tenant's entry, for as long as that says the same.
    tenants: Memory<(Entry, Arc<Tenant>)>,
    /// Names that are nobody's. Whoever makes them up makes a worker forget no tenant.
    nobodys: Memory<Entry>,
}

impl Known {
    /// What is learnt at this place.
    pub(crate) fn at(place: Place) -> Self {
        Self { place, tenants: Memory::default(), nobodys: Memory::default() }
    }

    /// What was learnt of this tenant.
    pub(crate) fn entry(&self, key: &TenantKey<'static>) -> Option<Entry> {
        let shared = host::shared(&self.place.name(key));
        let shared = shared.as_deref().and_then(Entry::from_bytes);
        shared.or_else(|| self.nobodys.0.get(key).cloned())
    }

    /// Keeps what was learnt of this tenant.
    pub(crate) fn keep(&mut self, key: &TenantKey<'static>, entry: &Entry) {
        let name = self.place.name(key);
        if entry.is_known() || host::shared(&name).is_some() {
            host::share(&name, &entry.to_bytes());
        } else {
            self.nobodys.remember(key, entry.clone());
        }
    }

    /// The tenant of this entry; `None`, if there is none of this name.
    pub(crate) fn tenant(
        &mut self,
        key: &TenantKey<'static>,
        entry: &Entry,
    ) -> Option<Arc<Tenant>> {
        match self.tenants.0.get(key) {
            Some((remembered, tenant)) if remembered.says_the_same(entry) => {
                Some(Arc::clone(tenant))
            }
            _ => {
                let tenant = entry.tenant(key)?;
                self.tenants.remember(key, (entry.clone(), Arc::clone(&tenant)));
                Some(tenant)
            }
        }
    }

    /// Whether this worker asks for the tenant of this entry once more because a proof did not
    /// match; it counts as asked for then. Each worker has a pause of its own: none can wait for
    /// what another has asked, and a proof that the answer makes right must not be refused
    /// meanwhile.
    pub(crate) fn asks_after_mismatch(
        &mut self,
        key: &TenantKey<'static>,
        entry: &Entry,
        policy: &Policy,
        now: u64,
    ) -> bool {
        // It may have been forgotten since.
        self.tenant(key, entry);
        let Some((entry, _)) = self.tenants.0.get_mut(key) else { return false };
        let asks = policy.asks_after_mismatch(entry, now);
        if asks {
            *entry = entry.clone().asked(now);
        }
        asks
    }
}

/// What a worker remembers by itself.
struct Memory<T>(BTreeMap<TenantKey<'static>, T>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Memory<T> {
    /// Remembers it. If there are too many, all others are forgotten: they are soon learnt again.
    fn remember(&mut self, key: &TenantKey<'static>, learnt: T) {
        if self.0.len() >= MOST_REMEMBERED && !self.0.contains_key(key) {
            self.0.clear();
        }
        self.0.insert(key.clone(), learnt);
    }
}
