//! Under which names a host keeps what was learnt of tenants.
//!
//! A tenant that is there, or once was, has a name of its own: the sidecar says how many these are.
//! Callers name as many others as they like. That there is none of a name is kept under one of 256,
//! of which several share each, so that no host's store grows with what callers make up; of those
//! that share one, the last is kept.

use alloc::{format, string::String};

use sha2::{Digest, Sha256};

use super::Host;
use crate::{look_up::Entry, tenant::TenantKey};

/// What is kept of this tenant.
pub(super) async fn entry(key: &TenantKey<'_>, host: &mut impl Host) -> Option<Entry> {
    let own = host.kept(&Entry::name(key)).await;
    if let Some(entry) = own.as_deref().and_then(Entry::from_bytes) {
        return Some(entry);
    }
    let shared = host.kept(&shared_name(key)).await?;
    Entry::from_bytes(shared.strip_prefix(whose(key).as_bytes())?)
}

/// Keeps this of the tenant.
pub(super) async fn keep(key: &TenantKey<'_>, entry: &Entry, host: &mut impl Host) {
    let own = Entry::name(key);
    if entry.is_known() || host.kept(&own).await.is_some() {
        host.keep(&own, &entry.to_bytes()).await;
    } else {
        let bytes = [whose(key).as_bytes(), &entry.to_bytes()].concat();
        host.keep(&shared_name(key), &bytes).await;
    }
}

/// The name that a tenant which is not there shares with others.
fn shared_name(key: &TenantKey<'_>) -> String {
    let [first, ..] = <[u8; 32]>::from(Sha256::digest(format!("{key}")));
    format!("no-tenant/{first:02x}")
}

/// What stands before an entry under a shared name: no segment of a path holds a line break.
fn whose(key: &TenantKey<'_>) -> String {
    format!("{key}\n")
}
