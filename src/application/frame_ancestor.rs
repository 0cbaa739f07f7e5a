//! Where the page with a session's context may be shown in a frame.

use std::fmt;

use url::{Host, Url};

/// An origin whose pages may hold the context page in a frame: a source of `frame-ancestors`
/// (Content Security Policy Level 3, 6.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameAncestor(String);

/// Why a text is no such origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameAncestorProblem {
    /// It is no origin, or more than one.
    #[error(
        "is no origin; write a scheme, a host and, if need be, a port, such as \
         https://apps.mypurecloud.de or https://*.example.com"
    )]
    NotAnOrigin,
    /// A page that came in the clear would show what was said to whoever changes it on its way.
    #[error("is an origin of plain http, which only this machine may be; write one of https")]
    Plain,
}

impl FrameAncestor {
    /// Reads an origin. `*.` before a host stands for all hosts below it.
    pub fn parse(text: &str) -> Result<Self, FrameAncestorProblem> {
        let url = Url::parse(text).map_err(|_| FrameAncestorProblem::NotAnOrigin)?;
        let host = match url.host() {
            Some(Host::Domain(name)) if is_name(name.strip_prefix("*.").unwrap_or(name)) => name,
            Some(Host::Ipv4(_)) => url.host_str().unwrap_or_default(),
            _ => return Err(FrameAncestorProblem::NotAnOrigin),
        };
        let is_bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            "https" if is_bare => {}
            "http" if is_bare && is_loopback(&url) => {}
            "http" if is_bare => return Err(FrameAncestorProblem::Plain),
            _ => return Err(FrameAncestorProblem::NotAnOrigin),
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self(format!("{}://{host}{port}", url.scheme())))
    }
}

/// As it stands in a policy.
impl fmt::Display for FrameAncestor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(is_label)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_as_a_policy_has_it() {
        for (text, expected) in [
            ("https://apps.mypurecloud.de", "https://apps.mypurecloud.de"),
            ("HTTPS://Apps.MyPureCloud.de/", "https://apps.mypurecloud.de"),
            ("https://desk.example.com:443", "https://desk.example.com"),
            ("https://desk.example.com:8443", "https://desk.example.com:8443"),
            ("https://*.lightning.force.com", "https://*.lightning.force.com"),
            ("http://localhost:8084", "http://localhost:8084"),
            ("http://127.0.0.1:8084", "http://127.0.0.1:8084"),
        ] {
            assert_eq!(
                FrameAncestor::parse(text).map(|one| one.to_string()).as_deref(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn what_is_no_origin_or_could_be_more_than_one_is_refused() {
        for text in [
            "",
            "*",
            "https:",
            "https://*",
            "https://*.*.example.com",
            "https://a*.example.com",
            "apps.mypurecloud.de",
            "'self'",
            "data:",
            "ftp://a.example",
            "https://a.example/desk",
            "https://a.example?x",
            "https://a.example#x",
            "https://user@a.example",
            "https://a.example https://b.example",
            "https://a.example;script-src *",
            "https://a.example,b",
            "https://[::1]",
            "https://a..example",
        ] {
            assert_eq!(
                FrameAncestor::parse(text),
                Err(FrameAncestorProblem::NotAnOrigin),
                "{text}"
            );
        }
        for text in ["http://a.example", "http://localhost.example", "http://10.0.0.1"] {
            assert_eq!(FrameAncestor::parse(text), Err(FrameAncestorProblem::Plain), "{text}");
        }
    }
}
