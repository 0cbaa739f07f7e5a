//! Where tenants are looked up.

use alloc::{format, string::String};

use crate::{id::Id, tenant::TenantKey};

/// Where an edge looks tenants up: whom it asks, and with which credential.
///
/// What is learnt at one place does not hold at another: there a tenant of the same name has other
/// secrets, or is not there. So a store that several edges share keeps it under names that differ
/// by the place. They show nothing of the credential.
#[derive(Debug)]
pub struct Place(Id);

impl Place {
    /// The place of whom is asked, such as a cluster of Envoy's, with this `Authorization`.
    pub fn new(asked: &str, authorization: &str) -> Self {
        Self(Id::of_parts(&[asked.as_bytes(), authorization.as_bytes()]))
    }

    /// Under which name a host keeps what was learnt here of this tenant.
    pub fn name(&self, key: &TenantKey<'_>) -> String {
        format!("tenant/{}/{key}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_12_a_tenant_has_a_name_of_its_own_at_each_place() {
        let key = TenantKey::new("acme", "shop", "live");
        let name = |asked, authorization| Place::new(asked, authorization).name(&key);
        assert_eq!(name("sidecar", "Bearer one"), name("sidecar", "Bearer one"));
        assert_ne!(name("sidecar", "Bearer one"), name("another", "Bearer one"));
        assert_ne!(name("sidecar", "Bearer one"), name("sidecar", "Bearer two"));
        assert_ne!(name("sidecar", "Bearer one"), name("sidecarBearer", " one"));
    }

    #[test]
    fn invariant_10_the_name_of_a_tenant_does_not_show_the_credential() {
        let place = Place::new("sidecar", "Bearer 0123456789abcdef");
        let name = place.name(&TenantKey::new("acme", "shop", "live"));
        assert!(!name.contains("0123456789abcdef"), "{name}");
        assert!(name.starts_with("tenant/") && name.ends_with("/acme/shop/live"), "{name}");
    }
}
