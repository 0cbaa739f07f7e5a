//! Where a host sends deliveries and look-ups.

use alloc::{borrow::ToOwned, format, string::String};
use core::fmt;

/// The upstream as an operator names it: scheme, host and port, such as `http://127.0.0.1:8081`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamAddress(String);

/// The text is no address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoUpstreamAddress {
    /// What the operator set, such as `the variable upstream`.
    pub setting: String,
}

impl UpstreamAddress {
    /// Reads the value of this setting. Slashes at its end do no harm.
    ///
    /// # Errors
    ///
    /// [`NoUpstreamAddress`], if it has no scheme that is spoken, or no host.
    pub fn read(setting: &str, value: &str) -> Result<Self, NoUpstreamAddress> {
        let address = value.trim_end_matches('/');
        let schemes = ["http://", "https://"].into_iter();
        let host = schemes.filter_map(|scheme| address.strip_prefix(scheme)).next();
        match host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#'])) {
            true => Ok(Self(address.to_owned())),
            false => Err(NoUpstreamAddress { setting: setting.to_owned() }),
        }
    }

    /// Where a request with this path goes.
    pub fn with_path(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

/// Without a slash at its end.
impl fmt::Display for UpstreamAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for NoUpstreamAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} has to be an address such as http://127.0.0.1:8081", self.setting)
    }
}

impl core::error::Error for NoUpstreamAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_and_a_host_and_paths_are_put_behind_it() {
        for address in ["http://sidecar", "https://127.0.0.1:8081", "http://[::1]:8081///"] {
            let read = UpstreamAddress::read("it", address).unwrap();
            assert_eq!(read.with_path("/a"), format!("{}/a", address.trim_end_matches('/')));
        }
    }

    #[test]
    fn what_has_no_scheme_or_no_host_is_none() {
        for none in
            ["", "/", "sidecar:8081", "ftp://a", "http:", "http://", "https:///a", "http://?a"]
        {
            let problem = UpstreamAddress::read("the variable upstream", none).unwrap_err();
            let expected =
                "the variable upstream has to be an address such as http://127.0.0.1:8081";
            assert_eq!(format!("{problem}"), expected, "{none}");
        }
    }
}
