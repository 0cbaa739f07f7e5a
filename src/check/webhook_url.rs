//! Where a tenant's webhooks go.

use baton_core::{configuration::DEFAULT_PATH_PREFIXES, tenant::TenantKey};
use url::Url;

/// The URLs by which an edge with the usual prefixes takes the tenant's webhooks, when it is reached
/// at this public URL. The first is the one to set.
pub(crate) fn all(public_url: &Url, tenant: &TenantKey<'_>) -> Vec<Url> {
    let base = public_url.path().trim_end_matches('/');
    let at = |prefix: &str| {
        let mut url = public_url.clone();
        url.set_path(&format!("{base}{prefix}/{tenant}/events"));
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    DEFAULT_PATH_PREFIXES.into_iter().map(at).collect()
}

/// Whether an edge takes webhooks of the tenant there, whatever its prefix is.
pub(crate) fn is_for(url: &Url, tenant: &TenantKey<'_>) -> bool {
    url.path().ends_with(&format!("/{tenant}/events"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_goes_to_the_tenants_path_below_the_public_url() {
        let tenant = TenantKey::new("acme", "support", "live");
        for public_url in ["https://chat.example.com", "https://chat.example.com/?x#y"] {
            let urls = all(&Url::parse(public_url).unwrap(), &tenant);
            assert_eq!(
                urls[0].as_str(),
                "https://chat.example.com/webhooks/genesys/acme/support/live/events"
            );
            assert!(urls.iter().all(|url| is_for(url, &tenant)));
        }
        let below = all(&Url::parse("https://example.com/chat/").unwrap(), &tenant);
        assert_eq!(
            below[0].as_str(),
            "https://example.com/chat/webhooks/genesys/acme/support/live/events"
        );
        let other = Url::parse("https://example.com/webhooks/genesys/acme/support/test/events");
        assert!(!is_for(&other.unwrap(), &tenant));
    }
}
