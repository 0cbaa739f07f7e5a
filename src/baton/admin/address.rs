//! Where a sidecar's internal listener is.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use baton_sidecar::Listen;
use thiserror::Error;
use url::{Host, Url};

/// Where a sidecar's internal listener is, and what is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SidecarAddress {
    /// The way to it.
    pub(super) way: Way,
    /// What comes before `/internal/v1` in a request. Its host is that of the request.
    pub(super) base: Url,
}

/// The way to a sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Over TCP, in cleartext.
    Cleartext(Peer),
    /// Over TCP, with TLS.
    Tls(Peer),
    /// Over this unix socket.
    UnixSocket(PathBuf),
}

/// Whom a connection over TCP is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) host: Host,
    pub(super) port: u16,
}

/// A text is not where a sidecar can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "it has to be a URL such as http://127.0.0.1:8081, https://baton.internal:8081 or \
     unix:/run/baton/internal.sock, with nobody's name or password in it"
)]
pub(crate) struct NoSidecarAddress;

impl SidecarAddress {
    /// Where the listener is that listens in this way. One that listens on every address is
    /// called on this machine's own.
    ///
    /// # Errors
    ///
    /// If its unix socket's path cannot stand in an address.
    pub(crate) fn of(listen: &Listen) -> Result<Self, NoSidecarAddress> {
        match listen {
            Listen::Cleartext(address) => format!("http://{}", reachable(*address)).parse(),
            Listen::Tls(address, _) => format!("https://{}", reachable(*address)).parse(),
            Listen::UnixSocket { path, .. } => Self::of_socket(path.clone()),
        }
    }

    fn of_socket(path: PathBuf) -> Result<Self, NoSidecarAddress> {
        // Of no importance there, but a request has to have a host.
        let base = Url::parse("http://sidecar").map_err(|_| NoSidecarAddress)?;
        Ok(Self { way: Way::UnixSocket(path), base })
    }
}

/// The address to call for one that is listened on.
fn reachable(address: SocketAddr) -> SocketAddr {
    let own = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(own, address.port())
}

impl FromStr for SidecarAddress {
    type Err = NoSidecarAddress;

    fn from_str(text: &str) -> Result<Self, NoSidecarAddress> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Self::of_socket(path.into());
        }
        let base = Url::parse(text).map_err(|_| NoSidecarAddress)?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(NoSidecarAddress);
        }
        let host = base.host().ok_or(NoSidecarAddress)?.to_owned();
        let port = base.port_or_known_default().ok_or(NoSidecarAddress)?;
        let peer = Peer { host, port };
        let way = match base.scheme() {
            "http" => Way::Cleartext(peer),
            "https" => Way::Tls(peer),
            _ => return Err(NoSidecarAddress),
        };
        Ok(Self { way, base })
    }
}

/// As it is written after `--sidecar`.
impl fmt::Display for SidecarAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::UnixSocket(path) => write!(formatter, "unix:{}", path.display()),
            Way::Cleartext(_) | Way::Tls(_) => {
                write!(formatter, "{}", self.base.as_str().trim_end_matches('/'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for text in [
            "http://127.0.0.1:8081",
            "https://baton.internal",
            "https://[::1]:8081/behind/a/proxy",
            "unix:/run/baton of mine/internal.sock",
        ] {
            assert_eq!(text.parse::<SidecarAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_leads_to_no_sidecar_is_refused() {
        for text in [
            "",
            "127.0.0.1:8081",
            "ftp://127.0.0.1",
            "unix:internal.sock",
            "https://",
            "https://operator:secret@baton.internal",
        ] {
            assert_eq!(text.parse::<SidecarAddress>(), Err(NoSidecarAddress), "{text}");
        }
    }

    #[test]
    fn a_listener_on_every_address_is_called_on_the_own_one() {
        for (listened, called) in [
            ("0.0.0.0:8081", "http://127.0.0.1:8081"),
            ("[::]:8081", "http://[::1]:8081"),
            ("192.0.2.1:8081", "http://192.0.2.1:8081"),
        ] {
            let listen = Listen::Cleartext(listened.parse().unwrap());
            assert_eq!(SidecarAddress::of(&listen).unwrap().to_string(), called);
        }
    }
}
