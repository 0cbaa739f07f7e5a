//! Where an organisation's Genesys Cloud is.

use url::{Host, Url};

use crate::regions::REGIONS;

mod streaming;

use streaming::{ConnectUriProblem, Streaming};

/// What Genesys puts before a region's domain (Genesys reference, 3.6), and people copy with it.
const PREFIXES: [&str; 7] = ["api", "api-downloads", "apps", "login", "sso", "streaming", "www"];

/// The hosts of one Genesys Cloud region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    api: Url,
    login: Url,
    streaming: Streaming,
}

/// Why a text names no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionProblem {
    /// There is nothing in it.
    #[error("the Genesys region is empty; give its domain, such as mypurecloud.de")]
    Empty,
    /// It looks like the name of an AWS region, but none that is known.
    #[error(
        "the AWS region {name} is not known here; give the domain of the Genesys region instead, \
         which is the end of the address at which you log in, such as mypurecloud.de"
    )]
    UnknownName {
        /// What was given.
        name: String,
    },
    /// More than one region lies under the domain.
    #[error("several Genesys regions end in {domain}; give the whole domain, such as {example}")]
    Ambiguous {
        /// What was given.
        domain: String,
        /// One of the regions.
        example: &'static str,
    },
    /// It is no domain.
    #[error("{text:?} is not the domain of a Genesys region; give one such as mypurecloud.de")]
    NotADomain {
        /// What was given, shortened.
        text: String,
    },
    /// It is no base address.
    #[error(
        "{text:?} is not a base address for Genesys; give one such as https://gateway.example.org, \
         without a user, a query or a fragment"
    )]
    NotAnAddress {
        /// What was given, shortened.
        text: String,
    },
    /// A password would cross a network in the clear.
    #[error("{host} cannot be reached by plain http, only this machine can; give an https address")]
    Plain {
        /// The host of the address.
        host: String,
    },
}

impl Hosts {
    /// The hosts of a region, in any form that people type: its domain (`mypurecloud.de`), the
    /// address of a page there (`https://apps.mypurecloud.de/directory/`), one of its hosts
    /// (`login.usw2.pure.cloud`) or the name of its AWS region (`eu-central-1`). A domain that is
    /// not in [`REGIONS`] is taken as well.
    pub fn parse(region: &str) -> Result<Self, RegionProblem> {
        let text = region.trim();
        let host = host_of(text).to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host).trim_end_matches('.');
        if host.is_empty() {
            return Err(match text {
                "" => RegionProblem::Empty,
                _ => RegionProblem::NotADomain { text: shown(text) },
            });
        }
        let base = match REGIONS.iter().find(|region| region.aws == host) {
            Some(region) => region.base,
            None => base_of(host)?,
        };
        let at = |prefix: &str| {
            Url::parse(&format!("https://{prefix}.{base}"))
                .map_err(|_| RegionProblem::NotADomain { text: shown(text) })
        };
        Ok(Self {
            api: at("api")?,
            login: at("login")?,
            streaming: Streaming::Under(base.to_owned()),
        })
    }

    /// One address for everything: a simulator, or a gateway before Genesys. Plain http is for
    /// this machine alone.
    pub fn at(base_url: &str) -> Result<Self, RegionProblem> {
        let problem = || RegionProblem::NotAnAddress { text: shown(base_url) };
        let mut base = Url::parse(base_url.trim()).map_err(|_| problem())?;
        let bare = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        let streaming_scheme = match base.scheme() {
            "https" => "wss",
            "http" if is_loopback(&base) => "ws",
            "http" => {
                let host = base.host_str().unwrap_or_default().to_owned();
                return Err(RegionProblem::Plain { host });
            }
            _ => return Err(problem()),
        };
        if !bare {
            return Err(problem());
        }
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        let mut streaming = base.clone();
        streaming.set_scheme(streaming_scheme).map_err(|()| problem())?;
        Ok(Self { api: base.clone(), login: base, streaming: Streaming::At(streaming) })
    }

    /// Where the Platform API is: what comes before `/api/v2`.
    pub fn api(&self) -> &Url {
        &self.api
    }

    /// Where tokens are had: what comes before `/oauth/token`.
    pub fn login(&self) -> &Url {
        &self.login
    }

    /// Where agents work, of a region: the origin of its apps. What stands before an address of
    /// one's own does not tell that.
    pub fn apps(&self) -> Option<String> {
        match &self.streaming {
            Streaming::Under(base) => Some(format!("https://apps.{base}")),
            Streaming::At(_) => None,
        }
    }

    /// Where a notification channel is connected to, of the `connectUri` that Genesys gives it.
    /// At a region that is a host of the region, over TLS, or a problem; at an address of one's
    /// own it is that address, with the path and the query that Genesys gives.
    pub(crate) fn socket_address(&self, connect_uri: &str) -> Result<Url, ConnectUriProblem> {
        self.streaming.address_of(connect_uri)
    }

    /// Whether all is said in the clear, as it is to a simulator on this machine.
    pub fn are_plain(&self) -> bool {
        self.api.scheme() == "http"
    }
}

/// What stands between the scheme and the path.
fn host_of(text: &str) -> &str {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    after_scheme.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The region's domain, of the domain itself or of a host in it.
fn base_of(host: &str) -> Result<&str, RegionProblem> {
    let is_under = |domain: &str, base: &str| {
        domain.strip_suffix(base).is_some_and(|before| before.ends_with('.'))
    };
    if let Some(region) =
        REGIONS.iter().find(|region| host == region.base || is_under(host, region.base))
    {
        return Ok(region.base);
    }
    let base = match host.split_once('.') {
        Some((prefix, rest)) if PREFIXES.contains(&prefix) => rest,
        _ => host,
    };
    if let Some(region) = REGIONS.iter().find(|region| is_under(region.base, base)) {
        return Err(match base.contains('.') {
            true => RegionProblem::Ambiguous { domain: base.to_owned(), example: region.base },
            false => RegionProblem::NotADomain { text: shown(host) },
        });
    }
    if is_domain(base) {
        Ok(base)
    } else if is_aws_name(base) {
        Err(RegionProblem::UnknownName { name: base.to_owned() })
    } else {
        Err(RegionProblem::NotADomain { text: shown(host) })
    }
}

/// Two names or more, the last of them no number.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 240
        && text.contains('.')
        && text.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Such as `xx-somewhere-1`.
fn is_aws_name(text: &str) -> bool {
    text.len() <= 40
        && text.split('-').count() >= 3
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.ends_with(|last: char| last.is_ascii_digit())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// As much of it as a message can take; a password in it is left out.
fn shown(text: &str) -> String {
    let text = text.trim();
    let without_user = match text.rsplit_once('@') {
        Some((_, rest)) => rest,
        None => text,
    };
    without_user.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = "/channels/streaming-0-abc";

    fn hosts(region: &str) -> [String; 3] {
        let hosts = Hosts::parse(region).unwrap_or_else(|problem| panic!("{region}: {problem}"));
        let Streaming::Under(base) = hosts.streaming else { panic!("{region} is no region") };
        [hosts.api.into(), hosts.login.into(), base]
    }

    #[test]
    fn every_known_region_is_found_by_its_domain_its_hosts_and_its_name() {
        for region in REGIONS {
            let base = region.base;
            let expected =
                [format!("https://api.{base}/"), format!("https://login.{base}/"), base.to_owned()];
            let connect_uri = format!("wss://streaming.{base}{CHANNEL}");
            assert!(Hosts::parse(base).unwrap().socket_address(&connect_uri).is_ok());
            let apps = Hosts::parse(base).unwrap().apps();
            assert_eq!(apps, Some(format!("https://apps.{base}")));
            let forms = [
                base.to_owned(),
                region.aws.to_owned(),
                base.to_uppercase(),
                format!("  {base}. "),
                format!("https://{base}"),
                format!("api.{base}"),
                format!("login.{base}:443"),
                format!("https://apps.{base}/directory/#/admin?x=1"),
                format!("https://login.{base}/oauth/token"),
                format!("wss://streaming.{base}/channels/streaming-0-abc"),
                format!("acme.{base}"),
            ];
            for form in forms {
                assert_eq!(hosts(&form), expected, "{form}");
            }
        }
    }

    #[test]
    fn a_domain_that_is_not_known_yet_is_taken_with_or_without_a_prefix() {
        for form in ["zaf1.pure.cloud", "api.zaf1.pure.cloud", "https://apps.zaf1.pure.cloud/x"] {
            assert_eq!(hosts(form)[0], "https://api.zaf1.pure.cloud/", "{form}");
        }
        assert_eq!(hosts("genesys.example.org")[1], "https://login.genesys.example.org/");
    }

    #[test]
    fn what_is_no_region_is_refused_with_what_to_give_instead() {
        let not_a_domain = |text: &str| RegionProblem::NotADomain { text: text.to_owned() };
        let cases = [
            ("", RegionProblem::Empty),
            (" \n", RegionProblem::Empty),
            ("https://", not_a_domain("https://")),
            ("germany", not_a_domain("germany")),
            ("cloud", not_a_domain("cloud")),
            ("api.cloud", not_a_domain("api.cloud")),
            ("192.168.0.1", not_a_domain("192.168.0.1")),
            ("mypurecloud .de", not_a_domain("mypurecloud .de")),
            ("mypurecloud..nl", not_a_domain("mypurecloud..nl")),
            ("-x.example", not_a_domain("-x.example")),
            ("genesys.example:8443", not_a_domain("genesys.example:8443")),
            ("https://user:secret@genesys.example", not_a_domain("genesys.example")),
            ("eu-north-1", RegionProblem::UnknownName { name: "eu-north-1".to_owned() }),
        ];
        for (text, problem) in cases {
            assert_eq!(Hosts::parse(text), Err(problem), "{text}");
        }
        let ambiguous = Hosts::parse("apps.pure.cloud").unwrap_err().to_string();
        assert!(ambiguous.starts_with("several Genesys regions end in pure.cloud"), "{ambiguous}");
    }

    #[test]
    fn a_base_address_stands_for_every_host() {
        let hosts = Hosts::at(" http://127.0.0.1:8080/ ").unwrap();
        assert_eq!(hosts.api().as_str(), "http://127.0.0.1:8080/");
        assert_eq!(hosts.login(), hosts.api());
        assert_eq!(hosts.apps(), None);
        let given = format!("ws://elsewhere{CHANNEL}");
        let socket = |hosts: &Hosts| hosts.socket_address(&given).unwrap().to_string();
        assert_eq!(socket(&hosts), format!("ws://127.0.0.1:8080{CHANNEL}"));
        assert!(hosts.are_plain());
        let gateway = Hosts::at("https://gateway.example.org/genesys/").unwrap();
        assert_eq!(gateway.api().as_str(), "https://gateway.example.org/genesys");
        assert_eq!(socket(&gateway), format!("wss://gateway.example.org/genesys{CHANNEL}"));
        assert!(!gateway.are_plain());
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone() {
        for address in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:8080"] {
            assert!(Hosts::at(address).is_ok(), "{address}");
        }
        for address in ["http://10.0.0.1", "http://localhost.example.org", "http://genesys"] {
            let problem = Hosts::at(address).unwrap_err();
            assert!(matches!(problem, RegionProblem::Plain { .. }), "{address}");
        }
    }

    #[test]
    fn a_base_address_with_more_than_a_path_is_refused_without_repeating_a_password() {
        for address in [
            "",
            "localhost:8080",
            "ftp://localhost",
            "https://user:pass@gateway.example",
            "https://gateway.example?x=1",
            "https://gateway.example#x",
        ] {
            let problem = Hosts::at(address).unwrap_err();
            assert!(matches!(problem, RegionProblem::NotAnAddress { .. }), "{address}");
            assert!(!problem.to_string().contains("pass"), "{problem}");
        }
    }
}
