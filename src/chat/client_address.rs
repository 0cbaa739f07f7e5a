//! From which address a request comes, also through proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;

use crate::network::Network;

/// The address of the client behind the peer; `None` where the request comes from a trusted
/// proxy's own address and nobody else is named.
///
/// Each proxy appends from where a request came to it (`X-Forwarded-For`). The list is read from
/// its end for as long as whoever wrote the entry is trusted: all that stands before is a claim
/// of the client.
pub(crate) fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    trusted: &[Network],
) -> Option<IpAddr> {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let mut address = peer.to_canonical();
    while trusted.iter().any(|network| network.contains(address)) {
        address = read_hop(hops.next()?)?;
    }
    Some(address)
}

/// An address, with or without a port.
fn read_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    Some(address?.to_canonical())
}

/// By what the requests of an address are counted: of version 6, the 64 bits that one customer
/// of a provider has for himself.
pub(crate) fn counted_as(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"].map(|text| Network::parse(text).unwrap());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_claims() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(client("203.0.113.9", &[]).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn behind_trusted_proxies_it_is_the_last_address_that_is_none_of_them() {
        for forwarded in [
            &["198.51.100.1"][..],
            &["1.1.1.1, 198.51.100.1"],
            &["1.1.1.1", "198.51.100.1,10.0.0.7"],
            &["rubbish, 198.51.100.1:4711 , 10.0.0.7"],
        ] {
            assert_eq!(client("127.0.0.1", forwarded).as_deref(), Some("198.51.100.1"));
        }
        let mapped = client("::ffff:127.0.0.1", &["[2001:db8::1]:80"]);
        assert_eq!(mapped.as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn a_trusted_proxy_that_names_nobody_speaks_for_itself() {
        for forwarded in [&[][..], &[""], &["rubbish"], &["1.1.1.1, é"], &["127.0.0.1"]] {
            assert_eq!(client("127.0.0.1", forwarded), None, "{forwarded:?}");
        }
    }

    #[test]
    fn addresses_of_version_6_are_counted_by_their_first_half() {
        let counted = |text: &str| counted_as(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
    }
}
