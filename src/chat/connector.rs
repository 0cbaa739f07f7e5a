//! Connectors: by which token, and from which hosts, a chat client may ask for an access token.

use baton_core::tenant::TenantKey;

use crate::{digest::SecretDigest, host::Host, refusal::Refusal};

/// A tenant's door for chat clients.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Whose chats come in by it.
    pub tenant: TenantKey<'static>,
    /// The connector tokens that open it (`X-Token`); no other connector has any of them.
    pub tokens: Vec<SecretDigest>,
    /// The hosts that may use it (`X-Host`), their subdomains included.
    pub hosts: Vec<Host>,
}

impl Connector {
    /// Whether it may be used from this host.
    pub(crate) fn takes(&self, host: &Host) -> bool {
        self.hosts.iter().any(|registered| host.is_within(registered))
    }
}

/// The tenant whose connector the token opens, if the host may use it, and the origin too where
/// there is one: a browser tells it, and a page cannot choose it as it can choose the host.
pub(crate) fn admit<'a>(
    connectors: &'a [Connector],
    token: &[u8],
    host: &str,
    origin: Option<&str>,
) -> Result<&'a TenantKey<'static>, Refusal> {
    let presented = SecretDigest::of(token);
    // Each connector is tried, so that the time tells nothing about which one it was.
    let opened = connectors.iter().fold(None, |opened, connector| {
        if presented.is_one_of(&connector.tokens) { Some(connector) } else { opened }
    });
    let connector = opened.ok_or(Refusal::UnknownConnector)?;
    if connector.hosts.is_empty() {
        return Err(Refusal::ConnectorWithoutHost);
    }
    let claims = [Some(host), origin];
    let taken = claims.into_iter().flatten().all(|claim| {
        let host = Host::parse(claim);
        host.is_some_and(|host| connector.takes(&host))
    });
    if taken { Ok(&connector.tenant) } else { Err(Refusal::WrongHost) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(account: &'static str, tokens: &[&str], hosts: &[&str]) -> Connector {
        Connector {
            tenant: TenantKey::new(account, "project", "live"),
            tokens: tokens.iter().map(|token| SecretDigest::of(token.as_bytes())).collect(),
            hosts: hosts.iter().filter_map(|host| Host::parse(host)).collect(),
        }
    }

    #[test]
    fn invariant_12_a_token_opens_its_own_tenants_connector_only() {
        let connectors =
            [connector("a", &["a1", "a2"], &["a.org"]), connector("b", &["b1"], &["b.org"])];
        let admitted = |token: &str, host| {
            admit(&connectors, token.as_bytes(), host, None).map(|tenant| tenant.account_id.clone())
        };
        assert_eq!(admitted("a1", "https://a.org").unwrap(), "a");
        assert_eq!(admitted("a2", "https://a.org").unwrap(), "a");
        assert_eq!(admitted("b1", "https://www.b.org/").unwrap(), "b");
        assert!(matches!(admitted("b1", "https://a.org"), Err(Refusal::WrongHost)));
        assert!(matches!(admitted("b2", "https://b.org"), Err(Refusal::UnknownConnector)));
    }

    #[test]
    fn a_connector_without_hosts_admits_nobody() {
        let connectors = [connector("a", &["a1"], &[])];
        let refusal = admit(&connectors, b"a1", "https://a.org", None);
        assert!(matches!(refusal, Err(Refusal::ConnectorWithoutHost)));
    }

    #[test]
    fn a_page_gets_in_only_from_where_the_browser_says_that_it_comes() {
        let connectors = [connector("a", &["a1"], &["a.org"]), connector("b", &["b1"], &["b.org"])];
        let admitted = |origin| admit(&connectors, b"a1", "a.org", Some(origin)).is_ok();
        assert!(admitted("https://a.org") && admitted("https://chat.a.org:8443"));
        for origin in ["https://b.org", "https://evil.org", "null", ""] {
            assert!(!admitted(origin), "{origin}");
        }
    }
}
