//! A URL that a tenant gave, checked.

use std::{fmt, net::IpAddr, str::FromStr};

use http::Uri;
use url::{Host, Url};

use crate::reserved::Reserved;

/// How far a URL of a tenant may lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// To the public Internet, over https.
    #[default]
    Public,
    /// Into one's own network too, and over plain http.
    PrivateToo,
}

impl Reach {
    /// Whether a connection to the address may be made.
    pub(crate) fn check(self, address: IpAddr) -> Result<(), Reserved> {
        match (self, Reserved::of(address)) {
            (Self::Public, Some(reserved)) => Err(reserved),
            _ => Ok(()),
        }
    }
}

/// Where something may be sent. Its path and its query may hold what is secret: only its host is
/// ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundUrl {
    uri: Uri,
    host: String,
    /// The host, where it is an address and not a name.
    address: Option<IpAddr>,
}

/// Why a text is no URL to send something to. No message repeats the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// It is no URL of the web.
    #[error("the URL cannot be read; give one such as https://bot.example.org/turns")]
    NotAUrl,
    /// A password in it would be in every place that shows URLs.
    #[error("the URL has a user or a password in it; give the credential on its own")]
    UserInfo,
    /// It has another scheme than http and https.
    #[error("the URL is neither of https nor of http; give one such as https://bot.example.org")]
    Scheme,
    /// What is sent would cross the Internet in the clear.
    #[error(
        "the URL at {host} is of plain http, by which everybody on the way can read along; give \
         one of https, or set allow_private if it is a host of your own network"
    )]
    Plain {
        /// The host.
        host: String,
    },
    /// It leads into the network in which Baton runs.
    #[error(
        "the URL leads to {0} and not to the Internet; set allow_private if it is a host of your \
         own network"
    )]
    Reserved(Reserved),
    /// It leads to the host on which Baton runs.
    #[error(
        "the URL leads to {host}, which is the host of Baton itself; set allow_private if that is \
         meant"
    )]
    Local {
        /// The name.
        host: String,
    },
}

impl OutboundUrl {
    /// Reads and checks the text. What a name resolves to is not looked at here: that may change,
    /// and is checked when a connection is made.
    ///
    /// # Errors
    ///
    /// [`UrlProblem`] if it is no URL of http or https, has a user or a password in it, or leads
    /// further than `reach` allows.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, UrlProblem> {
        let url = Url::parse(text.trim()).map_err(|_| UrlProblem::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(UrlProblem::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlProblem::UserInfo);
        }
        let (host, address) = match url.host().ok_or(UrlProblem::NotAUrl)? {
            Host::Domain(name) => (name.to_owned(), None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        if let Some(address) = address {
            reach.check(address).map_err(UrlProblem::Reserved)?;
        }
        if reach == Reach::Public && is_local(&host) {
            return Err(UrlProblem::Local { host });
        }
        if reach == Reach::Public && url.scheme() == "http" {
            return Err(UrlProblem::Plain { host });
        }
        let uri = Uri::from_str(url.as_str()).map_err(|_| UrlProblem::NotAUrl)?;
        Ok(Self { uri, host, address })
    }

    /// The host: a name or an address.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

/// Names of the host itself (RFC 6761).
fn is_local(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

impl fmt::Debug for OutboundUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OutboundUrl").field("host", &self.host).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> UrlProblem {
        OutboundUrl::parse(text, Reach::Public).unwrap_err()
    }

    #[test]
    fn an_https_url_of_the_internet_is_taken_whole() {
        let text = " https://Bot.example.org:8443/turns?key=1#part\n";
        let url = OutboundUrl::parse(text, Reach::Public).unwrap();
        assert_eq!(url.host(), "bot.example.org");
        assert_eq!(url.uri().to_string(), "https://bot.example.org:8443/turns?key=1");
        for text in ["https://8.8.8.8", "https://[2606:4700:4700::1111]/", "https://bücher.example"]
        {
            assert!(OutboundUrl::parse(text, Reach::Public).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_the_web_is_refused() {
        for text in ["", "bot", "/turns", "https://", "https:///", "https://a b", "https://[::1"] {
            assert_eq!(problem(text), UrlProblem::NotAUrl, "{text:?}");
        }
        for text in ["ftp://example.org", "file:///etc/passwd", "javascript:1", "ws://example.org"]
        {
            assert_eq!(problem(text), UrlProblem::Scheme, "{text:?}");
        }
    }

    #[test]
    fn a_user_or_a_password_in_it_is_refused_and_not_repeated() {
        for text in ["https://user@example.org", "https://user:hunter2@example.org"] {
            assert_eq!(problem(text), UrlProblem::UserInfo);
            assert!(!problem(text).to_string().contains("hunter2"));
        }
        let private = OutboundUrl::parse("http://:hunter2@10.0.0.1", Reach::PrivateToo);
        assert_eq!(private, Err(UrlProblem::UserInfo));
    }

    #[test]
    fn plain_http_is_for_ones_own_network() {
        let plain = UrlProblem::Plain { host: "bot.example.org".to_owned() };
        assert_eq!(problem("http://bot.example.org/"), plain);
        assert!(OutboundUrl::parse("http://bot.example.org/", Reach::PrivateToo).is_ok());
    }

    #[test]
    fn an_address_of_ones_own_network_is_refused_however_it_is_written() {
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://127。0。0。1/",
            "https://①②⑦.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://10.0.0.1:8443/",
            "https://169.254.169.254/latest/meta-data",
            "https://0/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::ffff:a00:1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
        ] {
            let problem = problem(text);
            assert!(matches!(problem, UrlProblem::Reserved(_)), "{text}: {problem}");
            assert!(OutboundUrl::parse(text, Reach::PrivateToo).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_names_of_the_host_itself_are_refused() {
        for text in ["https://localhost", "https://LOCALHOST.:1/", "https://bot.localhost/"] {
            assert!(matches!(problem(text), UrlProblem::Local { .. }), "{text}");
            assert!(OutboundUrl::parse(text, Reach::PrivateToo).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_the_host_is_shown() {
        let text = "https://bot.example.org/hunter2?key=hunter2";
        let url = OutboundUrl::parse(text, Reach::Public).unwrap();
        assert_eq!(format!("{url:?}"), r#"OutboundUrl { host: "bot.example.org", .. }"#);
    }
}
