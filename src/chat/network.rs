//! Ranges of IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of IP addresses in CIDR notation, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Addresses of version 4.
    V4 {
        /// The first address of the range.
        first: Ipv4Addr,
        /// Which bits of an address have to be those of the first.
        mask: u32,
    },
    /// Addresses of version 6.
    V6 {
        /// The first address of the range.
        first: Ipv6Addr,
        /// Which bits of an address have to be those of the first.
        mask: u128,
    },
}

impl Network {
    /// Reads an address, or an address and how many of its bits count; `None` if it is neither.
    /// Bits beyond those that count are left aside.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        // `u32` would read a sign as well.
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(bits.parse().ok()?)
            }
            Some(_) => return None,
            None => None,
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => {
                let ignored = 32_u32.checked_sub(bits.unwrap_or(32))?;
                let mask = u32::MAX.checked_shl(ignored).unwrap_or(0);
                Some(Self::V4 { first: Ipv4Addr::from_bits(address.to_bits() & mask), mask })
            }
            IpAddr::V6(address) => {
                let ignored = 128_u32.checked_sub(bits.unwrap_or(128))?;
                let mask = u128::MAX.checked_shl(ignored).unwrap_or(0);
                Some(Self::V6 { first: Ipv6Addr::from_bits(address.to_bits() & mask), mask })
            }
        }
    }

    /// Whether the address lies in the range. An address of version 4 that is written as one of
    /// version 6 (`::ffff:10.0.0.1`) counts as what it stands for.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4 { first, mask }, IpAddr::V4(address)) => {
                address.to_bits() & mask == first.to_bits()
            }
            (Self::V6 { first, mask }, IpAddr::V6(address)) => {
                address.to_bits() & mask == first.to_bits()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_the_addresses_that_begin_alike() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("10.1.2.3/8", "10.0.0.0"));
        assert!(contains("192.0.2.7", "192.0.2.7"));
        assert!(!contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("::/0", "2001:db8::1"));
        assert!(contains("::1", "::1"));
    }

    #[test]
    fn the_versions_are_kept_apart_but_for_a_mapped_address() {
        assert!(!contains("::/0", "10.0.0.1"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
    }

    #[test]
    fn text_that_is_no_range_is_none() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "localhost",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
