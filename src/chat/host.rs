//! The hosts on which a connector may be used (`X-Host`).

/// A host name or an app's id, in the one form in which they are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// Reads an origin (`https://www.example.com/`), a host with or without a port, or an
    /// app's id (`com.example.app`); `None` if nothing is left of it.
    ///
    /// Clients send all of these forms, and a slash at the end too (Messaging API, 2).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.split_once("://").map_or(text, |(_scheme, rest)| rest);
        let text = text.split(['/', '?', '#']).next()?;
        let host = match text.strip_prefix('[') {
            Some(address) => address.split(']').next()?,
            None => text.split(':').next()?,
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(Self(host))
    }

    /// Whether it is the registered host or a subdomain of it (Messaging API, 2).
    pub fn is_within(&self, registered: &Self) -> bool {
        self.0
            .strip_suffix(&registered.0)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn every_form_that_clients_send_is_the_same_host() {
        for form in [
            "https://www.example.com",
            "https://www.example.com/",
            "https://WWW.Example.COM:8443/chat?x=1",
            "www.example.com",
            " www.example.com. ",
        ] {
            assert_eq!(host(form), host("www.example.com"), "{form}");
        }
        assert_eq!(host("com.example.app"), Host("com.example.app".to_owned()));
        assert_eq!(host("http://[::1]:3000"), Host("::1".to_owned()));
    }

    #[test]
    fn a_subdomain_matches_and_a_name_that_only_ends_alike_does_not() {
        let registered = host("example.com");
        assert!(host("https://example.com").is_within(&registered));
        assert!(host("https://a.b.example.com").is_within(&registered));
        assert!(!host("https://evilexample.com").is_within(&registered));
        assert!(!host("https://example.com.evil.org").is_within(&registered));
        assert!(!host("https://com").is_within(&registered));
    }

    #[test]
    fn text_without_a_host_is_none() {
        for text in ["", " ", "https://", "/", ":80", "."] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
