//! Whether Genesys can be reached at all.

use bytes::Bytes;
use http::{Request, header::ACCEPT};
use http_body_util::Full;
use url::Url;

use crate::{client::Genesys, error::CallError, hosts::Hosts};

/// No more of an answer is of interest than that there is one.
const MOST_BYTES: usize = 64 << 10;

/// A host of a region that is called over HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionHost {
    /// Where tokens are had.
    Login,
    /// Where the Platform API is.
    Api,
}

impl RegionHost {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Login, Self::Api];

    /// Its address in the region.
    pub fn of(self, hosts: &Hosts) -> &Url {
        match self {
            Self::Login => hosts.login(),
            Self::Api => hosts.api(),
        }
    }
}

impl Genesys {
    /// Whether the host answers, over TLS where it is a region's. Any HTTP answer will do: nothing
    /// is asked for, and no token is shown.
    pub async fn reach(&self, host: RegionHost) -> Result<(), CallError> {
        let purpose = "reaching the region";
        let address = host.of(self.hosts());
        let name = address.host_str().unwrap_or_default();
        let request = Request::get(address.as_str())
            .header(ACCEPT, "application/json")
            .body(Full::<Bytes>::default())
            .map_err(|_| self.unreadable(purpose, "its address is too long".to_owned()))?;
        match self.transport().send(request, MOST_BYTES).await {
            Ok(_) => Ok(()),
            Err(error) => match CallError::of_transport(error, purpose, name) {
                CallError::TooLong { .. } => Ok(()),
                error => Err(error),
            },
        }
    }
}
