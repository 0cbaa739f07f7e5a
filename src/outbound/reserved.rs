//! The addresses to which a URL of a tenant must not lead.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// What the IANA registries of special-purpose addresses keep from the Internet, with the length
/// of the prefix. The few anycast services inside such a block are refused with it.
const RESERVED_V4: [(Ipv4Addr, u32, &str); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "of this host"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "behind a provider's NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "kept for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "broadcast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The same for IPv6. What is in none of these has to be a global unicast address all the same.
const RESERVED_V6: [(Ipv6Addr, u32, &str); 14] = [
    (Ipv6Addr::UNSPECIFIED, 128, "of this host"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "a mapped IPv4 address"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96, "a mapped IPv4 address"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "behind a local translator"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discarded"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "kept for protocols"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "behind a 6to4 relay"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique local"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// All that IANA gave out for the Internet so far.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Where IPv6-only networks find the hosts that have IPv4 alone (RFC 6052): the last four bytes
/// are that address.
const TRANSLATED: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// An address that is not one of the public Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The address.
    pub address: IpAddr,
    /// What it is: "private", "loopback".
    pub kind: &'static str,
}

impl Reserved {
    /// What the address is reserved for; `None` for an address of the public Internet.
    pub fn of(address: IpAddr) -> Option<Self> {
        let kind = match address {
            IpAddr::V4(address) => kind_v4(address),
            IpAddr::V6(address) => kind_v6(address),
        };
        kind.map(|kind| Self { address, kind })
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, which is {}", self.address, self.kind)
    }
}

fn kind_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |network: &Ipv4Addr, prefix: u32| {
        let differing = address.to_bits() ^ network.to_bits();
        differing.leading_zeros() >= prefix
    };
    RESERVED_V4.iter().find_map(|(network, prefix, kind)| inside(network, *prefix).then_some(*kind))
}

fn kind_v6(address: Ipv6Addr) -> Option<&'static str> {
    let inside = |network: &Ipv6Addr, prefix: u32| {
        let differing = address.to_bits() ^ network.to_bits();
        differing.leading_zeros() >= prefix
    };
    if inside(&TRANSLATED.0, TRANSLATED.1) {
        let [.., a, b, c, d] = address.octets();
        return kind_v4(Ipv4Addr::new(a, b, c, d));
    }
    let special = RESERVED_V6
        .iter()
        .find_map(|(network, prefix, kind)| inside(network, *prefix).then_some(*kind));
    let global = inside(&GLOBAL_UNICAST.0, GLOBAL_UNICAST.1);
    special.or_else(|| (!global).then_some("not of the Internet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<&'static str> {
        Reserved::of(address.parse().unwrap()).map(|reserved| reserved.kind)
    }

    #[test]
    fn each_reserved_range_is_known_from_its_first_address_to_its_last() {
        let ranges = [
            ("0.0.0.0", "0.255.255.255", "of this host"),
            ("10.0.0.0", "10.255.255.255", "private"),
            ("100.64.0.0", "100.127.255.255", "behind a provider's NAT"),
            ("127.0.0.0", "127.255.255.255", "loopback"),
            ("169.254.0.0", "169.254.255.255", "link-local"),
            ("172.16.0.0", "172.31.255.255", "private"),
            ("192.0.0.0", "192.0.0.255", "kept for protocols"),
            ("192.0.2.0", "192.0.2.255", "for documentation"),
            ("192.88.99.0", "192.88.99.255", "a 6to4 relay"),
            ("192.168.0.0", "192.168.255.255", "private"),
            ("198.18.0.0", "198.19.255.255", "for benchmarks"),
            ("198.51.100.0", "198.51.100.255", "for documentation"),
            ("203.0.113.0", "203.0.113.255", "for documentation"),
            ("224.0.0.0", "239.255.255.255", "multicast"),
            ("240.0.0.0", "255.255.255.254", "reserved"),
            ("255.255.255.255", "255.255.255.255", "broadcast"),
            ("::", "::", "of this host"),
            ("::1", "::1", "loopback"),
            ("::2", "::ffff:ffff", "a mapped IPv4 address"),
            ("::ffff:0.0.0.0", "::ffff:255.255.255.255", "a mapped IPv4 address"),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "behind a local translator"),
            ("100::", "100::ffff:ffff:ffff:ffff", "discarded"),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "kept for protocols"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "for documentation"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "behind a 6to4 relay"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "for documentation"),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local"),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
            ("4000::", "4000::", "not of the Internet"),
            ("5f00::", "5f00::", "not of the Internet"),
            ("1fff:ffff::", "1fff:ffff::", "not of the Internet"),
            ("64:ff9b:2::", "64:ff9b:2::", "not of the Internet"),
        ];
        for (first, last, expected) in ranges {
            assert_eq!(kind(first), Some(expected), "{first}");
            assert_eq!(kind(last), Some(expected), "{last}");
        }
    }

    #[test]
    fn the_neighbours_of_the_ranges_are_public() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2003::",
            "2606:4700:4700::1111",
            "3ffe::",
            "3fff:1000::",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn an_address_inside_another_gets_no_further_by_that() {
        for (address, expected) in [
            ("::ffff:127.0.0.1", Some("a mapped IPv4 address")),
            ("::ffff:8.8.8.8", Some("a mapped IPv4 address")),
            ("::127.0.0.1", Some("a mapped IPv4 address")),
            ("2002:7f00:1::", Some("behind a 6to4 relay")),
            ("2002:a00:1::1", Some("behind a 6to4 relay")),
            ("2001:0:7f00:1::", Some("kept for protocols")),
            ("64:ff9b::127.0.0.1", Some("loopback")),
            ("64:ff9b::10.1.2.3", Some("private")),
            ("64:ff9b::169.254.169.254", Some("link-local")),
            ("64:ff9b::8.8.8.8", None),
        ] {
            assert_eq!(kind(address), expected, "{address}");
        }
    }
}
